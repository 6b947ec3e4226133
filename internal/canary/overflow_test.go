package canary

import (
	"strings"
	"testing"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// A subscriber that does not keep up is cut off by the server when its output buffer is full: what was in it is lost, and the
// canary says why. Before Redis 7.2 no counter of the server tells the reason, so that it stays a guess.
func TestOverflow(t *testing.T) {
	t.Parallel()
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		for _, tt := range []struct {
			name string
			kill bool
		}{{"its buffer overflows", false}, {"somebody kills it, after it overflowed once", true}} {
			open := make(chan struct{})
			c := singThrough(t, Config{Kind: PubSub, Write: at(s), Patience: patience(true)}, func(w way) way { return gate{w, open} })
			c.until("messages", func(p stats.Probe) bool { return p.Sent >= 5 })
			if tt.kill {
				close(open)
				c.received(20)
				must(t, s, "CLIENT", "KILL", "TYPE", "pubsub")
			} else {
				eventually(t, "the server closes the subscriber", func() bool {
					return strings.TrimSpace(must(t, s, "PUBSUB", "NUMSUB", c.Probe().Key)) == c.Probe().Key+"\n0"
				})
				close(open)
			}
			c.until("another subscription", func(p stats.Probe) bool { return p.Reconnects == 1 && p.Listening })
			c.received(20)
			p := c.end()
			t.Logf("%s: %s; %s", tt.name, p.Verdict, p.LastError)
			counted := strings.Contains(must(t, s, "INFO", "stats"), "client_output_buffer_limit_disconnections")
			says := strings.Contains(p.Verdict, "the server closed the subscriber (output buffer full)") && strings.Contains(p.LastError, "its output buffer was full")
			guesses := strings.Contains(p.LastError, "its output buffer may have been full")
			if p.Restarts != 0 || p.Reconnects != 1 || p.Broken || !tt.kill && p.Lost == 0 ||
				says != (counted && !tt.kill) || (p.Overflows == 1) != says || guesses != (!counted && !tt.kill) {
				t.Errorf("%+v", p)
			}
		}
	}, redistest.Config("client-output-buffer-limit pubsub 1kb 0 0"))
}
