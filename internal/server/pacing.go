package server

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"redistop/internal/stats"
)

// longestStretch bounds what one INFO that the server took long over, swapped out or throttled, makes of
// the interval.
const longestStretch = time.Minute

// actual is the interval that the budget allows: INFO alone may take half of it, so that the other
// questions have the other half.
func (p *Poller) actual(interval time.Duration) time.Duration {
	wish := min(2*p.purse.price["info"]/p.purse.budget*1e3, float64(longestStretch)) // ns
	return max(interval, time.Duration(wish))
}

// pacing tells the user what the budget and the server's limits made of the wishes.
func (p *Poller) pacing(r *stats.Reading, interval time.Duration) {
	r.Pacing = stats.Pacing{Interval: interval, Actual: p.actual(interval), Budget: p.purse.budget, Paid: p.purse.paid}
	l := p.lister
	if l.every > r.Pacing.Actual*3/2 {
		r.Pacing.ClientsEvery = l.every
	}
	switch {
	case l.note != "":
		r.Pacing.Note = l.note
	case l.nearLimit:
		r.Pacing.Note = "close to maxmemory: only small replies are asked for"
	case r.Pacing.Actual > interval:
		r.Pacing.Note = fmt.Sprintf("interval stretched to %s by the budget of %s", r.Pacing.Actual.Round(100*time.Millisecond), percent(p.purse.budget))
	case r.Pacing.ClientsEvery > 0:
		r.Pacing.Note = fmt.Sprintf("connections every %s: %d of them cost %.1f ms a pass, the budget is %s",
			l.every.Round(100*time.Millisecond), l.expected, p.purse.slicePrice(l.expected, l.expected)/1e3, percent(p.purse.budget))
	}
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", share*100) }

func sortMissing(list []stats.Missing) {
	slices.SortFunc(list, func(a, b stats.Missing) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Command, b.Command))
	})
}
