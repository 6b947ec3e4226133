package messaging

import (
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
	"redistop/internal/usage"
)

// place is a key in a database.
type place struct {
	db  int
	key string
}

// A subject is one key that was found and what is known of it.
type subject struct {
	place   place
	kind    string     // stream, list, zset, set, hash, string
	role    usage.Role // by its name, in some framework's queue; "": in none
	writer  string     // the framework that writes such a key, where its name alone makes that sure; "": not known
	implied bool       // no search has found it: its queue's framework would have it, and it is asked whether it is there
	came    bool       // it was implied until the question that was asked last
	polled  bool       // else it only tells whose the others are
	pattern string     // of keys that nothing but their pattern tells apart; "": its name or role says that it is one

	looked        time.Time // zero: never
	weighed       time.Time // when MEMORY USAGE was asked
	bytes         stats.Maybe[int64]
	weighedLength int64 // then
	length        int64
	err           string

	due    stats.Maybe[int64] // members of a sorted set whose score is a time up to now; absent: the scores are no times
	unit   timeUnit
	timed  time.Time              // when unit was found out
	ahead  bool                   // a time ahead was seen: it is a queue, and remains one when all of them are over
	oldest stats.Maybe[time.Time] // of a framework's queue: when the job that waits longest came

	row   stats.StreamRow
	mark  streamMark
	queue queueMark

	queueRow   stats.QueueRow // of one that belongs to no framework, as of its last look
	queueShown bool

	awaited bool       // somebody waits for a job at it, or did
	named   registered // as what a framework's own key names it; zero: none does
	empty   time.Time  // since when it is gone; zero: it is there
}

// timeUnit says what the scores of a sorted set count.
type timeUnit uint8

const (
	notAsked timeUnit = iota
	noTimes
	inSeconds
	inMilliseconds
)

const (
	mostStreams = 12_000 // that are followed
	mostLists   = 12_000
	mostZsets   = 4_000
	mostHelpers = 4_000 // sets, and of hashes and strings each

	// alikes is how many keys of one pattern are followed that nothing else marks as queues: an application has
	// few queues and may have millions of lists.
	alikes = 32

	// forgetEmpty is how long a list that is gone is remembered: an empty queue has no key.
	forgetEmpty = time.Hour
)

// mostOf bounds the subjects of a type.
func mostOf(kind string) int {
	switch kind {
	case "stream":
		return mostStreams
	case "list":
		return mostLists
	case "zset":
		return mostZsets
	}
	return mostHelpers
}

// admission says whether a key is worth following.
func admission(table *usage.Table, at place, kind string) (s *subject, ok bool) {
	s = &subject{place: at, kind: kind}
	if strings.HasPrefix(at.key, redis.CanaryPrefix) { // nobody's messages
		return s, false
	}
	s.role, s.writer = table.WriterOf(at.key, kind)
	inQueue := false
	switch s.role {
	case usage.Waiting, usage.InFlight, usage.Delayed, usage.Retry, usage.Dead:
		inQueue = true
	case usage.Payload, usage.Result, usage.Session, usage.Cached, usage.Lock, usage.Limit:
		if kind != "stream" || s.result() {
			return s, false
		}
	}
	switch kind {
	case "stream":
		s.polled = true
	case "list", "zset":
		s.polled = inQueue || s.role == ""
		if s.role == "" && !namedLikeQueue(at.key) {
			s.pattern = kind + " " + redis.Pattern(at.key)
		}
	case "string":
		return s, s.role == usage.Control
	default:
		s.polled = inQueue
		return s, s.role != ""
	}
	return s, true
}

// result says that it is a stream with the result of one job.
func (s *subject) result() bool {
	return s.kind == "stream" && s.role == usage.Result && s.writer != ""
}

// known are the subjects of a server, in the order in which they have their turns.
type known struct {
	at       map[place]*subject
	order    []*subject
	next     int
	kinds    map[string]int
	patterns map[string]int // of those that nothing else marks
	version  int            // changes with at
	omitted  int            // streams and queues that found no room, in this pass
	again    bool           // what is found now was counted before
	results  results
}

func newKnown() *known {
	return &known{at: map[place]*subject{}, kinds: map[string]int{}, patterns: map[string]int{}}
}

// add takes a key that was found, unless it is known or there is no room.
func (k *known) add(table *usage.Table, at place, kind string) {
	if old := k.at[at]; old != nil {
		if old.kind == kind {
			old.empty = time.Time{}
			if old.implied {
				old.implied = false
				k.version++
			}
			return
		}
		k.drop(old)
	}
	s, ok := admission(table, at, kind)
	if s.result() && !k.again {
		k.results.saw(at, s.writer)
	}
	if ok {
		k.admit(s)
	}
}

// recount has what add finds counted already, until what it returns is called.
func (k *known) recount() (end func()) {
	k.again = true
	return func() { k.again = false }
}

// wants says whether a key would be followed that is not yet.
func (k *known) wants(table *usage.Table, at place, kind string) bool {
	if old := k.at[at]; old != nil {
		return old.kind != kind || !old.empty.IsZero()
	}
	s, ok := admission(table, at, kind)
	return ok && k.kinds[kind] < mostOf(kind) && (s.pattern == "" || k.patterns[s.pattern] < alikes)
}

// follow takes a key that somebody waits for a job at, whether or not it is there. It is remembered as if it had been
// there until now.
func (k *known) follow(table *usage.Table, at place, kind string) {
	if s := k.at[at]; s != nil {
		s.awaited = true
		if !s.empty.IsZero() {
			s.empty = time.Now()
		}
		return
	}
	if s, ok := admission(table, at, kind); ok {
		s.awaited, s.pattern = true, ""
		k.admit(s)
	}
}

// imply takes a key of a queue that was not found, unless much is followed already. It returns what is known of it; nil: it is
// another one, or is not followed.
func (k *known) imply(table *usage.Table, at place, kind string) *subject {
	if s := k.at[at]; s != nil {
		if s.kind != kind || !s.polled {
			return nil
		}
		return s
	}
	s, ok := admission(table, at, kind)
	if !ok || !s.polled || k.kinds[kind] >= mostOf(kind)/2 {
		return nil
	}
	s.implied, s.pattern, s.empty = true, "", time.Now()
	k.admit(s)
	return s
}

// admit takes a subject where there is room for it.
func (k *known) admit(s *subject) {
	at, kind := s.place, s.kind
	switch {
	case s.pattern != "" && k.patterns[s.pattern] >= alikes:
		return
	case k.kinds[kind] >= mostOf(kind):
		if s.polled && !k.again {
			k.omitted++
		}
		return
	}
	k.at[at] = s
	k.version++
	k.kinds[kind]++
	if s.pattern != "" {
		k.patterns[s.pattern]++
	}
	if s.polled {
		k.order = append(k.order, s)
	}
}

// drop forgets a subject; sweep takes it out of the order.
func (k *known) drop(s *subject) {
	if k.at[s.place] != s {
		return
	}
	delete(k.at, s.place)
	k.version++
	k.kinds[s.kind]--
	if s.pattern != "" {
		if k.patterns[s.pattern]--; k.patterns[s.pattern] == 0 {
			delete(k.patterns, s.pattern)
		}
	}
}

// sweep ends a round: those that are gone leave the order.
func (k *known) sweep(now time.Time) {
	kept := k.order[:0]
	for _, s := range k.order {
		if s.forgotten() || !s.empty.IsZero() && now.Sub(s.empty) > forgetEmpty && s.named.queue == "" {
			k.drop(s)
		}
		if k.at[s.place] == s {
			kept = append(kept, s)
		}
	}
	clear(k.order[len(kept):])
	k.order, k.next = kept, 0
}
