package doctor

import (
	"testing"

	"redistop/internal/stats"
)

// usedFor gives a synthetic server one use that a survey of 10,000 of a million keys has found.
func usedFor(kind stats.UseKind, sure stats.Confidence, keys, noExpiry float64) *stats.Usage {
	return &stats.Usage{Keys: 1_000_000, Sampled: 10_000, Uses: []stats.Use{{Kind: kind, Confidence: sure, KeyShare: stats.Some(keys), NoExpiry: stats.Some(noExpiry),
		Persistent: []string{"app:x:*"}, Evidence: []stats.Evidence{{What: "keys", Value: "app:x:* (string)", Source: "SCAN, TYPE, PTTL"}}}}}
}

func TestWithoutExpiry(t *testing.T) {
	tests := []struct {
		rule     Rule
		kind     stats.UseKind
		keys, no float64
		severity stats.Severity
		says     []string
	}{
		{sessionsWithoutExpiry, stats.UseSessions, 0.5, 0.1, stats.Info, []string{"About 50,000 sessions never expire, 10 % of all", "app:x:*", "10,000 of 1,000,000 keys", "taken for sessions, keys", "--match 'app:x:*' 10.0.3.1:6379"}},
		{sessionsWithoutExpiry, stats.UseSessions, 0.5, 0.9, stats.Warning, []string{"450,000 sessions"}},
		{locksWithoutExpiry, stats.UseLock, 0.001, 0.9, stats.Warning, []string{"About 900 locks never expire, 90 % of all", "NX PX"}},
		{limitsWithoutExpiry, stats.UseRateLimit, 0.2, 0.02, stats.Info, []string{"4,000 rate limits never expire", "locked out"}},
		{limitsWithoutExpiry, stats.UseRateLimit, 0.2, 0.2, stats.Warning, nil},
		{cacheWithoutExpiry, stats.UseCache, 0.5, 0.6, stats.Info, []string{"About 300,000 cached keys never expire, 60 % of all", "under noeviction", "allkeys-lru"}},
	}
	for _, tt := range tests {
		s := newSynth(tt.rule)
		s.now.Memory.Policy = "noeviction"
		s.now.Usage = usedFor(tt.kind, stats.Likely, tt.keys, tt.no)
		s.run(2, func(int) {})
		f := s.only(t, tt.rule.ID, tt.severity)
		says(t, f, tt.says...)
		says(t, f, "who writes them")
	}
}

// TestWithoutExpirySaysWho holds that who writes such keys is named where samples tell, and nobody else.
func TestWithoutExpirySaysWho(t *testing.T) {
	s := newSynth(sessionsWithoutExpiry)
	s.now.Usage = usedFor(stats.UseSessions, stats.Certain, 0.5, 0.5)
	row := func(ip, command, pattern string) stats.SampleRow {
		return stats.SampleRow{Identity: stats.Identity{IP: ip}, Command: command, Pattern: pattern, CommandsPerSecond: stats.Some(10.0), Seen: 100, Share: stats.Some(0.3)}
	}
	s.sampled(row("10.0.0.1", "set", "app:x:*"), row("10.0.0.2", "get", "app:x:*"), row("10.0.0.3", "set", "app:y:*"))
	s.run(2, func(int) {})
	f := s.only(t, "sessions-without-expiry", stats.Warning)
	if len(f.Culprits) != 1 || f.Culprits[0].IP != "10.0.0.1" {
		t.Errorf("culprits: %+v", f.Culprits)
	}
}

func TestWithoutExpiryIsSilent(t *testing.T) {
	with := func(u *stats.Usage) func(*synth, int) { return func(s *synth, _ int) { s.now.Usage = u } }
	unsampled := usedFor(stats.UseSessions, stats.Certain, 0.5, 1)
	unsampled.Sampled = 0
	unasked := usedFor(stats.UseSessions, stats.Certain, 0.5, 1)
	unasked.Uses[0].NoExpiry = stats.Maybe[float64]{}
	silent(t, cacheWithoutExpiry, 2, map[string]func(*synth, int){
		"the server evicts it": func(s *synth, _ int) {
			s.now.Memory.Policy, s.now.Usage = "allkeys-lru", usedFor(stats.UseCache, stats.Certain, 1, 1)
		},
		"most of it expires": func(s *synth, _ int) {
			s.now.Memory.Policy, s.now.Usage = "noeviction", usedFor(stats.UseCache, stats.Certain, 1, 0.1)
		},
	})
	for _, rule := range []Rule{cacheWithoutExpiry, sessionsWithoutExpiry, locksWithoutExpiry, limitsWithoutExpiry} {
		silent(t, rule, 2, map[string]func(*synth, int){
			"not looked at": func(*synth, int) {},
			"another use":   with(usedFor(stats.UseStore, stats.Certain, 1, 1)),
			"no keys seen":  with(unsampled),
			"no TTL asked":  with(unasked),
		})
	}
	silent(t, sessionsWithoutExpiry, 2, map[string]func(*synth, int){
		"nearly all expire": with(usedFor(stats.UseSessions, stats.Certain, 0.9, 0.02)),
		"only a few keys":   with(usedFor(stats.UseSessions, stats.Certain, 0.0005, 1)),
		"only perhaps":      with(usedFor(stats.UseSessions, stats.Possible, 0.9, 1)),
	})
	silent(t, locksWithoutExpiry, 2, map[string]func(*synth, int){"chance": with(usedFor(stats.UseLock, stats.Certain, 0.0003, 1)), "all expire": with(usedFor(stats.UseLock, stats.Certain, 0.3, 0))})
	silent(t, limitsWithoutExpiry, 2, map[string]func(*synth, int){"all expire": with(usedFor(stats.UseRateLimit, stats.Certain, 0.9, 0))})
}
