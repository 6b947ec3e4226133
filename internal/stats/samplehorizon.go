package stats

import (
	"slices"
	"time"

	"redistop/internal/sketch"
)

// A batch is what one Tally counted, by value: it outlives the Tally. It is immutable.
type batch struct {
	sampling Sampling
	windows  []tallyWindow
	cells    [dimensions][]cell

	identities []Identity // by id, like all the others
	addrs      []string
	commands   []string
	patterns   []string
	keys       []keyName
	users      []keyUsers // of keys
	triples    []triple
	channels   []channelName

	scripted uint64
	visible  Maybe[int64]  // commands that MONITOR shows, by the server's counters
	elapsed  time.Duration // in which the server counted them
}

// newBatch copies what a Tally holds.
func newBatch(t *Tally, how Sampling) *batch {
	b := &batch{
		sampling:   how,
		windows:    slices.Clone(t.windows),
		identities: slices.Clone(t.who.list),
		addrs:      t.who.addrNames.strings(),
		patterns:   t.keys.texts.strings(),
		keys:       t.keys.keyNames(),
		users:      slices.Clone(t.keys.users),
		triples:    slices.Clone(t.packed),
		channels:   t.channels.list(),
		scripted:   t.scripted,
	}
	for d := range t.counts {
		b.cells[d] = slices.Clone(t.counts[d].cells)
	}
	for _, c := range t.commands.list {
		b.commands = append(b.commands, c.name)
	}
	return b
}

func (b *batch) seconds() (seconds float64, commands uint64) {
	for _, w := range b.windows {
		seconds += w.length.Seconds()
		commands += w.n
	}
	return seconds, commands
}

// A horizon is the batches that the estimates are made of: the latest ones that together have enough
// windows, or cover enough time.
type horizon struct {
	batches []*batch // oldest first
}

const (
	enoughWindows = 30
	leastTime     = 5 * time.Second  // bursts come and go: less says little of them, however many windows it has
	enoughTime    = 10 * time.Second // however few windows
)

// add takes the newest batch. Everything seen needs nothing older, and does not mix with samples.
func (h *horizon) add(b *batch) {
	if last := len(h.batches) - 1; b.sampling.Complete || last >= 0 && h.batches[last].sampling.Complete {
		h.batches = nil
	}
	h.batches = append(slices.Clone(h.batches), b)
	for len(h.batches) > 1 && h.enough(h.batches[1:]) {
		h.batches = h.batches[1:]
	}
}

// enough says whether these batches do without those before them.
func (h *horizon) enough(batches []*batch) bool {
	windows := 0
	for _, b := range batches {
		windows += len(b.windows)
	}
	covered := span(batches)
	return windows >= enoughWindows && covered >= leastTime || covered >= enoughTime
}

// expire drops what is too old to speak of the present: no newer batch came.
func (h *horizon) expire(now time.Time) {
	for len(h.batches) > 0 && now.Sub(h.batches[0].windows[0].at) > 3*enoughTime {
		h.batches = h.batches[1:]
	}
}

// span is the time from the first window to the end of the last.
func span(batches []*batch) time.Duration {
	first, last := batches[0], batches[len(batches)-1]
	end := last.windows[len(last.windows)-1]
	return end.at.Add(end.length).Sub(first.windows[0].at)
}

// sampled is what the figures of these batches stand on.
func (h *horizon) sampled(e *estimator) Sampled {
	s := Sampled{estimator: e}
	var visible int64
	var elapsed time.Duration
	slack := true
	for _, b := range h.batches {
		slack = slack && b.sampling.Slack && b.visible.Known()
		seconds, commands := b.seconds()
		s.Windows += len(b.windows)
		s.Seconds += seconds
		s.Commands = sketch.Add(s.Commands, int64(commands))
		s.Scripted = sketch.Add(s.Scripted, int64(b.scripted))
		if n, ok := b.visible.Get(); ok {
			visible = sketch.Add(visible, n)
			elapsed += b.elapsed
		}
	}
	last := h.batches[len(h.batches)-1]
	s.Mode, s.Complete = last.sampling.Mode, last.sampling.Complete
	s.Span = span(h.batches).Seconds()
	if s.Complete { // windows that adjoin: their lengths leave out how late each one ended
		s.VisibleCommandsPerSecond = maybe(sketch.Ratio(float64(s.Commands), s.Span))
		return s
	}
	if elapsed > 0 {
		s.VisibleCommandsPerSecond = maybe(sketch.PerSecond(float64(visible), elapsed))
		if slack {
			s.excess = e.excess(h.lengths(), float64(visible), elapsed.Seconds())
		}
		return s
	}
	s.VisibleCommandsPerSecond = maybe(sketch.Ratio(float64(s.Commands), s.Seconds))
	s.Error = maybe(sketch.Finite(e.rateError(h.lengths())))
	if c := last.sampling.Counted; c.Elapsed > 0 {
		s.count(c)
	}
	return s
}

// count takes the rate from the server's counters: windows last a little longer than they should. The rate of
// a part stays as uncertain as the windows make it.
func (s *Sampled) count(c Counted) {
	byWindows := s.VisibleCommandsPerSecond.Or(0)
	rate, ok := sketch.PerSecond(float64(c.Commands), c.Elapsed)
	if !ok {
		return
	}
	err, known := s.Error.Get()
	s.VisibleCommandsPerSecond, s.Error = Some(rate), Maybe[float64]{}
	if share, ok := sketch.Ratio(err, byWindows); c.Part && known && ok {
		s.Error = Some(share * rate)
	}
}

// lengths are those of all windows, in seconds.
func (h *horizon) lengths() []float64 {
	var lengths []float64
	for _, b := range h.batches {
		for _, w := range b.windows {
			lengths = append(lengths, w.length.Seconds())
		}
	}
	return lengths
}

// estimator is that of all windows, batch by batch.
func (h *horizon) estimator() *estimator {
	var n []float64
	var open, all float64
	complete := true
	for _, b := range h.batches {
		for _, w := range b.windows {
			n = append(n, float64(w.n))
		}
		seconds, _ := b.seconds()
		open += seconds
		all += seconds / b.sampling.Duty // +Inf where the duty is not known
		complete = complete && b.sampling.Complete
	}
	duty, _ := sketch.Ratio(open, all)
	return newEstimator(n, duty, complete)
}

// series is how often something came, window by window.
type series struct {
	counts []float64
	access [accesses]float64
	total  float64
}

// seriesOf is where the counts of an id go; nowhere where the series is nil.
type seriesOf struct {
	*series
	asked bool
}

// newSeriesOf makes room for all ids of a dimension in a batch.
func newSeriesOf(b *batch, d dimension) []seriesOf {
	most := uint32(0)
	for _, c := range b.cells[d] {
		most = max(most, c.id)
	}
	return make([]seriesOf, most+1)
}

// gather adds up one dimension by what row makes of each id; where row says no, the id counts nowhere.
func gather[K comparable](h *horizon, d dimension, row func(b *batch, id uint32) (K, bool)) map[K]*series {
	found := map[K]*series{}
	windows := 0
	for _, b := range h.batches {
		windows += len(b.windows)
	}
	first := 0
	for _, b := range h.batches {
		rows := newSeriesOf(b, d)
		begin := 0
		for w := range b.windows {
			end := b.windows[w].ends[d]
			for _, c := range b.cells[d][begin:end] {
				id, access := c.id, uint32(accessOther)
				if d == byPattern || d == byKey {
					id, access = c.id/accesses, c.id%accesses
				}
				r := &rows[id]
				if !r.asked {
					r.asked = true
					if key, ok := row(b, id); ok {
						if r.series = found[key]; r.series == nil {
							r.series = &series{counts: make([]float64, windows)}
							found[key] = r.series
						}
					}
				}
				s := r.series
				if s == nil {
					continue
				}
				s.counts[first+w] += float64(c.n)
				s.access[access] += float64(c.n)
				s.total += float64(c.n)
			}
			begin = end
		}
		first += len(b.windows)
	}
	return found
}
