package doctor

import (
	"time"

	"redistop/internal/stats"
)

// Recent is what rules mean by "now": long enough for a command that comes every ten seconds, short
// enough that what is over is soon forgotten.
const Recent = time.Minute

const (
	longest = 30 * time.Minute // that trends are followed
	sparse  = 30 * time.Second // between two Snapshots that are older than Recent
)

// A Window is what a rule looks at: the newest Snapshot whole, those before it without their large
// tables, and the slow commands of the last while with who sent them. All are of one server process and
// without a CONFIG RESETSTAT between them.
type Window struct {
	Now  *stats.Snapshot
	Past []*stats.Snapshot // oldest first, Now not among them; every one of the last minute, fewer before

	slow   []SlowCommand
	limits map[string]float64
	book   addressBook
	held   map[int64]heldBuffer // output buffers that wait, by connection
	heldAt time.Time            // of the newest pass over the connections that held knows
}

// Limit is the value of the rule's threshold of that name. A name that the rule does not have panics: it
// is a mistake in the rule.
func (w *Window) Limit(name string) float64 {
	v, ok := w.limits[name]
	if !ok {
		panic("doctor: no limit " + name)
	}
	return v
}

// add makes s the newest.
func (w *Window) add(s *stats.Snapshot) {
	if w.Now != nil {
		if begunAnew(w.Now, s) {
			*w = Window{limits: w.limits}
		} else {
			w.Past = append(w.Past, thinned(w.Now))
		}
	}
	w.Now = s
	w.thinOut()
	w.book.learn(s)
	w.learnSlow(s)
	w.learnHeld(s)
}

// begunAnew says that counters of two Snapshots cannot be compared: another process answered, or its
// counters were reset.
func begunAnew(older, newer *stats.Snapshot) bool {
	a, known := older.Throughput.TotalCommands.Get()
	b, known2 := newer.Throughput.TotalCommands.Get()
	return older.Server.RunID != newer.Server.RunID || older.Server.Restarts != newer.Server.Restarts || known && known2 && b < a
}

// thinned is a copy without the tables that grow with clients and keys.
func thinned(s *stats.Snapshot) *stats.Snapshot {
	t := *s
	t.Connections, t.Samples, t.Keys, t.HotKeys, t.Findings = nil, nil, nil, nil, nil
	t.Clients, t.ClientsByName, t.ClientsByUser, t.ClientsByLibrary = nil, nil, nil, nil
	t.Slowlog = nil
	return &t
}

// thinOut drops what is too old, and most of what is old.
func (w *Window) thinOut() {
	now := w.Now.Time
	kept := w.Past[:0]
	var last time.Time
	for _, s := range w.Past {
		age := now.Sub(s.Time)
		if age > longest || age > Recent && s.Time.Sub(last) < sparse {
			continue
		}
		kept = append(kept, s)
		last = s.Time
	}
	clear(w.Past[len(kept):])
	w.Past = kept
}

// Since returns the oldest Snapshot that is at most d old, and the time from it to now; nil where there
// is none beside the newest.
func (w *Window) Since(d time.Duration) (*stats.Snapshot, time.Duration) {
	for _, s := range w.Past {
		if age := w.Now.Time.Sub(s.Time); age <= d {
			return s, age
		}
	}
	return nil, 0
}

// Seconds is the length of the recent window, as Evidence tells it; absent before there are two Snapshots.
func (w *Window) Seconds() stats.Maybe[float64] {
	if _, elapsed := w.Since(Recent); elapsed > 0 {
		return stats.Some(elapsed.Seconds())
	}
	return stats.Maybe[float64]{}
}

// Growth is by how much a counter grew in the last d, and in which time. It is absent where either end is.
func (w *Window) Growth(d time.Duration, counter func(*stats.Snapshot) stats.Maybe[int64]) (grown int64, elapsed time.Duration, ok bool) {
	then, elapsed := w.Since(d)
	if then == nil {
		return 0, 0, false
	}
	a, known := counter(then).Get()
	b, known2 := counter(w.Now).Get()
	if !known || !known2 || b < a {
		return 0, 0, false
	}
	return b - a, elapsed, true
}

// Work is what one command did in the recent window, by the server's counters, our own calls left out.
type Work struct {
	Name        string
	Calls       int64
	Usec        int64
	UsecPerCall float64
	PerSecond   float64
	TimeShare   float64 // of the main thread's time, 0..1
	Failed      int64
	Rejected    int64
	MaxUsec     stats.Maybe[float64] // at most this, by LATENCY HISTOGRAM or SLOWLOG
	Elapsed     time.Duration
}

// Works returns what every command did in the recent window; empty before there are two Snapshots.
func (w *Window) Works() []Work {
	then, elapsed := w.Since(Recent)
	if then == nil || elapsed <= 0 {
		return nil
	}
	before := make(map[string]*stats.CommandRow, len(then.Commands))
	for i := range then.Commands {
		before[then.Commands[i].Name] = &then.Commands[i]
	}
	list := make([]Work, 0, len(w.Now.Commands))
	for i := range w.Now.Commands {
		c := &w.Now.Commands[i]
		var zero stats.CommandRow
		was := before[c.Name]
		if was == nil {
			was = &zero
		}
		if k, ok := newWork(c, was, elapsed); ok {
			k.MaxUsec = w.longestCall(c.Name)
			list = append(list, k)
		}
	}
	return list
}

// Work returns what one command did in the recent window; zero where it did nothing.
func (w *Window) Work(name string) Work {
	for _, k := range w.Works() {
		if k.Name == name {
			return k
		}
	}
	return Work{Name: name}
}

func newWork(now, was *stats.CommandRow, elapsed time.Duration) (Work, bool) {
	calls, own := now.Calls-was.Calls, now.OwnCalls-was.OwnCalls
	usec := now.TotalUsec - was.TotalUsec
	if calls <= 0 || usec < 0 {
		return Work{}, false
	}
	per := float64(usec) / float64(calls)
	calls -= min(calls, max(0, own))
	if calls == 0 {
		return Work{}, false
	}
	return Work{
		Name: now.Name, Calls: calls, Usec: int64(per * float64(calls)), UsecPerCall: per,
		PerSecond: float64(calls) / elapsed.Seconds(), TimeShare: per * float64(calls) / 1e6 / elapsed.Seconds(),
		Failed:   max(0, now.FailedCalls.Or(0)-was.FailedCalls.Or(0)),
		Rejected: max(0, now.RejectedCalls.Or(0)-was.RejectedCalls.Or(0)),
		Elapsed:  elapsed,
	}, true
}

// longestCall bounds the longest call of a command in the recent window.
func (w *Window) longestCall(name string) stats.Maybe[float64] {
	var longest stats.Maybe[float64]
	for _, s := range w.Past {
		if w.Now.Time.Sub(s.Time) <= Recent {
			longest = later(longest, s, name)
		}
	}
	longest = later(longest, w.Now, name)
	logged := 0.0
	for i := range w.slow {
		if c := &w.slow[i]; c.Kind == stats.Slow && c.Command == name {
			logged = max(logged, float64(c.Usec.Or(0)))
		}
	}
	if logged > 0 && (!longest.Known() || logged > longest.Or(0)/2) {
		return stats.Some(logged) // exact, where the histogram knows only a bucket
	}
	return longest
}

func later(longest stats.Maybe[float64], s *stats.Snapshot, name string) stats.Maybe[float64] {
	for i := range s.Commands {
		if c := &s.Commands[i]; c.Name == name {
			if v, ok := c.RecentMaxUsec.Get(); ok && v > longest.Or(0) {
				return stats.Some(v)
			}
		}
	}
	return longest
}
