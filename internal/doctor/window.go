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
	dense   = time.Second / 2  // between two that are not
)

// A Window is what a rule looks at: the newest Snapshot whole, those before it bare, and the slow commands of the last while with who sent them. All are of one server process and
// without a CONFIG RESETSTAT between them.
type Window struct {
	Now  *stats.Snapshot
	Past []*stats.Snapshot // oldest first, Now not among them; two a second of the last minute at most, fewer before

	// Link is how we stand to the server at this moment. Only a rule with Always sees one that is not up: Now
	// is then the last that the server said.
	Link stats.Link

	// Restarted is the last Snapshot, bare, of the process that ran before this one. It is nil unless the
	// server was seen to restart in the last minutes.
	Restarted *stats.Snapshot

	restarts   int // seen, each within minutes of the one before; 0 where Restarted is nil
	slow       slowCommands
	rule       string // that is asked
	limits     map[string]float64
	allLimits  map[string]map[string]float64 // the limits of all rules that are asked
	book       addressBook
	census     census
	held       map[int64]heldBuffer  // output buffers that wait, by connection
	heldAt     time.Time             // of the newest pass over the connections that held knows
	monitors   map[int64]monitorSeen // by connection
	monitorsAt time.Time             // of the newest pass over the connections that monitors knows
	backlogs   backlogs
	peaks      peaks
	works      []Work // of Now; nil until they are asked for

	samples []stats.SampleRow // of Now, with names; nil until they are asked for
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
		switch then := w.Now; {
		case anotherProcess(then, s):
			*w = Window{Restarted: then.Bare(), restarts: w.restarts + 1, slow: slowCommands{table: w.slow.table, begun: true}}
		case countersReset(then, s):
			w.Past, w.peaks = nil, peaks{}
		default:
			w.Past = append(w.Past, then.Bare())
		}
	}
	if w.Restarted != nil && s.Time.Sub(w.Restarted.Time) > remembered {
		w.Restarted, w.restarts = nil, 0
	}
	w.Now, w.Link, w.works, w.samples = s, s.Link, nil, nil
	w.thinOut()
	w.book.learn(s)
	w.census.take(s.Connections)
	w.learnHeld(s)
	w.learnMonitors(s)
	w.backlogs.learn(s.Messaging)
	w.slow.learn(s, w)
	w.peaks.learn(s)
}

func anotherProcess(older, newer *stats.Snapshot) bool {
	return older.Server.RunID != newer.Server.RunID || older.Server.Restarts != newer.Server.Restarts
}

// countersReset says that counters of two Snapshots of one process cannot be compared.
func countersReset(older, newer *stats.Snapshot) bool {
	a, known := older.Throughput.TotalCommands.Get()
	b, known2 := newer.Throughput.TotalCommands.Get()
	return known && known2 && b < a
}

// thinOut drops what is too old, and most of what is old.
func (w *Window) thinOut() {
	now := w.Now.Time
	kept := w.Past[:0]
	var last time.Time
	for _, s := range w.Past {
		age, gap := now.Sub(s.Time), s.Time.Sub(last)
		switch {
		case age > longest, age < 0, age > Recent && gap < sparse, gap < dense:
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

// recent calls f with the Snapshots of the recent window, the newest first, until it returns false.
func (w *Window) recent(f func(*stats.Snapshot) bool) {
	if !f(w.Now) {
		return
	}
	for i := len(w.Past) - 1; i >= 0; i-- {
		if w.Now.Time.Sub(w.Past[i].Time) > Recent || !f(w.Past[i]) {
			return
		}
	}
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
