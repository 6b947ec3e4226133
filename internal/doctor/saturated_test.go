package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func full(load, ping float64) *synth {
	s := newSynth(saturated)
	s.now.CPU = stats.CPU{MainThread: stats.Some(load), Total: stats.Some(load)}
	s.now.Latency = stats.Latency{Probes: 20, P50Usec: stats.Some(ping), MaxUsec: stats.Some(2 * ping), HereMaxUsec: stats.Some(400.0)}
	s.connection(stats.ConnectionRow{Addr: "10.0.3.5:77", Name: "web", CommandsPerSecond: stats.Some(90_000.0)})
	s.connection(stats.ConnectionRow{Addr: "10.0.3.6:77", Name: "jobs", CommandsPerSecond: stats.Some(10_000.0)})
	return s.run(15, func(int) { s.calls("get", 90_000, 2).calls("set", 10_000, 3) })
}

func TestSaturated(t *testing.T) {
	f := full(0.98, 9000).only(t, "saturated", stats.Warning)
	if want := "The thread that runs commands is busy for 98 % of the time"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if want := "Everybody waits: half of all PINGs from here took longer than 9 ms."; f.Impact != want {
		t.Errorf("impact %q, want %q", f.Impact, want)
	}
	if len(f.Culprits) != 2 || f.Culprits[0].Name != "web" || f.Culprits[0].Share.Or(0) != 0.9 {
		t.Errorf("culprits %+v", f.Culprits)
	}
	wantPrintable(t, f)
	full(0.98, 60_000).only(t, "saturated", stats.Critical)
	full(0.99, 900).only(t, "saturated", stats.Info) // a bulk load that others do not feel
	full(0.94, 9000).none(t)
}

func TestShortBurstsAreNoSaturation(t *testing.T) {
	s := newSynth(saturated)
	s.run(60, func(i int) {
		load := 0.1
		if i%20 < 6 {
			load = 1
		}
		s.now.CPU.MainThread = stats.Some(load)
		s.calls("get", 50_000, 2)
	}).none(t)
}
