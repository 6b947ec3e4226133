package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"
)

// A population is clients whose true rates are known at every moment, and how their commands come.
type population struct {
	name    string
	rate    func(client int) float64                  // commands a second while it is active
	active  func(client int, r *rand.Rand) []activity // within the span, in their order; nil: always
	batch   int                                       // commands that come together, as in a pipeline
	pulses  pulses                                    // of the first client, instead
	windows int                                       // 0: 40
}

// pulses are many commands at one moment, now and then.
type pulses struct {
	commands float64
	every    float64 // seconds, from half of it to one and a half times
}

// activity is a stretch of time, in seconds from the beginning of the span.
type activity struct{ from, to float64 }

const (
	simClients = 40
	simSpan    = 10 * time.Second
	simWindow  = 4 * time.Millisecond
	simWindows = 40
	simTop     = 20
)

func uniform(int) float64     { return 500 }
func zipf(client int) float64 { return 20_000 / float64(client+1) }
func flat(client int) float64 { return 200 + 40*float64(client) }
func onOff(on, off float64) func(int, *rand.Rand) []activity {
	return func(_ int, r *rand.Rand) []activity {
		var all []activity
		for t := -r.ExpFloat64() * on; t < simSpan.Seconds(); {
			end := t + r.ExpFloat64()*on
			all = append(all, activity{max(0, t), end})
			t = end + r.ExpFloat64()*off
		}
		return all
	}
}

// inRhythm is active in rhythm with the windows: they come at the same distance on average.
func inRhythm(client int, _ *rand.Rand) []activity {
	period := simSpan.Seconds() / simWindows
	var all []activity
	for t := float64(client) / simClients * period; t < simSpan.Seconds(); t += period {
		all = append(all, activity{t, t + period/4})
	}
	return all
}

var populations = []population{
	{name: "uniform", rate: uniform},
	{name: "zipf", rate: zipf},
	{name: "pipelines of 16", rate: zipf, batch: 16},
	{name: "bursts of 4 ms", rate: flat, active: onOff(0.004, 0.040)},
	{name: "bursts of 50 ms", rate: flat, active: onOff(0.050, 0.200)},
	{name: "bursts of 1 s", rate: flat, active: onOff(1, 1)},
	{name: "bursts of 50 ms, pipelined", rate: flat, active: onOff(0.050, 0.200), batch: 16},
	{name: "in rhythm with the windows", rate: flat, active: inRhythm},
	{name: "three windows", rate: zipf, windows: 3},
	{name: "eight windows, bursts of 50 ms", rate: flat, active: onOff(0.050, 0.200), windows: 8},
	{name: "400 commands at once, hit ten times", rate: flat, pulses: pulses{400, 0.150}, windows: 300},
	{name: "400 commands at once, hit three times", rate: flat, pulses: pulses{400, 0.150}, windows: 100},
	{name: "40,000 commands at once, hit twice", rate: flat, pulses: pulses{40_000, 1}, windows: 400},
	{name: "40,000 commands at once, hit once or never", rate: flat, pulses: pulses{40_000, 1}, windows: 100},
}

// The 95 % intervals hold the truth in at least 93 of 100 trials, for each of the 20 busiest clients.
func TestIntervalsHoldTheTruth(t *testing.T) {
	const trials = 200
	for _, p := range populations {
		t.Run(p.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var held [simTop]int
			var width, missed [simTop]float64
			for range trials {
				w := p.simulate(r)
				e := newEstimator(w.n, w.duty, false)
				expect(e, w.seen())
				excess := e.excess(slices.Repeat([]float64{simWindow.Seconds()}, len(w.n)), w.all, simSpan.Seconds())
				for rank, client := range w.busiest[:simTop] {
					share, half, ok := e.share(w.counts[client])
					half += strayed(share, excess)
					if ok && math.Abs(share-w.truth[client]) <= half {
						held[rank]++
					}
					width[rank] += half / w.truth[client] / trials
					missed[rank] += math.Pow(share/w.truth[client]-1, 2) / trials
				}
			}
			for rank, n := range held {
				if n*100 < trials*93 {
					t.Errorf("client of rank %d: %d of %d intervals hold the truth", rank+1, n, trials)
				}
				// An interval that holds everything tells nothing.
				if needed := 1.96 * math.Sqrt(missed[rank]); width[rank] > 3*needed && simWindows == p.count() {
					t.Errorf("client of rank %d: intervals of ±%.2f where ±%.2f would do", rank+1, width[rank], needed)
				}
			}
		})
	}
}

func (p *population) count() int { return cmp.Or(p.windows, simWindows) }

// world is what windows saw, and the truth.
type world struct {
	n       []float64   // by window
	counts  [][]float64 // by client and window
	truth   []float64   // shares
	all     float64     // commands, as the server counts them
	busiest []int
	duty    float64
}

func (w world) seen() map[int]*series {
	all := map[int]*series{}
	for client, counts := range w.counts {
		s := &series{counts: counts}
		for _, n := range counts {
			s.total += n
		}
		all[client] = s
	}
	return all
}

// simulate places a window at random in each part of the span, as the sampler does, and counts.
func (p *population) simulate(r *rand.Rand) world {
	windows := p.count()
	part := simSpan.Seconds() / float64(windows)
	w := world{n: make([]float64, windows), duty: simWindow.Seconds() / part}
	begins := make([]float64, windows)
	for i := range begins {
		begins[i] = (float64(i) + r.Float64()*(1-simWindow.Seconds()/part)) * part
	}
	for client := range simClients {
		if client == 0 && p.pulses.commands > 0 {
			w.pulse(p.pulses, begins, r)
			continue
		}
		stretches := []activity{{0, simSpan.Seconds()}}
		if p.active != nil {
			stretches = p.active(client, r)
		}
		total := overlap(stretches, 0, simSpan.Seconds()) * p.rate(client)
		w.truth = append(w.truth, total)
		w.all += total
		counts := make([]float64, windows)
		for i, from := range begins {
			mean := overlap(stretches, from, from+simWindow.Seconds()) * p.rate(client)
			batch := float64(max(1, p.batch))
			counts[i] = batch * poisson(mean/batch, r)
			w.n[i] += counts[i]
		}
		w.counts = append(w.counts, counts)
	}
	for client := range w.truth {
		w.busiest = append(w.busiest, client)
		w.truth[client] /= w.all
	}
	slices.SortFunc(w.busiest, func(a, b int) int { return cmp.Compare(w.truth[b], w.truth[a]) })
	return w
}

// pulse adds a client that sends in pulses.
func (w *world) pulse(p pulses, begins []float64, r *rand.Rand) {
	counts, sent := make([]float64, len(begins)), 0.0
	for t := r.Float64() * p.every; t < simSpan.Seconds(); t += p.every * (0.5 + r.Float64()) {
		sent += p.commands
		if i := sort.SearchFloat64s(begins, t) - 1; i >= 0 && t < begins[i]+simWindow.Seconds() {
			counts[i] += p.commands
			w.n[i] += p.commands
		}
	}
	w.truth, w.counts, w.all = append(w.truth, sent), append(w.counts, counts), w.all+sent
}

// overlap is how much of a window the stretches cover, in seconds.
func overlap(stretches []activity, from, to float64) float64 {
	var sum float64
	first, _ := slices.BinarySearchFunc(stretches, from, func(a activity, t float64) int { return cmp.Compare(a.to, t) })
	for _, s := range stretches[first:] {
		if s.from > to {
			break
		}
		sum += max(0, min(s.to, to)-max(s.from, from))
	}
	return sum
}

func poisson(mean float64, r *rand.Rand) float64 {
	n := 0.0
	for t := r.ExpFloat64(); t < mean; t += r.ExpFloat64() {
		n++
	}
	return n
}
