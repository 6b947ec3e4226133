package stats

import (
	"strings"

	"redistop/internal/sketch"
)

// arrivals counts connections that came and went between two passes over the connections, so that
// nobody saw them. Client ids are sequential and total_connections_received counts every one, so of
//
//	missed = received since the base - ids above the base that were seen
//
// what grows was missed. A pass in slices has the count of the moment in which it asked about the newest
// ids. Where it does not, as a list that is asked whole right after INFO, connections that arrived in between
// are seen before they are counted, so missed dips and comes back with the next count. Its running maximum
// takes no notice. At the base itself those few count once, which makes it an upper bound.
type arrivals struct {
	based    bool
	base     int64 // received at the base
	baseID   int64 // highest id at the base
	counted  int64 // received, as of the latest whole pass
	distinct int64 // ids above the base that were seen since
	most     int64 // running maximum of missed
	now      map[int64]bool
	before   map[int64]bool // ids above the base, of this pass and of the one before

	sum      int64 // over all bases
	sumKnown bool
}

// restart begins anew with the next pass: the server did, or its counters.
func (a *arrivals) restart() {
	*a = arrivals{sum: a.sum, sumKnown: a.sumKnown, now: map[int64]bool{}, before: map[int64]bool{}}
}

// pass takes a pass and tells how many came and went since the last one that could tell. A pass that
// left out connections cannot, nor the first one.
func (a *arrivals) pass(p *ClientReading, ownIDs []int64) Maybe[int64] {
	if p.Received <= 0 {
		return Maybe[int64]{}
	}
	if !a.based {
		if p.Complete {
			a.setBase(p)
		}
		return Maybe[int64]{}
	}
	a.count(p, ownIDs)
	if !p.Complete {
		return Maybe[int64]{}
	}
	a.counted = p.Received
	missed := sketch.Add(sketch.Add(p.Received, -a.base), -a.distinct)
	grown := max(0, missed-a.most)
	a.most += grown
	a.sum = sketch.Add(a.sum, grown)
	return Some(grown)
}

// setBase counts from a pass on. Our own connections beyond those that it shows were made later, or they would be there.
func (a *arrivals) setBase(p *ClientReading) {
	a.based, a.sumKnown = true, true
	a.base, a.counted = p.Received, p.Received
	for _, c := range p.Clients {
		a.baseID = max(a.baseID, c.ID)
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

// since is how many were received beyond those that total knows of: so many more may have gone.
func (a *arrivals) since(received Maybe[int64]) Maybe[int64] {
	now, ok := received.Get()
	return maybe(max(0, sketch.Add(now, -a.counted)), ok && a.based)
}
