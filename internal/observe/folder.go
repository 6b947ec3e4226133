package observe

import (
	"fmt"
	"slices"
	"time"

	"redistop/internal/doctor"
	"redistop/internal/messaging"
	"redistop/internal/stats"
	"redistop/internal/usage"
)

// folder owns the Aggregate. It is confined to its goroutine.
type folder struct {
	observer  *Observer
	aggregate *stats.Aggregate
	sampling  *sampling
	prober    *prober
	beside    Beside
	canaries  *canaries
	messenger *messenger
	budget    float64 // of the whole observer
	doctor    *doctor.Doctor
	usages    usages
	addr      string
	last      stats.Reading   // the latest that came from the poller
	snapshot  *stats.Snapshot // the latest
}

// overdue is how long an answer may take before the screen says that it is waited for.
const overdue = time.Second

// run folds Readings until the poller ends. While none comes it goes on telling the last known
// state once an interval: that the server does not answer is news too.
func (f *folder) run() {
	defer close(f.observer.snapshots)
	defer f.canaries.wait()
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
			timer.Reset(f.patience())
		case now := <-timer.C:
			if r, tell := f.silence(now); tell {
				f.fold(r)
			}
			timer.Reset(f.patience())
		}
	}
}

// fold makes the next Snapshot of a Reading and of what the windows of the command stream brought, and has
// the doctor look at it before anybody else does.
func (f *folder) fold(r stats.Reading) {
	if f.snapshot != nil {
		f.sampling.attach(&r, f.snapshot)
	}
	f.prober.attach(&r)
	f.beside.attach(&r)
	f.canaries.attach(&r)
	f.messenger.attach(&r)
	f.attachOwn(&r)
	if r.Pacing.Budget > 0 {
		r.Pacing.Budget = f.budget // the poller has a part of it
	}
	f.snapshot = f.aggregate.Observe(r)
	waits := f.sampling.waits.list()
	f.snapshot.Messaging = messaging.Enrich(f.snapshot.Messaging, f.snapshot, waits)
	f.messenger.awaits(messaging.Awaited(waits, f.snapshot.Connections))
	f.messenger.tell(f.snapshot.Link.State)
	f.prober.tell(f.snapshot.Link.State, f.snapshot.Config)
	if f.snapshot.Usage = f.usages.look(r, f.snapshot); f.snapshot.Usage != nil {
		f.snapshot.Server.Usage = usage.Short(f.snapshot.Usage, shortUses)
	}
	f.snapshot.Findings = f.doctor.Observe(f.snapshot)
	f.sampling.learn(r, f.snapshot, f.aggregate.Identities(), f.observer.Interval())
	f.observer.publish(f.snapshot)
}

// attachOwn marks connections of ours that are still logging in, whose ids nobody has been told yet, by their addresses. On a
// unix socket all have one.
func (f *folder) attachOwn(r *stats.Reading) {
	target := f.observer.target
	if r.Clients == nil || target.Network == "unix" {
		return
	}
	for i := range r.Clients.Clients {
		c := &r.Clients.Clients[i]
		if target.Own.Has([]byte(c.Addr)) && !slices.Contains(r.OwnIDs, c.ID) {
			r.OwnIDs = append(r.OwnIDs[:len(r.OwnIDs):len(r.OwnIDs)], c.ID)
		}
	}
}

// shortUses are the words for a server's use that lists and titles have room for.
const shortUses = 3

// patience is how long to wait before the silence is looked at again.
func (f *folder) patience() time.Duration {
	switch f.last.Link.State {
	case stats.Up, stats.Loading:
		return overdue / 2
	}
	return min(overdue, f.observer.Interval()) // the countdown to the next attempt goes on
}

// silence is what is known while no Reading comes, and whether that is worth a Snapshot: a server that
// owes an answer, or one that is not reached. Between two polls there is nothing to tell.
func (f *folder) silence(now time.Time) (r stats.Reading, tell bool) {
	r = stats.Reading{Time: now, Addr: f.last.Addr, Link: f.last.Link, Missing: f.last.Missing, Pacing: f.last.Pacing, OwnIDs: f.last.OwnIDs}
	if owed := f.observer.waiting(); owed >= overdue {
		r.Link = stats.Link{State: stats.Stalled, Since: now.Add(-owed),
			Message: fmt.Sprintf("no answer for %s: a long command, a frozen process or a lost network", owed.Round(time.Second))}
		return r, true
	}
	return r, r.Link.State != stats.Up && r.Link.State != stats.Loading
}
