package web

import (
	"testing"

	"redistop/internal/stats"
)

// Test messages are metrics where they are sent, and absent elsewhere.
func TestCanaryMetrics(t *testing.T) {
	s := *recorded(t, "redis-7.0.15")[1]
	_, plain := serving(Options{}, &s)
	if got := samples(t, plain); got[`redistop_canary_sent_total{kind="stream",server="a"}`] != "" {
		t.Error("nobody sends, and yet there is a count")
	}
	s.Canary = []stats.Probe{{Kind: "stream", Sent: 40, Received: 38, Lost: 2, Duplicated: 3, Broken: true, P50Usec: stats.Some(1500.0), GapUsec: stats.Some(2.5e6), SilentAt: s.Time}, {Kind: "pubsub", Sent: 9, Received: 9}}
	_, singing := serving(Options{}, &s)
	got := samples(t, singing)
	for series, want := range map[string]string{
		`redistop_canary_sent_total{kind="stream",server="a"}`:       "40",
		`redistop_canary_received_total{kind="stream",server="a"}`:   "38",
		`redistop_canary_lost{kind="stream",server="a"}`:             "2",
		`redistop_canary_duplicated_total{kind="stream",server="a"}`: "3",
		`redistop_canary_broken{kind="stream",server="a"}`:           "1",
		`redistop_canary_broken{kind="pubsub",server="a"}`:           "0",
		`redistop_canary_p50_seconds{kind="stream",server="a"}`:      "0.0015",
		`redistop_canary_p50_seconds{kind="pubsub",server="a"}`:      "",
		`redistop_canary_p99_seconds{kind="stream",server="a"}`:      "",
		`redistop_canary_gap_seconds{kind="stream",server="a"}`:      "2.5",
		`redistop_canary_gap_seconds{kind="pubsub",server="a"}`:      "",
		`redistop_canary_silent{kind="stream",server="a"}`:           "1",
		`redistop_canary_silent{kind="pubsub",server="a"}`:           "0",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %q", series, got[series], want)
		}
	}
}
