package main

import (
	"testing"
	"time"
)

func TestAt(t *testing.T) {
	var waits []time.Duration
	if got := at(waits, 0.5); got != 0 {
		t.Errorf("of none: %s", got)
	}
	for i := range 200 {
		waits = append(waits, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 100, 0.99: 198, 1: 200} {
		if got := at(waits, q); got != want {
			t.Errorf("%g of them: %d, want %d", q, got, want)
		}
	}
}

func TestTexts(t *testing.T) {
	for d, want := range map[time.Duration]string{70 * time.Microsecond: "0.07 ms", 43 * time.Millisecond: "43 ms", 2400 * time.Millisecond: "2.4 s", 17 * time.Second: "17 s"} {
		if got := timeText(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{7: "7", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if n := lineCounter(0); true {
		n.Write([]byte("a\nb"))
		n.Write([]byte("\n"))
		if n != 2 {
			t.Errorf("%d lines", n)
		}
	}
}
