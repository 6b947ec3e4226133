package tui

import (
	"math"
	"slices"
	"testing"
	"time"

	"redistop/internal/stats"
)

func TestColumnsKeepPeaksAndGaps(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	samples := []sample{
		{at(0), at(2), 5}, {at(2), at(4), 9}, // both end in the first column of 4 s
		{at(4), at(8), 0},
		{at(12), at(16), 3}, // nothing between 8 and 12
		{at(100), at(104), 7},
	}
	got := columnsOf(samples, noon, 20*time.Second, 5)
	want := []float64{9, 0, math.NaN(), 3, math.NaN()}
	if !slices.EqualFunc(got, want, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := columnsOf(samples, noon, 0, 3); !math.IsNaN(got[0]) {
		t.Errorf("no span: %v", got)
	}
}

func TestPlotShowsZeroAndGap(t *testing.T) {
	s := newSurface(4, 2)
	plot(s.area(), []float64{8, 4, 0, 0, math.NaN(), math.NaN(), 1, math.NaN()}, 8, styleGraph)
	if got, want := s.encode(nil), "⡇\n⣿⣀ ⡀"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCeiling(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 0.4: 0.4, 1: 1, 7: 8, 41_230: 50_000, 66_000: 80_000, 100_000: 100_000, 0.00012: 0.00015} {
		if got := ceiling(v, 1000); math.Abs(got-want) > want*1e-9 {
			t.Errorf("ceiling(%v) = %v, want %v", v, got, want)
		}
	}
	for v, want := range map[float64]float64{1000: 1000, 1025: 1.5 * 1024, 700 * 1024: 800 * 1024} {
		if got := ceiling(v, 1024); got != want {
			t.Errorf("ceiling(%v) of bytes = %v, want %v", v, got, want)
		}
	}
}

// Stalls and the time in which nobody looked stay gaps; a slower interval does not.
func TestSamplesKeepGaps(t *testing.T) {
	v := newView(80, 24)
	v.hist = stats.NewHistory(historySpan, historyRows)
	for _, sec := range []int{0, 2, 4, 600, 602, 604, 634, 664} {
		v.hist.Add(busyCache(noon.Add(time.Duration(sec)*time.Second), 1))
	}
	var lengths []int
	for _, s := range v.samples(stats.SeriesCommands) {
		lengths = append(lengths, int(s.To.Sub(s.From)/time.Second))
	}
	if want := []int{2, 2, 2, 2, 2, 2, 30, 30}; !slices.Equal(lengths, want) {
		t.Errorf("samples last %v seconds, want %v", lengths, want)
	}
}

func TestFitTakesColumnsByPriority(t *testing.T) {
	titles := func(width int) (out []string) {
		for _, p := range fit(newView(80, 24), nowColumns, width, func(int) int { return 40 }) {
			out = append(out, nowColumns[p.col].title)
			if p.x+p.w > width {
				t.Errorf("width %d: columns take %d", width, p.x+p.w)
			}
		}
		return out
	}
	if got := titles(30); !slices.Equal(got, []string{"command", "calls/s"}) {
		t.Errorf("at 30: %v", got)
	}
	if got := titles(300); len(got) != len(nowColumns) {
		t.Errorf("at 300 some are missing: %v", got)
	}
	if got := titles(3); !slices.Equal(got, []string{"command"}) {
		t.Errorf("at 3: %v", got)
	}
}
