package tui

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

// Test messages have a section of their own where they are sent, and a loss that must not be stands in it as bad.
func TestCanaryLines(t *testing.T) {
	if lines := canaryLines(&stats.Snapshot{}); lines != nil {
		t.Errorf("nobody sends: %+v", lines)
	}
	lines := canaryLines(&stats.Snapshot{Canary: []stats.Probe{
		{Kind: "pubsub", Sent: 100, Lost: 3},
		{Kind: "list", Sent: 100, P99Usec: stats.Some(1500.0)},
		{Kind: "stream", Sent: 100, Lost: 1, Broken: true},
		{Kind: "list", Sent: 100, Lost: 0, SilentAt: time.Date(2026, 11, 26, 5, 31, 7, 0, time.Local)},
		{Kind: "stream", LastError: "NOPERM \x1b[31m"},
	}})
	want := []sheetLine{
		{section: "Canary"},
		{label: "pubsub", text: "3 lost of 100", more: "p99 " + unknown, style: styleWarn},
		{label: "list", text: "0 lost of 100", more: "p99 1.50ms", style: styleGood},
		{label: "stream", text: "1 lost of 100", more: "p99 " + unknown, style: styleBad},
		{label: "list", text: "no answer since 05:31:07", style: styleBad},
	}
	for i, line := range want {
		if lines[i] != line {
			t.Errorf("line %d is %+v, want %+v", i, lines[i], line)
		}
	}
	if last := lines[5]; strings.Contains(last.text, "\x1b") || !strings.Contains(last.text, "NOPERM") {
		t.Errorf("%+v", last)
	}
}
