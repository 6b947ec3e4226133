package stats

import (
	"cmp"
	"slices"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// growth is what one row of commandstats grew by in an interval.
type growth struct {
	calls, usec      int64
	failed, rejected Maybe[int64]
	own              int64 // of calls, the observer's
	ownUsec          int64 // of usec; exact where all calls are the observer's, else by number of calls
}

// others is what everybody but the observer called.
func (g growth) others() int64 { return g.calls - g.own }

// commandGrowths compares this INFO's commandstats with the rows of the one before. A command that
// was not there before was never called. Rows whose counters went back have no growth, and where
// nothing can be compared there is no map. Own calls are not told apart yet.
func (iv interval) commandGrowths(before map[string]redis.CommandStat) map[string]growth {
	if !iv.counts() || len(before) == 0 {
		return nil
	}
	growths := make(map[string]growth, len(iv.after.Commands))
	for _, c := range iv.after.Commands {
		was := before[c.Name]
		calls, ok1 := sketch.Growth(was.Calls, c.Calls)
		usec, ok2 := sketch.Growth(was.Usec, c.Usec)
		if !ok1 || !ok2 {
			continue
		}
		growths[c.Name] = growth{
			calls:    calls,
			usec:     usec,
			failed:   grown(was.Failed, c.Failed),
			rejected: grown(was.Rejected, c.Rejected),
		}
	}
	return growths
}

// grown compares two counters of a row; one that was absent with its row was 0.
func grown(before, after Maybe[int64]) Maybe[int64] {
	n, ok := after.Get()
	if !ok {
		return after
	}
	return maybe(sketch.Growth(before.Or(0), n))
}

// commandRows are the commands table. A command that nobody but the observer ever called is left
// out unless the observer is shown.
func (a *Aggregate) commandRows(iv interval, growths map[string]growth) []CommandRow {
	var all int64
	for _, g := range growths {
		all = sketch.Add(all, a.shown(g))
	}
	rows := make([]CommandRow, 0, len(iv.after.Commands))
	for _, c := range iv.after.Commands {
		own := a.ledger.calls[c.Name]
		if !a.showOwn && own > 0 && own >= c.Calls {
			continue
		}
		row := a.commandTotals(iv.after, c)
		row.OwnCalls = own
		if g, ok := growths[c.Name]; ok {
			a.commandRates(&row, iv, g, all)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(x, y CommandRow) int {
		return cmp.Or(
			cmp.Compare(y.CallsPerSecond.Or(-1), x.CallsPerSecond.Or(-1)),
			cmp.Compare(y.Calls, x.Calls),
			cmp.Compare(x.Name, y.Name),
		)
	})
	return rows
}

// shown is the calls that rates are made of.
func (a *Aggregate) shown(g growth) int64 {
	if a.showOwn {
		return g.calls
	}
	return g.others()
}

func (a *Aggregate) commandTotals(i *redis.Info, c redis.CommandStat) CommandRow {
	row := CommandRow{
		Name:             a.names.text(c.Name),
		Calls:            c.Calls,
		TotalUsec:        c.Usec,
		TotalUsecPerCall: ratio(Some(c.Usec), Some(c.Calls)),
		FailedCalls:      c.Failed,
		RejectedCalls:    c.Rejected,
	}
	if l, ok := i.Latency[c.Name]; ok {
		row.P50Usec, row.P99Usec = finite(l.P50), finite(l.P99)
	}
	return row
}

func (a *Aggregate) commandRates(row *CommandRow, iv interval, g growth, all int64) {
	calls, usec := a.shown(g), g.usec
	if !a.showOwn {
		usec -= g.ownUsec
	}
	row.CallsPerSecond = iv.rate(Some(calls))
	row.Share = ratio(Some(calls), Some(all))
	row.UsecPerCall = ratio(Some(g.usec), Some(g.calls))
	row.TimeShare = iv.timeShare(usec)
	row.FailedPerSecond = iv.rate(g.failed)
	row.RejectedPerSecond = iv.rate(g.rejected)
}

// timeShare is microseconds of the main thread over the interval's.
func (iv interval) timeShare(usec int64) Maybe[float64] {
	return ratio(Some(usec), Some(iv.elapsed.Microseconds()))
}

// foldHistograms sets what LATENCY HISTOGRAM says of the calls since it was read before.
func (a *Aggregate) foldHistograms(now map[string]redis.Histogram, iv interval, growths map[string]growth, s *Snapshot) {
	if iv.reset {
		a.histograms = nil
	}
	if now == nil {
		return
	}
	before := a.histograms
	a.histograms = now
	if before == nil || growths == nil {
		return
	}
	var all buckets
	recent := make(map[string]redis.Histogram, len(now))
	for name, h := range now {
		was, ok := before[name]
		if _, called := a.commands[name]; !ok && called {
			continue // it was called before, but not measured
		}
		diff := h.Sub(was)
		recent[name] = diff
		if g := growths[name]; g.own == 0 || a.shown(g) > 0 {
			all.add(diff)
		}
	}
	for i := range s.Commands {
		h := recent[s.Commands[i].Name]
		s.Commands[i].RecentP50Usec = quantile(h, 0.50)
		s.Commands[i].RecentP99Usec = quantile(h, 0.99)
		s.Commands[i].RecentMaxUsec = quantile(h, 1)
	}
	s.Throughput.P99Usec = quantile(all.histogram(), 0.99)
}

func quantile(h redis.Histogram, q float64) Maybe[float64] {
	usec, ok := h.Quantile(q)
	return maybe(float64(usec), ok)
}

// buckets adds histograms of several commands, whose buckets have different edges.
type buckets map[int64]int64 // calls that fell between the next lower edge and this one, usec

func (b *buckets) add(h redis.Histogram) {
	if *b == nil {
		*b = buckets{}
	}
	below := int64(0)
	for _, bucket := range h.Buckets {
		(*b)[bucket.Usec] = sketch.Add((*b)[bucket.Usec], bucket.Count-below)
		below = bucket.Count
	}
}

func (b buckets) histogram() redis.Histogram {
	edges := make([]int64, 0, len(b))
	for usec := range b {
		edges = append(edges, usec)
	}
	slices.Sort(edges)
	var h redis.Histogram
	for _, usec := range edges {
		h.Calls = sketch.Add(h.Calls, b[usec])
		h.Buckets = append(h.Buckets, redis.Bucket{Usec: usec, Count: h.Calls})
	}
	return h
}
