package sketch_test

import (
	"math"
	"testing"
	"time"

	"redistop/internal/sketch"
)

func TestGrowth(t *testing.T) {
	for _, c := range []struct {
		before, after, want int64
		ok                  bool
	}{
		{10, 15, 5, true},
		{10, 10, 0, true},
		{10, 9, 0, false},
		{-1, 9, 0, false},
		{0, math.MaxInt64, math.MaxInt64, true},
		{math.MinInt64, math.MaxInt64, 0, false},
	} {
		if got, ok := sketch.Growth(c.before, c.after); got != c.want || ok != c.ok {
			t.Errorf("Growth(%d, %d) = %d, %v; want %d, %v", c.before, c.after, got, ok, c.want, c.ok)
		}
	}
}

func TestPerSecond(t *testing.T) {
	for _, c := range []struct {
		amount  float64
		elapsed time.Duration
		want    float64
		ok      bool
	}{
		{10, 2 * time.Second, 5, true},
		{1, 500 * time.Millisecond, 2, true},
		{0, time.Second, 0, true},
		{10, 0, 0, false},
		{10, -time.Second, 0, false},
		{math.MaxFloat64, time.Nanosecond, 0, false},
		{math.NaN(), time.Second, 0, false},
	} {
		if got, ok := sketch.PerSecond(c.amount, c.elapsed); got != c.want || ok != c.ok {
			t.Errorf("PerSecond(%v, %v) = %v, %v; want %v, %v", c.amount, c.elapsed, got, ok, c.want, c.ok)
		}
	}
}

func TestRatio(t *testing.T) {
	for _, c := range []struct {
		part, whole, want float64
		ok                bool
	}{
		{1, 4, 0.25, true},
		{0, 4, 0, true},
		{4, 0, 0, false},
		{0, 0, 0, false},
		{math.Inf(1), 4, 0, false},
		{1, math.NaN(), 0, false},
	} {
		if got, ok := sketch.Ratio(c.part, c.whole); got != c.want || ok != c.ok {
			t.Errorf("Ratio(%v, %v) = %v, %v; want %v, %v", c.part, c.whole, got, ok, c.want, c.ok)
		}
	}
}

func TestAdd(t *testing.T) {
	for _, c := range []struct{ a, b, want int64 }{
		{1, 2, 3},
		{math.MaxInt64, 1, math.MaxInt64},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64},
		{math.MinInt64, -1, math.MinInt64},
		{math.MinInt64, math.MaxInt64, -1},
	} {
		if got := sketch.Add(c.a, c.b); got != c.want {
			t.Errorf("Add(%d, %d) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
