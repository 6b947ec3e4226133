package stats

import (
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// arrivals counts connections that came and went between two passes over the connections, so that
// nobody saw them. Client ids are sequential and total_connections_received counts every one, so of
//
//	missed = received since the base - ids above the base that were seen
//
// what grows was missed. INFO and the pass are not one moment: connections that arrived in between
// are seen before they are counted, so missed dips for one interval and comes back. Its running
// maximum takes no notice. At the base itself those few count once, which makes it an upper bound.
type arrivals struct {
	infos [2]receipt // total_connections_received as the last INFO told, and the one before

	based    bool
	base     int64 // received at the base
	baseID   int64 // highest id at the base
	distinct int64 // ids above the base that were seen since
	most     int64 // running maximum of missed
	now      map[int64]bool
	before   map[int64]bool // ids above the base, of this pass and of the one before

	sum      int64 // over all bases
	sumKnown bool
}

// receipt is what one INFO told of connections received.
type receipt struct {
	received Maybe[int64]
	at       time.Time
}

// restart begins anew with the next pass: the server did, or its counters.
func (a *arrivals) restart() {
	*a = arrivals{sum: a.sum, sumKnown: a.sumKnown, now: map[int64]bool{}, before: map[int64]bool{}}
}

// info notes what an INFO told.
func (a *arrivals) info(i *redis.Info, at time.Time) {
	a.infos[1] = a.infos[0]
	a.infos[0] = receipt{received: i.Int("total_connections_received"), at: at}
}

// pass takes a pass and tells how many came and went since the last one that could tell. A pass that
// left out connections cannot, nor the first one.
func (a *arrivals) pass(p *ClientReading, ownIDs []int64) Maybe[int64] {
	received, ok := a.receivedBefore(p.Started).Get()
	if !ok {
		return Maybe[int64]{}
	}
	if !a.based {
		if p.Complete {
			a.setBase(p, ownIDs, received)
		}
		return Maybe[int64]{}
	}
	a.count(p, ownIDs)
	if !p.Complete {
		return Maybe[int64]{}
	}
	missed := sketch.Add(sketch.Add(received, -a.base), -a.distinct)
	grown := max(0, missed-a.most)
	a.most += grown
	a.sum = sketch.Add(a.sum, grown)
	return Some(grown)
}

// receivedBefore is the counter at the last INFO before the pass began. One taken later would count
// connections that the pass could not see, and that may well be alive.
func (a *arrivals) receivedBefore(started time.Time) Maybe[int64] {
	for _, r := range a.infos {
		if !r.at.After(started) {
			return r.received
		}
	}
	return Maybe[int64]{}
}

func (a *arrivals) setBase(p *ClientReading, ownIDs []int64, received int64) {
	a.based, a.sumKnown = true, true
	a.base = max(0, received)
	for _, c := range p.Clients {
		a.baseID = max(a.baseID, c.ID)
	}
	for _, id := range ownIDs {
		a.baseID = max(a.baseID, id)
	}
}

// count adds the ids above the base that neither this nor the last pass has counted yet. An id never
// comes back, so two passes are memory enough.
func (a *arrivals) count(p *ClientReading, ownIDs []int64) {
	a.now, a.before = a.before, a.now
	clear(a.now)
	for _, c := range p.Clients {
		// The link to the primary is a client here, but nobody connected: it is not received.
		if !strings.Contains(c.Flags, "M") {
			a.see(c.ID)
		}
	}
	for _, id := range ownIDs {
		a.see(id)
	}
}

func (a *arrivals) see(id int64) {
	if id <= a.baseID || a.now[id] {
		return
	}
	a.now[id] = true
	if !a.before[id] {
		a.distinct++
	}
}

// total is the sum since the observer started; unknown before the first base.
func (a *arrivals) total() Maybe[int64] { return maybe(a.sum, a.sumKnown) }
