package presence

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

func marksOf(u Update, by string) (list []string) {
	for _, m := range u.Marks {
		if m.By == by {
			list = append(list, fmt.Sprintf("%s %s spoke %s new %d", m.Key, m.Hour.Format("15h"), m.LastSpoke.Format("15:04:05"), m.Sessions))
		}
	}
	return list
}

func called(name string, r stats.ConnectionRow) stats.ConnectionRow {
	r.Name = name
	return r
}

func TestMarks(t *testing.T) {
	l := NewLedger(Options{})
	for _, step := range []struct {
		seconds float64
		rows    []stats.ConnectionRow
		want    []string
	}{
		{60, []stats.ConnectionRow{called("app", row(1, 30, 10)), called("app", row(2, 90, 0)), called("job", row(3, 100*3600, 50*3600))},
			[]string{"app 11h spoke 11:59:30 new 1", "app 12h spoke 12:01:00 new 1"}},
		{62, []stats.ConnectionRow{called("app", row(1, 32, 12)), called("app", row(2, 92, 2)), called("job", row(3, 100*3600+2, 0))},
			[]string{"job 12h spoke 12:01:02 new 0"}},
		{64, []stats.ConnectionRow{called("app", row(1, 34, 14)), called("web", row(2, 94, 4)), called("job", row(3, 100*3600+4, 2))},
			[]string{"web 11h spoke 11:59:30 new 1", "web 12h spoke 12:01:00 new 0"}},
		{66, []stats.ConnectionRow{called("app", row(1, 36, 16)), called("web", row(2, 96, 6)), called("job", row(3, 100*3600+6, 4))}, nil},
		{3720, []stats.ConnectionRow{called("app", row(1, 3690, 60))}, []string{"app 13h spoke 13:01:00 new 0"}},
	} {
		u := l.Observe(look(step.seconds, step.rows...))
		if d := cmp.Diff(step.want, marksOf(u, ByName)); d != "" {
			t.Errorf("at %s: -want +got:\n%s", u.Time, d)
		}
	}
}

func TestActivity(t *testing.T) {
	l := NewLedger(Options{Keep: 3 * time.Hour})
	l.Observe(look(0, called("app", row(1, 30, 10)), called("app", row(2, 5, 0)), called("job", row(3, 600, 0))))
	l.Observe(look(2, called("app", row(1, 32, 12)), called("app", row(2, 7, 2))))
	l.Observe(look(7000, called("app", row(1, 7030, 0)), called("app", row(2, 7005, 7000))))
	h := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	want := []stats.ActivityRow{
		{By: ByName, Key: "app", Online: 2, Sessions: 2, FirstSeen: at(-30), LastSpoke: at(7000), Hours: []time.Time{h(-1), h(0), h(1)}},
		{By: ByName, Key: "job", Sessions: 1, FirstSeen: at(-600), LastSpoke: at(0), Silent: true, Hours: []time.Time{h(-1), h(0)}},
	}
	if d := cmp.Diff(want, l.Activity(ByName, h(-24))); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if rows := l.Activity(ByName, h(1)); len(rows) != 1 || rows[0].Key != "app" || !rows[0].FirstSeen.Equal(at(7000)) {
		t.Errorf("of the last hour: %+v", rows)
	}
	if rows := l.Activity(ByUser, h(-24)); len(rows) != 1 || rows[0].Key != "default" || rows[0].Online != 2 {
		t.Errorf("by user: %+v", rows)
	}
	if rows := l.Activity("library", h(-24)); rows != nil {
		t.Errorf("by nothing: %+v", rows)
	}

	// Marks expire by themselves, those of who is online stay listed.
	l.Observe(&stats.Snapshot{Time: h(9)})
	rows := l.Activity(ByName, h(-24))
	if len(rows) != 1 || rows[0].Key != "app" || rows[0].Online != 2 || len(rows[0].Hours) != 0 {
		t.Errorf("after nine hours: %+v", rows)
	}
}

// Names without end take no memory without end.
func TestGroupsAreBounded(t *testing.T) {
	l := NewLedger(Options{})
	for i := range 30 {
		s := look(float64(2 * i))
		for k := range 500 {
			id := int64(500*i + k)
			s.Connections = append(s.Connections, called(fmt.Sprint("worker-", id), with(row(id, 0, 0), func(r *stats.ConnectionRow) { r.Addr = "10.0.0.1:1" })))
		}
		for i := range s.Connections {
			s.Connections[i].SeenAt = s.Time
		}
		l.Observe(s)
	}
	if n := len(l.groups.known[groupName]); n != mostGroups {
		t.Errorf("%d names are kept", n)
	}
	l.Observe(&stats.Snapshot{Time: noon.Add(48 * time.Hour)})
	if n := len(l.groups.known[groupName]); n > 500 {
		t.Errorf("%d names are kept two days later", n)
	}
}
