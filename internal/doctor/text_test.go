package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestNumbersInTexts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{percent(0), "0 %"}, {percent(0.0004), "under 0.1 %"}, {percent(0.003), "0.3 %"}, {percent(0.02), "2 %"},
		{percent(0.0249), "2.5 %"}, {percent(0.11), "11 %"}, {percent(1), "100 %"},
		{count(0), "0"}, {count(-12), "-12"}, {count(999), "999"}, {count(1234), "1,234"}, {count(5_000_000), "5,000,000"}, {count(-1234), "-1,234"},
		{about(0), "0"}, {about(0.42), "0.4"}, {about(3.04), "3"}, {about(12.4), "12"}, {about(1234), "1,200"}, {about(98_765), "99,000"}, {about(5_120_000), "5.1 million"},
		{perSecond(1234), "1,200/s"},
		{usec(0.8), "0.8 µs"}, {usec(62), "62 µs"}, {usec(1500), "1.5 ms"}, {usec(62_000), "62 ms"}, {usec(999_900), "1 s"}, {usec(1.44e6), "1.4 s"}, {usec(125e6), "2 min 5 s"},
		{seconds(0.31), "0.3 s"}, {seconds(42), "42 s"}, {seconds(59.7), "1 min"}, {seconds(3600), "1 h"}, {seconds(12_000), "3 h 20 min"}, {seconds(1_050_000), "12 d 4 h"}, {seconds(1e300), "11,574,074 d 2 h"},
		{bytes(17), "17 B"}, {bytes(1536), "1.5 KiB"}, {bytes(240 << 20), "240 MiB"}, {bytes(1 << 30), "1 GiB"},
		{plural(1, "call"), "1 call"}, {plural(1234, "call"), "1,234 calls"}, {plural(0, "reply", "replies"), "0 replies"},
		{listed(nil), ""}, {listed([]string{"a"}), "a"}, {listed([]string{"a", "b", "c"}), "a, b and c"},
		{commandName("config|set"), "CONFIG SET"}, {commandName("get"), "GET"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestNamesInTexts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{safeName("a\x1b[31mb"), `a\x1b[31mb`},
		{quoted("shiro:session:*"), "shiro:session:*"},
		{quoted("two words\n"), `"two words\n"`},
		{whoText(stats.Culprit{Name: "admin-web", IP: "10.0.3.7", Library: "jedis 5.1"}), "admin-web (10.0.3.7, jedis 5.1)"},
		{whoText(stats.Culprit{Addr: "10.0.3.7:51234", IP: "10.0.3.7", User: "app"}), "10.0.3.7:51234 (user app)"},
		{whoText(stats.Culprit{}), "an unknown client"},
		{whoText(stats.Culprit{Name: "\x1b]0;x\a", IP: "10.0.0.1"}), `\x1b]0;x\x07 (10.0.0.1)`},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
