package lab

import "testing"

func TestSpreadOf(t *testing.T) {
	tests := []struct {
		values []float64
		want   Spread
	}{
		{[]float64{3}, Spread{3, 3, 3}},
		{[]float64{4, 1}, Spread{2.5, 1, 4}},
		{[]float64{5, 1, 2}, Spread{2, 1, 5}},
		{[]float64{9, 1, 3, 2}, Spread{2.5, 1, 9}},
	}
	for _, tt := range tests {
		if got := SpreadOf(tt.values); got != tt.want {
			t.Errorf("SpreadOf(%v) = %+v, want %+v", tt.values, got, tt.want)
		}
	}
}

// A ratio is to the baseline of its own round: a round on a slow machine changes nothing.
func TestRatios(t *testing.T) {
	got := SpreadOf(Ratios([]float64{2.2, 22, 3}, []float64{2, 20, 2})).String()
	if want := "1.100 (1.100..1.500)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
