package observe

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// fake is a server under the test's control. Poll takes as long as delay says.
type fake struct {
	polls   int
	partial bool // INFO comes with the error
	closed  bool
	asked   atomic.Int64 // unix nanoseconds
	delay   func(n int) time.Duration
	err     func(n int) error
}

func (f *fake) Poll(ctx context.Context, interval time.Duration) (stats.Reading, error) {
	n := f.polls
	f.polls++
	f.asked.Store(time.Now().UnixNano())
	defer f.asked.Store(0)
	if f.delay != nil {
		select {
		case <-time.After(f.delay(n)):
		case <-ctx.Done():
			return stats.Reading{}, ctx.Err()
		}
	}
	var err error
	if f.err != nil {
		err = f.err(n)
	}
	if err != nil && !f.partial {
		return stats.Reading{}, err
	}
	info := redis.ParseInfo(fmt.Sprintf("redis_version:7.0.15\r\nrun_id:a\r\nuptime_in_seconds:%d\r\ntotal_commands_processed:%d\r\n", 100+n, n*100))
	return stats.Reading{Time: time.Now(), Addr: "h:1", Link: stats.Link{State: stats.Up}, Info: info,
		Pacing: stats.Pacing{Interval: interval, Actual: interval}}, err
}

func (f *fake) Waiting() time.Duration {
	if at := f.asked.Load(); at != 0 {
		return time.Since(time.Unix(0, at))
	}
	return 0
}

func (f *fake) LeaveOut(*server.Broken) {}

func (f *fake) Close() error { f.closed = true; return nil }

func watch(t *testing.T, interval time.Duration, connect func() (source, error)) (*Observer, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o := start(ctx, Config{Target: server.Target{Network: "tcp", Address: "h:1"}, Interval: interval, Budget: 0.01},
		func(context.Context) (source, error) { return connect() })
	return o, cancel
}

func drain(o *Observer) {
	for range o.Snapshots() {
	}
}

func TestSnapshotsKeepTheBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(int) time.Duration { return 300 * time.Millisecond }}
		o, cancel := watch(t, 2*time.Second, func() (source, error) { return f, nil })
		start := time.Now()
		for n := range 5 {
			s := <-o.Snapshots()
			if want := start.Add(time.Duration(n)*2*time.Second + 300*time.Millisecond); !s.Time.Equal(want) {
				t.Errorf("snapshot %d at %s, want %s: the beat drifts", n, s.Time.Sub(start), want.Sub(start))
			}
		}
		o.SetInterval(500 * time.Millisecond)
		before := <-o.Snapshots()
		after := <-o.Snapshots()
		if d := after.Time.Sub(before.Time); d > 600*time.Millisecond {
			t.Errorf("after the interval became 500 ms, snapshots come every %s", d)
		}
		cancel()
		drain(o)
		if !f.closed {
			t.Error("the connection was left open")
		}
	})
}

func TestAFrozenServerIsSeenWithinTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{delay: func(n int) time.Duration {
			if n == 1 {
				return 25 * time.Second
			}
			return 0
		}}
		o, cancel := watch(t, time.Second, func() (source, error) { return f, nil })
		start := time.Now()
		if s := <-o.Snapshots(); s.Link.State != stats.Up {
			t.Fatalf("first snapshot: %+v", s.Link)
		}
		s := <-o.Snapshots()
		if s.Link.State != stats.Stalled || s.Time.Sub(start) > 2*time.Second {
			t.Errorf("after %s the link is %+v", s.Time.Sub(start), s.Link)
		}
		stalls := 1
		for s = range o.Snapshots() {
			if s.Link.State != stats.Stalled {
				break
			}
			stalls++
		}
		synctest.Wait()
		if stalls < 20 || s.Link.State != stats.Up || f.polls != 2 {
			t.Errorf("%d stalled snapshots, then %+v after %d polls", stalls, s.Link, f.polls)
		}
		cancel()
		drain(o)
	})
}

func TestReconnectsWithBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []time.Time
		o, cancel := watch(t, 2*time.Second, func() (source, error) {
			attempts = append(attempts, time.Now())
			if len(attempts) < 9 {
				return nil, errors.New("connect to h:1: connection refused")
			}
			return &fake{}, nil
		})
		var s *stats.Snapshot
		down := 0
		for s = range o.Snapshots() {
			if s.Link.State == stats.Up {
				break
			}
			if s.Link.State == stats.Down {
				down++
				if s.Link.Message == "" || s.Link.Hint == "" || s.Link.NextTry == nil {
					t.Fatalf("link %+v says too little", s.Link)
				}
			}
		}
		synctest.Wait()
		for n := 1; n < len(attempts); n++ {
			d := attempts[n].Sub(attempts[n-1])
			if most := min(lastWait, firstWait<<(n-1)); d > most || d < most*9/10 {
				t.Errorf("attempt %d came %s after the one before, want %s", n, d, most)
			}
		}
		if down < 20 {
			t.Errorf("%d snapshots in two minutes of a server that is down: the screen would stand still", down)
		}
		cancel()
		drain(o)
	})
}

func TestARefusedLoginIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		o, cancel := watch(t, time.Second, func() (source, error) {
			attempts++
			return nil, fmt.Errorf("log in to h:1: %w: WRONGPASS", server.ErrDenied)
		})
		start := time.Now()
		for s := range o.Snapshots() {
			if s.Time.Sub(start) > time.Minute {
				break
			}
			if s.Time.After(start) && s.Link.State != stats.Denied {
				t.Fatalf("link %+v", s.Link)
			}
		}
		synctest.Wait()
		if attempts > 7 {
			t.Errorf("%d attempts to log in within a minute", attempts)
		}
		cancel()
		drain(o)
	})
}

func TestALostConnectionIsReplaced(t *testing.T) {
	for want, lost := range map[string]error{
		"[up up up up up up up up]":     fmt.Errorf("read reply to info: %w", server.ErrClosed), // an idle limit: at once, without an alarm
		"[up up down up up down up up]": errors.New("read reply to info: no answer in time"),
	} {
		synctest.Test(t, func(t *testing.T) {
			var made []*fake
			o, cancel := watch(t, time.Second, func() (source, error) {
				f := &fake{err: func(n int) error {
					if n == 2 {
						return lost
					}
					return nil
				}}
				made = append(made, f)
				return f, nil
			})
			var states []stats.LinkState
			for s := range o.Snapshots() {
				if states = append(states, s.Link.State); len(states) == 8 {
					break
				}
			}
			if got := fmt.Sprint(states); got != want {
				t.Errorf("%v: states %s, want %s", lost, got, want)
			}
			synctest.Wait()
			if !made[0].closed {
				t.Error("the lost connection was left open")
			}
			cancel()
			drain(o)
		})
	}
}

// A question that breaks the connection each time is not asked twice a second for ever.
func TestAConnectionThatBreaksEachTimeIsTriedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		o, cancel := watch(t, time.Second, func() (source, error) {
			attempts++
			return &fake{partial: true, err: func(int) error { return fmt.Errorf("read reply to memory|stats: %w", server.ErrClosed) }}, nil
		})
		start := time.Now()
		for s := range o.Snapshots() {
			if s.Time.Sub(start) > 2*time.Minute {
				break
			}
		}
		synctest.Wait()
		if attempts > 12 {
			t.Errorf("%d connections in two minutes", attempts)
		}
		cancel()
		drain(o)
	})
}

func TestASlowReaderGetsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		o, cancel := watch(t, time.Second, func() (source, error) { return f, nil })
		time.Sleep(100*time.Second + time.Millisecond)
		synctest.Wait()
		if f.polls != 101 {
			t.Errorf("%d polls in 100 s: the reader slowed the source", f.polls)
		}
		if s := <-o.Snapshots(); time.Since(s.Time) > (kept+1)*time.Second {
			t.Errorf("the oldest snapshot that waits is %s old", time.Since(s.Time))
		}
		cancel()
		drain(o)
	})
}
