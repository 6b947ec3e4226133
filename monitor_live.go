package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"redistop/internal/monitor"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Why a MONITOR ended that was neither interrupted nor failed.
var (
	errTimeUp  = errors.New("the time was up")
	errLimit   = errors.New("the limit was reached")
	errRefused = errors.New("the server refuses MONITOR")
)

// lastWindow is how long the end waits for the window under way; see Sampler.Finish.
const lastWindow = 7 * time.Second

// watch looks at the commands of a server until the time is up, the limit reached, or somebody ends it.
func (m *monitoring) watch(ctx context.Context, target server.Target) error {
	guard := &monitorGuard{
		target: target, mode: m.mode(), interval: min(2*time.Second, m.length/2),
		limits: monitor.Limits{Duty: m.budget, Held: m.held},
	}
	defer guard.close()
	if err := guard.begin(ctx); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, m.warning(target))

	looking, end := context.WithCancelCause(ctx)
	defer end(nil)
	out := m.startOutput(guard.name, end)
	sampler := monitor.New(monitor.Options{
		Target: target, Limits: guard.limits, Whole: true,
		Tally: func() *stats.Tally { return newTally(guard.identities.Load) },
		Only:  m.passing(guard.name, out.queue, func() { end(errLimit) }),
	})
	sampler.Update(guard.conditions, guard.ownAddrs)
	if m.sample {
		sampler.Enable(true)
	} else {
		sampler.Watch(m.length)
	}
	sampled, stopSampling := inBackground(func(ctx context.Context) {
		sampler.Run(ctx)
		end(errRefused) // it returns by itself for no other reason
	})
	polled, stopPolling := inBackground(func(ctx context.Context) { guard.run(ctx, sampler, end) })
	time.AfterFunc(m.length, func() { end(errTimeUp) })

	<-looking.Done()
	batch, seen := sampler.Finish(lastWindow)
	status := sampler.Status()
	stopSampling()
	<-sampled
	stopPolling()
	<-polled
	if err := out.finish(); err != nil {
		return err
	}
	why := context.Cause(looking)
	if errors.Is(why, errRefused) {
		return m.refused(target, status.Refused)
	}
	guard.poll(status.StreamID)
	if err := m.report(m.conclude(guard, batch, sampler.Sent(), seen, why, out.lost())); err != nil {
		return err
	}
	if errors.Is(why, errHeld) {
		return &failure{code: exitGuarded, err: fmt.Errorf("monitor: %w: %s", errHeld, status.Stopped)}
	}
	return interrupted(why)
}

// conclude makes the report; seen says that there was a window.
func (m *monitoring) conclude(guard *monitorGuard, b monitor.Batch, sent []redis.Sent, seen bool, why error, lost int64) *monitorReport {
	r := &monitorReport{Source: guard.target.String(), Filter: m.pattern, Ended: endedBy(why), NotPrinted: lost, Paused: guard.paused}
	var counted stats.Counted
	r.Server, counted = guard.during(sent)
	if !seen {
		return r
	}
	r.Unread = b.Dropped
	how := stats.Sampling{Mode: stats.SamplingMode(m.mode()), Dropped: b.Dropped, Complete: !m.sample && b.Complete(), Counted: counted}
	if b.Span > 0 {
		how.Duty = min(1, b.Open.Seconds()/b.Span.Seconds())
	}
	if part := !m.filter.Empty() || m.limit > 0; part && b.Seen > 0 {
		how.Counted.Part = true
		how.Counted.Commands = int64(float64(counted.Commands) * float64(b.Tally.Commands()) / float64(b.Seen))
	}
	r.Summary = b.Tally.Summary(how)
	return r
}

// inBackground runs f in a goroutine, and returns what closes at its end, and what asks it to end.
func inBackground(f func(context.Context)) (done chan struct{}, stop context.CancelFunc) {
	ctx, stop := context.WithCancel(context.Background())
	done = make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return done, stop
}

// interrupted is the signal that ended it; nil for any other end.
func interrupted(why error) error {
	var s signalError
	if errors.As(why, &s) {
		return s
	}
	return nil
}

func endedBy(why error) string {
	switch {
	case errors.Is(why, errTimeUp):
		return "time"
	case errors.Is(why, errLimit):
		return "limit"
	case errors.Is(why, errHeld):
		return "guard"
	}
	return "signal"
}

// warning says what is about to happen and what it may cost.
func (m *monitoring) warning(target server.Target) string {
	if m.sample {
		return fmt.Sprintf("redistop: samples of the commands of %s for %s, within %s of its time; Ctrl-C ends it",
			target, m.length, percent(m.budget))
	}
	return fmt.Sprintf("redistop: MONITOR on %s for %s: this can halve the throughput of a busy server; Ctrl-C ends it, --sample costs %s",
		target, m.length, percent(m.budget))
}

// refused is the error of a server that does not permit MONITOR; words are the server's, safe to print.
func (m *monitoring) refused(target server.Target, words string) error {
	user := target.Username
	if user == "" {
		user = "default"
	}
	return &failure{code: exitDenied, err: fmt.Errorf("monitor %s: %s", target, words), hint: "ACL SETUSER " + redis.Argument(user) + " +monitor +wait"}
}

// An output writes commands to standard output in a goroutine of its own, if they are wanted.
type output struct {
	queue   *lineQueue // nil: they are not
	written chan error
}

// startOutput begins to write. failed is called when nobody reads any more.
func (m *monitoring) startOutput(name func([]byte) string, failed context.CancelCauseFunc) *output {
	if !m.prints() {
		return &output{}
	}
	o := &output{queue: newLineQueue(), written: make(chan error, 1)}
	format := newLineFormat(m.json, m.values, name)
	go func() {
		err := format.writeQueue(os.Stdout, o.queue)
		if err != nil {
			failed(err)
		}
		o.written <- err
	}()
	return o
}

// finish writes what is left.
func (o *output) finish() error {
	if o.queue == nil {
		return nil
	}
	o.queue.close()
	return <-o.written
}

func (o *output) lost() int64 {
	if o.queue == nil {
		return 0
	}
	return o.queue.lost()
}
