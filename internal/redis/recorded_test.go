package redis

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recorded is the replies of one server version, in one folder of testdata.
type recorded struct {
	t     *testing.T
	dir   string
	proto string // the file ending: ".resp" or ".resp3"
}

// eachRecorded runs a test over every recorded version and protocol.
func eachRecorded(t *testing.T, test func(*testing.T, recorded)) {
	dirs, err := filepath.Glob("testdata/*-*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recorded versions: %v", err)
	}
	for _, dir := range dirs {
		for _, proto := range []string{".resp", ".resp3"} {
			t.Run(filepath.Base(dir)+proto, func(t *testing.T) {
				test(t, recorded{t, dir, proto})
			})
		}
	}
}

// reply reads a recorded reply; a version that lacks the command skips the test.
func (r recorded) reply(name string) Value {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.dir, name+r.proto))
	if os.IsNotExist(err) {
		r.t.Skipf("no %s in this version", name)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	rd := NewReader(bytes.NewReader(raw), Limits{})
	v, err := rd.Read()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := rd.Read(); err != io.EOF {
		r.t.Fatalf("after the reply: %v, want EOF", err)
	}
	return v
}

func TestRecordedInfo(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		text := r.reply("info").Text
		info := ParseInfo(text)
		if got := info.Flavor() + "-" + info.Version(); got != filepath.Base(r.dir) {
			t.Errorf("flavor and version: %s", got)
		}
		if !info.VersionAtLeast(5, 0) || info.VersionAtLeast(1000, 0) {
			t.Errorf("version %s is not between 5.0 and 1000.0", info.Version())
		}
		wantLines(t, text, "cmdstat_", len(info.Commands))
		wantLines(t, text, "errorstat_", len(info.Errors))
		wantLines(t, text, "latency_percentiles_usec_", len(info.Latency))
		checkCommands(t, info)

		var dbs []int
		for _, k := range info.Keyspace {
			dbs = append(dbs, k.DB)
		}
		if diff := cmp.Diff([]int{0, 1, 9}, dbs); diff != "" {
			t.Fatal(diff)
		}
		if k := info.Keyspace[2]; k.Keys != 2 || k.Expires != 1 || k.AvgTTL > 10*time.Minute {
			t.Errorf("db9: %+v", k)
		}
		if len(info.Replicas) != 1 {
			t.Fatalf("replicas: %v", info.Replicas)
		}
		replica := info.Replicas[0]
		if replica.State != "online" || !strings.HasPrefix(replica.Addr, "127.0.0.1:") || replica.Offset <= 0 || replica.Lag.Or(99) > 5 {
			t.Errorf("replica: %+v", replica)
		}
		if info.Int("used_memory").Or(0) < 100_000 || info.Float("used_cpu_user").Or(-1) < 0 {
			t.Errorf("used_memory %v, used_cpu_user %v", info.Int("used_memory"), info.Float("used_cpu_user"))
		}
	})
}

func wantLines(t *testing.T, text, prefix string, got int) {
	t.Helper()
	want := len(regexp.MustCompile(`(?m)^`+prefix).FindAllString(text, -1))
	if got != want {
		t.Errorf("%d %s lines, want %d", got, prefix, want)
	}
}

// checkCommands looks for the recorder's own traffic.
func checkCommands(t *testing.T, info *Info) {
	t.Helper()
	calls := map[string]CommandStat{}
	for _, c := range info.Commands {
		calls[c.Name] = c
	}
	// Two by hand, one by the script, then the counted ones.
	if got := calls["get"].Calls; got != recordedGets+3 {
		t.Errorf("get: %d calls", got)
	}
	if got := calls["incr"].Calls; got != recordedIncrs+1 {
		t.Errorf("incr: %d calls", got)
	}
	if failed, ok := calls["hset"].Failed.Get(); ok && failed != 1 {
		t.Errorf("hset: %d failed calls, want the one on a string", failed)
	}
	for _, e := range info.Errors {
		if e.Code == "WRONGTYPE" && e.Count != 1 {
			t.Errorf("WRONGTYPE: %d", e.Count)
		}
	}
	if l, ok := info.Latency["get"]; ok && (!l.P50.Known() || l.P99.Or(0) < l.P50.Or(0) || l.P999.Or(0) < l.P99.Or(0)) {
		t.Errorf("latency of get: %+v", l)
	}
}

func TestRecordedClients(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		clients, bad := ParseClientList(r.reply("client-list").Text)
		if bad != 0 {
			t.Errorf("%d unreadable lines", bad)
		}
		seen := map[string]Client{}
		for _, c := range clients {
			seen[c.LastCommand] = c
			if c.ID <= 0 || c.IP() == "" || c.Flags == "" {
				t.Errorf("client without id, address or flags: %+v", c)
			}
			switch c.IP() {
			case "127.0.0.1", "::1", UnixIP:
				seen[c.IP()] = c
			default:
				t.Errorf("address of %+v", c)
			}
		}
		for _, want := range []string{"::1", UnixIP, "subscribe", "blpop", "set", "get", ""} {
			if _, ok := seen[want]; !ok {
				t.Errorf("no client %q", want)
			}
		}
		if c := seen["get"]; c.Name != "name=with=equals" || c.DB != 9 || c.Age < time.Second || c.Multi != -1 {
			t.Errorf("named client: %+v", c)
		}
		if c := seen["get"]; c.LibName != "" && (c.LibName != "fixturelib" || c.LibVer != "1.2.3") {
			t.Errorf("library: %q %q", c.LibName, c.LibVer)
		}
		if c := seen["get"]; c.Commands.Known() != c.NetIn.Known() || c.Commands.Or(1) < 1 {
			t.Errorf("totals: %+v", c)
		}
		if c := seen["subscribe"]; c.Sub != 2 || !strings.Contains(c.Flags, "P") {
			t.Errorf("subscriber: %+v", c)
		}
		if c := seen["set"]; c.Multi != 1 || !strings.Contains(c.Flags, "x") {
			t.Errorf("transaction: %+v", c)
		}
	})
}

func TestRecordedSlowlog(t *testing.T) {
	for _, log := range []string{"slowlog", "commandlog"} {
		t.Run(log, func(t *testing.T) {
			eachRecorded(t, func(t *testing.T, r recorded) {
				entries, err := ParseSlowlog(r.reply(log))
				if err != nil {
					t.Fatal(err)
				}
				if len(entries) != 3 {
					t.Fatalf("%d entries, want CONFIG, SET and RPUSH", len(entries))
				}
				push, set := entries[0], entries[1]
				if len(push.Args) != 32 || push.Args[0] != "RPUSH" || !strings.Contains(push.Args[31], "more arguments") {
					t.Errorf("newest entry: %q", push.Args)
				}
				if diff := cmp.Diff([]string{"SET", "binary", binaryArg}, set.Args); diff != "" {
					t.Error(diff)
				}
				if push.ID != set.ID+1 || set.Name != "fixture:main" || !strings.HasPrefix(set.Addr, "127.0.0.1:") || set.Time.Year() < 2020 {
					t.Errorf("entry: %+v", set)
				}
			})
		})
	}
}

func TestRecordedMemoryStats(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		m, err := ParseMemoryStats(r.reply("memory-stats"))
		if err != nil {
			t.Fatal(err)
		}
		if m.Keys.Or(0) != 8 {
			t.Errorf("keys: %v, want 8", m.Keys)
		}
		total, startup, overhead := m.Total.Or(0), m.Startup.Or(0), m.Overhead.Or(0)
		if startup < 100_000 || total <= startup || m.Peak.Or(0) < total || overhead < startup {
			t.Errorf("peak %v, total %v, startup %v, overhead %v", m.Peak, m.Total, m.Startup, m.Overhead)
		}
		if m.Dataset.Or(0) != total-overhead {
			t.Errorf("dataset %v is not total %d less overhead %d", m.Dataset, total, overhead)
		}
		if db := m.DBOverhead.Or(0); db <= 0 || db > overhead {
			t.Errorf("hash tables: %v", m.DBOverhead)
		}
		for name, field := range m.fields() {
			// 7.0 brought cluster.links and functions.caches.
			if !field.Known() && name != "cluster.links" && name != "functions.caches" {
				t.Errorf("no %s", name)
			}
		}
		if m.Fragmentation.Or(0) < 0.5 {
			t.Errorf("fragmentation: %v", m.Fragmentation)
		}
	})
}

func TestRecordedHistograms(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		before, err := ParseHistograms(r.reply("latency-before"))
		if err != nil {
			t.Fatal(err)
		}
		after, err := ParseHistograms(r.reply("latency-after"))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]int64{"get": recordedGets, "incr": recordedIncrs, "set": 0} {
			diff := after[name].Sub(before[name])
			if diff.Calls != want {
				t.Errorf("%s: %d calls between the readings, want %d", name, diff.Calls, want)
			}
			p50, ok := diff.Quantile(0.5)
			p99, _ := diff.Quantile(0.99)
			if ok != (want > 0) || p50 > p99 || p99 > 1_100_000 {
				t.Errorf("%s: p50 %d, p99 %d, %v", name, p50, p99, ok)
			}
			if n := len(diff.Buckets); want > 0 && diff.Buckets[n-1].Count != want {
				t.Errorf("%s: buckets hold %d calls, want %d", name, diff.Buckets[n-1].Count, want)
			}
		}
	})
}

func TestRecordedCommandInfo(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		known, err := ParseCommandInfo(r.reply("command-info"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]bool{true, false, true}, known); diff != "" {
			t.Error(diff)
		}
	})
}
