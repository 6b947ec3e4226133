package messaging

import (
	"cmp"
	"slices"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

const (
	// stuckAfter is how long a consumer may hold all of its entries: work that takes longer is rare, and its
	// consumer would better be told to take less at a time. The rule stuck-consumer has the same limit, dead-consumer that of
	// deadAfter, so that the table and the findings say one thing.
	stuckAfter = 2 * time.Minute
	// deadAfter is how long a consumer may ask for nothing while it holds entries: a blocking read comes back
	// within seconds or minutes.
	deadAfter = 5 * time.Minute
	// idleAfter is when one that holds nothing counts as idle.
	idleAfter = time.Minute
)

// held is what the pending entries that were looked at tell of one consumer.
type held struct {
	seen       int64
	youngest   time.Duration // since one of them was last delivered
	oldest     time.Duration
	deliveries int64 // the most
}

func heldBy(pending []redis.PendingEntry) map[string]held {
	by := map[string]held{}
	for _, p := range pending {
		h := by[p.Consumer]
		if h.seen == 0 || p.Idle < h.youngest {
			h.youngest = p.Idle
		}
		h.seen++
		h.oldest = max(h.oldest, p.Idle)
		h.deliveries = max(h.deliveries, p.Deliveries)
		by[p.Consumer] = h
	}
	return by
}

// consumerMark is what is remembered of a consumer between two looks.
type consumerMark struct {
	pending int64
	fell    time.Time // when it was last seen to have become less: it acknowledges; zero: never
}

// consumerRow tells what a consumer looks like.
func consumerRow(c redis.StreamConsumer, h held, mark consumerMark, now time.Time) stats.ConsumerRow {
	row := stats.ConsumerRow{Name: c.Name, Pending: c.Pending, State: stats.ConsumerActive}
	got, gotKnown := c.Got().Get()
	if gotKnown {
		row.InactiveSeconds = stats.Some(got.Seconds())
	}
	asked, tellsAsked := c.Asked().Get()
	if tellsAsked {
		row.IdleSeconds = stats.Some(asked.Seconds())
	}
	if h.seen > 0 {
		row.MaxDeliveries, row.OldestSeconds = stats.Some(h.deliveries), stats.Some(h.oldest.Seconds())
	}
	switch {
	case c.Pending == 0 && c.Idle >= idleAfter:
		row.State = stats.ConsumerIdle
	case c.Pending == 0:
	case tellsAsked && asked >= deadAfter:
		row.State = stats.ConsumerDead
	case !mark.fell.IsZero() && now.Sub(mark.fell) < stuckAfter:
	case h.allOld(c.Pending, got):
		row.State = stats.ConsumerStuck
	}
	return row
}

// allOld says that all of so many pending entries were delivered long ago. Where some were not looked at, nothing that came
// since tells that: what a consumer holds is at least as old as the last thing that it got.
func (h held) allOld(pending int64, got time.Duration) bool {
	if h.seen > 0 && h.youngest < stuckAfter {
		return false
	}
	return h.seen >= pending || got >= stuckAfter
}

// stateRank orders consumers: what needs a person first.
var stateRank = map[stats.ConsumerState]int{stats.ConsumerStuck: 0, stats.ConsumerDead: 1, stats.ConsumerActive: 2, stats.ConsumerIdle: 3}

const mostConsumers = 64 // rows of a group that are shown

// foldConsumers makes the rows of a group's consumers, those that need a person first, and what is to be
// remembered of them. It says how many rows were left out.
func foldConsumers(list []redis.StreamConsumer, pending []redis.PendingEntry, before map[string]consumerMark, now time.Time) (rows []stats.ConsumerRow, marks map[string]consumerMark, more int) {
	by := heldBy(pending)
	marks = make(map[string]consumerMark, len(list))
	for _, c := range list {
		mark, known := before[c.Name]
		if known && c.Pending < mark.pending {
			mark.fell = now
		}
		mark.pending = c.Pending
		marks[c.Name] = mark
		rows = append(rows, consumerRow(c, by[c.Name], mark, now))
	}
	slices.SortFunc(rows, func(a, b stats.ConsumerRow) int {
		return cmp.Or(cmp.Compare(stateRank[a.State], stateRank[b.State]), cmp.Compare(b.Pending, a.Pending), cmp.Compare(a.Name, b.Name))
	})
	if len(rows) > mostConsumers {
		rows, more = rows[:mostConsumers:mostConsumers], len(rows)-mostConsumers
	}
	return rows, marks, more
}
