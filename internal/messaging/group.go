package messaging

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// groupLook is what one look at a consumer group brought.
type groupLook struct {
	redis.StreamGroup
	consumers []redis.StreamConsumer // nil: not asked
	pending   pendingLook
}

// groupMark is what is remembered of a group between two looks.
type groupMark struct {
	at        time.Time
	delivered string // the last id
	lag       stats.Maybe[int64]
	read      stats.Maybe[int64]
	pending   int64
	consumers map[string]consumerMark
	sweep     sweep
}

// flow is how much was added to a stream between two looks.
type flow struct {
	seconds float64            // 0: there is no look before
	added   stats.Maybe[int64] // entries
	deleted bool               // by XDEL
}

// foldGroup makes the row of a group from two looks at it. before.at is zero at the first.
func foldGroup(s redis.StreamInfo, g groupLook, before groupMark, f flow, now time.Time) (stats.GroupRow, groupMark) {
	row := stats.GroupRow{Name: g.Name, LastDelivered: g.LastDelivered, Pending: g.Pending}
	row.Lag, row.LagNote = lagOf(s, g.StreamGroup)
	if lag := lagSince(g.StreamGroup, before, f); !row.Lag.Known() && lag.Known() && lag.Or(0) <= s.Length {
		row.Lag, row.LagNote = lag, ""
	}
	if oldest := g.pending.oldest; len(oldest) > 0 {
		row.OldestPending = oldest[0].ID
		row.OldestSeconds = stats.Some(oldest[0].Idle.Seconds())
	}
	mark := groupMark{at: now, delivered: g.LastDelivered, lag: row.Lag, read: g.Read, pending: g.Pending, consumers: before.consumers,
		sweep: before.sweep.fold(g.Pending, g.pending, now)}
	mark.sweep.put(&row)
	if g.consumers != nil {
		row.Consumers, mark.consumers, row.ConsumersMore = foldConsumers(g.consumers, g.pending.oldest, before.consumers, now)
	} else {
		row.ConsumersMore = int(g.StreamGroup.Consumers)
	}
	row.HeldUp = heldUp(row.Consumers)
	markDeleted(&row, s, g.pending.oldest)
	if !before.at.IsZero() && f.seconds > 0 {
		rateGroup(&row, g, before, f)
	}
	return row, mark
}

// rateGroup fills in what is of the time between two looks. Whoever got an entry has it pending until it is
// acknowledged; so what was read and is not pending any more was acknowledged.
func rateGroup(row *stats.GroupRow, g groupLook, before groupMark, f flow) {
	lag, lagKnown := row.Lag.Get()
	lagBefore, lagWasKnown := before.lag.Get()
	grown := lag - lagBefore
	if lagKnown && lagWasKnown {
		row.LagPerSecond = stats.Some(float64(grown) / f.seconds)
	}
	read, known := int64(0), false
	if now, ok := g.Read.Get(); ok {
		was, ok2 := before.read.Get()
		read, known = now-was, ok2
	}
	if added, ok := f.added.Get(); !known && ok && lagKnown && lagWasKnown {
		read, known = added-grown, true
	}
	if !known && g.LastDelivered == before.delivered { // whoever reads new entries moves it
		read, known = 0, true
	}
	if known && read >= 0 { // less: XGROUP SETID
		row.ReadPerSecond = stats.Some(float64(read) / f.seconds)
		if acked := read - (g.Pending - before.pending); acked >= 0 { // less: XCLAIM of entries that were acknowledged
			row.AckedPerSecond = stats.Some(float64(acked) / f.seconds)
		}
	}
	if lagKnown && lagWasKnown {
		drain(row, max(0, lag+g.Pending-row.HeldUp), float64(grown+g.Pending-before.pending)/f.seconds)
	} else if acked, ok := row.AckedPerSecond.Get(); ok && acked == 0 && g.Pending > 0 { // whatever the lag is, this alone never ends
		row.DrainNever = true
	}
}

// heldUp is how many entries consumers hold who work on none.
func heldUp(consumers []stats.ConsumerRow) (n int64) {
	for i := range consumers {
		if c := &consumers[i]; c.State == stats.ConsumerStuck || c.State == stats.ConsumerDead {
			n += c.Pending
		}
	}
	return n
}

// flowing is how many seconds' worth of acknowledgements may be under way in a group that keeps up.
const flowing = 5

// drain tells when a group has done all that is there, at a growth of what is left a second. What is held up is not in
// left: it is done never, which counts once there is nothing else but what is on its way.
func drain(row *stats.GroupRow, left int64, growth float64) {
	acked := row.AckedPerSecond.Or(0)
	underWay := float64(left) <= flowing*acked
	switch {
	case row.HeldUp > 0 && (left == 0 || underWay):
		row.DrainNever = true
	case left == 0:
		row.DrainSeconds = stats.Some(0.0)
	case growth < 0:
		row.DrainSeconds = stats.Some(float64(left) / -growth)
	case acked > 0 && underWay:
		row.DrainSeconds = stats.Some(float64(left) / acked)
	default:
		row.DrainNever = true
	}
}
