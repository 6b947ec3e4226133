package messaging

import (
	"time"

	"redistop/internal/stats"
	"redistop/internal/usage"
)

// frameworkQueue is a queue of a framework and the subjects that it consists of.
type frameworkQueue struct {
	usage.Queue
	waiting, inFlight, delayed, dead []*subject
	mark                             queueMark
	row                              stats.QueueRow
}

type queueID struct {
	db                    int
	framework, base, name string
}

// queues are the frameworks' queues among what is known, and which subjects belong to one.
type queues struct {
	list      map[queueID]*frameworkQueue
	owned     map[*subject]bool
	jobs      map[*subject]job    // of the waiting lists whose jobs have a time
	writers   map[*subject]string // whose events a stream holds
	registers []usage.Register    // that name queues
	made      time.Time
	of        int  // the version of what was known then
	whole     bool // all keys were known then
}

// queuesEvery is how often the keys that are known are sorted into queues anew, where others are known by then.
const queuesEvery = 5 * time.Second

// arrange finds the queues among the subjects; whole says that a search of all keys is over. What is remembered of a
// queue stays. It says whether there was anything to do. named are the lists that registers name.
func (q *queues) arrange(table *usage.Table, k *known, named map[place]registered, whole bool, now time.Time) bool {
	whole = whole && k.kinds["hash"] < mostOf("hash") && k.kinds["set"] < mostOf("set")
	if !q.made.IsZero() && q.whole == whole && (q.of == k.version || now.Sub(q.made) < queuesEvery) {
		return false
	}
	q.made, q.whole = now, whole
	var keys []usage.Key
	for at, s := range k.at {
		if !s.implied && (s.role != "" || s.kind == "list") {
			keys = append(keys, usage.Key{DB: at.db, Name: at.key, Type: s.kind})
		}
	}
	before := q.list
	q.list, q.owned, q.jobs, q.writers = map[queueID]*frameworkQueue{}, map[*subject]bool{}, map[*subject]job{}, map[*subject]string{}
	names := map[string]bool{}
	for at := range named {
		names[at.key] = true
	}
	arranged, registers := table.Arrange(keys, names, whole)
	q.registers = registers
	for _, found := range arranged {
		f := &frameworkQueue{Queue: found}
		for _, part := range []struct {
			keys []usage.Key
			to   *[]*subject
		}{{found.Waiting, &f.waiting}, {found.InFlight, &f.inFlight}, {found.Delayed, &f.delayed}, {found.Dead, &f.dead}} {
			for _, key := range part.keys {
				if s := k.at[place{key.DB, key.Name}]; s != nil {
					*part.to = append(*part.to, s)
					q.owned[s] = true
				}
			}
		}
		for _, s := range f.waiting {
			if found.Oldest != nil && s.kind == "list" {
				q.jobs[s] = job{found.Oldest, found.Base, found.Name}
			}
		}
		for _, key := range found.Events {
			if s := k.at[place{key.DB, key.Name}]; s != nil && s.kind == "stream" {
				q.writers[s] = found.Framework
			}
		}
		if len(f.waiting)+len(f.inFlight)+len(f.delayed)+len(f.dead) == 0 {
			continue
		}
		for _, part := range table.Absent(&f.Queue) {
			s := k.imply(table, place{part.DB, part.Name}, part.Type)
			if s == nil || q.owned[s] {
				continue
			}
			to := &f.delayed
			switch part.Role {
			case usage.InFlight:
				to = &f.inFlight
			case usage.Dead:
				to = &f.dead
			}
			*to = append(*to, s)
			q.owned[s] = true
		}
		id := queueID{found.DB, found.Framework, found.Base, found.Name}
		if old := before[id]; old != nil {
			f.mark, f.row = old.mark, old.row
		}
		q.list[id] = f
	}
	q.of = k.version
	return true
}

// lengthOf adds up the lengths of subjects; absent where there are none, or one was not looked at. at is the
// latest look at one of them.
func lengthOf(list []*subject) (n stats.Maybe[int64], at time.Time, err string) {
	var sum int64
	for _, s := range list {
		if s.err != "" {
			return n, at, s.err
		}
		if s.looked.IsZero() {
			return n, at, ""
		}
		sum += s.length
		if s.looked.After(at) {
			at = s.looked
		}
	}
	if len(list) == 0 {
		return n, at, ""
	}
	return stats.Some(sum), at, ""
}

// fold brings the rows of the frameworks' queues up to date.
func (q *queues) fold() {
	for _, f := range q.list {
		depth, at, err := lengthOf(f.waiting)
		look := queueLook{at: at, depth: depth.Or(0)}
		for _, part := range []struct {
			list []*subject
			to   *stats.Maybe[int64]
		}{{f.inFlight, &look.inFlight}, {f.delayed, &look.delayed}, {f.dead, &look.dead}} {
			n, latest, failed := lengthOf(part.list)
			*part.to = n
			if err == "" {
				err = failed
			}
			if len(f.waiting) == 0 && latest.After(look.at) {
				look.at = latest
			}
		}
		row := stats.QueueRow{DB: f.DB, Framework: f.Framework, Name: f.title(), Key: f.key(), Type: f.kind(), Registered: idle(f.waiting), Error: err}
		for _, s := range f.waiting {
			if came, ok := s.oldest.Get(); ok && (!look.oldest.Known() || came.Before(look.oldest.Or(came))) {
				look.oldest = stats.Some(came)
			}
		}
		switch {
		case look.at.IsZero() && f.mark.at.IsZero(), err != "":
			f.row = row
		case look.at.After(f.mark.at):
			f.mark = foldQueue(&row, look, f.mark)
			f.row = row
		}
	}
}

// title is what the framework calls the queue, or what its keys are for all queues.
func (f *frameworkQueue) title() string {
	if f.Name != "" {
		return f.Name
	}
	return f.key()
}

// key is the key of the waiting jobs; where none waits at present, one of the others.
func (f *frameworkQueue) key() string {
	for _, list := range [][]usage.Key{f.Waiting, f.Delayed, f.InFlight, f.Dead} {
		if len(list) > 0 {
			return list[0].Name
		}
	}
	return f.Base
}

func (f *frameworkQueue) kind() string {
	for _, list := range [][]usage.Key{f.Waiting, f.Delayed, f.InFlight, f.Dead} {
		if len(list) > 0 {
			return list[0].Type
		}
	}
	return "list"
}

// foldPlain brings the row of a list or sorted set of no framework up to date. It is a queue by its name, by
// times ahead as scores, or because it is filled and emptied.
func (s *subject) foldPlain() {
	row := stats.QueueRow{DB: s.place.db, Key: s.place.key, Name: s.place.key, Type: s.kind, Error: s.err}
	named := s.pattern == "" || s.awaited
	if s.named.queue != "" {
		row.Framework, row.Name, row.Registered = s.named.framework, s.named.queue, s.length == 0
	}
	if s.err != "" {
		s.queueRow, s.queueShown = row, named
		return
	}
	look := queueLook{at: s.looked, depth: s.length}
	if due, ok := s.due.Get(); s.unit == inSeconds || s.unit == inMilliseconds {
		if !ok { // it is asked the next time
			return
		}
		look.depth, look.delayed = due, stats.Some(max(0, s.length-due))
		s.ahead = s.ahead || s.length > due
	}
	s.queue = foldQueue(&row, look, s.queue)
	s.queueRow, s.queueShown = row, named || s.ahead || s.kind == "list" && s.queue.moved
}
