package observe

import (
	"context"
	"errors"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// source is the part of server.Poller that is used here; tests bring their own.
type source interface {
	Poll(ctx context.Context, interval time.Duration) (stats.Reading, error)
	LeaveOut(*server.Broken)
	Waiting() time.Duration // how long the question under way has waited for its answer; 0: none; from any goroutine
	Close() error
}

// poller connects, polls and connects again. It is confined to its goroutine.
type poller struct {
	observer *Observer
	connect  func(context.Context) (source, error)
	eager    bool
	budget   float64

	broken   *server.Broken   // the question that ended the last connection
	leftOut  []*server.Broken // those that ended two in a row
	failures int              // connection attempts that failed in a row
	since    time.Time        // of the state that the failures stand for
	state    stats.LinkState
}

const eagerWait = 500 * time.Millisecond

func (p *poller) run(ctx context.Context) {
	defer close(p.observer.readings)
	for ctx.Err() == nil {
		src, err := p.connect(ctx)
		polled := 0
		if err == nil {
			for _, b := range p.leftOut {
				src.LeaveOut(b)
			}
			p.observer.source.Store(&src)
			polled, err = p.poll(ctx, src)
			p.observer.source.Store(nil)
			src.Close()
			p.learn(err)
		}
		if polled > 0 && errors.Is(err, server.ErrClosed) {
			continue // between two polls: an idle limit of the server or of what lies between, or its end, which the next try will show
		}
		if ctx.Err() != nil || !p.failed(ctx, err) {
			return
		}
	}
}

// mostLeftOut is more than there are questions.
const mostLeftOut = 32

// learn leaves out a question that ended two connections in a row.
func (p *poller) learn(err error) {
	var b *server.Broken
	if !errors.As(err, &b) {
		return
	}
	if b.Same(p.broken) && len(p.leftOut) < mostLeftOut {
		p.leftOut = append(p.leftOut, b)
	}
	p.broken = b
}

// poll polls at a steady beat until the connection is lost, and tells how many polls went well.
func (p *poller) poll(ctx context.Context, src source) (polled int, err error) {
	beat := time.Now()
	for n := 0; ; n++ {
		interval := p.observer.Interval()
		r, err := src.Poll(ctx, interval)
		if ctx.Err() != nil {
			return polled, ctx.Err()
		}
		if r.Info != nil || err == nil {
			p.reached(&r, err == nil)
			if !p.send(ctx, r) {
				return polled, ctx.Err()
			}
		}
		if err != nil {
			if n == polled && r.Info == nil {
				return polled, err
			}
			return 0, err // a question behind INFO broke the connection, and may do it again
		}
		polled++
		step := max(interval, r.Pacing.Actual)
		if n == 0 && p.eager {
			step = min(step, eagerWait)
		}
		beat = nextBeat(beat, step, time.Now())
		if !p.sleepUntil(ctx, &beat, step) {
			return polled, ctx.Err()
		}
	}
}

// nextBeat keeps the rhythm, and drops the beats that a slow server or a sleeping machine missed.
func nextBeat(beat time.Time, step time.Duration, now time.Time) time.Time {
	beat = beat.Add(step)
	if beat.Before(now) {
		return now.Add(step / 10)
	}
	return beat
}

// sleepUntil waits for a beat. When the user changes the interval meanwhile, the beat moves.
func (p *poller) sleepUntil(ctx context.Context, beat *time.Time, step time.Duration) bool {
	for {
		t := time.NewTimer(time.Until(*beat))
		select {
		case <-t.C:
			return true
		case <-ctx.Done():
			t.Stop()
			return false
		case <-p.observer.changed:
			t.Stop()
			*beat = beat.Add(p.observer.Interval() - step)
			step = p.observer.Interval()
		}
	}
}

// reached completes the link of a Reading that has one. whole says that everything was answered: then
// the failures are forgotten.
func (p *poller) reached(r *stats.Reading, whole bool) {
	if r.Link.State == "" {
		r.Link.State = stats.Up
	}
	if p.state != r.Link.State {
		p.state, p.since = r.Link.State, r.Time
	}
	if whole {
		p.failures, p.broken = 0, nil
	}
	r.Link.Since = p.since
}

// failed tells that the server could not be reached and waits before the next attempt. It returns
// false when the context ended.
func (p *poller) failed(ctx context.Context, err error) bool {
	state := StateOf(err)
	now := time.Now()
	if p.failures++; p.state != state {
		p.state, p.since = state, now
	}
	wait := Backoff(state, p.failures)
	next := now.Add(wait)
	r := stats.Reading{Time: now, Addr: p.observer.target.String(), Link: stats.Link{
		State: state, Since: p.since, Attempts: p.failures, NextTry: &next,
		Message: redis.PrintableCut(err.Error(), 200), Hint: server.Hint(err)}}
	r.Pacing = stats.Pacing{Interval: p.observer.Interval(), Actual: p.observer.Interval(), Budget: p.budget}
	if !p.send(ctx, r) {
		return false
	}
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *poller) send(ctx context.Context, r stats.Reading) bool {
	select {
	case p.observer.readings <- r:
		return true
	case <-ctx.Done():
		return false
	}
}
