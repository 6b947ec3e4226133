package monitor

import (
	"strings"
	"testing"
	"time"
)

var limits = Limits{Duty: 0.01, Held: 8 << 20}

func busy(rate, input float64) Conditions {
	return Conditions{Known: true, Reset: true, Interval: 2 * time.Second, Commands: rate, InputBytes: input}
}

// few has so few connections that one turn of the event loop cannot bring much.
func few(c Conditions) Conditions {
	c.Clients = 10
	return c
}

func TestSamplePlan(t *testing.T) {
	for name, tc := range map[string]struct {
		c           Conditions
		chain       bool
		least, most time.Duration // of the time in windows
		longest     time.Duration
	}{
		"a quiet server is seen whole":         {busy(200, 20_000), true, 0, 0, 50 * time.Millisecond},
		"an idle server is seen whole":         {busy(0, 0), true, 0, 0, 50 * time.Millisecond},
		"5,000/s leave room for more":          {busy(5_000, 250_000), false, 400 * time.Millisecond, 1000 * time.Millisecond, 5 * time.Millisecond},
		"200,000/s stay at the duty":           {busy(200_000, 8e6), false, 16 * time.Millisecond, 20 * time.Millisecond, 2 * time.Millisecond},
		"1 KiB values stay at the duty":        {busy(100_000, 105e6), false, 16 * time.Millisecond, 20 * time.Millisecond, 2 * time.Millisecond},
		"100 kB values stay at the duty":       {few(busy(20_000, 2e9)), false, 16 * time.Millisecond, 20 * time.Millisecond, 2 * time.Millisecond},
		"a few large commands are not chained": {busy(100, 100e6), false, 16 * time.Millisecond, 20 * time.Millisecond, 2 * time.Millisecond},
	} {
		p := tc.c.sample(limits)
		if p.reason != "" || p.chain != tc.chain || p.length > tc.longest || p.length < time.Millisecond {
			t.Errorf("%s: %+v", name, p)
			continue
		}
		if total := p.length * time.Duration(p.count); !p.chain && (total < tc.least || total > tc.most) {
			t.Errorf("%s: %d windows of %s are %s, want %s to %s", name, p.count, p.length, total, tc.least, tc.most)
		}
		if !p.chain && p.count < fewest {
			t.Errorf("%s: only %d windows", name, p.count)
		}
	}
}

func TestNoWindowIsOpened(t *testing.T) {
	near := busy(1000, 1000)
	near.Max, near.Used = 1000, 901
	loading := busy(1000, 1000)
	loading.Loading = true
	replica := busy(1000, 1000)
	replica.Replica = true
	crowd := busy(20_000, 2e9) // a turn may run a command of 100 kB for each of them
	crowd.Clients = 50
	for _, tc := range []struct {
		c    Conditions
		says string
		full bool // also in full mode
	}{{near, "maxmemory", true}, {crowd, "one turn", true}, {loading, "loading", true}, {replica, "replica", false}, {Conditions{}, "nothing is known", true}} {
		if p := tc.c.sample(limits); !strings.Contains(p.reason, tc.says) || p.count != 0 {
			t.Errorf("%+v: sample plan %+v, want a reason with %q", tc.c, p, tc.says)
		}
		if p := tc.c.full(limits); (p.reason != "") != tc.full {
			t.Errorf("%+v: full plan %+v", tc.c, p)
		}
	}
}

// Whatever the rates, two windows that nobody reads stay within the bytes that may be held.
func TestWindowsStayWithinTheHeldBytes(t *testing.T) {
	for _, rate := range []float64{0, 1, 1e3, 1e5, 2e6} {
		for _, size := range []float64{0, 10, 1e3, 1e5, 1e7} {
			c := busy(rate, rate*size)
			for _, p := range []plan{c.sample(limits), c.full(limits)} {
				feed := min(fastestFeed, rate*feedPerCommand+rate*size*feedPerByte)
				if held := 2 * feed * p.length.Seconds(); held > float64(limits.Held)/2+1 {
					t.Errorf("%g/s of %g bytes: %+v may hold %.0f bytes", rate, size, p, held)
				}
			}
		}
	}
}
