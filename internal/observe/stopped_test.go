package observe

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Full mode that a guard kept shut at its end says why, for as long as nobody asks for it again.
func TestWhyFullModeEndedEarlyStays(t *testing.T) {
	s := redistest.New(t)
	o := Start(t.Context(), Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 200 * time.Millisecond, Budget: 0.5, Held: 8 << 20})
	until(t, o, "start", hasRate)
	set := func(limit string) {
		t.Helper()
		if _, err := s.CLI("CONFIG", "SET", "maxmemory", limit); err != nil {
			t.Fatal(err)
		}
	}
	o.Watch(4 * time.Second)
	until(t, o, "full mode", func(s *stats.Snapshot) bool { return s.Observer.Mode == "monitor" && s.Observer.Windows > 0 })
	set("1kb") // far less than it uses; it keeps what it has and refuses to write
	asked := time.Now()
	stopped := func(s *stats.Snapshot) bool {
		return strings.Contains(s.Observer.MonitorStopped, "within 10 % of maxmemory") && s.Observer.MonitorStoppedAt != nil
	}
	if got := until(t, o, "ended early", stopped); got.Observer.MonitorStoppedAt.Before(asked) {
		t.Errorf("it ended at %s, before %s", got.Observer.MonitorStoppedAt, asked)
	}
	set("0")
	until(t, o, "polls without a guard", func(s *stats.Snapshot) bool { return s.Memory.Max.Or(0) == 0 })
	for range 3 {
		if s := <-o.Snapshots(); !stopped(s) {
			t.Errorf("observer %+v: the reason is gone", s.Observer)
		}
	}
	o.Watch(10 * time.Second)
	until(t, o, "full mode again", func(s *stats.Snapshot) bool {
		return s.Observer.Mode == "monitor" && s.Observer.MonitorStopped == "" && s.Observer.MonitorStoppedAt == nil
	})
}
