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
	// consumer would better be told to take less at a time. It is also how long one that still asks may not.
	stuckAfter = time.Minute
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
	less    time.Time // when it was last seen to hold fewer entries than before; zero: never
}

// works says that something it holds was acknowledged of late, or taken by somebody.
func (m consumerMark) works(now time.Time) bool {
	return !m.less.IsZero() && now.Sub(m.less) < stuckAfter
}

// allOld says that all that a consumer holds was delivered long ago: by when it last got something, for of those
// who hold many the oldest entries of the group need not show all. An entry that it was seen to get again is not old.
func allOld(c redis.StreamConsumer, h held) bool {
	got, known := c.Got().Get()
	return h.seen >= c.Pending && h.youngest >= stuckAfter ||
		known && got >= stuckAfter && (h.seen == 0 || h.youngest >= stuckAfter)
}

// stateOf tells a consumer's state.
func stateOf(c redis.StreamConsumer, h held, mark consumerMark, now time.Time) stats.ConsumerState {
	asked, told := c.Asked().Get()
	switch {
	case c.Pending == 0 && c.Idle >= idleAfter:
		return stats.ConsumerIdle
	case c.Pending == 0 || mark.works(now):
		return stats.ConsumerActive
	case told && asked >= deadAfter:
		return stats.ConsumerDead
	case !allOld(c, h):
		return stats.ConsumerActive
	case c.Idle < stuckAfter: // whatever it means, the consumer was there then
		return stats.ConsumerStuck
	}
	return stats.ConsumerStalled
}

// consumerRow tells what a consumer looks like.
func consumerRow(c redis.StreamConsumer, h held, mark consumerMark, now time.Time) stats.ConsumerRow {
	row := stats.ConsumerRow{Name: c.Name, Pending: c.Pending, State: stateOf(c, h, mark, now)}
	if d, ok := c.Asked().Get(); ok {
		row.IdleSeconds = stats.Some(d.Seconds())
	}
	if d, ok := c.Got().Get(); ok {
		row.InactiveSeconds = stats.Some(d.Seconds())
	}
	if h.seen > 0 {
		row.MaxDeliveries, row.OldestSeconds = stats.Some(h.deliveries), stats.Some(h.oldest.Seconds())
	}
	return row
}

// stateRank orders consumers: what needs a person first.
var stateRank = map[stats.ConsumerState]int{stats.ConsumerStuck: 0, stats.ConsumerDead: 1, stats.ConsumerStalled: 2, stats.ConsumerActive: 3, stats.ConsumerIdle: 4}

const (
	mostConsumers = 64 // rows of a group that are shown
	mostPoison    = 8
	// poisonFrom is how often an entry may be delivered before it is poison: retries are usually three.
	poisonFrom = 5
)

// foldConsumers makes the rows of a group's consumers, those that need a person first, and what is to be
// remembered of them. It says how many rows were left out.
func foldConsumers(list []redis.StreamConsumer, pending []redis.PendingEntry, before map[string]consumerMark, now time.Time) (rows []stats.ConsumerRow, marks map[string]consumerMark, more int) {
	by := heldBy(pending)
	marks = make(map[string]consumerMark, len(list))
	for _, c := range list {
		mark := before[c.Name] // of one that is new it is zero
		if c.Pending < mark.pending {
			mark.less = now
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

// poisonOf are the entries that were delivered again and again, the most often first.
func poisonOf(pending []redis.PendingEntry) []stats.PendingRow {
	var rows []stats.PendingRow
	for _, p := range pending {
		if p.Deliveries >= poisonFrom {
			rows = append(rows, stats.PendingRow{ID: p.ID, Consumer: p.Consumer, IdleSeconds: p.Idle.Seconds(), Deliveries: p.Deliveries})
		}
	}
	slices.SortStableFunc(rows, func(a, b stats.PendingRow) int { return cmp.Compare(b.Deliveries, a.Deliveries) })
	return rows[:min(len(rows), mostPoison)]
}
