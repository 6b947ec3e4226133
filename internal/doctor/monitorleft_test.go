package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// monitored is a server that lists its connections anew each second; change says what the monitoring one is like.
func monitored(n int, change func(second int, c *stats.ConnectionRow)) *synth {
	s := newSynth(monitorLeft)
	return s.run(n, func(i int) {
		c := stats.ConnectionRow{ID: 42, Addr: "10.0.7.7:3000", Name: "debug", Flags: "O", AgeSeconds: 300 + int64(i), LastCommand: "monitor"}
		change(i, &c)
		s.now.Connections = []stats.ConnectionRow{{ID: 1, Addr: "10.0.7.8:1", Flags: "N"}, c}
		s.calls("get", 1000, 3)
	})
}

func TestMonitorLeftRunning(t *testing.T) {
	f := monitored(5, func(int, *stats.ConnectionRow) {}).only(t, "monitor-left-running", stats.Warning)
	if want := "MONITOR is running: debug (10.0.7.7:3000) reads every command"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if want := "`redis-cli CLIENT KILL ID 42` ends it; ask its owner first what it is for"; f.Remedy[0] != want {
		t.Errorf("remedy %q, want %q", f.Remedy[0], want)
	}
	wantPrintable(t, f)
	f = monitored(5, func(_ int, c *stats.ConnectionRow) { c.OutputBufferBytes = 32 << 20 }).only(t, "monitor-left-running", stats.Critical)
	if !strings.Contains(f.Impact, "32 MiB wait for it") {
		t.Errorf("impact %q", f.Impact)
	}
}

func TestMonitorThatIsNotLeft(t *testing.T) {
	monitored(3, func(int, *stats.ConnectionRow) {}).none(t)                                   // not seen for long enough
	monitored(30, func(_ int, c *stats.ConnectionRow) { c.Own = true }).none(t)                // ours
	monitored(30, func(i int, c *stats.ConnectionRow) { c.Flags = "NO"[i%2 : i%2+1] }).none(t) // windows of another tool
	monitored(30, func(i int, c *stats.ConnectionRow) { c.ID = int64(i) }).none(t)
}

// Windows of another redistop are nobody's MONITOR, also where they adjoin for hours; who only calls himself so is found.
func TestMonitorOfAnotherRedistop(t *testing.T) {
	window := func(c *stats.ConnectionRow) { c.Name, c.Flags, c.LastCommand = "redistop", "Ob", "wait" }
	counted := func(i int, c *stats.ConnectionRow) { window(c); c.TotalInputBytes = stats.Some(int64(1000 + 100*i)) }
	const hour = 3600
	monitored(hour, counted).none(t)
	told := func(n int, others func(second int) int64) *synth {
		s := newSynth(monitorLeft)
		return s.run(n, func(i int) {
			c := stats.ConnectionRow{ID: 42, Addr: "10.0.7.7:3000", AgeSeconds: 300 + int64(i)}
			window(&c)
			s.now.Connections = []stats.ConnectionRow{{ID: 1, Addr: "10.0.7.8:1", Flags: "N"}, c}
			s.calls("get", 1000, 3).calls("monitor", 20+others(i), 3)
			s.row("monitor").OwnCalls += 20 + int64(1-i%2*2) // what is under way is counted by us, and not yet by the server
		})
	}
	told(hour, func(int) int64 { return 20 }).none(t)
	untold := newSynth(monitorLeft)
	untold.run(hour, func(i int) {
		c := stats.ConnectionRow{ID: 42, Addr: "10.0.7.7:3000", AgeSeconds: 300 + int64(i)}
		window(&c)
		untold.now.Connections = []stats.ConnectionRow{c}
	}).none(t) // nobody counts
	for name, s := range map[string]*synth{
		"not in a window":              monitored(5, func(_ int, c *stats.ConnectionRow) { c.Name = "redistop" }),
		"a WAIT that never ends":       monitored(6, func(_ int, c *stats.ConnectionRow) { window(c); c.TotalInputBytes = stats.Some(int64(90)) }),
		"the same, uncounted":          told(12, func(int) int64 { return 0 }),
		"the same, after some windows": told(30, func(i int) int64 { return int64(max(0, 10-i)) }),
		"a window by another's name":   monitored(5, func(_ int, c *stats.ConnectionRow) { window(c); c.Name = "redistop2" }),
		"out of it after all windows": monitored(20, func(i int, c *stats.ConnectionRow) {
			if i < 12 {
				counted(i, c)
			} else {
				c.Name = "redistop"
				c.TotalInputBytes = stats.Some(int64(2200))
			}
		}),
	} {
		t.Run(name, func(t *testing.T) { s.only(t, "monitor-left-running", stats.Warning) })
	}
}

func TestRestart(t *testing.T) {
	s := newSynth(serverRestarted)
	s.now.Keyspace[0].Keys = 50_000
	s.now.Persistence.ChangesSinceSave = stats.Some(int64(812))
	s.run(5, func(int) { s.calls("get", 100, 3) }).none(t)
	s.now.Server.RunID, s.now.Server.Restarts, s.now.Server.UptimeSeconds = "fedcba", 1, stats.Some(int64(2))
	f := s.run(2, nil).only(t, "server-restarted", stats.Info) // it has what it had
	if f.Title != "This server was restarted 3 s ago" {
		t.Errorf("title %q", f.Title)
	}
	wantPrintable(t, f)
	s.now.Server.RunID, s.now.Keyspace = "abc", nil
	f = s.run(1, nil).only(t, "server-restarted", stats.Critical)
	if f.Title != "This server was restarted twice within minutes, the last time 4 s ago and lost 50,000 keys" {
		t.Errorf("title %q", f.Title)
	}
	s.run(700, nil).none(t)
	s.now.Server.RunID = "def" // a day later
	s.run(2, nil).only(t, "server-restarted", stats.Info)
	s.now.Server.RunID = "123"
	if f = s.run(2, nil).only(t, "server-restarted", stats.Warning); !strings.HasPrefix(f.Title, "This server was restarted twice within minutes, the last time ") {
		t.Errorf("title %q", f.Title)
	}
}
