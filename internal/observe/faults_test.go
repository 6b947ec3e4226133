package observe

import (
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// patience is far beyond what anything takes on a quiet machine.
const patience = time.Minute

// until reads Snapshots until one fits.
func until(t *testing.T, o *Observer, what string, fits func(*stats.Snapshot) bool) *stats.Snapshot {
	t.Helper()
	deadline := time.After(patience)
	var last *stats.Snapshot
	for {
		select {
		case s, open := <-o.Snapshots():
			if !open {
				t.Fatalf("%s: the observer ended", what)
			}
			if v, known := s.Throughput.CommandsPerSecond.Get(); known && (v < 0 || v > 1e7) {
				t.Fatalf("%s: absurd rate %v", what, v)
			}
			if last = s; fits(s) {
				return s
			}
		case <-deadline:
			t.Fatalf("%s: not seen in %s; last link %+v", what, patience, last.Link)
		}
	}
}

func isUp(s *stats.Snapshot) bool { return s.Link.State == stats.Up }

func hasRate(s *stats.Snapshot) bool { return isUp(s) && s.Throughput.CommandsPerSecond.Known() }

func TestFaultsOfARealServer(t *testing.T) {
	s := redistest.New(t)
	o := Start(t.Context(), Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 200 * time.Millisecond, Budget: 1})
	until(t, o, "start", hasRate)

	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	until(t, o, "frozen", func(s *stats.Snapshot) bool { return s.Link.State == stats.Stalled && s.Link.Message != "" })
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	until(t, o, "thawed", hasRate)

	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	gone := until(t, o, "killed", func(s *stats.Snapshot) bool { return s.Link.State == stats.Down })
	if gone.Server.Version == "" || gone.Throughput.CommandsPerSecond.Known() {
		t.Errorf("of a server that is gone the last facts stay and the rates go: version %q, rate %v", gone.Server.Version, gone.Throughput.CommandsPerSecond)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	back := until(t, o, "restarted", hasRate)
	if back.Server.Restarts != 1 {
		t.Errorf("%d restarts counted, want 1", back.Server.Restarts)
	}

	for range 50 {
		if _, err := s.CLI("PING"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CLI("CONFIG", "RESETSTAT"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		until(t, o, "counters reset", isUp)
	}
	until(t, o, "rates again", hasRate)
}

func TestPasswordChangedWhileWatching(t *testing.T) {
	s := redistest.New(t)
	o := Start(t.Context(), Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 200 * time.Millisecond, Budget: 1})
	until(t, o, "start", isUp)
	for _, command := range [][]string{{"CONFIG", "SET", "requirepass", "secret"}, {"-a", "secret", "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}} {
		if _, err := s.CLI(command...); err != nil {
			t.Fatal(err)
		}
	}
	denied := until(t, o, "denied", func(s *stats.Snapshot) bool { return s.Link.State == stats.Denied })
	if denied.Link.Hint == "" {
		t.Errorf("link %+v gives no hint", denied.Link)
	}
}

func TestABusyScriptIsNamed(t *testing.T) {
	s := redistest.New(t, redistest.Config("lua-time-limit 50"))
	o := Start(t.Context(), Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 200 * time.Millisecond, Budget: 1})
	until(t, o, "start", isUp)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.CLI("EVAL", "while true do end", "0") // ends by SCRIPT KILL below, with an error
	}()
	until(t, o, "busy", func(s *stats.Snapshot) bool { return s.Link.State == stats.Busy && s.Link.Hint != "" })
	if _, err := s.CLI("SCRIPT", "KILL"); err != nil {
		t.Fatal(err)
	}
	<-done
	until(t, o, "free again", isUp)
}
