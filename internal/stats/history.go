package stats

import (
	"slices"
	"time"
)

// A History keeps the last Snapshots whole or thinned, and the values of every series for longer. It
// belongs to one goroutine; the Snapshots in it are immutable as ever.
//
// It is bounded by time and by rows, the rows of connections, groups, commands and slow logs in
// all its Snapshots together. Over the row budget the older Snapshots are replaced by copies that keep
// the first rows of each table, and when that is not enough the oldest go.
type History struct {
	rows   int // budget
	kept   int // of it in use
	thin   int // Snapshots before this index are as thin as they get
	snaps  window[entry]
	points window[Point]
}

// entry is a Snapshot and the rows that it alone holds: those that the next one shares are the next
// one's, since it stays longer.
type entry struct {
	snapshot *Snapshot
	rows     int
}

// Point is the value of each series at one moment. Where a value is absent the graph has a gap.
type Point struct {
	Time   time.Time
	Values [SeriesCount]Maybe[float64]
}

const (
	pointsSpan = 15 * time.Minute // that Points cover at least
	mostPoints = 16 << 10         // 15 minutes at 55 ms
	thinRows   = 50               // of each table in a thinned Snapshot

	sampleWeight = 2 // rows that a sample counts as: behind it are its counts by window
)

// NewHistory keeps Snapshots over span as far as they fit in a budget of rows. A row takes about
// 300 bytes.
func NewHistory(span time.Duration, rows int) *History {
	return &History{
		rows:   rows,
		snaps:  window[entry]{span: span},
		points: window[Point]{span: max(span, pointsSpan)},
	}
}

// Add takes the newest Snapshot.
func (h *History) Add(s *Snapshot) {
	if last := len(h.snaps.items) - 1; last >= 0 {
		e := &h.snaps.items[last]
		h.setRows(e, e.snapshot.ownRows(s))
	}
	e := entry{snapshot: s, rows: s.ownRows(&Snapshot{})}
	h.kept += e.rows
	h.snaps.add(e, s.Time)
	for h.snaps.tooLong() {
		h.dropOldest()
	}
	for h.kept > h.rows && h.Len() > 1 {
		h.shrink()
	}

	p := Point{Time: s.Time}
	for i, def := range seriesDefs {
		p.Values[i] = def.Value(s)
	}
	h.points.add(p, s.Time)
	for h.points.tooLong() || len(h.points.items) > mostPoints {
		h.points.drop()
	}
}

// Len is how many Snapshots there are.
func (h *History) Len() int { return len(h.snaps.items) }

// At is Snapshot i, 0 the oldest.
func (h *History) At(i int) *Snapshot { return h.snaps.items[i].snapshot }

// Latest is the newest Snapshot, nil before the first.
func (h *History) Latest() *Snapshot {
	if h.Len() == 0 {
		return nil
	}
	return h.At(h.Len() - 1)
}

// Before is the index of the last Snapshot taken at t or before, -1 if there is none.
func (h *History) Before(t time.Time) int {
	// The clock may have been set back on the way, so the times need not be sorted.
	for i := h.Len() - 1; i >= 0; i-- {
		if !h.At(i).Time.After(t) {
			return i
		}
	}
	return -1
}

// Points are the values of the series, oldest first. They hold until the next Add.
func (h *History) Points() []Point { return h.points.items }

// shrink frees rows: it thins the oldest Snapshot that can be thinned, or drops the oldest. The newest
// stays whole.
func (h *History) shrink() {
	if h.thin >= h.Len()-1 {
		h.dropOldest()
		return
	}
	e := &h.snaps.items[h.thin]
	next := h.At(h.thin + 1)
	e.snapshot = thinned(e.snapshot)
	h.setRows(e, e.snapshot.ownRows(next))
	h.thin++
}

func (h *History) setRows(e *entry, rows int) {
	h.kept += rows - e.rows
	e.rows = rows
}

func (h *History) dropOldest() {
	h.kept -= h.snaps.items[0].rows
	h.snaps.drop()
	h.thin = max(0, h.thin-1)
}

// ownRows counts the rows in tables that s does not share with the next Snapshot.
func (s *Snapshot) ownRows(next *Snapshot) int {
	return ownRows(s.Connections, next.Connections) +
		ownRows(s.Clients, next.Clients) +
		ownRows(s.ClientsByName, next.ClientsByName) +
		ownRows(s.ClientsByUser, next.ClientsByUser) +
		ownRows(s.ClientsByLibrary, next.ClientsByLibrary) +
		ownRows(s.Commands, next.Commands) +
		ownRows(s.Keys, next.Keys) +
		ownRows(s.HotKeys, next.HotKeys) +
		s.Messaging.rows() +
		sampleWeight*max(len(s.Samples), len(s.allSamples)) +
		ownRows(s.Slowlog, next.Slowlog)
}

func ownRows[T any](rows, next []T) int {
	if len(rows) > 0 && len(next) > 0 && &rows[0] == &next[0] {
		return 0
	}
	return len(rows)
}

// thinned is a copy with the first rows of each table: the busiest, and the newest of the logs.
// Commands stay, they are few.
func thinned(s *Snapshot) *Snapshot {
	t := *s
	t.ConnectionsOmitted += thinTable(&t.Connections)
	t.GroupsOmitted += thinTable(&t.Clients)
	t.GroupsOmitted += thinTable(&t.ClientsByName)
	t.GroupsOmitted += thinTable(&t.ClientsByUser)
	t.GroupsOmitted += thinTable(&t.ClientsByLibrary)
	thinTable(&t.Slowlog)
	thinTable(&t.Keys)
	thinTable(&t.HotKeys)
	t.Messaging = t.Messaging.thinned()
	thinSamples(&t)
	return &t
}

// Bare is a copy without the tables that grow with clients, keys and samples, for those who follow figures.
func (s *Snapshot) Bare() *Snapshot {
	t := *s
	t.Connections, t.Slowlog, t.Findings = nil, nil, nil
	t.Clients, t.ClientsByName, t.ClientsByUser, t.ClientsByLibrary = nil, nil, nil, nil
	t.Keys, t.HotKeys, t.Samples, t.allSamples, t.published, t.pushed, t.Sampled.estimator = nil, nil, nil, nil, nil, nil, nil
	t.Messaging = nil
	return &t
}

// thinSamples keeps the first rows, and of those the figures only: the counts by window behind them take
// most of the memory.
func thinSamples(s *Snapshot) {
	s.allSamples, s.published, s.pushed, s.Sampled.estimator = nil, nil, nil, nil
	s.Samples = slices.Clone(s.Samples[:min(len(s.Samples), thinRows)])
	for i := range s.Samples {
		s.Samples[i].windows = nil
	}
}

// thinTable cuts a table, in a copy so that the rest can be freed, and tells what is gone.
func thinTable[T any](rows *[]T) int {
	gone := len(*rows) - thinRows
	if gone <= 0 {
		return 0
	}
	*rows = slices.Clone((*rows)[:thinRows])
	return gone
}

// window is the last items that cover a span of time. A gap counts as longestGap at most: after a
// night's sleep the evening before is still there.
type window[T any] struct {
	span    time.Duration
	items   []T
	gaps    []time.Duration // before each item
	covered time.Duration
	last    time.Time
}

const longestGap = 2 * time.Minute

func (w *window[T]) add(item T, at time.Time) {
	gap := time.Duration(0)
	if len(w.items) > 0 {
		gap = min(max(0, at.Sub(w.last)), longestGap)
	}
	w.items, w.gaps = append(w.items, item), append(w.gaps, gap)
	w.covered += gap
	w.last = at
}

// tooLong says that the span is covered without the oldest item.
func (w *window[T]) tooLong() bool {
	return len(w.items) > 1 && w.covered-w.gaps[1] >= w.span
}

// drop forgets the oldest item. Its place is cleared, so that nothing keeps alive what it held.
func (w *window[T]) drop() {
	var none T
	w.items[0] = none
	w.items, w.gaps = w.items[1:], w.gaps[1:]
	if len(w.gaps) > 0 {
		w.covered -= w.gaps[0]
		w.gaps[0] = 0
	}
}
