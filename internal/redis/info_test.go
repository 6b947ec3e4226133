package redis

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseInfoLines(t *testing.T) {
	got := ParseInfo("# Server\r\nredis_version:7.0.15\r\n\r\n# Commandstats\r\n"+
		"cmdstat_get:calls=10,usec=25,usec_per_call=2.50,rejected_calls=1,failed_calls=2\r\n"+
		"cmdstat_config|set:calls=1,usec=2,usec_per_call=2.00,rejected_calls=0,failed_calls=0\r\n",
		// A second reply, of an old server or a proxy: LF alone, fewer fields.
		"cmdstat_FT.SEARCH:calls=3,usec=9,usec_per_call=3.00\n"+
			"cmdstat_odd:name=x:calls=4,usec=8\n"+
			"errorstat_ERR:count=7\nerrorstat_MY:CODE:count=1\n"+
			"latency_percentiles_usec_get:p50=1.003,p99=2.007,p99.9=5.023\n"+
			"latency_percentiles_usec_FT.SEARCH:p50=9.023,p100=10\n"+
			"db9:keys=3,expires=2,avg_ttl=1500,subexpiry=0\ndb0:keys=1,expires=0,avg_ttl=0\n"+
			"slave1:ip=fd00::2,port=6380,state=wait_bgsave,offset=0,lag=0,type=replica\n"+
			"slave0:ip=10.0.0.1,port=6379,state=online,offset=42,lag=0")
	want := &Info{
		Commands: []CommandStat{
			{Name: "get", Calls: 10, Usec: 25, Rejected: Some[int64](1), Failed: Some[int64](2)},
			{Name: "config|set", Calls: 1, Usec: 2, Rejected: Some[int64](0), Failed: Some[int64](0)},
			{Name: "ft.search", Calls: 3, Usec: 9},
			{Name: "odd:name=x", Calls: 4, Usec: 8},
		},
		Errors: []ErrorStat{{"ERR", 7}, {"MY:CODE", 1}},
		Latency: map[string]LatencyStat{
			"get":       {P50: Some(1.003), P99: Some(2.007), P999: Some(5.023)},
			"ft.search": {P50: Some(9.023)},
		},
		Keyspace: []KeyspaceDB{{DB: 0, Keys: 1}, {DB: 9, Keys: 3, Expires: 2, AvgTTL: 1500 * time.Millisecond}},
		Replicas: []Replica{
			{Addr: "10.0.0.1:6379", State: "online", Offset: 42, Lag: Some[int64](0)},
			{Addr: "[fd00::2]:6380", State: "wait_bgsave"},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Info{})); diff != "" {
		t.Error(diff)
	}
	if v, ok := got.Text("redis_version"); !ok || v != "7.0.15" {
		t.Errorf("redis_version %q, %v", v, ok)
	}
}

func TestParseInfoBrokenLines(t *testing.T) {
	got := ParseInfo("", "garbage\n:\nname:\n#comment:1\n\xff\xfe:\x00\n"+
		"cmdstat_:calls=1,usec=1\ncmdstat_get\ncmdstat_get:calls=x,usec=1\ncmdstat_get:calls=-1,usec=1\ncmdstat_get:usec=1\n"+
		"errorstat_:count=1\nerrorstat_ERR:count=\nlatency_percentiles_usec_get:p50=nan,p99=inf,p99.9=-1\nlatency_percentiles_usec_set:\n"+
		"db:keys=1\ndb0\ndb1:expires=1\ndb-1:keys=1\ndb99999999999999999999:keys=1\ndb0_distrib_strings_sizes:1=2\n"+
		"slave0:10.0.0.1,6379,online\nslave_priority:100\nslavex:ip=1,port=2\n")
	if diff := cmp.Diff(&Info{Latency: map[string]LatencyStat{}}, got, cmpopts.IgnoreUnexported(Info{})); diff != "" {
		t.Error(diff)
	}
	if v, ok := got.Text("name"); !ok || v != "" {
		t.Errorf("an empty field: %q, %v", v, ok)
	}
}

// The same section in two parts, or a hostile repetition, counts once.
func TestParseInfoLastWins(t *testing.T) {
	got := ParseInfo(
		"cmdstat_get:calls=1,usec=1\ncmdstat_set:calls=1,usec=1\nerrorstat_ERR:count=1\ndb3:keys=1\ndb0:keys=1\nslave0:ip=a,port=1\nuptime_in_seconds:1\n",
		"cmdstat_get:calls=2,usec=2\nerrorstat_ERR:count=2\ndb3:keys=2\nslave0:ip=b,port=2\nuptime_in_seconds:2\n")
	want := &Info{
		Commands: []CommandStat{{Name: "get", Calls: 2, Usec: 2}, {Name: "set", Calls: 1, Usec: 1}},
		Errors:   []ErrorStat{{"ERR", 2}},
		Latency:  map[string]LatencyStat{},
		Keyspace: []KeyspaceDB{{DB: 0, Keys: 1}, {DB: 3, Keys: 2}},
		Replicas: []Replica{{Addr: "b:2"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Info{})); diff != "" {
		t.Error(diff)
	}
	if up := got.Int("uptime_in_seconds"); up != Some[int64](2) {
		t.Errorf("uptime %v", up)
	}
}

func TestInfoNumbers(t *testing.T) {
	info := ParseInfo("int:42\nnegative:-1\nfloat:1.5\nnan:nan\ninf:inf\ntext:1.5M\nempty:\nhuge:18446744073709551615\n" +
		"db0:keys=1,expires=0,avg_ttl=-1\ndb1:keys=1,avg_ttl=9223372036854775807\n")
	for name, want := range map[string]Maybe[int64]{
		"int": Some[int64](42), "negative": Some[int64](-1), "float": {}, "text": {}, "empty": {}, "huge": {}, "missing": {},
	} {
		if got := info.Int(name); got != want {
			t.Errorf("Int(%s) = %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]Maybe[float64]{
		"int": Some(42.0), "float": Some(1.5), "nan": {}, "inf": {}, "text": {}, "empty": {}, "missing": {},
	} {
		if got := info.Float(name); got != want {
			t.Errorf("Float(%s) = %v, want %v", name, got, want)
		}
	}
	if none, most := info.Keyspace[0].AvgTTL, info.Keyspace[1].AvgTTL; none != 0 || most != math.MaxInt64 {
		t.Errorf("avg_ttl out of range: %v, %v", none, most)
	}
}

func TestFlavorAndVersion(t *testing.T) {
	for _, test := range []struct {
		info, flavor, version  string
		atLeast70, atLeast9999 bool
	}{
		{"redis_version:7.0.15", "redis", "7.0.15", true, false},
		{"redis_version:6.2.16", "redis", "6.2.16", false, false},
		{"redis_version:5.0.14", "redis", "5.0.14", false, false},
		{"redis_version:10.0.0", "redis", "10.0.0", true, false},
		{"redis_version:255.255.255", "redis", "255.255.255", true, true},
		{"redis_version:7.0-rc1", "redis", "7.0-rc1", true, false},
		{"redis_version:7.2.4\nserver_name:valkey\nvalkey_version:9.1.2", "valkey", "9.1.2", true, false},
		{"redis_version:7.2.4\nvalkey_version:6.0.0", "valkey", "6.0.0", false, false},
		{"redis_version:7.4.0\ndragonfly_version:df-v1.40.1", "dragonfly", "1.40.1", false, false},
		{"redis_version:6.3.4\nexecutable:/data/keydb-server\nmvcc_depth:0", "keydb", "6.3.4", false, false},
		{"redis_version:6.3.4\nexecutable:/usr/bin/keydb-server", "keydb", "6.3.4", false, false},
		{"redis_version:7", "redis", "7", false, false},
		{"redis_version:x.y.z", "redis", "x.y.z", false, false},
		{"redis_version:7.", "redis", "7.", false, false},
		{"", "redis", "", false, false},
	} {
		info := ParseInfo(test.info)
		if info.Flavor() != test.flavor || info.Version() != test.version {
			t.Errorf("%q: %s %s", test.info, info.Flavor(), info.Version())
		}
		if got := info.VersionAtLeast(7, 0); got != test.atLeast70 {
			t.Errorf("%q: at least 7.0: %v", test.info, got)
		}
		if got := info.VersionAtLeast(99, 99); got != test.atLeast9999 {
			t.Errorf("%q: at least 99.99: %v", test.info, got)
		}
	}
}

func TestParseInfoIsBounded(t *testing.T) {
	var b strings.Builder
	for range 2 * maxInfoLines {
		b.WriteString("x:1\n")
	}
	b.WriteString("beyond:1\n")
	info := ParseInfo("before:1\n", b.String())
	if !info.Int("before").Known() || info.Int("beyond").Known() {
		t.Error("the end of an endless INFO was read, or its beginning was not")
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add("redis_version:7.0.15\r\ncmdstat_get:calls=1,usec=2\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n", "slave0:ip=::1,port=1,state=online,lag=1")
	f.Add("latency_percentiles_usec_get:p50=1,p99=2,p99.9=3\nerrorstat_ERR:count=1", "db0:keys=1\ndb0:keys=2\nvalkey_version:8.0.1")
	f.Fuzz(func(t *testing.T, a, b string) {
		info := ParseInfo(a, b)
		info.Flavor()
		info.VersionAtLeast(7, 0)
		seen := map[string]bool{}
		for _, c := range info.Commands {
			if seen[c.Name] || c.Name == "" || c.Calls < 0 || c.Usec < 0 || c.Failed.Or(0) < 0 || c.Rejected.Or(0) < 0 {
				t.Fatalf("command %+v", c)
			}
			seen[c.Name] = true
		}
		for i, k := range info.Keyspace {
			if i > 0 && k.DB <= info.Keyspace[i-1].DB || k.AvgTTL < 0 || k.Keys < 0 {
				t.Fatalf("keyspace %+v", info.Keyspace)
			}
		}
		for name, l := range info.Latency {
			if !finite(l.P50.Or(0)) || !finite(l.P99.Or(0)) || !finite(l.P999.Or(0)) {
				t.Fatalf("latency of %q: %+v", name, l)
			}
		}
	})
}
