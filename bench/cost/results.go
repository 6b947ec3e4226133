package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"redistop/bench/lab"
)

// The CPU time a command, against nobody, that redistop promises not to exceed: what its questions may cost, and
// what its questions and its samples may cost together.
const (
	withinCounters = 1.01
	withinSamples  = 1.015
)

// results are all samples, by load, watcher and round.
type results struct {
	loads    []load
	watchers []watcher
	samples  [][][]sample
}

func newResults(loads []load, watchers []watcher) *results {
	r := &results{loads: loads, watchers: watchers, samples: make([][][]sample, len(loads))}
	for i := range r.samples {
		r.samples[i] = make([][]sample, len(watchers))
	}
	return r
}

func usec(s sample) float64       { return s.usecPerCommand }
func throughput(s sample) float64 { return s.commandsPerSecond }

func (r *results) values(load, watcher int, of func(sample) float64) []float64 {
	var values []float64
	for _, s := range r.samples[load][watcher] {
		values = append(values, of(s))
	}
	return values
}

// ratio compares a watcher with nobody of the same round: the control with the one other
// measurement, everybody else with the mean of the two.
func (r *results) ratio(load, watcher int, of func(sample) float64) lab.Spread {
	baseline := r.values(load, nobody, of)
	if watcher != nobodyAgain {
		for i, v := range r.values(load, nobodyAgain, of) {
			baseline[i] = (baseline[i] + v) / 2
		}
	}
	return lab.SpreadOf(lab.Ratios(r.values(load, watcher, of), baseline))
}

// noise is how far a ratio can be from 1 with nobody there: the control's worst round.
func (r *results) noise(load int) float64 {
	control := r.ratio(load, nobodyAgain, usec)
	return max(math.Abs(control.Max-1), math.Abs(1-control.Min))
}

func (r *results) print(w io.Writer) {
	for l, load := range r.loads {
		t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
		fmt.Fprintf(t, "\n%s\tCPU µs a command\tratio to nobody (min..max)\tcommands/s\tratio to nobody (min..max)\tof a core for itself\n", load.name)
		for i, watcher := range r.watchers {
			fmt.Fprintf(t, "%s\t%.3f\t%s\t%.0f\t%s\t%s\n", watcher.name,
				lab.SpreadOf(r.values(l, i, usec)).Median, r.shown(l, i, usec),
				lab.SpreadOf(r.values(l, i, throughput)).Median, r.shown(l, i, throughput), r.own(l, i))
		}
		t.Flush()
		r.printWaits(w, l)
	}
	fmt.Fprintln(w, "\nCPU time a command with redistop, against nobody:")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for l, load := range r.loads {
		for i, watcher := range r.watchers {
			if watcher.within > 0 {
				fmt.Fprintf(t, "%s\t%s\t%s\n", load.name, watcher.name, verdict(r.ratio(l, i, usec), watcher.within, r.noise(l)))
			}
		}
	}
	t.Flush()
	r.printFull(w)
}

// printFull compares the two that see every command.
func (r *results) printFull(w io.Writer) {
	key := func(k string) int { return slices.IndexFunc(r.watchers, func(w watcher) bool { return w.key == k }) }
	full, peer := key(fullKey), key(monitorKey)
	if full < 0 || peer < 0 {
		return
	}
	fmt.Fprintf(w, "\n%s, against %s of the same round:\n", r.watchers[full].name, r.watchers[peer].name)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for l, load := range r.loads {
		against := func(of func(sample) float64) lab.Spread {
			return lab.SpreadOf(lab.Ratios(r.values(l, full, of), r.values(l, peer, of)))
		}
		fmt.Fprintf(t, "%s\tCPU µs a command %s\tcommands/s %s\n", load.name, against(usec), against(throughput))
	}
	t.Flush()
}

// printWaits is what the probing client met, over all rounds.
func (r *results) printWaits(w io.Writer, load int) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "\na probing client beside %s\tp50 ms\tp99\tp99.9\tmax\tquestions\n", r.loads[load].name)
	for i, watcher := range r.watchers {
		var all []time.Duration
		for _, s := range r.samples[load][i] {
			all = append(all, s.waits...)
		}
		q := waitOf(all)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\n", watcher.name,
			milliseconds(q.p50), milliseconds(q.p99), milliseconds(q.p999), milliseconds(q.max), q.asked)
	}
	t.Flush()
}

// own is the watcher's own CPU time over time.
func (r *results) own(load, watcher int) string {
	if r.watchers[watcher].attach == nil {
		return ""
	}
	return fmt.Sprintf("%.3f", lab.SpreadOf(r.values(load, watcher, func(s sample) float64 { return s.watcherCores })).Median)
}

// shown leaves out the ratio of nobody to itself.
func (r *results) shown(load, watcher int, of func(sample) float64) string {
	if watcher == nobody {
		return ""
	}
	return r.ratio(load, watcher, of).String()
}

// verdict says what a ratio is worth on a machine with this noise. More than promised is only what
// every round shows.
func verdict(ratio lab.Spread, within, noise float64) string {
	allowed := max(within, 1+noise)
	switch {
	case ratio.Median > allowed && ratio.Min > within:
		return fmt.Sprintf("%.3f: MORE than %v in every round, and outside the noise of ±%.3f", ratio.Median, within, noise)
	case noise > within-1 || ratio.Median > within:
		return fmt.Sprintf("%.3f: with a noise of ±%.3f and rounds of %.3f..%.3f this run cannot tell %v", ratio.Median, noise, ratio.Min, ratio.Max, within)
	}
	return fmt.Sprintf("%.3f: within %v, and the noise is ±%.3f", ratio.Median, within, noise)
}
