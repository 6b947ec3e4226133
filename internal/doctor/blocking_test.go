package doctor

import (
	"fmt"
	"strings"
	"testing"

	"redistop/internal/stats"
)

// sessions is a server on which KEYS shiro:session:* is called by admin-web while 40 others work.
func sessions(s *synth, perCall float64, every int) *synth {
	s.now.Keyspace[0].Keys = 5_000_000
	admin := stats.ConnectionRow{Addr: "10.0.3.7:51234", Name: "admin-web", Library: "jedis 5.1.0", LastCommand: "keys"}
	s.connection(admin)
	for i := range 40 {
		s.connection(stats.ConnectionRow{Addr: fmt.Sprintf("10.0.4.1:%d", 40000+i), Name: "shop", LastCommand: "get"})
	}
	return s.run(20, func(i int) {
		s.calls("get", 2000, 3).calls("set", 500, 4)
		if i%every == 0 && i > 0 {
			s.calls("keys", 1, perCall).longest("keys", perCall*1.1)
			if perCall >= 10_000 {
				s.logged("10.0.3.7:51234", "admin-web", int64(perCall), "KEYS", "shiro:session:*")
			}
		}
	})
}

func TestKeysThatBlock(t *testing.T) {
	s := newSynth(blockingCommand)
	s.now.Latency = stats.Latency{Probes: 20, MaxUsec: stats.Some(214_000.0), HereMaxUsec: stats.Some(900.0)}
	f := sessions(s, 220_000, 2).only(t, "blocking-command", stats.Critical)
	for _, c := range []struct{ what, got, want string }{
		{"title", f.Title, "KEYS shiro:session:* blocks this server for 10 % of the time"},
		{"impact", f.Impact, "While one runs about 40 other commands wait for 220 ms. A PING from here took up to 214 ms."},
		{"evidence", f.Evidence[0].Value, "10 %: 9 calls, 220 ms each, the longest 220 ms"},
		{"source", f.Evidence[0].Source, "INFO commandstats, SLOWLOG GET"},
		{"remedy", f.Remedy[0], "use SCAN with MATCH shiro:session:* and COUNT 100 instead: the same keys in small steps, and everybody else has a turn between two of them; `redistop keys 'shiro:session:*' 10.0.3.1:6379` does that safely now"},
		{"subject", f.Subject, "keys shiro:session:*"},
		{"confidence", string(f.Confidence), "certain"},
		{"unknown", strings.Join(f.Unknown, "; "), ""},
		{"culprit", whoText(f.Culprits[0]), "admin-web (10.0.3.7:51234, jedis 5.1.0)"},
		{"what it sent", f.Culprits[0].Command, "KEYS shiro:session:*"},
		{"how we know", f.Culprits[0].Source, "SLOWLOG"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Connections != 1 || f.Culprits[0].Share.Or(0) != 1 || f.Culprits[0].Gone {
		t.Errorf("culprits %+v", f.Culprits)
	}
}
