package sketch

import (
	"math"
	"time"
)

// Growth is what a counter that only grows grew by. It is unknown where the counter went back (it
// was reset between the two readings) or is negative (it overflowed, or is no counter).
func Growth(before, after int64) (int64, bool) {
	if before < 0 || after < before {
		return 0, false
	}
	return after - before, true
}

// PerSecond is an amount over an elapsed time; unknown where no time elapsed or the result is not finite.
func PerSecond(amount float64, elapsed time.Duration) (float64, bool) {
	if elapsed <= 0 {
		return 0, false
	}
	return Finite(amount / elapsed.Seconds())
}

// Ratio is part over whole; unknown where the whole is 0 or the result is not finite.
func Ratio(part, whole float64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return Finite(part / whole)
}

// Finite lets a number through unless it is NaN or infinite: JSON can write neither.
func Finite(v float64) (float64, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// Add is a + b, held at the ends of int64 instead of overflowing.
func Add(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
