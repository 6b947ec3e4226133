package observe

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// sender drives one kind of traffic from one address and counts what it sent.
type sender struct {
	ip, name string
	batch    int           // commands in one pipeline
	pause    time.Duration // between two
	jitter   bool          // pause for a random time of that mean
	key      func(i int) string
	sent     atomic.Int64
}

func (s *sender) run(ctx context.Context, addr string, done *sync.WaitGroup) {
	defer done.Done()
	c := goredis.NewClient(&goredis.Options{Addr: addr, ClientName: s.name, DisableIdentity: true, PoolSize: 1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		Dialer: func(ctx context.Context, _, addr string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(s.ip)}}
			return d.DialContext(ctx, "tcp", addr)
		}})
	defer c.Close()
	for i := 0; ctx.Err() == nil; {
		c.Pipelined(ctx, func(p goredis.Pipeliner) error {
			for range s.batch {
				p.Get(ctx, s.key(i))
				i++
			}
			return nil
		})
		s.sent.Add(int64(s.batch))
		pause := s.pause
		if s.jitter {
			pause = rand.N(2 * s.pause)
		}
		time.Sleep(pause)
	}
}

// traffic is an even sender, a bursty one, one with a rhythm, and one that is hardly there.
func traffic(t *testing.T, addr string) []*sender {
	t.Helper()
	number := func(format string) func(int) string {
		return func(i int) string { return fmt.Sprintf(format, i%5000) }
	}
	senders := []*sender{
		{ip: "127.0.0.2", name: "even", batch: 10, pause: 2 * time.Millisecond, jitter: true, key: number("page:%d")},
		{ip: "127.0.0.3", name: "bursty", batch: 400, pause: 150 * time.Millisecond, jitter: true, key: number("user:%d:cart")},
		{ip: "127.0.0.4", name: "rhythm", batch: 25, pause: 20 * time.Millisecond, key: number("job:%d")},
		{ip: "127.0.0.5", name: "rare", batch: 1, pause: 30 * time.Millisecond, jitter: true, key: func(int) string { return "flag:main" }},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for _, s := range senders {
		done.Add(1)
		go s.run(ctx, addr, &done)
	}
	t.Cleanup(func() { cancel(); done.Wait() })
	return senders
}

func counts(senders []*sender) map[string]float64 {
	m := map[string]float64{}
	for _, s := range senders {
		m[s.ip] = float64(s.sent.Load())
	}
	return m
}

// A moment is what each sender had sent by then.
type moment struct {
	time time.Time
	sent map[string]float64
}

// at is the latest of past moments before t.
func at(past []moment, t time.Time) (m moment, ok bool) {
	for _, p := range past {
		if !p.time.After(t) {
			m, ok = p, true
		}
	}
	return m, ok
}

// The estimates from samples hold the truth: who sends how much, against what each sender counted of
// itself; the patterns of keys; and nothing of ours among them.
func TestSamplesHoldTheTruth(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("protected-mode no"))
	senders := traffic(t, s.Addr())
	o := Start(t.Context(), Config{Target: server.Target{Network: "tcp", Address: s.Addr()}, Interval: 500 * time.Millisecond,
		Budget: 0.01, Sample: true, Held: 8 << 20})
	until(t, o, "samples", func(s *stats.Snapshot) bool { return len(s.Keys) >= 3 })

	var past []moment
	var last *stats.Snapshot
	held, asked := 0, 0
	patterns := map[string]bool{} // of all Snapshots
	for range 24 {
		last = until(t, o, "the next Snapshot", isUp)
		for _, k := range last.Keys {
			patterns[k.Pattern] = true
		}
		past = append(past, moment{last.Time, counts(senders)})
		before, covered := at(past, last.Time.Add(-time.Duration(last.Sampled.Span*float64(time.Second))))
		if !covered {
			continue
		}
		now := past[len(past)-1]
		for _, g := range last.Clients {
			rate, known := g.CommandsPerSecond.Get()
			sent, ours := now.sent[g.Key]
			if !ours || !known || !g.Estimated {
				t.Fatalf("no estimate of a sender: %+v", g)
			}
			truth := (sent - before.sent[g.Key]) / now.time.Sub(before.time).Seconds()
			asked++
			// One in twenty may lie outside, and then does so in all the Snapshots that share its windows: few runs tell
			// how many there are, which the simulations of internal/stats do. Twice as far outside is no chance.
			half := g.Error.Or(0)
			off := math.Abs(rate - truth)
			if off <= half {
				held++
			}
			if off > 2*half {
				t.Errorf("%s: truth %.0f/s, estimate %.0f ± %.0f/s", g.Key, truth, rate, half)
			}
		}
	}
	if last.Observer.Mode != "sample" || last.Sampled.Complete {
		t.Fatalf("mode %s, %+v: this load is to be sampled", last.Observer.Mode, last.Sampled)
	}
	t.Logf("%d of %d intervals hold the truth", held, asked)
	if asked < 20 || held*2 < asked {
		t.Errorf("%d of %d intervals hold the truth", held, asked)
	}
	for _, want := range []string{"page:*", "job:*"} {
		if !slices.ContainsFunc(last.Keys, func(k stats.KeyRow) bool { return k.Pattern == want }) {
			t.Errorf("pattern %s is missing among %v", want, last.Keys)
		}
	}
	for _, want := range []string{"user:*:cart", "flag:main"} { // the windows of five seconds may miss every one of them
		if !patterns[want] {
			t.Errorf("pattern %s is missing among %v", want, patterns)
		}
	}
	if slices.ContainsFunc(last.Clients, func(g stats.ClientGroup) bool { return g.Key == "127.0.0.1" }) {
		t.Error("our own commands are shown as a client's")
	}
}

// On a server so quiet that everything may be seen, and in full mode, the numbers are exact.
func TestFullModeIsExact(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("protected-mode no"))
	o := Start(t.Context(), Config{Target: server.Target{Network: "tcp", Address: s.Addr()}, Interval: 500 * time.Millisecond, Budget: 0.5, Held: 8 << 20})
	until(t, o, "start", hasRate)
	o.Watch(20 * time.Second)
	until(t, o, "full mode", func(s *stats.Snapshot) bool { return s.Observer.Mode == "monitor" && s.Observer.Windows > 0 })
	var lines int64
	_, next, _ := o.Live().Since(0)
	app := goredis.NewClient(&goredis.Options{Addr: s.Addr(), DisableIdentity: true})
	defer app.Close()
	const many = 500
	for i := range many {
		if err := app.Set(t.Context(), "n:"+strconv.Itoa(i), "secret", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, o, "all commands live", func(*stats.Snapshot) bool {
		got, n, dropped := o.Live().Since(next)
		for _, l := range got {
			if l.Command == "set" {
				lines++
			}
			if l.Command == "set" && (l.Keys == l.Line || len(l.Keys) == 0) {
				t.Fatalf("the value is not hidden: %q", l.Keys)
			}
		}
		next = n
		return lines == many && dropped == 0
	})
	exact := until(t, o, "exact keys", func(s *stats.Snapshot) bool {
		app.Set(t.Context(), "n:0", "again", 0)
		return len(s.Keys) > 0 && !s.Keys[0].Estimated
	})
	if exact.Keys[0].Pattern != "n:*" {
		t.Errorf("keys %+v", exact.Keys)
	}
}
