package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/bench/lab"
)

// three rounds of one load: nobody costs 1 and 1.02 µs, redistop 1 % more than their mean, MONITOR
// twice as much; the third round ran on a machine half as fast.
func threeRounds() *results {
	r := newResults([]load{{name: "GET"}}, []watcher{
		{name: "nobody"}, {name: "again"}, {name: "redistop", within: withinCounters, attach: monitor, key: fullKey}, {name: "MONITOR", key: monitorKey},
	})
	for _, slow := range []float64{1, 1, 2} {
		for w, cpu := range []float64{1, 1.02, 1.01 * 1.01, 2.02} {
			r.samples[0][w] = append(r.samples[0][w], sample{usecPerCommand: cpu * slow, commandsPerSecond: 1e6 / cpu / slow, watcherCores: 0.01,
				waits: []time.Duration{time.Millisecond, 2 * time.Millisecond, time.Duration(w+1) * 10 * time.Millisecond}})
		}
	}
	return r
}

func TestResults(t *testing.T) {
	var out strings.Builder
	threeRounds().print(&out)
	want := `
GET        CPU µs a command   ratio to nobody (min..max)   commands/s   ratio to nobody (min..max)   of a core for itself
nobody     1.000                                           1000000                                   
again      1.020              1.020 (1.020..1.020)         980392       0.980 (0.980..0.980)         
redistop   1.020              1.010 (1.010..1.010)         980296       0.990 (0.990..0.990)         0.010
MONITOR    2.020              2.000 (2.000..2.000)         495050       0.500 (0.500..0.500)         

a probing client beside GET   p50 ms   p99     p99.9   max     questions
nobody                        2.00     10.00   10.00   10.00   9
again                         2.00     20.00   20.00   20.00   9
redistop                      2.00     30.00   30.00   30.00   9
MONITOR                       2.00     40.00   40.00   40.00   9

CPU time a command with redistop, against nobody:
GET   redistop   1.010: with a noise of ±0.020 and rounds of 1.010..1.010 this run cannot tell 1.01

redistop, against MONITOR of the same round:
GET   CPU µs a command 0.505 (0.505..0.505)   commands/s 1.980 (1.980..1.980)
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestVerdict(t *testing.T) {
	tests := []struct {
		ratio lab.Spread
		noise float64
		want  string
	}{
		{lab.Spread{Median: 1.004, Min: 0.99, Max: 1.02}, 0.005, "1.004: within 1.01, and the noise is ±0.005"},
		{lab.Spread{Median: 1.004, Min: 1.002, Max: 1.006}, 0.03, "1.004: with a noise of ±0.030 and rounds of 1.002..1.006 this run cannot tell 1.01"},
		{lab.Spread{Median: 1.02, Min: 1.015, Max: 1.03}, 0.03, "1.020: with a noise of ±0.030 and rounds of 1.015..1.030 this run cannot tell 1.01"},
		{lab.Spread{Median: 1.02, Min: 0.98, Max: 1.03}, 0.005, "1.020: with a noise of ±0.005 and rounds of 0.980..1.030 this run cannot tell 1.01"},
		{lab.Spread{Median: 1.012, Min: 1.011, Max: 1.02}, 0.005, "1.012: MORE than 1.01 in every round, and outside the noise of ±0.005"},
	}
	for _, tt := range tests {
		if got := verdict(tt.ratio, withinCounters, tt.noise); got != tt.want {
			t.Errorf("verdict(%v, %v)\n got %q\nwant %q", tt.ratio, tt.noise, got, tt.want)
		}
	}
}

// Every watcher has one turn a round, and nobody and the control stand apart.
func TestTurn(t *testing.T) {
	for n := 3; n < 10; n++ {
		first := map[int]bool{}
		for round := range n {
			order := turn(n, round)
			first[order[0]] = true
			apart := slices.Index(order, nobody) - slices.Index(order, nobodyAgain)
			if apart = max(apart, -apart); min(apart, n-apart) < n/2-1 {
				t.Errorf("round %d of %d watchers: %v: nobody and its control are %d apart", round, n, order, apart)
			}
			slices.Sort(order)
			for w, got := range order {
				if got != w {
					t.Fatalf("round %d of %d watchers: sorted %v", round, n, order)
				}
			}
		}
		if len(first) != n {
			t.Errorf("%d watchers: only %d of them ever begin a round", n, len(first))
		}
	}
}

func TestWatchersAreChosen(t *testing.T) {
	list, err := chosen(peers("redistop"), []string{"full", "sample"})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, w := range list {
		keys = append(keys, w.key)
	}
	if want := []string{"", "", "sample", "full"}; !slices.Equal(keys, want) || list[nobody].attach != nil || list[nobodyAgain].attach != nil {
		t.Errorf("chosen %q, want %q", keys, want)
	}
	if _, err := chosen(peers("redistop"), []string{"samples"}); err == nil || !strings.Contains(err.Error(), "sample-json") {
		t.Errorf("an unknown watcher gives %v", err)
	}
}

// A stall counts for all that would have been asked meanwhile.
func TestAStallCountsForTheQuestionsThatItHeldUp(t *testing.T) {
	var waits []time.Duration
	for range 996 {
		waits = missed(waits, 100*time.Microsecond)
	}
	waits = missed(waits, 7*time.Millisecond)
	got := waitOf(waits)
	want := wait{asked: 1000, p50: 100 * time.Microsecond, p99: 100 * time.Microsecond, p999: 7 * time.Millisecond, max: 7 * time.Millisecond}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := waitOf(nil); got != (wait{}) {
		t.Errorf("of nothing: %+v", got)
	}
}
