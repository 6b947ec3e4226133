package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

func TestHostLatency(t *testing.T) {
	ping := func(s *synth, p50, longest float64) {
		s.now.Latency = stats.Latency{Probes: 10, P50Usec: stats.Some(p50), MaxUsec: stats.Some(longest), HereMaxUsec: stats.Some(1000.0)}
	}
	cases := []struct {
		name     string
		set      func(s *synth)
		severity stats.Severity
		says     []string
	}{
		{"pauses", func(s *synth) { ping(s, 200, 30_000); s.now.Latency.BaselineUsec = stats.Some(25_000.0) }, stats.Info, []string{"This host stops programs for up to 25 ms", "not the server's"}},
		{"long pauses", func(s *synth) { ping(s, 200, 250_000); s.now.Latency.BaselineUsec = stats.Some(150_000.0) }, stats.Warning, []string{"up to 150 ms"}},
		{"steal", func(s *synth) {
			ping(s, 200, 30_000)
			s.now.Host = stats.Host{Local: true, StealShare: stats.Some(0.3), Load: stats.Some(9.0), Cores: stats.Some(4)}
		}, stats.Warning, []string{"The hypervisor gives 30 %", "9 on 4 cores"}},
		{"overloaded", func(s *synth) {
			ping(s, 200, 30_000)
			s.now.Latency.HereMaxUsec = stats.Some(16_000.0)
			s.now.Host = stats.Host{Local: true, Load: stats.Some(9.0), Cores: stats.Some(4)}
		}, stats.Info, []string{"This host has more to do than its processors can (load 9)", "9 on 4 cores"}},
		{"overloaded, and only the server is late", func(s *synth) {
			ping(s, 200, 140_000)
			s.now.Host = stats.Host{Local: true, Load: stats.Some(6.0), Cores: stats.Some(2)}
		}, stats.Info, []string{"late by up to 140 ms though the server is 98 % idle: its process is not run", "6 on 2 cores", "nr_throttled"}},
		{"idle, near", func(s *synth) { ping(s, 200, 30_000) }, stats.Info, []string{"PINGs are late by up to 30 ms though the server is 98 % idle", "nr_throttled"}},
		{"idle, far", func(s *synth) { ping(s, 2000, 60_000); s.now.Latency.Remote = true }, stats.Info, []string{"late by up to 58 ms", "look at the network"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth(hostLatency)
			s.run(5, func(int) { c.set(s) })
			says(t, s.only(t, "host-latency", c.severity), c.says...)
		})
	}
	keys := func(s *synth, usec float64) {
		ping(s, 200, 800_000)
		s.calls("get", 100, 3).calls("keys", 1, usec).logged("10.0.0.1:1", "admin-web", int64(usec), "KEYS", "*")
	}
	t.Run("the server executes, and the host has pauses", func(t *testing.T) {
		s := newSynth(hostLatency)
		s.run(5, func(int) { keys(s, 926_000); s.now.Latency.BaselineUsec = stats.Some(25_000.0) })
		f := s.only(t, "host-latency", stats.Info)
		says(t, f, "This host also stops programs for up to 25 ms", "look at that first", "looks_share 30 %, ping_usec 20 ms and pause_usec 20 ms")
		if f.Confidence == stats.Certain || strings.Contains(f.Title, "not the server's") {
			t.Errorf("%s: %s", f.Confidence, f.Title)
		}
	})
	t.Run("shorter calls explain nothing, nor do short pauses", func(t *testing.T) {
		s := newSynth(hostLatency)
		s.run(5, func(int) { keys(s, 40_000); s.now.Latency.BaselineUsec = stats.Some(25_000.0) })
		if f := s.only(t, "host-latency", stats.Warning); f.Confidence == stats.Certain {
			t.Errorf("certain of %s", f.Title)
		}
	})
	silent(t, hostLatency, 5, map[string]func(*synth, int){
		"the server executes": func(s *synth, i int) { keys(s, 926_000) },
		"it executes, on a busy host": func(s *synth, i int) {
			keys(s, 926_000)
			s.now.Host = stats.Host{Local: true, Load: stats.Some(9.0), Cores: stats.Some(2)}
			s.now.Latency.HereMaxUsec = stats.Some(500_000.0)
		},
		"quick":       func(s *synth, i int) { ping(s, 200, 19_000); s.now.Latency.BaselineUsec = stats.Some(90_000.0) },
		"far, even":   func(s *synth, i int) { ping(s, 80_000, 99_000); s.now.Latency.Remote = true },
		"we are slow": func(s *synth, i int) { ping(s, 200, 30_000); s.now.Latency.HereMaxUsec = stats.Some(20_000.0) },
		"server busy": func(s *synth, i int) { ping(s, 200, 30_000); s.now.CPU.MainThread = stats.Some(0.9) },
		"cpu unknown": func(s *synth, i int) { ping(s, 200, 30_000); s.now.CPU = stats.CPU{} },
		"loading":     func(s *synth, i int) { ping(s, 200, 30_000); s.now.Persistence.Loading = true },
		"a hiccup":    func(s *synth, i int) { ping(s, 200, map[bool]float64{true: 900_000, false: 300}[i == 2]) },
		"not probed":  func(s *synth, i int) {},
		"other's pause": func(s *synth, i int) {
			ping(s, 200, 1000)
			s.now.Latency.Remote = true
			s.now.Latency.BaselineUsec = stats.Some(90_000.0)
		},
	})
}

func TestHostMemory(t *testing.T) {
	const gb = 1 << 30
	host := func(s *synth, overcommit int, rss int64) {
		s.now.Host = stats.Host{Local: true, Overcommit: stats.Some(overcommit)}
		s.now.Memory.RSS, s.now.Memory.System = stats.Some(rss), stats.Some(int64(10*gb))
		s.now.Config = map[string]string{"save": "60 1"}
	}
	huge := func(s *synth, bytes int64) {
		host(s, 1, gb)
		s.now.Host.HugePages, s.now.Host.ServerHuge = "always", stats.Some(bytes)
	}
	s := newSynth(hostMemory)
	host(s, 0, 5*gb)
	s.run(1, nil)
	says(t, s.only(t, "host-memory", stats.Warning), "may refuse the next fork", "50 % of the host's memory", "vm.overcommit_memory=1")
	s = newSynth(hostMemory)
	huge(s, 200<<20)
	s.now.Housekeeping.SaveCopyBytes = stats.Some(int64(90 << 20))
	s.run(1, nil)
	says(t, s.only(t, "host-memory", stats.Info), "200 MiB of the server are in transparent huge pages", "90 MiB")
	s.now.Persistence.SaveInProgress = true
	s.run(1, nil)
	s.only(t, "host-memory", stats.Warning)
	silent(t, hostMemory, 1, map[string]func(*synth, int){
		"room":         func(s *synth, i int) { host(s, 0, 39*gb/10) },
		"overcommit":   func(s *synth, i int) { host(s, 1, 8*gb) },
		"never forks":  func(s *synth, i int) { host(s, 0, 8*gb); s.now.Config["save"] = "" },
		"few pages":    func(s *synth, i int) { huge(s, 90<<20) },
		"another host": func(s *synth, i int) { host(s, 0, 8*gb); s.now.Host.Local = false },
		"unknown":      func(s *synth, i int) { s.now.Host.Local = true },
	})
}
