package messaging

import (
	"time"

	"redistop/internal/stats"
)

// A trend compares a length with what it was some time ago: two looks alone say little about what comes and
// goes all the time. Its zero value knows nothing.
type trend struct {
	anchor, next, now point
	moved             int64 // changes since the first look, whichever way
}

type point struct {
	at     time.Time
	length int64
}

// The age of the point that the present is compared with: from trendSpan to twice that, once known.
const trendSpan = 20 * time.Second

// with is the trend with one more look.
func (t trend) with(at time.Time, length int64) trend {
	if !t.anchor.at.IsZero() {
		t.moved += magnitude(length - t.now.length)
	}
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

// plainChange is how many must have come or gone, on the whole, for a look that was short to tell a rate.
const plainChange = 10

// early is the growth a second before rate is known, where it is plain: it goes one way, and by more than chance. A
// length that stays the same says nothing so soon.
func (t trend) early() stats.Maybe[float64] {
	net := t.now.length - t.anchor.length
	span := t.now.at.Sub(t.anchor.at).Seconds()
	if span <= 0 || magnitude(net) < plainChange || 2*magnitude(net) < t.moved {
		return stats.Maybe[float64]{}
	}
	return stats.Some(float64(net) / span)
}

func magnitude(n int64) int64 { return max(n, -n) }

// growing says whether it became more; absent while rate is.
func (t trend) growing() stats.Maybe[bool] {
	r, ok := t.rate().Get()
	if !ok {
		return stats.Maybe[bool]{}
	}
	return stats.Some(r > 0)
}
