package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBench(t *testing.T) {
	out := "goos: linux\ncpu: AMD EPYC\n" +
		"BenchmarkFrame200x60/as_it_comes-2         	      50	   1500000 ns/op	 1 B/op	 2 allocs/op\n" +
		"BenchmarkFrame200x60/sorted_by_age-16      	      20	   2500000.5 ns/op\nPASS\n"
	want := []result{{"as it comes", 1500 * time.Microsecond}, {"sorted by age", 2500 * time.Microsecond}}
	got, err := parseBench([]byte(out))
	if d := cmp.Diff(want, got, cmp.AllowUnexported(result{})); d != "" || err != nil {
		t.Errorf("%v; -want +got:\n%s", err, d)
	}
	if _, err := parseBench([]byte("PASS\nok redistop/internal/tui 0.1s\n")); err == nil {
		t.Error("no result, and no error")
	}
}

// The screen sees the frame when its last part is drawn, and the rates only after that; a word cut
// by an escape code or by the pipe is still a word.
func TestScreen(t *testing.T) {
	s := &screen{version: "7.0.15", whole: make(chan time.Time, 1), rates: make(chan time.Time, 1)}
	steps := []struct {
		text         string
		whole, rates int
	}{
		{"\x1b[?1049h connecting  \x1b[33mt \x1b[39mtotals", 0, 0},
		{"\x1b[H redis \x1b[1m7.0", 0, 0},
		{".15  cost –", 1, 0},
		{"\x1b[1;60Hcost \x1b[1m0.1 %", 1, 1},
		{"\x1b[1;60Hcost \x1b[1m0.2 %", 1, 1},
	}
	for _, step := range steps {
		s.Write([]byte(step.text))
		if len(s.whole) != step.whole || len(s.rates) != step.rates {
			t.Errorf("after %q: %d frames, %d rates; want %d, %d", step.text, len(s.whole), len(s.rates), step.whole, step.rates)
		}
	}
}
