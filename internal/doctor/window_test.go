package doctor

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"redistop/internal/stats"
)

// looked is the window of a doctor that asks no rules.
func looked(s *synth) *Window { return &s.doctor.window }

func none() *synth {
	return newSynth(Rule{ID: "none", Check: func(*Window) []stats.Finding { return nil }})
}

func TestWorks(t *testing.T) {
	s := none()
	s.calls("get", 100, 5).next()
	w := looked(s)
	if w.Works() != nil || w.Seconds().Known() {
		t.Error("one Snapshot tells of no work")
	}
	s.run(10, func(i int) {
		s.calls("get", 100, 5).calls("info", 1, 300).longest("get", float64(100+i))
		s.row("info").OwnCalls++
	})
	k := w.Work("get")
	if k.Calls != 1000 || k.UsecPerCall != 5 || k.PerSecond != 100 || k.TimeShare != 0.0005 || k.MaxUsec.Or(0) != 109 || k.Exact || k.Elapsed != 10*time.Second {
		t.Errorf("%+v", k)
	}
	if k := w.Work("info"); k.Calls != 0 {
		t.Errorf("our own calls count: %+v", k)
	}
	// The log is exact where the histogram knows the edge of a bucket only, which may be twice the truth.
	s.calls("get", 1, 90).longest("get", 131).logged("10.0.0.1:1", "", 90, "GET", "k").next()
	if k := w.Work("get"); k.MaxUsec.Or(0) != 90 || !k.Exact {
		t.Errorf("with the log: %+v", k)
	}
	// What is older than a minute is forgotten.
	s.run(75, func(int) { s.calls("get", 1, 5) })
	if k := w.Work("get"); k.Calls != 60 || k.MaxUsec.Known() {
		t.Errorf("a minute later: %+v", k)
	}
}

func TestWindowOverResetAndRestart(t *testing.T) {
	s := none()
	s.now.Server.RunID = "a"
	s.connection(stats.ConnectionRow{Addr: "10.0.0.1:1", Name: "old"})
	s.run(10, func(int) { s.calls("get", 100, 5).logged("10.0.0.1:1", "", 20_000, "KEYS", "*") })
	w := looked(s)

	s.rows, s.was, s.total = map[string]*stats.CommandRow{}, map[string]stats.CommandRow{}, 10 // CONFIG RESETSTAT
	s.calls("get", 7, 5).next()
	if len(w.Past) != 0 || w.Works() != nil || w.Restarted != nil {
		t.Errorf("counters of before RESETSTAT are compared: %+v", w.Works())
	}
	if n := len(w.Slowest("keys")); n != 10 {
		t.Errorf("%d slow commands are known after RESETSTAT", n)
	}
	s.calls("get", 7, 5).next()
	if k := w.Work("get"); k.Calls != 7 {
		t.Errorf("after RESETSTAT: %+v", k)
	}

	s.now.Server.RunID, s.now.Server.Restarts, s.slow = "b", 1, 0
	s.now.Connections = nil
	s.rows, s.was, s.total = map[string]*stats.CommandRow{}, map[string]stats.CommandRow{}, 1_000_000
	s.calls("get", 3, 5).next()
	if len(w.Past) != 0 || w.Restarted == nil || w.Restarted.Server.RunID != "a" || len(w.Restarted.Connections) > 0 {
		t.Errorf("after a restart: %d in the past, %+v", len(w.Past), w.Restarted)
	}
	if n := len(w.Slowest("keys")); n != 0 {
		t.Errorf("%d slow commands of the process before", n)
	}
	// Its ids begin anew; an entry with the id of an old one is new.
	s.logged("10.0.0.2:1", "new", 20_000, "KEYS", "*").next()
	if list := w.Slowest("keys"); len(list) != 1 || list[0].Who.Name != "new" {
		t.Errorf("slow commands of the new process: %+v", list)
	}
	s.run(400, nil)
	if w.Restarted != nil {
		t.Error("a restart is remembered for ever")
	}
}

// The clock of the server may be wrong: what is new in the log is new.
func TestSlowCommandsByOurClock(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, 0, time.Hour} {
		s := none()
		s.run(3, nil)
		s.logged("10.0.0.1:1", "app", 20_000, "KEYS", "*")
		s.now.Slowlog[0].Time = s.now.Time.Add(skew)
		s.next()
		if n := len(looked(s).Slowest("keys")); n != 1 {
			t.Errorf("skew %s: %d entries", skew, n)
		}
		s.run(61, nil)
		if n := len(looked(s).Slowest("keys")); n != 0 {
			t.Errorf("skew %s: %d entries a minute later", skew, n)
		}
	}
	s := none() // what was there before us is as old as the server says
	s.logged("10.0.0.1:1", "app", 20_000, "KEYS", "*")
	s.now.Slowlog[0].Time = s.now.Time.Add(-2 * time.Minute)
	s.run(3, nil)
	if n := len(looked(s).Slowest("keys")); n != 0 {
		t.Errorf("%d old entries", n)
	}
}

// A connection that was there some seconds ago still has a name; one that never was has what the log says.
func TestWho(t *testing.T) {
	s := none()
	s.now.Connections = []stats.ConnectionRow{{ID: 1, Addr: "10.0.0.1:1", Name: "app", User: "u", Library: "jedis"}, {ID: 2, Addr: "[::1]:7", Name: "six"}}
	s.next()
	s.run(30, func(i int) {
		s.now.Connections = []stats.ConnectionRow{{ID: int64(10 + i), Addr: fmt.Sprintf("10.0.0.9:%d", i)}}
	})
	w := looked(s)
	if c := w.Who("10.0.0.1:1", ""); c.Name != "app" || c.User != "u" || c.Library != "jedis" || !c.Gone || c.IP != "10.0.0.1" {
		t.Errorf("gone: %+v", c)
	}
	if c := w.Who("[::1]:7", ""); c.IP != "::1" || c.Name != "six" {
		t.Errorf("IPv6: %+v", c)
	}
	if c := w.Who("10.0.0.9:29", "log"); c.Gone || c.Name != "log" {
		t.Errorf("there: %+v", c)
	}
	if c := w.Who("10.7.7.7:1", "cron"); !c.Gone || c.IP != "10.7.7.7" || c.Name != "cron" {
		t.Errorf("never seen: %+v", c)
	}
	if c := w.Who("/run/redis.sock:0", ""); c.IP != "unix" {
		t.Errorf("a unix socket: %+v", c)
	}
}

func TestMerge(t *testing.T) {
	list := []stats.Culprit{
		{Addr: "10.0.0.1:1", IP: "10.0.0.1", Name: "a"},
		{Addr: "10.0.0.2:1", IP: "10.0.0.2", Name: "b", User: "u", Library: "l"},
		{Addr: "10.0.0.2:2", IP: "10.0.0.2", Name: "b"}, // gone before its user was seen
		{Addr: "10.0.0.3:1", IP: "10.0.0.3", Name: "c"},
	}
	got := Merge(list, []float64{2, 3, 4, 1}, 2)
	if len(got) != 2 || got[0].Name != "b" || got[0].User != "u" || got[0].Connections != 2 || got[0].Addr != "" || got[0].Share.Or(0) != 0.7 {
		t.Errorf("%+v", got)
	}
	if got[1].Name != "a" || got[1].Addr != "10.0.0.1:1" || got[1].Share.Or(0) != 0.2 {
		t.Errorf("%+v", got)
	}
	if got := Merge(nil, nil, 3); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Half an hour of a large server that logs thousands of commands and turns its connections over does not add up.
func TestWindowIsBounded(t *testing.T) {
	s := none()
	var before, after runtime.MemStats
	watch := func(seconds int) {
		s.run(seconds, func(i int) {
			rows := make([]stats.ConnectionRow, 500)
			for j := range rows {
				rows[j] = stats.ConnectionRow{ID: int64(i*500 + j), Addr: fmt.Sprintf("10.0.%d.%d:%d", j/250, j%250, i)}
			}
			s.now.Connections = rows
			s.calls("get", 1000, 3)
			for j := range 30 {
				s.logged("10.0.0.1:1", "", int64(10_000+j), "KEYS", "*")
			}
			s.now.Slowlog = s.now.Slowlog[:min(512, len(s.now.Slowlog))]
		})
		runtime.GC()
	}
	watch(130)
	runtime.ReadMemStats(&before)
	watch(130)
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("it grew by %d MiB", grown>>20)
	}
	w := looked(s)
	if len(w.Past) > 120 || len(w.slow.entries) > mostSlow || len(w.book.passes) > mostPasses {
		t.Errorf("%d Snapshots, %d slow commands, %d passes", len(w.Past), len(w.slow.entries), len(w.book.passes))
	}
	for _, past := range w.Past {
		if len(past.Connections)+len(past.Slowlog)+len(past.Samples) > 0 {
			t.Fatal("a Snapshot of the past holds large tables")
		}
	}
}

// Frequent looks do not keep more.
func TestDenseSnapshots(t *testing.T) {
	s := none()
	for range 900 {
		s.calls("get", 10, 3).next()
		s.now.Time = s.now.Time.Add(-900 * time.Millisecond)
	}
	w := looked(s)
	if len(w.Past) > 125 {
		t.Errorf("%d Snapshots are kept", len(w.Past))
	}
	if k := w.Work("get"); k.Elapsed < 55*time.Second || k.Elapsed > time.Minute {
		t.Errorf("the window spans %s", k.Elapsed)
	}
}
