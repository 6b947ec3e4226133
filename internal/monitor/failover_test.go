package monitor

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
)

// A server that becomes a replica refuses WAIT. We find out by that alone, long before a poll tells:
// two refusals at the most, then nothing more is tried.
func TestAFailoverCausesNoLoopOfErrors(t *testing.T) {
	crowded := quiet(500 * time.Millisecond)
	crowded.Commands, crowded.InputBytes = 100_000, 1e6 // windows that do not adjoin
	for name, c := range map[string]Conditions{"chain": quiet(500 * time.Millisecond), "scattered": crowded} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, primary := redistest.New(t, redistest.TCP()), redistest.New(t, redistest.TCP())
			m := sampler(t, server.Target{Network: "tcp", Address: s.Addr()}, nil, true)
			m.Update(c, nil)
			if b, ok := m.Take(patience); !ok || b.Windows == 0 {
				t.Fatalf("no windows before the failover; status %+v", m.Status())
			}
			host, port, _ := strings.Cut(primary.Addr(), ":")
			if _, err := s.CLI("REPLICAOF", host, port); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the reason is told", func() bool { return strings.Contains(m.Status().Reason, "replica refuses WAIT") })
			time.Sleep(1500 * time.Millisecond) // a loop would ask again meanwhile
			text, err := s.CLI("INFO", "errorstats")
			if err != nil {
				t.Fatal(err)
			}
			var refused int64
			for _, e := range redis.ParseInfo(text).Errors {
				refused += e.Count
			}
			if refused < 1 || refused > 2 {
				t.Errorf("%d errors on the server, want one or two: %s", refused, text)
			}
			if _, err := s.CLI("REPLICAOF", "NO", "ONE"); err != nil {
				t.Fatal(err)
			}
			m.Take(0)
			m.Update(c, nil) // as the next poll tells it
			waitFor(t, "windows after the way back", func() bool { b, ok := m.Take(time.Second); return ok && b.Windows > 0 })
		})
	}
}
