package messaging

import (
	"time"

	"redistop/internal/stats"
)

// pace tells from how far a search came lately how long the rest will take. Its zero value knows nothing.
type pace struct {
	marks [paceMarks]paceMark // a ring
	n     int                 // marks that were set
}

type paceMark struct {
	at    time.Time
	share float64
}

const (
	paceMarks = 16
	// paceEvery is the time between two marks: together they span a minute and a half.
	paceEvery = 6 * time.Second
	// paceLeast is how long it has to be watched for.
	paceLeast = 3 * time.Second
)

// note takes how far the search is.
func (p *pace) note(at time.Time, share float64) {
	if p.n > 0 && at.Sub(p.marks[(p.n-1)%paceMarks].at) < paceEvery {
		return
	}
	p.marks[p.n%paceMarks] = paceMark{at, share}
	p.n++
}

// remaining is how long the rest takes at the pace since the oldest mark; absent where that is not known.
func (p *pace) remaining(now time.Time, share float64) (seconds stats.Maybe[float64]) {
	if p.n == 0 {
		return seconds
	}
	from := p.marks[max(0, p.n-paceMarks)%paceMarks]
	span := now.Sub(from.at)
	if span < paceLeast || share <= from.share {
		return seconds
	}
	return stats.Some((1 - share) / (share - from.share) * span.Seconds())
}
