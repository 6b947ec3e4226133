package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"redistop/internal/doctor"
	"redistop/internal/doctor/report"
	"redistop/internal/observe"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// lookEvery is how often a server is looked at: often enough for a short observation to see what comes
// and goes, and for an hour's not to fill the memory.
func lookEvery(length time.Duration) time.Duration {
	switch {
	case length <= 5*time.Second:
		return 500 * time.Millisecond
	case length <= 5*time.Minute:
		return time.Second
	}
	return 2 * time.Second
}

// observe looks at a server, reports, and says by its error what the exit code should tell.
func (d *diagnosis) observe(ctx context.Context, target server.Target, options doctor.Options) error {
	asked := report.Plan(version(), d.length, options, !d.noSample)
	o := &observation{addr: target.String(), length: d.length, every: lookEvery(d.length), gatherer: report.Gather(asked), bar: newBar(target.String(), d.length)}
	if d.save != "" {
		f, err := createObservation(d.save, asked)
		if err != nil {
			return err
		}
		defer f.abandon()
		o.file = f
	}
	looking, stop := context.WithCancel(ctx)
	defer stop()
	observer := observe.Start(looking, observe.Config{
		Target: target, Interval: o.every, Budget: d.budget, Eager: true, Sample: !d.noSample, Held: d.held, Doctor: options,
		Probe: !d.noProbe, Messages: !d.noMessages, Baseline: d.baseline(ctx),
	})
	end := o.watch(ctx, observer.Snapshots())
	stop()
	for range observer.Snapshots() { // it closes when the connection is closed
	}
	o.bar.clear()
	return d.conclude(ctx, o, end)
}

// baseline is what this host does to a program that only counts: what the probes then feel beyond it is the
// server's, or the network's.
func (d *diagnosis) baseline(ctx context.Context) stats.Maybe[float64] {
	if d.noProbe {
		return stats.Maybe[float64]{}
	}
	return stats.Some(observe.Baseline(ctx, baselineTime))
}

// baselineTime is long enough to meet some hundred of the system's clock ticks.
const baselineTime = 300 * time.Millisecond

// conclude keeps and reports what was seen.
func (d *diagnosis) conclude(ctx context.Context, o *observation, end error) error {
	if end != nil {
		return end
	}
	interrupted := ctx.Err() != nil
	if !o.gatherer.Seen() {
		if interrupted {
			return context.Cause(ctx)
		}
		return linkError(o.addr, o.link)
	}
	if o.file != nil {
		if err := o.file.finish(interrupted); err != nil {
			return err
		}
	}
	r := o.gatherer.Report(interrupted)
	if err := d.write(r); err != nil {
		return err
	}
	if interrupted {
		return context.Cause(ctx)
	}
	if err := d.judge(r); err != nil {
		return err
	}
	return linkError(o.addr, r.Link)
}

// An observation is one under way.
type observation struct {
	addr          string
	length, every time.Duration
	gatherer      *report.Gatherer
	file          *observationFile // nil: not kept
	bar           *progressBar
	begun         time.Time // the first answer
	link          stats.Link
}

// loginTime is how long one attempt to log in may take, and a little: the last one is not broken off.
const loginTime = 6 * time.Second

// watch takes Snapshots until the time is up, and somewhat longer for the first answer: a server that is in
// a long command, or stopped, accepts connections, and may answer any moment. One that is not reached at
// the first attempt, or lets us not in, ends it at once: its error says so.
func (o *observation) watch(ctx context.Context, snapshots <-chan *stats.Snapshot) error {
	patience := o.length + 2*o.every // the budget may stretch the time between two looks
	late := time.NewTimer(patience + loginTime)
	defer late.Stop()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-late.C:
			return nil
		case <-tick.C:
			o.bar.draw(o.begun, o.link, o.gatherer.Findings)
		case s, open := <-snapshots:
			if !open {
				return nil
			}
			if o.link = s.Link; o.begun.IsZero() && (s.Link.State == stats.Down || s.Link.State == stats.Denied) {
				return linkError(o.addr, s.Link)
			}
			if err := o.take(s); err != nil {
				return err
			}
			if o.begun.IsZero() && s.Link.State == stats.Up {
				o.begun = s.Time
				late.Reset(patience)
			}
			if !o.begun.IsZero() && s.Link.State == stats.Up && s.Time.Sub(o.begun) >= o.length-o.every/10 {
				return nil
			}
		}
	}
}

// take adds a Snapshot to what is told and kept.
func (o *observation) take(s *stats.Snapshot) error {
	o.gatherer.Add(s)
	if o.file == nil {
		return nil
	}
	return o.file.add(s)
}

// writeOut writes to standard output.
func writeOut(text []byte) error {
	if _, err := os.Stdout.Write(text); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}
