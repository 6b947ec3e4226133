package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"redistop/bench/lab"
)

// within is the CPU time a command, against nobody, that redistop promises not to exceed.
const within = 1.01

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
		fmt.Fprintf(t, "\n%s\tCPU µs a command\tratio to nobody (min..max)\tcommands/s\tratio to nobody (min..max)\n", load.name)
		for i, watcher := range r.watchers {
			fmt.Fprintf(t, "%s\t%.3f\t%s\t%.0f\t%s\n", watcher.name,
				lab.SpreadOf(r.values(l, i, usec)).Median, r.shown(l, i, usec),
				lab.SpreadOf(r.values(l, i, throughput)).Median, r.shown(l, i, throughput))
		}
		t.Flush()
	}
	fmt.Fprintf(w, "\nCPU time a command with redistop, against nobody; it should be within %.2f:\n", within)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for l, load := range r.loads {
		for i, watcher := range r.watchers {
			if watcher.ours {
				fmt.Fprintf(t, "%s\t%s\t%s\n", load.name, watcher.name, verdict(r.ratio(l, i, usec), r.noise(l)))
			}
		}
	}
	t.Flush()
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
func verdict(ratio lab.Spread, noise float64) string {
	allowed := max(within, 1+noise)
	switch {
	case ratio.Median > allowed && ratio.Min > within:
		return fmt.Sprintf("%.3f: MORE than %.2f in every round, and outside the noise of ±%.3f", ratio.Median, within, noise)
	case noise > within-1 || ratio.Median > within:
		return fmt.Sprintf("%.3f: with a noise of ±%.3f and rounds of %.3f..%.3f this run cannot tell %.2f", ratio.Median, noise, ratio.Min, ratio.Max, within)
	}
	return fmt.Sprintf("%.3f: within %.2f, and the noise is ±%.3f", ratio.Median, within, noise)
}
