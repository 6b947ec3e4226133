package messaging

import (
	"strings"
	"time"

	"redistop/internal/stats"
)

// queueLook is what one look at the keys of a queue brought.
type queueLook struct {
	at                      time.Time
	depth                   int64 // waiting
	inFlight, delayed, dead stats.Maybe[int64]
	oldest                  stats.Maybe[time.Time] // when the job that waits longest came
}

// queueMark is what is remembered of a queue between two looks.
type queueMark struct {
	at    time.Time // zero: there was no look
	depth int64
	moved bool // its depth has changed since the first look
	trend trend
}

// foldQueue fills in a row what a look says and what two looks make of it.
func foldQueue(row *stats.QueueRow, look queueLook, before queueMark) queueMark {
	row.Depth, row.InFlight, row.Delayed, row.Dead = look.depth, look.inFlight, look.delayed, look.dead
	if came, ok := look.oldest.Get(); ok && look.depth > 0 {
		row.OldestSeconds = stats.Some(max(0, look.at.Sub(came).Seconds()))
	}
	mark := queueMark{at: look.at, depth: look.depth, moved: before.moved, trend: before.trend.with(look.at, look.depth)}
	if before.at.IsZero() {
		return mark
	}
	grown := look.depth - before.depth
	mark.moved = mark.moved || grown != 0
	if seconds := look.at.Sub(before.at).Seconds(); seconds > 0 {
		row.DepthPerSecond = stats.Some(float64(grown) / seconds)
	}
	rate := mark.trend.rate()
	if !rate.Known() {
		rate = mark.trend.early()
	}
	if growth, ok := rate.Get(); ok || row.Depth == 0 {
		drainQueue(row, growth)
	}
	return mark
}

// drainQueue tells when a queue is empty, at a growth a second.
func drainQueue(row *stats.QueueRow, growth float64) {
	switch {
	case row.Depth == 0:
		row.DrainSeconds = stats.Some(0.0)
	case growth < 0:
		row.DrainSeconds = stats.Some(float64(row.Depth) / -growth)
	default:
		row.DrainNever = true
	}
}

// queueWords are words in names of keys that hold jobs, as people choose them.
var queueWords = map[string]bool{"queue": true, "queues": true, "job": true, "jobs": true, "task": true, "tasks": true, "todo": true,
	"pending": true, "delayed": true, "schedule": true, "scheduled": true, "retry": true, "retries": true, "dead": true, "dlq": true,
	"failed": true, "due": true, "overdue": true, "delay": true, "delays": true, "deferred": true, "timers": true, "inbox": true, "outbox": true, "backlog": true, "work": true, "emails": true, "notifications": true, "messages": true}

// namedLikeQueue says whether a word of a key's name is one of a queue's. "workers" is not "work".
func namedLikeQueue(key string) bool {
	key = strings.ToLower(key[:min(len(key), 256)])
	for word := range strings.FieldsFuncSeq(key, func(r rune) bool { return (r < 'a' || r > 'z') && r < 0x80 }) {
		if queueWords[word] {
			return true
		}
	}
	return false
}
