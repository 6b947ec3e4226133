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

// A host that stops a busy server does it in whatever runs: the command is not to blame, or one cannot tell.
func TestSlowByTheHost(t *testing.T) {
	run := func(slow int64, host func(*synth)) *synth {
		s := newSynth(blockingCommand)
		host(s)
		return s.run(20, func(int) {
			s.calls("lrange", 100_000, 2.4).calls("get", 100, 2).calls("lrange", 1, float64(slow)).logged("10.0.0.1:1", "import", slow, "LRANGE", "product:7", "0", "9")
		})
	}
	here := func(usec float64) func(*synth) {
		return func(s *synth) {
			s.now.Latency = stats.Latency{Probes: 10, P50Usec: stats.Some(300.0), MaxUsec: stats.Some(90_000.0), HereMaxUsec: stats.Some(usec)}
		}
	}
	f := run(40_000, here(41_000)).only(t, "blocking-command", stats.Info)
	if f.Confidence != stats.Possible || !strings.Contains(strings.Join(f.Unknown, " "), "whether these calls or the host are to blame") {
		t.Errorf("%+v", f)
	}
	run(40_000, func(s *synth) { s.now.Host = stats.Host{Local: true, Load: stats.Some(5.0), Cores: stats.Some(2)} }).only(t, "blocking-command", stats.Info)
	run(40_000, here(2_000)).only(t, "blocking-command", stats.Warning)
	run(140_000, here(41_000)).only(t, "blocking-command", stats.Critical)
}

// What does a little for each argument was slow by itself only where it has many.
func TestQuickByNature(t *testing.T) {
	run := func(args ...string) *synth {
		s := newSynth(blockingCommand)
		return s.run(20, func(int) {
			s.calls("mset", 1000, 20).calls("get", 100, 2).calls("mset", 1, 150_000).logged("10.0.0.1:1", "import", 150_000, args...)
		})
	}
	run("MSET", "product:1", "a", "product:2", "b").none(t)
	run("MSET", "product:1", "a", "... (99 more arguments)").none(t)
	run("MSET", "product:1", "a", "... (19997 more arguments)").only(t, "blocking-command", stats.Critical)
	run("MSET", "product:1", "a", "... (99999999999999999999 more arguments)").none(t) // no log says so
}

// Where a command names many keys the title says so.
func TestManyKeysInTheTitle(t *testing.T) {
	s := newSynth(blockingCommand)
	s.run(20, func(int) {
		s.calls("get", 100, 2).calls("mget", 1, 30_000).logged("10.0.0.1:1", "import", 30_000, "MGET", "page:1", "page:2", "... (4998 more arguments)")
	})
	if f := s.only(t, "blocking-command", stats.Warning); f.Title != "MGET page:1 and 4,999 more keys blocks this server for 3 % of the time" {
		t.Errorf("title %q", f.Title)
	}
}

func TestBlockingCommandsByCost(t *testing.T) {
	const busy = 5000 // GETs a second beside it
	for _, c := range []struct {
		name     string
		second   func(s *synth, i int)
		severity stats.Severity // "": nothing is found
		title    string
		culprit  string
	}{
		{name: "KEYS on 200 keys", second: func(s *synth, i int) { s.calls("keys", 2, 40).longest("keys", 70) }},
		{name: "one KEYS of 60 ms", second: func(s *synth, i int) {
			if i == 5 {
				s.calls("keys", 1, 60_000).longest("keys", 65_000).logged("10.0.0.1:1", "", 60_000, "KEYS", "*")
			}
		}},
		{name: "one KEYS of 150 ms", severity: stats.Warning, title: "KEYS * blocked this server for 150 ms", culprit: "10.0.0.1:1", second: func(s *synth, i int) {
			if i == 5 {
				s.calls("keys", 1, 150_000).longest("keys", 160_000).logged("10.0.0.1:1", "", 150_000, "KEYS", "*")
			}
		}},
		{name: "stalls again and again", severity: stats.Critical, title: "SORT list blocked this server 2 times, for up to 140 ms", culprit: "10.0.0.1:1", second: func(s *synth, i int) {
			if i == 9 || i == 30 {
				s.calls("sort", 1, 130_000+float64(i/3)*1000).logged("10.0.0.1:1", "", 130_000+int64(i/3)*1000, "SORT", "list")
			}
		}},
		{name: "just under 2 %", second: func(s *synth, i int) {
			s.calls("hgetall", 1, 19_500).logged("10.0.0.1:1", "app", 19_500, "HGETALL", "cart")
		}},
		{name: "over 2 %", severity: stats.Warning, title: "HGETALL cart blocks this server for 2.1 % of the time", culprit: "app (10.0.0.1:1)",
			second: func(s *synth, i int) {
				s.calls("hgetall", 1, 21_000).logged("10.0.0.1:1", "app", 21_000, "HGETALL", "cart")
			}},
		{name: "a few slow among many quick", severity: stats.Warning, title: "SMEMBERS tags:all blocks this server for 4 % of the time", culprit: "app (10.0.0.1:1)", second: func(s *synth, i int) {
			s.calls("smembers", 1000, 12).calls("smembers", 1, 40_000).longest("smembers", 50_000).logged("10.0.0.1:1", "app", 40_000, "SMEMBERS", "tags:all")
		}},
		{name: "many of 3 ms", severity: stats.Warning, title: "ZRANGE blocks this server for 30 % of the time", second: func(s *synth, i int) { s.calls("zrange", 100, 3000).longest("zrange", 4000) }},
		{name: "some of 3 ms", second: func(s *synth, i int) { s.calls("zrange", 60, 3000).longest("zrange", 4000) }},
		{name: "large batches of writes", second: func(s *synth, i int) { s.calls("mset", 500, 900).longest("mset", 4000) }},
		{name: "the host let GET wait", second: func(s *synth, i int) { s.longest("get", 260_000).logged("10.0.0.1:1", "app", 150_000, "GET", "k") }},
		{name: "GET of huge values", severity: stats.Critical, title: "GET blob:1 blocks this server for 30 % of the time", culprit: "app (10.0.0.1:1)", second: func(s *synth, i int) {
			s.calls("getex", 20, 15_000).logged("10.0.0.1:1", "app", 15_000, "GETEX", "blob:1")
		}},
		{name: "BLPOP waits", second: func(s *synth, i int) { s.calls("blpop", 10, 8) }},
		{name: "a module's threads", second: func(s *synth, i int) { s.calls("ft.search", 100, 40_000) }},
		{name: "a module's command", severity: stats.Critical, title: "FT.SEARCH blocks this server for 40 % of the time", second: func(s *synth, i int) { s.calls("ft.search", 10, 40_000) }},
		{name: "a script calls KEYS", second: func(s *synth, i int) {
			s.calls("keys", 1, 200_000).logged("?:0", "", 200_000, "KEYS", "*")
		}},
		{name: "other rules tell of these", second: func(s *synth, i int) {
			s.calls("eval", 1, 200_000).calls("del", 1, 200_000).calls("flushall", 1, 200_000).calls("bgsave", 1, 200_000).calls("debug|sleep", 1, 200_000)
		}},
		{name: "KEYS in a transaction", severity: stats.Critical, title: "KEYS * blocks this server for 20 % of the time", culprit: "10.0.0.1:1", second: func(s *synth, i int) {
			s.calls("keys", 1, 200_000).calls("exec", 1, 200_010).logged("10.0.0.1:1", "", 200_000, "KEYS", "*")
		}},
		{name: "a huge transaction", severity: stats.Critical, title: "EXEC blocks this server for 20 % of the time", second: func(s *synth, i int) {
			s.calls("incr", 100_000, 2).calls("exec", 1, 200_000)
		}},
		{name: "LRANGE with its range", severity: stats.Critical, title: "LRANGE log:*:lines 0 -1 blocks this server for 20 % of the time", culprit: "10.0.0.1:1", second: func(s *synth, i int) {
			s.calls("lrange", 1, 200_000).logged("10.0.0.1:1", "", 200_000, "LRANGE", fmt.Sprintf("log:%d:lines", 100+i), "0", "-1")
		}},
		{name: "values stay hidden", severity: stats.Critical, title: "SADD big blocks this server for 20 % of the time", culprit: "10.0.0.1:1", second: func(s *synth, i int) {
			s.calls("sadd", 1, 200_000).logged("10.0.0.1:1", "", 200_000, "SADD", "big", "secret", "secret2")
		}},
		{name: "a hostile pattern", severity: stats.Critical, title: `KEYS "a\x1b[2J*" blocks this server for 20 % of the time`, culprit: `\x1b]0;x (10.0.0.1:1)`, second: func(s *synth, i int) {
			s.calls("keys", 1, 200_000).logged("10.0.0.1:1", "\x1b]0;x", 200_000, "KEYS", "a\x1b[2J*")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth(blockingCommand)
			s.run(60, func(i int) { c.second(s.calls("get", busy, 3), i) })
			if c.severity == "" {
				s.none(t)
				return
			}
			f := s.only(t, "blocking-command", c.severity)
			if f.Title != strings.Replace(c.title, "GET blob", "GETEX blob", 1) {
				t.Errorf("title %q, want %q", f.Title, c.title)
			}
			if c.culprit == "" && len(f.Culprits) > 0 || c.culprit != "" && (len(f.Culprits) != 1 || whoText(f.Culprits[0]) != c.culprit) {
				t.Errorf("culprits %+v, want %q", f.Culprits, c.culprit)
			}
			if all := fmt.Sprint(f); strings.Contains(all, "secret") {
				t.Errorf("a value is shown: %s", all)
			}
			wantPrintable(t, f)
		})
	}
}

// Without the slow log the samples tell who, and without those the last commands of the connections.
func TestSendersOfABlockingCommand(t *testing.T) {
	second := func(s *synth) { s.calls("get", 1000, 3).calls("keys", 5, 9000).longest("keys", 9500) }
	s := newSynth(blockingCommand)
	s.now.Config = map[string]string{"slowlog-log-slower-than": "100000"}
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:1", Name: "admin", Library: "jedis", LastCommand: "keys"})
	s.connection(stats.ConnectionRow{Addr: "10.0.3.8:1", Name: "old", LastCommand: "keys", IdleSeconds: 900})
	s.connection(stats.ConnectionRow{Addr: "10.0.3.9:1", Name: "shop", LastCommand: "get"})
	s.run(10, func(int) { second(s) })
	f := s.only(t, "blocking-command", stats.Warning)
	if len(f.Culprits) != 1 || whoText(f.Culprits[0]) != "admin (10.0.3.7:1, jedis)" || f.Culprits[0].Source != "CLIENT LIST" {
		t.Errorf("by the last command: %+v", f.Culprits)
	}
	wantUnknown(t, f, "who sent each call: the slow log begins at 100 ms (slowlog-log-slower-than), and most calls took less",
		"whether others send it too: the senders are known by the last command of their connections only")

	s.sampled(
		stats.SampleRow{Identity: stats.Identity{IP: "10.0.3.7", Name: stats.Some("cron"), User: stats.Some("ops")}, Command: "keys", Seen: 3, CommandsPerSecond: stats.Some(4.0)},
		stats.SampleRow{Identity: stats.Identity{IP: "10.0.3.9", Name: stats.Some("shop")}, Command: "keys", Seen: 1, CommandsPerSecond: stats.Some(1.0)},
	)
	second(s)
	s.next()
	f = s.only(t, "blocking-command", stats.Warning)
	if len(f.Culprits) != 2 || whoText(f.Culprits[0]) != "cron (10.0.3.7, user ops)" || f.Culprits[0].Share.Or(0) != 0.8 || f.Culprits[0].Source != "samples" {
		t.Errorf("by samples: %+v", f.Culprits)
	}
}

// Each pattern is a matter of its own as soon as the log tells their shares; what was known before as one is not kept beside them.
func TestPatternsOfABlockingCommand(t *testing.T) {
	s := newSynth(blockingCommand)
	s.run(6, func(int) { s.calls("get", 1000, 3).calls("keys", 2, 50_000) })
	first := s.only(t, "blocking-command", stats.Critical)
	if first.Subject != "keys" {
		t.Fatalf("subject %q", first.Subject)
	}
	s.run(60, func(int) {
		s.calls("get", 1000, 3).calls("keys", 3, 50_000)
		s.logged("10.0.0.1:1", "a", 70_000, "KEYS", "a:*").logged("10.0.0.2:1", "b", 40_000, "KEYS", "b:*").logged("10.0.0.3:1", "c", 900, "KEYS", "c:*")
	})
	if len(s.took) != 2 || s.took[0].Subject != "keys a:*" || s.took[1].Subject != "keys b:*" {
		t.Fatalf("found %s", titles(s.took))
	}
	if s.took[0].Title != "KEYS a:* blocks this server for 9.5 % of the time" || s.took[1].Culprits[0].Name != "b" {
		t.Errorf("found %s by %+v", titles(s.took), s.took[1].Culprits)
	}
	if !s.took[0].FirstSeen.Equal(first.FirstSeen) {
		t.Error("the finding that grew more precise has lost when it was first seen")
	}
}
