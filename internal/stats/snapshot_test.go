package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
)

// busyServer is the Reading of a server in full use at poll n: every number grows with n.
func busyServer(n, connections, commands int) Reading {
	var lines strings.Builder
	fmt.Fprintf(&lines, "total_commands_processed:%d\ntotal_connections_received:%d\nused_memory:%d\nused_cpu_user:%d\nused_cpu_sys:%d\n",
		1000*n, 50000+3*n, 1000+n, n, n)
	fmt.Fprintf(&lines, "errorstat_ERR:count=%d\ndb0:keys=%d,expires=1,avg_ttl=9\nslave0:ip=10.0.0.2,port=1,state=online,offset=%d,lag=0\n", n, n, n)
	for i := range commands {
		fmt.Fprintf(&lines, "cmdstat_command%d:calls=%d,usec=%d,usec_per_call=2.00,rejected_calls=0,failed_calls=%d\n", i, n*(i+1), 2*n*(i+1), n)
	}
	r := reading(time.Duration(n)*2*time.Second, lines.String())
	clients := make([]redis.Client, connections)
	for i := range clients {
		c := counted(int64(i+1), int64(n*(i%97)), time.Duration(n)*2*time.Second)
		c.Addr = fmt.Sprintf("10.0.%d.%d:%d", i%13, i%251, 1024+i)
		c.Name = fmt.Sprintf("service-%d", i%40)
		c.LastCommand = "get"
		clients[i] = c
	}
	r = r.listed(clients...)
	r.Histograms = map[string]redis.Histogram{"command0": histogram(int64(n))}
	r.Slow = []SlowReading{{Kind: Slow, Limit: 128, Entries: []redis.SlowEntry{{ID: int64(n), Time: r.Time.Round(0), Args: []string{"GET", "k"}}}}}
	r.Memory = &redis.MemoryStats{DBOverhead: redis.Some(int64(n))}
	r.OwnIDs = []int64{1}
	r.Sent = []redis.Sent{{Name: "command0", Calls: 1}}
	r.Missing = []Missing{{Part: "latency", Command: "LATENCY HISTOGRAM"}}
	r.Latency = Latency{Probes: int64(n), MaxUsec: Some(float64(n))}
	if n%3 == 0 {
		r.Config, r.Access = map[string]string{"maxmemory": strconv.Itoa(n)}, &Access{Users: []AclUser{{Name: strconv.Itoa(n), Dangerous: []string{"keys"}}}}
		r.Events, r.Denied, r.Host = []LatencyEvent{{Event: "fork", MaxUsec: int64(n)}}, []DeniedRow{{Count: int64(n)}}, &Host{Local: true, Load: Some(float64(n))}
	}
	return r
}

func marshal(t testing.TB, s *Snapshot) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatalf("write a Snapshot as JSON: %v", err)
	}
	return string(b)
}

// A Snapshot never changes, whatever is observed after it. Its JSON holds all that it tells.
func TestSnapshotsAreImmutable(t *testing.T) {
	a := NewAggregate(Options{})
	h := NewHistory(time.Hour, 2000)
	var early []*Snapshot
	var copies []string
	observe := func(r Reading) *Snapshot {
		s := a.Observe(r)
		h.Add(s)
		return s
	}
	for n := range 5 {
		early = append(early, observe(busyServer(n, 60, 20)))
	}
	early = append(early, observe(down(11*time.Second)))
	for _, s := range early {
		copies = append(copies, marshal(t, s))
	}
	for n := range 200 {
		r := busyServer(n+6, 60+n%7, 20)
		switch n % 20 {
		case 7:
			r = down(r.Time.Sub(t0))
		case 11:
			r.Clients = nil
		case 13:
			r.Info = redis.ParseInfo(line("run_id:%d", n))
		}
		observe(r)
	}
	for i, s := range early {
		if got := marshal(t, s); got != copies[i] {
			t.Errorf("Snapshot %d changed\nfrom %s\nto   %s", i, copies[i], got)
		}
	}
}

// Whatever a server says, a Snapshot can be written as JSON and no rate is negative.
func FuzzSnapshotIsJSON(f *testing.F) {
	f.Add("total_commands_processed:5", "total_commands_processed:-9223372036854775808", int64(1))
	f.Add("used_cpu_user:1e308\nused_cpu_sys:1e308", "used_cpu_user:nan\nused_cpu_sys:inf", int64(-5))
	f.Add("cmdstat_get:calls=0,usec=0", "cmdstat_get:calls=9223372036854775807,usec=9223372036854775807,failed_calls=-3", int64(0))
	f.Add("keyspace_hits:0\nkeyspace_misses:0", "keyspace_hits:9223372036854775807\nkeyspace_misses:9223372036854775807", int64(math.MaxInt64))
	f.Add("run_id:a\nserver_time_usec:9223372036854775807", "run_id:a\nserver_time_usec:-9223372036854775808", int64(math.MinInt64))
	f.Add("mem_fragmentation_ratio:NaN\nlatency_percentiles_usec_get:p50=nan,p99=inf\ncmdstat_get:calls=1,usec=1",
		"db0:keys=-1,expires=2,avg_ttl=-9223372036854775808\nslave0:ip=\x1b,port=x,state=online,offset=-9223372036854775808,lag=-1", int64(7))
	f.Fuzz(func(t *testing.T, first, second string, n int64) {
		a := NewAggregate(Options{})
		for i, text := range []string{first, second, first} {
			r := reading(time.Duration(i) * time.Second)
			r.Info = redis.ParseInfo(text)
			c := counted(n, n, time.Duration(n))
			c.NetIn, c.TotalMemory, c.OutputBuffer = redis.Some(-n), redis.Some(n), n
			second := c
			second.ID++
			r = r.listed(c, second)
			r.Sent = []redis.Sent{{Name: "get", Calls: n}}
			r.Slow = []SlowReading{{Entries: []redis.SlowEntry{{ID: n, Time: time.Unix(n, 0)}, {ID: n / 2, Args: []string{text}}}}}
			s := a.Observe(r)
			marshal(t, s)
			for j, def := range Series() {
				if v, ok := def.Value(s).Get(); ok && v < 0 && j != SeriesMemory && j != SeriesRSS && j != SeriesClients && j != SeriesBlocked {
					t.Errorf("%s = %v", def.Name, v)
				}
			}
			for _, row := range s.Commands {
				if row.CallsPerSecond.Or(0) < 0 || row.TimeShare.Or(0) < 0 {
					t.Errorf("negative rate in %+v", row)
				}
			}
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	readings := make([]Reading, 8)
	for n := range readings {
		readings[n] = busyServer(n, 10_000, 250)
	}
	b.ReportAllocs()
	n := 0
	a := NewAggregate(Options{})
	for b.Loop() {
		if n == len(readings) {
			n, a = 0, NewAggregate(Options{})
		}
		a.Observe(readings[n])
		n++
	}
}
