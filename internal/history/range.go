package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

const (
	usualSteps = 400
	mostSteps  = 5000
	mostRead   = 500_000 // points for one answer
)

// ErrUnknownSeries says that a RangeQuery names a series that there is not.
var ErrUnknownSeries = errors.New("unknown series")

// niceSteps are what a step is rounded up to, in seconds.
var niceSteps = []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}

func niceStep(seconds int64) int64 {
	for _, nice := range niceSteps {
		if nice >= seconds {
			return nice
		}
	}
	day := niceSteps[len(niceSteps)-1]
	return (seconds + day - 1) / day * day
}

// Range is series of a server over time, from the coarsest tier that is fine enough for the step and reaches as far back as asked.
func (s *Store) Range(ctx context.Context, q RangeQuery) (Range, error) {
	now := s.now()
	from, to := span(q.From, q.To, now, time.Hour)
	if !to.After(from) {
		return Range{}, fmt.Errorf("read history from %s to %s: the end is not after the beginning", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	want, err := indexesOf(q.Series)
	if err != nil {
		return Range{}, err
	}
	t, step := s.resolution(q, from, to, now)
	var found []point
	waiting, err := s.ask(ctx, func(db *database) error {
		found = found[:0]
		return db.tail(ctx, q.Server, t, from.UnixMilli(), to.UnixMilli(), want, func(p *point) { found = append(found, *p) })
	})
	if err != nil {
		return Range{}, fmt.Errorf("read history: %w", err)
	}
	r := Range{From: from, To: to, Tier: tiers[t].name}
	for _, w := range waiting {
		for i := range w.points {
			p := &w.points[i]
			if p.server == q.Server && p.at >= from.UnixMilli() && p.at <= to.UnixMilli() {
				found = append(found, p.point)
				newest := moment(p.at)
				r.Pending = &newest
			}
		}
	}
	if q.Step <= 0 && t == 0 {
		step = max(step, niceStep(spacing(found)))
	}
	r.fill(found, step*1000, want)
	return r, nil
}

func indexesOf(names []string) ([]int, error) {
	if len(names) == 0 {
		return allIndexes(), nil
	}
	known := SeriesNames()
	var want []int
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, fmt.Errorf("%w %q; there are: %s", ErrUnknownSeries, name, strings.Join(known, ", "))
		}
		if !slices.Contains(want, i) {
			want = append(want, i)
		}
	}
	return want, nil
}

// resolution chooses the tier to read and the step of the answer, in seconds.
func (s *Store) resolution(q RangeQuery, from, to, now time.Time) (chosen int, step int64) {
	seconds := to.Sub(from).Seconds()
	step = niceStep(int64(math.Ceil(seconds / usualSteps)))
	if q.Step > 0 {
		step = max(1, int64(math.Ceil(q.Step.Seconds())))
	}
	step = max(step, int64(math.Ceil(seconds/mostSteps)))
	kept := []time.Duration{s.options.Keep.Raw, s.options.Keep.Minute, s.options.Keep.TenMinutes, s.options.Keep.Hour}
	for t := range tiers {
		if tiers[t].step <= step*1000 {
			chosen = t
		}
	}
	for t := chosen + 1; t < len(tiers) && from.Before(now.Add(-kept[chosen])); t++ {
		if kept[t] > kept[chosen] {
			chosen = t
		}
	}
	if width := tiers[chosen].step / 1000; width > 0 {
		step = (step + width - 1) / width * width
	}
	return chosen, step
}

// tail reads the tier, and the finer ones for what it does not reach to yet.
func (d *database) tail(ctx context.Context, server string, t int, from, to int64, want []int, each func(*point)) error {
	for ; t >= 0; t-- {
		begin := from
		if step := tiers[t].step; step > 0 {
			begin = floor(from, step)
		}
		err := d.points(ctx, d.read, server, tiers[t], begin, to, want, mostRead, func(p *point) error {
			each(p)
			from = max(from, p.at+tiers[t].step)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// spacing is twice the usual time between two points, in seconds: with a step below it there would be gaps where none are.
func spacing(points []point) int64 {
	var gaps []int64
	for i := 1; i < len(points); i++ {
		gaps = append(gaps, points[i].at-points[i-1].at)
	}
	if len(gaps) == 0 {
		return 1
	}
	slices.Sort(gaps)
	return max(1, (2*gaps[len(gaps)/2]+999)/1000)
}

// fill puts the points into steps of so many milliseconds.
func (r *Range) fill(points []point, step int64, want []int) {
	r.Step = time.Duration(step) * time.Millisecond
	first := floor(r.From.UnixMilli(), step)
	sums := make([]*sum, (floor(r.To.UnixMilli(), step)-first)/step+1)
	for i := range points {
		at := (max(points[i].at, first) - first) / step
		if sums[at] == nil {
			sums[at] = newSum()
		}
		sums[at].add(&points[i])
	}
	r.Series = map[string]Band{}
	for _, i := range want {
		r.Series[allSeries[i].name] = newBand(len(sums))
	}
	commands := map[string]CommandBand{}
	calls := map[string]float64{}
	for at, total := range sums {
		r.Times = append(r.Times, (first+int64(at)*step)/1000)
		if total == nil {
			continue
		}
		p := total.point(0)
		for _, i := range want {
			r.Series[allSeries[i].name].set(at, p.mean[i], p.min[i], p.max[i])
		}
		for _, c := range p.commands {
			band, there := commands[c.name]
			if !there {
				band = CommandBand{c.name, make(numbers, len(sums)), make(numbers, len(sums))}
				commands[c.name] = band
			}
			band.CallsPerSecond[at], band.UsecPerCall[at] = known(c.calls), known(c.usec)
			calls[c.name] += c.calls
		}
	}
	names := slices.SortedFunc(maps.Keys(commands), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), topCommands)] {
		r.Commands = append(r.Commands, commands[name])
	}
}

func newBand(n int) Band { return Band{make(numbers, n), make(numbers, n), make(numbers, n)} }

func (b Band) set(at int, mean, least, most float64) {
	b.Mean[at], b.Min[at], b.Max[at] = known(mean), known(least), known(most)
}

func known(v float64) stats.Maybe[float64] {
	if math.IsNaN(v) {
		return stats.Maybe[float64]{}
	}
	return stats.Some(v)
}

// mostCalled are the first eight by calls.
func mostCalled(commands []commandRate) []commandRate {
	slices.SortFunc(commands, func(a, b commandRate) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(a.name, b.name))
	})
	return commands[:min(len(commands), topCommands)]
}
