package observe

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// echo answers PINGs after the time and with the error that the test says.
type echo struct {
	took  atomic.Int64 // nanoseconds
	code  atomic.Pointer[string]
	pings atomic.Int64
	open  atomic.Int64
}

func (e *echo) Ping(ctx context.Context) error {
	e.pings.Add(1)
	if !sleep(ctx, time.Duration(e.took.Load())) {
		return ctx.Err()
	}
	if code := e.code.Load(); code != nil {
		return &redis.ReplyError{Code: *code, Message: "no"}
	}
	return nil
}
func (e *echo) ID() int64    { return 7 }
func (e *echo) Remote() bool { return true }
func (e *echo) Sent() []redis.Sent {
	return []redis.Sent{{Name: "ping", Calls: 1}}
}
func (e *echo) Close() error { e.open.Add(-1); return nil }

// probing runs a prober on an echo, in a bubble.
func probing(t *testing.T, budget float64) (*prober, *echo) {
	t.Helper()
	e := &echo{}
	e.took.Store(int64(200 * time.Microsecond))
	p := newProber(Config{Budget: budget})
	p.connect = func(context.Context) (pinger, error) {
		if e.open.Add(1) > 1 {
			t.Error("two connections at a time")
		}
		return e, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return p, e
}

func (p *prober) take() stats.Reading {
	var r stats.Reading
	p.attach(&r)
	return r
}

func TestProbesKeepTheirPace(t *testing.T) {
	for _, c := range []struct{ budget, perSecond float64 }{{0.01, 20}, {1, 20}, {0.0001, 1}, {1e-9, 1.0 / 60}} {
		synctest.Test(t, func(t *testing.T) {
			p, e := probing(t, c.budget)
			time.Sleep(time.Minute)
			if n := e.pings.Load(); n != 0 {
				t.Fatalf("%d PINGs before the server was reached", n)
			}
			p.tell(stats.Up, nil)
			const minutes = 20
			time.Sleep(minutes * time.Minute)
			if got, want := float64(e.pings.Load()), c.perSecond*60*minutes; math.Abs(got-want) > want/20+10 {
				t.Errorf("budget %g: %.0f PINGs, want %.0f", c.budget, got, want)
			}
		})
	}
}

func TestProbesArePausedWhereTheyDoNoGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := probing(t, 0.01)
		p.tell(stats.Up, nil)
		time.Sleep(10 * time.Second)
		for _, state := range []stats.LinkState{stats.Loading, stats.Busy, stats.Down, stats.Denied} {
			p.tell(state, nil)
			time.Sleep(time.Second)
			before := e.pings.Load()
			time.Sleep(time.Minute)
			if n := e.pings.Load() - before; n != 0 {
				t.Errorf("%d PINGs while the server is %s", n, state)
			}
		}
		p.tell(stats.Up, map[string]string{"slowlog-log-slower-than": "0"})
		time.Sleep(time.Second)
		before := e.pings.Load()
		time.Sleep(time.Minute)
		if r := p.take(); e.pings.Load() != before || len(r.Missing) != 1 {
			t.Errorf("%d PINGs for a slow log that keeps all, missing %+v", e.pings.Load()-before, r.Missing)
		}
		for _, slower := range []string{"-1", "10000", ""} {
			if logsEverything(map[string]string{"slowlog-log-slower-than": slower}) {
				t.Errorf("%q logs everything", slower)
			}
		}
		before = e.pings.Load()
		p.tell(stats.Up, nil)
		time.Sleep(10 * time.Second)
		if n := e.pings.Load() - before; n < 150 {
			t.Errorf("%d PINGs in 10 s afterwards", n)
		}
		code := "MISCONF"
		e.code.Store(&code)
		time.Sleep(time.Second)
		before = e.pings.Load()
		time.Sleep(time.Hour)
		if n := e.pings.Load() - before; n > 70 {
			t.Errorf("%d PINGs an hour although each is an error", n)
		}
	})
}

func TestARefusedPingIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := probing(t, 0.01)
		code := "NOPERM"
		e.code.Store(&code)
		p.tell(stats.Up, nil)
		time.Sleep(time.Hour)
		r := p.take()
		if n := e.pings.Load(); n != 1 || len(r.Missing) != 1 || r.Missing[0].Remedy != "ACL SETUSER default +ping" || len(r.OwnIDs) != 0 {
			t.Errorf("%d PINGs, missing %+v, ids %v", n, r.Missing, r.OwnIDs)
		}
	})
}

// A server that answers nothing is felt while it does so, and counts for every moment of it afterwards.
func TestABlockedServerIsFeltAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := probing(t, 0.01)
		p.tell(stats.Up, nil)
		time.Sleep(10 * time.Second)
		l := p.take().Latency
		if l.Probes < 150 || l.P50Usec.Or(0) != 200 || l.P99Usec.Or(0) != 200 || l.MaxUsec.Or(0) != 200 || l.HereMaxUsec.Or(1) != 0 || !l.Remote {
			t.Fatalf("a quick server: %+v", l)
		}
		e.took.Store(int64(time.Second))
		time.Sleep(500 * time.Millisecond)
		p.tell(stats.Stalled, nil)
		if l := p.take().Latency; l.MaxUsec.Or(0) < 350_000 || l.MaxUsec.Or(0) > 500_000 {
			t.Errorf("while it is blocked: %+v", l)
		}
		time.Sleep(300 * time.Millisecond)
		e.took.Store(int64(200 * time.Microsecond))
		time.Sleep(1200 * time.Millisecond)
		l = p.take().Latency
		if l.MaxUsec.Or(0) != 1e6 {
			t.Errorf("afterwards: %+v", l)
		}
		if p50 := l.P50Usec.Or(0); p50 != 200 && p50 < 1000 { // of 1.5 s it was blocked for about 0.6 s
			t.Errorf("median %v", p50)
		}
		if p99 := l.P99Usec.Or(0); l.Probes >= fewProbes && p99 < 400_000 {
			t.Errorf("99 of 100 moments are said to be quick: %+v", l)
		}
		if r := p.take(); r.Latency.Probes != 0 || r.Latency.MaxUsec.Known() && r.Latency.MaxUsec.Or(0) > 1e6 {
			t.Errorf("what was taken is told again: %+v", r.Latency)
		}
	})
}

func TestLatencyFigures(t *testing.T) {
	t0 := time.Unix(1000, 0)
	at := func(ms, took int) answer {
		return answer{sent: t0.Add(time.Duration(ms) * time.Millisecond), took: time.Duration(took) * time.Millisecond}
	}
	if l := latency(nil, t0, time.Second); l != (stats.Latency{}) {
		t.Errorf("nothing: %+v", l)
	}
	l := latency([]answer{at(0, 4), at(100, 2), at(200, 3)}, t0, 100*time.Millisecond)
	if l.Probes != 3 || l.P50Usec.Or(0) != 3000 || l.MaxUsec.Or(0) != 4000 || l.P99Usec.Known() {
		t.Errorf("three: %+v", l)
	}
	// One that waits 1 s in which ten would have been sent; of them the five before t0 belong to the figures before.
	l = latency([]answer{at(-550, 1000)}, t0, 100*time.Millisecond)
	if l.Probes != 1 || l.MaxUsec.Or(0) != 1e6 || l.P50Usec.Or(0) != 300_000 {
		t.Errorf("a long one: %+v", l)
	}
}

func TestTheProberOnARealServer(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("protected-mode no"))
	o := Start(t.Context(), Config{Target: server.Target{Network: "tcp", Address: s.Addr()}, Interval: 500 * time.Millisecond, Budget: 0.5,
		Probe: true, Sample: true, Held: 8 << 20, Baseline: stats.Some(123.0)})
	probed := func(s *stats.Snapshot) bool {
		return hasRate(s) && s.Latency.Probes > 0 && s.Latency.MaxUsec.Or(0) > 0 && s.Latency.HereMaxUsec.Known()
	}
	first := until(t, o, "probes", probed)
	if first.Latency.Remote || first.Latency.BaselineUsec.Or(0) != 123 {
		t.Errorf("%+v", first.Latency)
	}
	until(t, o, "nothing of ours in the tables", func(s *stats.Snapshot) bool {
		return probed(s) && len(s.Connections) == 0 && s.Throughput.CommandsPerSecond.Or(-1) == 0 &&
			!slices.ContainsFunc(s.Commands, func(c stats.CommandRow) bool { return c.Name == "ping" && c.CallsPerSecond.Or(0) != 0 }) &&
			!slices.ContainsFunc(s.Samples, func(r stats.SampleRow) bool { return strings.EqualFold(r.Command, "ping") }) &&
			slices.ContainsFunc(s.Observer.Receipt, func(r stats.ReceiptRow) bool { return r.Command == "ping" })
	})

	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	until(t, o, "felt while it lasts", func(s *stats.Snapshot) bool { return s.Stale && s.Latency.MaxUsec.Or(0) > 1.2e6 })
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	until(t, o, "felt afterwards", func(s *stats.Snapshot) bool { return !s.Stale && s.Latency.MaxUsec.Or(0) > 1e6 })
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	until(t, o, "probes of the next process", func(s *stats.Snapshot) bool { return s.Server.Restarts == 1 && probed(s) })
}

func TestBaseline(t *testing.T) {
	begin := time.Now()
	longest := Baseline(t.Context(), 100*time.Millisecond)
	if took := time.Since(begin); longest <= 0 || longest > usec(took) || took < 90*time.Millisecond {
		t.Errorf("%v usec in %s", longest, took)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if begin := time.Now(); Baseline(ctx, time.Hour) < 0 || time.Since(begin) > time.Minute {
		t.Error("it does not end")
	}
}
