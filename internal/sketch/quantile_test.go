package sketch_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"redistop/internal/sketch"
)

func TestQuantilesWithin1Percent(t *testing.T) {
	for name, draw := range map[string]func(*rand.Rand) uint64{
		"small":     func(r *rand.Rand) uint64 { return r.Uint64N(100) },
		"lognormal": func(r *rand.Rand) uint64 { return uint64(math.Exp(7 + 2.5*r.NormFloat64())) },
		"any":       func(r *rand.Rand) uint64 { return r.Uint64() >> r.Uint64N(64) },
		"one value": func(*rand.Rand) uint64 { return 1_234_567 },
		"largest":   func(r *rand.Rand) uint64 { return math.MaxUint64 - r.Uint64N(2) },
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(11, 12))
			var whole, even, odd sketch.Quantiles
			values := make([]uint64, 10_000)
			for i := range values {
				values[i] = draw(random)
				whole.Add(values[i])
				if i%2 == 0 {
					even.Add(values[i])
				} else {
					odd.Add(values[i])
				}
			}
			even.Merge(&odd)
			slices.Sort(values)
			for _, q := range []float64{0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
				want := values[max(0, int(math.Ceil(q*float64(len(values))))-1)]
				for _, h := range []*sketch.Quantiles{&whole, &even} {
					got, ok := h.Quantile(q)
					if off := math.Abs(float64(got) - float64(want)); !ok || off > float64(want)/100 {
						t.Errorf("quantile %g: %d, want %d", q, got, want)
					}
				}
			}
			if whole.Min() != values[0] || whole.Max() != values[len(values)-1] || whole.Count() != 10_000 {
				t.Errorf("%d values from %d to %d", whole.Count(), whole.Min(), whole.Max())
			}
		})
	}
}

func TestQuantilesOfFew(t *testing.T) {
	var h sketch.Quantiles
	if _, ok := h.Quantile(0.5); ok {
		t.Error("a median of nothing")
	}
	for _, v := range []uint64{1, 2, 3, 4} {
		h.Add(v)
	}
	for q, want := range map[float64]uint64{0: 1, 0.25: 1, 0.26: 2, 0.5: 2, 0.75: 3, 0.99: 4, 1: 4} {
		if got, ok := h.Quantile(q); got != want || !ok {
			t.Errorf("quantile %g: %d, want %d", q, got, want)
		}
	}
	for _, q := range []float64{-0.1, 1.1, math.NaN()} {
		if _, ok := h.Quantile(q); ok {
			t.Errorf("quantile %g is known", q)
		}
	}
	if h.Sum() != 10 {
		t.Errorf("sum %g", h.Sum())
	}
	var empty sketch.Quantiles
	h.Merge(&empty)
	if h.Min() != 1 || h.Count() != 4 {
		t.Error("an empty one changed it")
	}
	empty.Merge(&h)
	if empty != h {
		t.Error("merged into an empty one differs")
	}
	h.Reset()
	if h != (sketch.Quantiles{}) {
		t.Error("not empty after Reset")
	}
}

func BenchmarkQuantilesAdd(b *testing.B) {
	var h sketch.Quantiles
	v := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		h.Add(v)
		v = v*6364136223846793005 + 1442695040888963407
	}
}

func BenchmarkQuantile(b *testing.B) {
	var h sketch.Quantiles
	for i := range uint64(100_000) {
		h.Add(i)
	}
	for b.Loop() {
		h.Quantile(0.99)
	}
}
