package doctor

import (
	"slices"
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

// earlier adds an entry to the slow log of some seconds before the looking began.
func (s *synth) earlier(ago time.Duration, addr, name string, usec int64, args ...string) *synth {
	s.logged(addr, name, usec, args...)
	s.now.Slowlog[0].Time = s.now.Time.Add(-ago)
	return s
}

// What stopped the server before the first look is found in its log.
func TestStallsFromBefore(t *testing.T) {
	const sec = 1_000_000
	for _, c := range []struct {
		name     string
		rule     Rule
		log      func(*synth)
		severity stats.Severity // "": nothing is found
		title    string
		impact   string
		remedy   string
	}{
		{"a long one", blockingCommand, func(s *synth) { s.earlier(12*time.Second, "10.0.0.8:1", "nightly", 3*sec, "SMEMBERS", "all:members") }, stats.Warning,
			"SMEMBERS all:members blocked this server for 3 s, 12 s ago", "everybody else waited, for up to 3 s. It is over", "SSCAN all:members"},
		{"several", blockingCommand, func(s *synth) {
			s.earlier(40*time.Second, "10.0.0.8:1", "nightly", 300_000, "KEYS", "a:*").earlier(5*time.Second, "10.0.0.8:1", "nightly", 200_000, "KEYS", "a:*")
		}, stats.Warning, "KEYS a:* blocked this server twice, for up to 300 ms, the last time 5 s ago", "for up to 300 ms. They are over", "SCAN with MATCH a:*"},
		{"a short one", blockingCommand, func(s *synth) { s.earlier(12*time.Second, "10.0.0.8:1", "nightly", 150_000, "KEYS", "a:*") }, stats.Info,
			"KEYS a:* blocked this server for 150 ms, 12 s ago", "150 ms", "SCAN"},
		{"nobody felt it", blockingCommand, func(s *synth) { s.earlier(12*time.Second, "10.0.0.8:1", "nightly", 90_000, "KEYS", "a:*") }, "", "", "", ""},
		{"long ago", blockingCommand, func(s *synth) { s.earlier(2*time.Minute, "10.0.0.8:1", "nightly", 3*sec, "KEYS", "a:*") }, "", "", "", ""},
		{"by a clock that is ahead", blockingCommand, func(s *synth) { s.earlier(-time.Hour, "10.0.0.8:1", "nightly", 3*sec, "KEYS", "a:*") }, "", "", "", ""},
		{"one value, slow by the host", blockingCommand, func(s *synth) { s.earlier(12*time.Second, "10.0.0.8:1", "shop", 300_000, "GET", "a") }, "", "", "", ""},
		{"a script", slowScript, func(s *synth) {
			s.earlier(3*time.Second, "?:0", "", 1_900_000, "KEYS", "cart:*").earlier(3*time.Second, "10.0.0.8:1", "nightly", 2*sec, "EVAL", "return redis.call('keys', 'cart:*')", "0", "private")
		}, stats.Warning, "EVAL return redis.call('keys', '…') blocked this server for 2 s, 3 s ago", "2 s", "bound what one call does"},
		{"what scripts call is theirs", blockingCommand, func(s *synth) { s.earlier(3*time.Second, "?:0", "", 2*sec, "KEYS", "cart:*") }, "", "", "", ""},
		{"a big key", bigKeyDelete, func(s *synth) { s.earlier(7*time.Second, "10.0.0.8:1", "nightly", 1_200_000, "DEL", "basket") }, stats.Warning,
			"DEL basket blocked this server for 1.2 s, 7 s ago", "1.2 s", "send UNLINK instead of DEL"},
		{"SAVE", dangerousCommand, func(s *synth) { s.earlier(7*time.Second, "10.0.0.8:1", "nightly", 2*sec, "SAVE") }, stats.Warning,
			"SAVE blocked this server for 2 s, 7 s ago", "writes the whole dataset", "use BGSAVE"},
		{"DEBUG SLEEP", dangerousCommand, func(s *synth) { s.earlier(7*time.Second, "10.0.0.8:1", "nightly", 400_000, "DEBUG", "SLEEP", "0.4") }, stats.Info,
			"DEBUG blocked this server for 400 ms, 7 s ago", "made for developing", "enable-debug-command no"},
		{"FLUSHALL", dangerousCommand, func(s *synth) { s.earlier(7*time.Second, "10.0.0.8:1", "nightly", 1_400_000, "FLUSHALL") }, stats.Warning,
			"FLUSHALL blocked this server for 1.4 s, 7 s ago", "What was in there is gone", "ACL SETUSER"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth(c.rule)
			c.log(s)
			for _, looks := range []int{1, 4} { // the first one is enough, and it stays
				s.run(looks-1, func(int) { s.calls("get", 1000, 3) })
				if looks == 1 {
					s.next()
				}
				if c.severity == "" {
					s.none(t)
					continue
				}
				f := s.only(t, c.rule.ID, c.severity)
				if looks == 1 && f.Title != c.title || !strings.HasPrefix(f.Title, c.title[:strings.LastIndex(c.title, ", ")]) {
					t.Errorf("title %q, want %q", f.Title, c.title)
				}
				if !strings.Contains(f.Impact, c.impact) || !strings.Contains(f.Remedy[0], c.remedy) {
					t.Errorf("impact %q, want %q; remedy %q, want %q", f.Impact, c.impact, f.Remedy[0], c.remedy)
				}
				if len(f.Culprits) != 1 || f.Culprits[0].Name != "nightly" || !slices.Contains(f.Unknown, unknownBefore) {
					t.Errorf("culprits %+v, unknown %q", f.Culprits, f.Unknown)
				}
				wantPrintable(t, f)
			}
		})
	}
}

// A command that comes again while we look is judged by the counters; it stays one finding.
func TestStallThatComesAgain(t *testing.T) {
	s := newSynth(blockingCommand)
	s.connection(stats.ConnectionRow{Name: "shop"}).earlier(20*time.Second, "10.0.0.8:1", "nightly", 3_000_000, "KEYS", "a:*")
	s.run(5, func(int) { s.calls("get", 1000, 3) }).only(t, "blocking-command", stats.Warning)
	s.run(5, func(i int) {
		if s.calls("get", 1000, 3); i == 2 {
			s.calls("keys", 1, 2_000_000).logged("10.0.0.8:1", "nightly", 2_000_000, "KEYS", "a:*")
		}
	})
	f := s.only(t, "blocking-command", stats.Critical)
	if f.Title != "KEYS a:* blocked this server for 2 s" || !f.FirstSeen.Equal(t0) || slices.Contains(f.Unknown, unknownBefore) {
		t.Errorf("%+v", f)
	}
}
