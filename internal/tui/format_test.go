package tui

import (
	"math"
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(float64) string
		want map[float64]string
	}{
		{"count", count, map[float64]string{
			0: "0", 0.0001: "<0.01", 0.42: "0.42", 0.998: "1.0", 1: "1", 3.14: "3.1", 9.96: "10", 42.4: "42", 999: "999", 999.6: "1.00k",
			1234: "1.23k", 9_996: "10.0k", 12_345: "12.3k", 123_456: "123k", 999_499: "999k", 999_600: "1.00M", 45_600_000: "45.6M",
			1.2e9: "1.20G", 4e12: "4.00T", 7e15: "7.00P", 7e18: "7000P",
		}},
		{"bytes", bytesText, map[float64]string{
			0: "0B", 0.4: "0B", 17: "17B", 1023: "1023B", 1024: "1.00KiB", 1536: "1.50KiB", 1 << 20: "1.00MiB", 1024*1024 - 1: "1.00MiB", 12.4 * (1 << 20): "12.4MiB",
			1 << 30: "1.00GiB", 1.5 * (1 << 40): "1.50TiB",
		}},
		{"usec", usecText, map[float64]string{
			0: "0µs", 0.8: "0.80µs", 1.4: "1.4µs", 12: "12µs", 999.4: "999µs", 999.6: "1.00ms", 1234: "1.23ms", 221_034: "221ms", 999_600: "1.00s", 4_560_000: "4.56s",
			123e6: "2m03s", math.Inf(1): "292y",
		}},
		{"percent", percent, map[float64]string{
			0: "0 %", 0.00001: "<.01 %", 0.0003: "0.03 %", 0.00998: "1.0 %", 0.012: "1.2 %", 0.0997: "10 %", 0.38: "38 %", 1: "100 %", 3.2: "320 %",
		}},
		{"ratio", ratio, map[float64]string{0: "0 %", 0.973: "97.3 %", 0.99995: "99.99 %", 1: "100 %"}},
	} {
		for v, want := range c.want {
			got := c.f(v)
			if c.name == "usec" && math.IsInf(v, 1) {
				if strings.ContainsAny(got, "eI") {
					t.Errorf("%s(%v) = %q", c.name, v, got)
				}
				continue
			}
			if got != want {
				t.Errorf("%s(%v) = %q, want %q", c.name, v, got, want)
			}
		}
	}
}

func TestEstimates(t *testing.T) {
	for _, c := range []struct {
		rate, err float64
		want      string
	}{
		{1234, 0, "1.23k"}, {1234, 98, "1.2k ±0.1k"}, {41_230, 900, "41.2k ±0.9k"}, {3.1, 1.24, "3.1 ±1.2"}, {0.42, 0.31, "0.4 ±0.3"},
		{0.04, 0.03, "0.04 ±0.03"}, {412, 98, "412 ±98"}, {0, 3.2, "0 ±3.2"}, {500, 1234, "0.5k ±1.2k"}, {123_456, 40, "123k ±0.04k"},
		{123_456, 4, "123k ±<.01k"}, {999.7, 20, "1.00k ±0.02k"}, {2e6, 3e5, "2.0M ±0.3M"}, {2e6, math.Inf(1), "2.00M"}, {7e18, 7e17, "7000P ±700P"},
	} {
		if got := estimated(some(c.rate), some(c.err)); got != c.want {
			t.Errorf("%v ± %v is %q, want %q", c.rate, c.err, got, c.want)
		}
	}
	if got := estimated(stats.Maybe[float64]{}, some(3)); got != unknown {
		t.Errorf("an unknown rate is %q", got)
	}
}

func TestWholeNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 10_000: "10,000", 99_999: "99,999", 100_000: "100k", -1_234: "-1,234", math.MaxInt64: "9223P"} {
		if got := whole(n); got != want {
			t.Errorf("whole(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 12 * time.Second: "12s", 250 * time.Second: "4m10s", 125 * time.Minute: "2h05m",
		76 * time.Hour: "3d04h", 3 * 365 * 24 * time.Hour: "3y000d",
	} {
		if got := durationText(d); got != want {
			t.Errorf("durationText(%v) = %q, want %q", d, got, want)
		}
	}
	if got := seconds(math.MaxInt64); strings.HasPrefix(got, "-") {
		t.Errorf("an absurd age is %q", got)
	}
	for d, want := range map[time.Duration]string{500 * time.Millisecond: "500ms", 2 * time.Second: "2s", time.Minute: "1m"} {
		if got := intervalText(d); got != want {
			t.Errorf("intervalText(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestCutText(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"get", 3, "get"}, {"hgetall", 4, "hge…"}, {"x", 0, ""}, {"世界", 4, "世界"}, {"世界一", 4, "世…"}, {"世界", 1, "…"},
		{"a\x1b[2J", 9, "a\x1b[2J"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := cutText(c.text, c.width); got != c.want {
			t.Errorf("cutText(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestWrapText(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""}, {"short", 5, "short"}, {"two words", 7, "two |words"}, {"unbreakable", 4, "unbr|eaka|ble"}, {"世界世", 4, "世界|世"}, {"now 40 % on", 8, "now |40 % on"}, {"世界", 1, "世界"},
	} {
		if got := strings.Join(wrapText(c.text, c.width), "|"); got != c.want {
			t.Errorf("wrapText(%q, %d) = %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
