package monitor

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

func client(t *testing.T, s *redistest.Server, local string) *goredis.Client {
	t.Helper()
	dial := func(ctx context.Context, _, addr string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
		return d.DialContext(ctx, "tcp", addr)
	}
	c := goredis.NewClient(&goredis.Options{Addr: s.Addr(), PoolSize: 2, DisableIdentity: true, Dialer: dial,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}})
	t.Cleanup(func() { c.Close() })
	return c
}

// heard is a tap that remembers.
type heard struct {
	mu    sync.Mutex
	lines []string
}

func (h *heard) tap(l *redis.MonitorLine) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, string(redis.IP(l.Addr))+" "+string(l.Args))
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines
}

func sampler(t *testing.T, target server.Target, tap func(*redis.MonitorLine), sample bool) *Sampler {
	t.Helper()
	s := New(Options{Target: target, Limits: Limits{Duty: 0.01, Held: 8 << 20}, Enabled: sample, Tap: tap,
		Tally: func() *stats.Tally { return stats.NewTally(stats.TallyOptions{}) }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

func quiet(interval time.Duration) Conditions {
	return Conditions{Known: true, Reset: true, Interval: interval, Commands: 100, InputBytes: 5000}
}

// patience is far beyond what anything takes on a quiet machine.
const patience = time.Minute

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for start := time.Now(); time.Since(start) < patience; {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within %s", what, patience)
}

// Through a chain of windows every command is seen once, in order, with who sent it.
func TestAChainLosesNothing(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		var h heard
		m := sampler(t, server.Target{Network: "tcp", Address: s.Addr()}, h.tap, false)
		m.Update(quiet(time.Second), nil)
		m.Watch(30 * time.Second)
		app := client(t, s, "127.0.0.2")
		waitFor(t, "the chain has begun", func() bool { // behind one window that asks whether we may
			app.Ping(t.Context())
			return len(h.all()) > 20
		})
		const many = 3000
		for i := range many {
			if err := app.Set(t.Context(), "n:"+strconv.Itoa(i), i, 0).Err(); err != nil {
				t.Fatal(err)
			}
		}
		last := fmt.Sprintf(`127.0.0.2 "set" "n:%d" "%d"`, many-1, many-1)
		waitFor(t, "the last command is seen", func() bool { l := h.all(); return strings.EqualFold(l[len(l)-1], last) })
		n := 0
		for _, line := range h.all() {
			if !strings.Contains(line, `"set"`) {
				continue
			}
			want := fmt.Sprintf(`127.0.0.2 "set" "n:%d" "%d"`, n, n)
			if line != want {
				t.Fatalf("command %d is %s, want %s", n, line, want)
			}
			n++
		}
		if n != many {
			t.Errorf("%d of %d commands were seen", n, many)
		}
		b, ok := m.Take(time.Second)
		if !ok || b.Mode != Full || b.Tally.Commands() == 0 {
			t.Errorf("batch %+v, %v", b, ok)
		}
	}, redistest.TCP(), redistest.Config("protected-mode no")) // 7.0 takes 127.0.0.2 for a stranger
}

// A reader that stops leaves MONITOR all the same: the server ends the window.
func TestTheServerEndsAWindow(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		stream, err := server.OpenStream(t.Context(), server.Target{Network: "unix", Address: s.Socket()}, true)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		if err := stream.Window(50*time.Millisecond, 2); err != nil {
			t.Fatal(err)
		}
		monitoring := func() bool {
			text, err := s.CLI("CLIENT", "LIST")
			if err != nil {
				t.Fatal(err)
			}
			clients, _ := redis.ParseClientList(text)
			for _, c := range clients {
				if c.ID == stream.ID() {
					return strings.Contains(c.Flags, "O")
				}
			}
			t.Fatal("the stream is not connected any more")
			return false
		}
		waitFor(t, "MONITOR is left though nobody reads", func() bool { return !monitoring() })
		if text, _ := s.CLI("INFO", "errorstats"); strings.Contains(text, "errorstat_") {
			t.Errorf("windows cause errors: %s", text)
		}
	})
}

// Samples on a busy server: windows keep the duty, and what they see is what is sent.
func TestSamplesKeepTheDuty(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("requirepass secret"))
	m := sampler(t, server.Target{Network: "tcp", Address: s.Addr(), Password: "secret"}, nil, true)
	c := quiet(500 * time.Millisecond)
	c.Commands, c.InputBytes = 100_000, 1e8 // as a poll would tell of a busy server: large commands, the shortest windows
	m.Update(c, nil)
	app := goredis.NewClient(&goredis.Options{Addr: s.Addr(), Password: "secret"})
	defer app.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			app.Pipelined(ctx, func(p goredis.Pipeliner) error {
				for i := range 50 {
					p.Get(ctx, "k:"+strconv.Itoa(i))
				}
				return nil
			})
		}
	}()
	var open time.Duration
	var seen int64
	windows := 0
	start := time.Now()
	share := func() float64 { return float64(open) / float64(time.Since(start)) }
	for windows < 12 || share() > 0.012 { // a window that this machine made long is paid for by a pause
		if time.Since(start) > patience {
			t.Fatalf("MONITOR was on for %.2f %% of the time in %d windows, the duty is 1 %%; status %+v", share()*100, windows, m.Status())
		}
		if b, ok := m.Take(time.Second); ok {
			open, windows, seen = open+b.Open, windows+b.Windows, seen+b.Tally.Commands()
			m.Release(b.Tally)
		}
	}
	if seen < int64(windows) {
		t.Errorf("%d windows saw %d commands of a busy server", windows, seen)
	}
}

func TestMonitorRefused(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("user watcher on >pw ~* +@all -monitor", "user waitless on >pw ~* +@all -wait"))
	for _, user := range []string{"watcher", "waitless"} {
		m := sampler(t, server.Target{Network: "tcp", Address: s.Addr(), Username: user, Password: "pw"}, nil, true)
		m.Update(quiet(time.Second), nil)
		waitFor(t, user+": the refusal is told", func() bool { return strings.Contains(m.Status().Refused, "permissions") })
	}
	text, _ := s.CLI("INFO", "commandstats")
	for _, c := range redis.ParseInfo(text).Commands {
		if rejected := c.Rejected.Or(0); (c.Name == "monitor" || c.Name == "wait") && rejected > 1 {
			t.Errorf("%s was refused %d times: once is enough to know", c.Name, rejected)
		}
	}
}

func TestFullModeEndsByItself(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	m := sampler(t, server.Target{Network: "tcp", Address: s.Addr()}, nil, false)
	m.Update(quiet(time.Second), nil)
	m.Watch(2 * time.Second)
	waitFor(t, "full mode", func() bool { return m.Status().Mode == Full })
	waitFor(t, "poll mode again", func() bool { return m.Status().Mode == Off && m.Status().StreamID == 0 })
	if text, _ := s.CLI("CLIENT", "LIST"); strings.Contains(text, "flags=O") {
		t.Errorf("MONITOR is still on: %s", text)
	}
}

func TestServerGoesAndComesBack(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	m := sampler(t, server.Target{Network: "tcp", Address: s.Addr()}, nil, true)
	m.Update(quiet(200*time.Millisecond), nil)
	if _, ok := m.Take(patience); !ok {
		t.Fatalf("no batch; status %+v", m.Status())
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	m.Take(0)
	waitFor(t, "windows after the restart", func() bool { b, ok := m.Take(time.Second); return ok && b.Windows > 0 })
}
