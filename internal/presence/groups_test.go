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
			list = append(list, fmt.Sprintf("%s %s from %s spoke %s new %d", m.Key, m.Hour.Format("15h"), m.FirstSeen.Format("15:04:05"), m.LastSpoke.Format("15:04:05"), m.Sessions))
		}
	}
	return list
}

func called(name string, r stats.ConnectionRow) stats.ConnectionRow {
	r.Name = name
	return r
}

// Who changes its name, or has none of the names that are kept, began once.
func TestASessionBeginsOnce(t *testing.T) {
	l := NewLedger(Options{})
	for i := range mostGroups {
		l.groups.of(groupName, fmt.Sprint("taken-", i)).online = 1
	}
	var marks []Mark
	for i := range 5 {
		u := l.Observe(look(float64(600+i), called(fmt.Sprint("name-", i/2), row(1, int64(5+i), 0))))
		marks = append(marks, u.Marks...)
	}
	for _, m := range marks {
		if m.By == ByName || m.Sessions != 1 || m.Hour != noon {
			t.Errorf("%+v", m)
		}
	}
	if len(marks) != 10 { // by ip and by user, each time that it spoke
		t.Errorf("marks: %+v", marks)
	}
}

func TestMarks(t *testing.T) {
	l := NewLedger(Options{})
	for _, step := range []struct {
		seconds float64
		rows    []stats.ConnectionRow
		want    []string
	}{
		{60, []stats.ConnectionRow{called("app", row(1, 30, 10)), called("app", row(2, 90, 0)), called("job", row(3, 100*3600, 50*3600))},
			[]string{"app 11h from 11:59:30 spoke 11:59:30 new 1", "app 12h from 12:00:30 spoke 12:01:00 new 1"}},
		{62, []stats.ConnectionRow{called("app", row(1, 32, 12)), called("app", row(2, 92, 2)), called("job", row(3, 100*3600+2, 0))},
			[]string{"job 12h from 12:01:02 spoke 12:01:02 new 0"}},
		{64, []stats.ConnectionRow{called("app", row(1, 34, 14)), called("web", row(2, 94, 4)), called("job", row(3, 100*3600+4, 2))},
			[]string{"web 11h from 11:59:30 spoke 11:59:30 new 1", "web 12h from 12:01:00 spoke 12:01:00 new 0"}},
		{66, []stats.ConnectionRow{called("app", row(1, 36, 16)), called("web", row(2, 96, 6)), called("job", row(3, 100*3600+6, 4))}, nil},
		{3720, []stats.ConnectionRow{called("app", row(1, 3690, 60))}, []string{"app 13h from 13:01:00 spoke 13:01:00 new 0"}},
	} {
		u := l.Observe(look(step.seconds, step.rows...))
		if d := cmp.Diff(step.want, marksOf(u, ByName)); d != "" {
			t.Errorf("at %s: -want +got:\n%s", u.Time, d)
		}
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
