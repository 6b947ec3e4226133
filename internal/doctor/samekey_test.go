package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// A loop over one and the same key needs no MGET.
func TestTheSameKeyAgainAndAgain(t *testing.T) {
	run := func(command, pattern string, hot ...stats.KeyRow) stats.Finding {
		s := newSynth(nPlusOne)
		s.now.CPU.MainThread = stats.Some(0.5)
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:1", Name: "bench", LastCommand: command})
		s.sampled(sample("10.0.3.7", "bench", command, pattern, 8000, 0.9, 900))
		s.now.HotKeys = hot
		s.run(10, func(int) { s.calls(command, 8000, 2) })
		if len(s.took) != 1 {
			t.Fatalf("found %s", titles(s.took))
		}
		wantPrintable(t, s.took[0])
		return s.took[0]
	}
	hot := func(key string, rate float64, clients ...string) stats.KeyRow {
		return stats.KeyRow{Pattern: key, CommandsPerSecond: stats.Some(rate), TopCommand: "get", Clients: clients}
	}
	const same = "the same key again and again"
	for _, c := range []struct {
		name  string
		found stats.Finding
		same  bool
		says  string
	}{
		{"a literal key", run("get", "key:__rand_int__"), true, "keep it in the client for a moment"},
		{"one of a pattern", run("get", "product:*", hot("product:42", 7900, "10.0.3.7")), true, "GET product:42, " + same},
		{"a hot one among others", run("get", "product:*", hot("product:42", 3000, "10.0.3.7")), false, "MGET"},
		{"a hot one that others ask for", run("get", "product:*", hot("product:42", 7900, "10.0.3.7", "10.0.3.8")), false, "MGET"},
		{"a hot one of another pattern", run("get", "product:*", hot("order:42", 7900, "10.0.3.7")), false, "MGET"},
		{"a pattern", run("get", "product:*"), false, "MGET"},
		{"fields of one hash", run("hget", "cart"), false, "HMGET"},
		{"a counter", run("incr", "hits"), true, "write it less often"},
	} {
		all := strings.Join(append([]string{c.found.Title}, c.found.Remedy...), "\n")
		if strings.Contains(all, same) != c.same || !strings.Contains(all, c.says) || c.same && strings.Contains(all, "MGET") {
			t.Errorf("%s: %s", c.name, all)
		}
	}
}

// An error is written as fine as the figure that it is of.
func TestEstimates(t *testing.T) {
	for _, c := range []struct {
		rate, err float64
		want      string
	}{
		{26_000, 18, "26,000/s"}, {26_000, 700, "26,000 ± 1,000 a second"}, {26_000, 2_400, "26,000 ± 2,000 a second"},
		{8_000, 400, "8,000 ± 400 a second"}, {4.2, 0.31, "4.2 ± 0.3 a second"}, {4.2, 0.01, "4.2/s"}, {5_100_000, 120_000, "5.1 million ± 100,000 a second"}, {0, 0, "0/s"},
	} {
		if got := estimate(c.rate, stats.Some(c.err)); got != c.want {
			t.Errorf("%g ± %g is %q, want %q", c.rate, c.err, got, c.want)
		}
	}
}
