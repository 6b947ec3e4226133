package observe

import (
	"fmt"
	"time"

	"redistop/internal/stats"
)

// folder owns the Aggregate. It is confined to its goroutine.
type folder struct {
	observer  *Observer
	aggregate *stats.Aggregate
	sampling  *sampling
	addr      string
	last      stats.Reading   // the latest that came from the poller
	snapshot  *stats.Snapshot // the latest
}

// overdue is how long after its beat a Reading may come before the screen says that it is waited for.
const overdue = time.Second

// run folds Readings until the poller ends. While none comes it goes on telling the last known
// state once an interval: that the server does not answer is news too.
func (f *folder) run() {
	defer close(f.observer.snapshots)
	started := time.Now()
	f.last = stats.Reading{Time: started, Addr: f.addr, Link: stats.Link{State: stats.Connecting, Since: started}}
	timer := time.NewTimer(overdue)
	defer timer.Stop()
	for {
		select {
		case r, open := <-f.observer.readings:
			if !open {
				return
			}
			f.last = r
			f.fold(r)
			timer.Reset(f.patience(r))
		case now := <-timer.C:
			f.fold(f.waiting(now))
			timer.Reset(min(overdue, f.observer.Interval()))
		}
	}
}

// fold makes the next Snapshot of a Reading and of what the windows of the command stream brought.
func (f *folder) fold(r stats.Reading) {
	if f.snapshot != nil {
		f.sampling.attach(&r, f.snapshot)
	}
	f.snapshot = f.aggregate.Observe(r)
	f.sampling.learn(r, f.snapshot, f.aggregate.Identities(), f.observer.Interval())
	f.observer.publish(f.snapshot)
}

// patience is how long to wait for the Reading after r.
func (f *folder) patience(r stats.Reading) time.Duration {
	if r.Link.State == stats.Down || r.Link.State == stats.Denied {
		return f.observer.Interval() // the countdown to the next attempt goes on
	}
	return max(f.observer.Interval(), r.Pacing.Actual) + overdue
}

// waiting is what is known while no Reading comes.
func (f *folder) waiting(now time.Time) stats.Reading {
	r := stats.Reading{Time: now, Addr: f.last.Addr, Link: f.last.Link, Missing: f.last.Missing, Pacing: f.last.Pacing, OwnIDs: f.last.OwnIDs}
	switch r.Link.State {
	case stats.Up, stats.Loading, stats.Busy, stats.Stalled:
		silent := now.Sub(f.last.Time)
		r.Link = stats.Link{State: stats.Stalled, Since: f.last.Time,
			Message: fmt.Sprintf("no answer for %s: a long command, a frozen process or a lost network", silent.Round(time.Second))}
	}
	return r
}
