package presence

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// look is a Snapshot with a whole pass at a time, in seconds after noon.
func look(second float64, rows ...stats.ConnectionRow) *stats.Snapshot {
	t := at(second)
	s := &stats.Snapshot{Time: t, Server: stats.Server{RunID: "run1"}, Connections: rows}
	s.Observer.ClientsTime = &t
	for i := range rows {
		if rows[i].SeenAt.IsZero() {
			rows[i].SeenAt = t
		}
	}
	return s
}

func row(id, age, idle int64) stats.ConnectionRow {
	return stats.ConnectionRow{ID: id, Addr: fmt.Sprintf("10.0.0.%d:5000", id), User: "default", AgeSeconds: age, IdleSeconds: idle}
}

// told is an Update in a line: "+1 ~2 -3 killed? short 4".
func told(u Update) string {
	var words []string
	for _, s := range u.Came {
		words = append(words, fmt.Sprintf("+%d", s.ID))
	}
	for _, s := range u.Spoke {
		words = append(words, fmt.Sprintf("~%d", s.ID))
	}
	for _, s := range u.Gone {
		likely := ""
		if s.ReasonLikely {
			likely = "?"
		}
		words = append(words, fmt.Sprintf("-%d %s%s", s.ID, s.Reason, likely))
	}
	if u.ShortLived > 0 {
		words = append(words, fmt.Sprintf("short %d", u.ShortLived))
	}
	return strings.Join(words, " ")
}

func wantTold(t *testing.T, u Update, want string) {
	t.Helper()
	if got := told(u); got != want {
		t.Errorf("at %s: %q, want %q", u.Time.Format("15:04:05"), got, want)
	}
}

func TestALife(t *testing.T) {
	l := NewLedger(Options{})
	wantTold(t, l.Observe(&stats.Snapshot{Time: at(-1)}), "")

	wantTold(t, l.Observe(look(0, row(1, 100, 40))), "+1")
	wantTold(t, l.Observe(look(2.3, row(1, 102, 42), row(2, 1, 1))), "+2")

	named := row(2, 4, 0)
	named.Name, named.User, named.DB, named.LastCommand = "app", "ann", 3, "get"
	again := row(1, 104, 1) // its age was told a moment earlier than before
	wantTold(t, l.Observe(look(4.9, again, named)), "~1 ~2")
	wantTold(t, l.Observe(look(6.9, row(1, 107, 3), named)), "")

	u := l.Observe(look(8.9, row(1, 109, 5)))
	off := at(8.9)
	want := stats.Session{ID: 2, RunID: "run1", Addr: "10.0.0.2:5000", IP: "10.0.0.2", Name: "app", User: "ann", DB: 3, LastCommand: "get",
		OnlineSince: at(0.9), LastInteraction: at(4.9), LastSeen: at(6.9), OfflineAt: &off, Reason: stats.OfflineUnknown}
	if d := cmp.Diff([]stats.Session{want}, u.Gone); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	online := l.Online()
	if len(online) != 1 || !online[0].OnlineSince.Equal(at(-100.1)) || !online[0].LastInteraction.Equal(at(3.9)) || online[0].OfflineAt != nil {
		t.Errorf("online: %+v", online)
	}
	if online[0].Addr = "x"; l.Online()[0].Addr == "x" {
		t.Error("the list that was handed out is the Ledger's own")
	}
}

// What the observer's clock does makes nobody speak, and what the server sends does not where it counts what it gets.
func TestOnlyTheSpeakerSpoke(t *testing.T) {
	l := NewLedger(Options{})
	l.Observe(look(0, row(1, 100, 50)))
	wantTold(t, l.Observe(look(3600, row(1, 102, 52))), "")
	wantTold(t, l.Observe(look(-7200, row(1, 104, 54))), "")
	wantTold(t, l.Observe(look(10, row(1, 110, 0))), "~1")

	heard := row(2, 100, 50)
	heard.TotalInputBytes = stats.Some(int64(70))
	wantTold(t, l.Observe(look(12, heard)), "+2 -1 unknown")
	heard.AgeSeconds, heard.IdleSeconds, heard.SeenAt = 110, 0, time.Time{}
	wantTold(t, l.Observe(look(22, heard)), "")
	heard.AgeSeconds, heard.TotalInputBytes, heard.SeenAt = 120, stats.Some(int64(90)), time.Time{}
	wantTold(t, l.Observe(look(32, heard)), "~2")
}

// What a subscriber is sent is no interaction of it; where nothing is counted its last command tells.
func TestWhoListensIsSilent(t *testing.T) {
	l := NewLedger(Options{})
	listener := func(age, idle int64, command string, subscriptions int) stats.ConnectionRow {
		r := row(1, age, idle)
		r.LastCommand, r.Subscriptions = command, subscriptions
		return r
	}
	for i, step := range []struct {
		row  stats.ConnectionRow
		want string
	}{
		{listener(100, 50, "subscribe", 1), "+1"}, {listener(102, 0, "subscribe", 1), ""}, {listener(104, 0, "subscribe", 2), "~1"},
		{listener(106, 0, "ping", 2), "~1"}, {listener(108, 0, "ping", 2), "~1"}, {listener(110, 0, "monitor", 0), "~1"}, {listener(112, 0, "monitor", 0), ""},
	} {
		wantTold(t, l.Observe(look(float64(2*i), step.row)), step.want)
	}
}

// A silent subscriber that was told of by another Ledger does not speak: what it was sent moved its idle time.
func TestWhoListensIsSilentAfterARestart(t *testing.T) {
	for name, tt := range map[string]struct {
		counted bool  // the server counts what it gets from each connection
		later   int64 // bytes that it sent after the first look, within one second
		since   int64 // while nobody looked
		command string
		spoke   bool
	}{
		"nothing counted":             {command: "subscribe"},
		"another command":             {command: "ping", spoke: true},
		"counted":                     {counted: true, command: "subscribe"},
		"twice in one second":         {counted: true, later: 30, command: "subscribe"},
		"it spoke while nobody looks": {counted: true, since: 30, command: "subscribe", spoke: true},
	} {
		t.Run(name, func(t *testing.T) {
			sub := func(age, idle, input int64, command string) stats.ConnectionRow {
				r := row(1, age, idle)
				r.LastCommand, r.Subscriptions = command, 1
				if tt.counted {
					r.TotalInputBytes = stats.Some(input)
				}
				return r
			}
			before := NewLedger(Options{})
			kept := before.Observe(look(0, sub(60, 50, 70, "subscribe"))).Came
			if spoke := before.Observe(look(2, sub(62, 52, 70+tt.later, "subscribe"))).Spoke; len(spoke) > 0 {
				kept = spoke // what a store has is what came and what spoke
			}
			u := NewLedger(Options{Online: kept}).Observe(look(600, sub(660, 0, 70+tt.later+tt.since, tt.command)))
			want := at(-50)
			if tt.spoke {
				want = at(600)
			}
			if told(u) != "~1" || !u.Spoke[0].LastInteraction.Equal(want) {
				t.Errorf("%q, %+v; it spoke last at %s", told(u), u.Spoke, want)
			}
		})
	}
}

// One of ours may be in a pass before its id is known to be ours, and after; another redistop stays.
func TestOursAreNobody(t *testing.T) {
	l := NewLedger(Options{})
	ours, other, app := called(ownName, row(5, 0, 0)), called(ownName, row(6, 0, 0)), row(1, 9, 9)
	wantTold(t, l.Observe(look(0, app, ours, other)), "+1")
	u := l.Observe(look(2, app, other))
	wantTold(t, u, "+6")
	if !u.Came[0].Internal {
		t.Errorf("another redistop is an application: %+v", u.Came[0])
	}
	wantTold(t, l.Observe(look(4, app, other)), "")
	wantTold(t, l.Observe(look(6, app, ours)), "-6 unknown")
	wantTold(t, l.Observe(look(8, app)), "")
	ours.Own = true // where ours are shown
	u = l.Observe(look(10, app, ours))
	wantTold(t, u, "+5")
	if !u.Came[0].Internal {
		t.Errorf("%+v", u.Came[0])
	}
}

// A redistop that was met before it had its name is nobody from then on, and what takes another name is somebody.
func TestANamedObserverIsNobody(t *testing.T) {
	l, a := NewLedger(Options{}), NewAnnouncer("a", time.Minute)
	hear := func(s *stats.Snapshot) Update { u := l.Observe(s); a.Hear(u); return u }
	hear(look(0, row(1, 9, 9), row(2, 0, 0)))
	if u := hear(look(2, row(1, 11, 11), called(ownName, row(2, 2, 1)))); told(u) != "~2" || !u.Spoke[0].Internal || len(a.clients) != 1 {
		t.Errorf("%q, %+v; told of are %v", told(u), u.Spoke, a.clients)
	}
	if g := l.groups.known[groupUser]["default"]; g.online != 1 {
		t.Errorf("%d of the user are online", g.online)
	}
	if u := hear(look(4, row(1, 13, 13), called("app", row(2, 4, 1)))); told(u) != "~2" || u.Spoke[0].Internal || len(a.clients) != 2 || l.groups.known[groupName]["app"].online != 1 {
		t.Errorf("%q, %+v; told of are %v", told(u), u.Spoke, a.clients)
	}
}

// What is no whole pass ends nobody.
func TestNobodyGoesUnseen(t *testing.T) {
	l := NewLedger(Options{})
	l.Observe(look(0, row(1, 9, 9), row(2, 9, 9)))
	seen := func() *time.Time { at := l.seen; return &at }
	for what, change := range map[string]func(*stats.Snapshot){
		"the same pass again": func(s *stats.Snapshot) { s.Observer.ClientsTime = seen() },
		"no pass":             func(s *stats.Snapshot) { s.Observer.ClientsTime = nil },
		"a part":              func(s *stats.Snapshot) { s.Observer.ClientsKnown, s.Observer.ClientsExpected = 1, 2 },
		"rows dropped":        func(s *stats.Snapshot) { s.ConnectionsOmitted = 1 },
		"the server is down": func(s *stats.Snapshot) {
			s.Stale, s.Link.State, s.Server, s.Observer.ClientsTime = true, stats.Down, stats.Server{}, seen()
		},
	} {
		s := look(2)
		change(s)
		if got := told(l.Observe(s)); got != "" || len(l.Online()) != 2 {
			t.Errorf("%s: %q, %d online", what, got, len(l.Online()))
		}
	}
	wantTold(t, l.Observe(look(4, row(2, 13, 13))), "-1 unknown")
}

// Partial passes for ever do not make the Ledger grow for ever.
func TestEndlessPartialPassesAreBounded(t *testing.T) {
	l := NewLedger(Options{})
	gone := 0
	for i := range 30 {
		s := look(float64(i))
		for k := range 100 {
			s.Connections = append(s.Connections, row(int64(100*i+k), 0, 0))
		}
		s.Observer.ClientsKnown, s.Observer.ClientsExpected = 100, 200
		gone += len(l.Observe(s).Gone)
	}
	if n := len(l.Online()); n != 1400 || gone != 1600 {
		t.Errorf("%d are kept and %d went, of 3,000", n, gone)
	}
}

func TestRestart(t *testing.T) {
	l := NewLedger(Options{})
	l.Observe(look(0, row(1, 9, 9), row(2, 9, 9)))
	s := &stats.Snapshot{Time: at(20), Server: stats.Server{RunID: "run2", UptimeSeconds: stats.Some(int64(5)), Restarts: 1}}
	u := l.Observe(s)
	wantTold(t, u, "-1 server-restart -2 server-restart")
	if off := u.Gone[0].OfflineAt; !off.Equal(at(16)) {
		t.Errorf("gone at %s", off)
	}
	again := look(22, row(1, 3, 0)) // the ids begin anew
	again.Server.RunID, again.Server.Restarts = "run2", 1
	u = l.Observe(again)
	wantTold(t, u, "+1")
	if u.Came[0].RunID != "run2" {
		t.Errorf("of process %q", u.Came[0].RunID)
	}

	// A server that hides its run id.
	l = NewLedger(Options{})
	hidden := look(0, row(1, 9, 9))
	hidden.Server = stats.Server{Restarts: 4}
	wantTold(t, l.Observe(hidden), "+1")
	wantTold(t, l.Observe(&stats.Snapshot{Time: at(2), Server: stats.Server{Restarts: 5}}), "-1 server-restart")
}

// Who was online when somebody last looked is followed on.
func TestWhoWasOnline(t *testing.T) {
	off := at(-100)
	l := NewLedger(Options{Online: []stats.Session{
		{ID: 1, RunID: "run1", Addr: "10.0.0.1:5000", IP: "10.0.0.1", Name: "old", User: "default", OnlineSince: at(-900), LastInteraction: at(-500), LastSeen: at(-300)},
		{ID: 2, RunID: "run1", LastSeen: at(-300)},
		{ID: 3, RunID: "run0", LastSeen: at(-300)},
		{ID: 4, RunID: "run1", OfflineAt: &off},
		{ID: 5, RunID: "run1", Addr: "10.0.0.1:5000", IP: "10.0.0.1", OnlineSince: at(-900), LastInteraction: at(-500), LastSeen: at(-300)},
	}})
	u := l.Observe(look(0, row(1, 900, 200), row(5, 900, 500)))
	wantTold(t, u, "~1 ~5 -2 unknown -3 server-restart") // of 5 it is news that it is still there
	if s := u.Spoke[0]; !s.OnlineSince.Equal(at(-900)) || !s.LastInteraction.Equal(at(-200)) {
		t.Errorf("%+v", s)
	}
	wantTold(t, l.Observe(look(2, row(1, 902, 202), row(5, 902, 502))), "")
}

func TestShortLived(t *testing.T) {
	l := NewLedger(Options{})
	for _, step := range []struct{ total, want int64 }{{-1, 0}, {7, 0}, {7, 0}, {12, 5}, {12, 0}, {3, 0}, {4, 1}} {
		s := &stats.Snapshot{Time: noon}
		if step.total >= 0 {
			s.Connected.TotalCameAndWent = stats.Some(step.total)
		}
		if got := l.Observe(s).ShortLived; got != step.want {
			t.Errorf("a total of %d: %d, want %d", step.total, got, step.want)
		}
	}
}

func TestNoApplication(t *testing.T) {
	replica, primary, own, unix := row(1, 9, 9), row(2, 9, 9), row(3, 9, 9), row(4, 9, 9)
	replica.Flags, primary.Flags, own.Own = "S", "M", true
	unix.Flags, unix.Addr = "U", "/run/redis.sock:0"
	u := NewLedger(Options{}).Observe(look(0, replica, primary, own, unix))
	for _, s := range u.Came {
		if s.Internal != (s.ID != 4) || s.ID == 4 && s.IP != "" {
			t.Errorf("%+v", s)
		}
	}
	if len(u.Marks) != 3 { // of the last, by name, ip and user
		t.Errorf("marks: %+v", u.Marks)
	}
}

// An old Update stays as it was.
func TestUpdatesAreNotChanged(t *testing.T) {
	l := NewLedger(Options{})
	first := l.Observe(look(0, row(1, 9, 9), row(2, 9, 9)))
	before := fmt.Sprintf("%+v", first)
	gone := l.Observe(look(2, row(2, 11, 0)))
	after := fmt.Sprintf("%+v %s", gone, gone.Gone[0].OfflineAt)
	for i := range 20 {
		l.Observe(look(float64(3+i), row(int64(3+i), 0, 0)))
	}
	if fmt.Sprintf("%+v", first) != before || fmt.Sprintf("%+v %s", gone, gone.Gone[0].OfflineAt) != after {
		t.Error("an Update changed after it was handed out")
	}
}
