package messaging

import (
	"strings"
	"time"

	"redistop/internal/stats"
)

// queueLook is what one look at a list or sorted set brought.
type queueLook struct {
	at     time.Time
	place  place
	kind   string             // list, zset
	length int64              // of a list; members of a sorted set
	due    stats.Maybe[int64] // members of a sorted set whose score is a time up to now; absent: the scores are no times
	err    string
}

// queueMark is what is remembered of a queue between two looks.
type queueMark struct {
	at      time.Time
	depth   int64
	moved   bool // its length has changed since the first look
	trend   trend
	changed time.Time // that was when
}

// foldQueue makes the row of a queue from a look at it and what is remembered of those before. shown says
// whether it is a queue by what is known: by its name, by times as scores of which some lie ahead, or because
// it is filled and emptied.
func foldQueue(look queueLook, before queueMark) (row stats.QueueRow, mark queueMark, shown bool) {
	row = stats.QueueRow{DB: look.place.db, Key: look.place.key, Name: look.place.key, Type: look.kind, Depth: look.length, Error: look.err}
	named := namedLikeQueue(look.place.key)
	if look.err != "" {
		return row, queueMark{}, named
	}
	delayed := false
	if due, ok := look.due.Get(); ok && look.length > 0 {
		row.Depth = due
		row.Delayed = stats.Some(look.length - due)
		delayed = look.length > due
	}
	mark = queueMark{at: look.at, depth: row.Depth, moved: before.moved, changed: before.changed, trend: before.trend.with(look.at, row.Depth)}
	if before.at.IsZero() || !look.at.After(before.at) {
		return row, mark, named || delayed
	}
	grown := row.Depth - before.depth
	if grown != 0 {
		mark.moved, mark.changed = true, look.at
	}
	row.DepthPerSecond = stats.Some(float64(grown) / look.at.Sub(before.at).Seconds())
	if rate, ok := mark.trend.rate().Get(); ok {
		drainQueue(&row, rate)
	}
	return row, mark, named || delayed || look.kind == "list" && mark.moved
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

// queueWords are parts of names of keys that hold jobs, in the words of frameworks and of people.
var queueWords = []string{"queue", "job", "task", "celery", "bull", "sidekiq", "resque", "rq", "todo", "work", "pending", "delayed",
	"schedule", "scheduled", "retry", "retries", "dead", "failed", "inbox", "outbox", "mailbox", "jobs", "tasks", "queues", "unacked", "dlq", "backlog", "events", "messages", "notifications", "emails"}

// namedLikeQueue says whether a word of a key's name is one of a queue's. "workers" is not "work".
func namedLikeQueue(key string) bool {
	key = strings.ToLower(key[:min(len(key), 256)])
	for word := range strings.FieldsFuncSeq(key, func(r rune) bool { return (r < 'a' || r > 'z') && r < 0x80 }) {
		for _, w := range queueWords {
			if word == w {
				return true
			}
		}
	}
	return false
}
