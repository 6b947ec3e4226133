package messaging

import (
	"time"

	"redistop/internal/stats"
)

// A trend compares a length with what it was some time ago: two looks alone say little about what comes and
// goes all the time. Its zero value knows nothing.
type trend struct {
	anchor, next, now point
}

type point struct {
	at     time.Time
	length int64
}

// The age of the point that the present is compared with: from trendSpan to twice that, once known.
const trendSpan = 20 * time.Second

// with is the trend with one more look.
func (t trend) with(at time.Time, length int64) trend {
	t.now = point{at, length}
	switch {
	case t.anchor.at.IsZero():
		t.anchor, t.next = t.now, t.now
	case at.Sub(t.next.at) >= trendSpan:
		t.anchor, t.next = t.next, t.now
	}
	return t
}

// rate is the growth a second; absent until the looks are trendSpan apart.
func (t trend) rate() stats.Maybe[float64] {
	span := t.now.at.Sub(t.anchor.at)
	if span < trendSpan {
		return stats.Maybe[float64]{}
	}
	return stats.Some(float64(t.now.length-t.anchor.length) / span.Seconds())
}

// clearly is how many jobs a queue has to become more or less by for looks that are less than trendSpan apart to say something.
const clearly = 10

// soon is rate, or what the looks so far say where that is plain: who looks twice and goes wants to know too.
func (t trend) soon() stats.Maybe[float64] {
	span, grown := t.now.at.Sub(t.anchor.at).Seconds(), t.now.length-t.anchor.length
	if r := t.rate(); r.Known() || span <= 0 || max(grown, -grown) < clearly {
		return r
	}
	return stats.Some(float64(grown) / span)
}

// growing says whether it became more; absent while rate is.
func (t trend) growing() stats.Maybe[bool] {
	r, ok := t.rate().Get()
	if !ok {
		return stats.Maybe[bool]{}
	}
	return stats.Some(r > 0)
}
