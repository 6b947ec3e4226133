package observe

import (
	"math"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// What the polls leave of the budget is lent, never all of it, and at once less when they need more.
func TestSpare(t *testing.T) {
	s := &spare{budget: 0.01}
	at, paid := time.Unix(1_800_000_000, 0), 0.0
	poll := func(share float64) {
		at = at.Add(2 * time.Second)
		paid += share * 2e6
		s.note(&stats.Reading{Time: at, Info: redis.ParseInfo(), Pacing: stats.Pacing{Paid: paid}})
	}
	is := func(want float64) {
		t.Helper()
		if got := s.left(); math.Abs(got-want) > 1e-6 {
			t.Errorf("%v is left, want %v", got, want)
		}
	}
	for range 4 {
		poll(0.0004)
		is(0) // it is not known yet what a poll takes
	}
	poll(0.0004)
	is(0.0085)
	poll(0.004)
	is(0.004)
	s.note(&stats.Reading{Time: at.Add(time.Second)}) // no answer says nothing of the price
	is(0.004)
	for range 4 {
		poll(0.0004)
	}
	is(0.0085)
	paid = 0 // another connection
	poll(0.0075)
	is(0.0085)
	for range 4 {
		poll(0.0075)
	}
	is(0)
}
