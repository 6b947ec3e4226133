package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// Slow calls that nobody else waits for are a warning that says so; as soon as somebody may, they are critical.
func TestNobodyElseWaits(t *testing.T) {
	run := func(set func(*synth)) *synth {
		s := newSynth(blockingCommand)
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:1", Name: "admin-web", LastCommand: "keys"})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:2", Name: "admin-web", LastCommand: "get"})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.9:1", Name: "idler", LastCommand: "get", IdleSeconds: 60})
		set(s)
		return s.run(20, func(int) {
			s.calls("keys", 1, 700_000).logged("10.0.3.7:1", "admin-web", 700_000, "KEYS", "*")
		})
	}
	const why = "which is why this is a warning and not critical"
	f := run(func(*synth) {}).only(t, "blocking-command", stats.Warning)
	says(t, f, "Hardly anybody else uses this server at present", why)
	for name, set := range map[string]func(*synth){
		"another client's connection": func(s *synth) {
			s.connection(stats.ConnectionRow{Addr: "10.0.4.1:1", Name: "shop", LastCommand: "get"})
		},
		"a PING that waited long": func(s *synth) {
			s.now.Latency = stats.Latency{Probes: 10, MaxUsec: stats.Some(1_200_000.0), HereMaxUsec: stats.Some(900.0)}
		},
		"another client of the same host": func(s *synth) { s.now.Connections[1].Name = "web" },
	} {
		t.Run(name, func(t *testing.T) {
			if f := run(set).only(t, "blocking-command", stats.Critical); strings.Contains(f.Impact, why) {
				t.Errorf("impact %q", f.Impact)
			}
		})
	}
}

// Where all connections are alike no more commands wait than the others of them can have under way.
func TestWaitingWhereAllAreAlike(t *testing.T) {
	s := newSynth(blockingCommand)
	for range 3 {
		s.connection(stats.ConnectionRow{Name: "app", LastCommand: "get"})
	}
	s.run(20, func(int) {
		s.calls("get", 4000, 3).calls("keys", 1, 300_000).logged("10.0.9.1:40001", "app", 300_000, "KEYS", "*")
	})
	says(t, s.only(t, "blocking-command", stats.Critical), "While one runs about 2 other commands wait for 300 ms")
}

// A finding names the limits that it is over, with their values as they are set.
func TestLimitsThatAreBroken(t *testing.T) {
	over := func(f stats.Finding) string {
		for _, e := range f.Evidence {
			if e.What == "over the limits" {
				return e.Value + " | " + e.Source
			}
		}
		return ""
	}
	run := func(rules Rule, limits map[string]float64, usec float64) stats.Finding {
		s := newSynthWith(Options{Rules: []Rule{rules}, Limits: map[string]map[string]float64{rules.ID: limits}})
		s.run(20, func(int) {
			s.calls("get", 1000, 3).calls("hgetall", 1, usec).calls("eval", 1, usec).calls("del", 1, usec)
		})
		if len(s.took) != 1 {
			t.Fatalf("found %s", titles(s.took))
		}
		return s.took[0]
	}
	for _, c := range []struct {
		rule   Rule
		limits map[string]float64
		usec   float64
		want   string
	}{
		{blockingCommand, nil, 50_000, "time_share 2 % | redistop doctor rules blocking-command"},
		{blockingCommand, map[string]float64{"time_share": 0.04, "stall_usec": 40_000}, 50_000, "time_share 4 % and stall_usec 40 ms | redistop doctor rules blocking-command"},
		{slowScript, nil, 300_000, "time_share 2 %, critical_share 10 %, stall_usec 100 ms and heavy_share 25 % | redistop doctor rules slow-script"},
		{bigKeyDelete, nil, 120_000, "time_share 2 %, critical_share 10 % and stall_usec 100 ms | redistop doctor rules big-key-delete"},
	} {
		if got := over(run(c.rule, c.limits, c.usec)); got != c.want {
			t.Errorf("%s: %q, want %q", c.rule.ID, got, c.want)
		}
	}
}

// What a PING felt stands beside the longest call only where it met one of those.
func TestImpactDoesNotContradict(t *testing.T) {
	run := func(ping float64) stats.Finding {
		s := newSynth(blockingCommand)
		s.now.Latency = stats.Latency{Probes: 10, MaxUsec: stats.Some(ping), HereMaxUsec: stats.Some(900.0)}
		s.connection(stats.ConnectionRow{Name: "shop", LastCommand: "get"})
		s.run(20, func(i int) {
			took := map[bool]int64{true: 4_600_000, false: 1_200_000}[i == 3]
			s.calls("get", 100, 3).calls("keys", 1, float64(took)/10).logged("10.0.0.1:1", "a", took/10, "KEYS", "*")
		})
		return s.only(t, "blocking-command", stats.Critical)
	}
	if f := run(170_000); strings.Contains(f.Impact, "PING") {
		t.Error(f.Impact)
	}
	f := run(440_000)
	says(t, f, "A PING from here took up to 440 ms", "on 1 connection that is in use")
}
