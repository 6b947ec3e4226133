package observe

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"redistop/internal/doctor"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Two watchers of a quiet server, which both see whole: neither tells of the other's windows. Who takes that name for a
// window that he lets never end is told of, whether the server counts the bytes of a connection or not.
func TestWindowsOfTwoWatchers(t *testing.T) {
	for _, version := range []string{"redis-7.0", "valkey-9"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			twoWatchers(t, redistest.New(t, redistest.On(redistest.Of(t, version)), redistest.TCP()))
		})
	}
}

func twoWatchers(t *testing.T, s *redistest.Server) {
	limits := doctor.Options{Limits: map[string]map[string]float64{"monitor-left-running": {"seconds": 1}}}
	watch := func(ctx context.Context) *Observer {
		return Start(ctx, Config{Target: server.Target{Network: "tcp", Address: s.Addr(), Own: server.NewOwn()},
			Interval: 500 * time.Millisecond, Budget: 0.5, Sample: true, Held: 8 << 20, Doctor: limits})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a, b := watch(t.Context()), watch(ctx)
	ended := make(chan struct{})
	go func() { drain(b); close(ended) }()
	met := 0
	until(t, a, "the other's windows", func(s *stats.Snapshot) bool {
		for _, f := range s.Findings {
			if f.Rule == "monitor-left-running" {
				t.Fatalf("a window is told as left on: %s; %+v", f.Title, s.Connections)
			}
		}
		for i := range s.Connections {
			if c := &s.Connections[i]; c.Name == "redistop" && c.LastCommand == "wait" && strings.Contains(c.Flags, "O") {
				met++
			}
		}
		return met >= 8
	})
	cancel() // where bytes are not counted by connection, the MONITORs of the one vouch for all
	<-ended
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "CLIENT SETNAME redistop\r\nMONITOR\r\nWAIT 1000 0\r\n")
	go func() {
		for r := bufio.NewReader(conn); ; {
			if _, err := r.Discard(1); err != nil {
				return
			}
		}
	}()
	until(t, a, "a window that never ends", func(s *stats.Snapshot) bool {
		for _, f := range s.Findings {
			if f.Rule == "monitor-left-running" {
				if f.Culprits[0].Addr != conn.LocalAddr().String() {
					t.Fatalf("%+v, want %s", f.Culprits, conn.LocalAddr())
				}
				return true
			}
		}
		return false
	})
}
