package lab

import (
	"fmt"
	"slices"
)

// Spread is how a few measurements of one thing lie.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf sums up at least one measurement.
func SpreadOf(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1]}
}

// Ratios divides measurements by the baseline of the same round.
func Ratios(values, baseline []float64) []float64 {
	ratios := make([]float64, len(values))
	for i, v := range values {
		ratios[i] = v / baseline[i]
	}
	return ratios
}

// String is a ratio with its spread: "1.004 (0.991..1.020)".
func (s Spread) String() string { return fmt.Sprintf("%.3f (%.3f..%.3f)", s.Median, s.Min, s.Max) }
