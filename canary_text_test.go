package main

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// The table fits 80 columns however large the counts are, and what is not known is not 0.
func TestCanaryTable(t *testing.T) {
	large := stats.Probe{Kind: "pubsub", Sent: 9_999_999, Received: 9_999_999, Lost: 99_999, Duplicated: 9_999, Reordered: 9_999,
		P50Usec: stats.Some(999.0), P99Usec: stats.Some(999_400.0), P999Usec: stats.Some(12_345.0), MaxUsec: stats.Some(123e6), Verdict: "x", LastError: "a\x1bb", Errors: 1}
	text := canaryTable([]stats.Probe{large, {Kind: "list", Verdict: "y"}})
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if len([]rune(line)) > 79 {
			t.Errorf("%d columns: %q", len(line), line)
		}
	}
	want := []string{
		"VIA         SENT  RECEIVED   LOST  DUPL REORD     P50     P99   P99.9     MAX",
		"pubsub 9,999,999 9,999,999 99,999 9,999 9,999  999 us  999 ms 12.3 ms   123 s",
		"list           0         0      0     0     0     n/a     n/a     n/a     n/a",
		"pubsub: x",
		`pubsub: 1 error, the last: a\x1bb`,
		"list: y",
	}
	for i, line := range want {
		if lines[i] != line {
			t.Errorf("line %d:\n got %q\nwant %q", i, lines[i], line)
		}
	}
}
