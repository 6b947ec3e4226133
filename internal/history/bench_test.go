package history_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// busySnapshot knows every series, as one of a busy primary does: numbers that are not round.
func busySnapshot(at time.Time, i int) *stats.Snapshot {
	v := func(scale float64) stats.Maybe[float64] { return stats.Some(scale * (1 + float64(i%997)/1234.5)) }
	n := func(scale int64) stats.Maybe[int64] { return stats.Some(scale + int64(i*7919%104729)) }
	s := snapshotAt(at, 0)
	s.Throughput = stats.Throughput{
		CommandsPerSecond: v(52345), InputBytesPerSecond: v(3.3e6), OutputBytesPerSecond: v(9.1e6), HitRatio: v(0.4), HitsPerSecond: v(31000),
		MissesPerSecond: v(900), EvictedPerSecond: stats.Some(0.0), ExpiredPerSecond: v(30), ErrorsPerSecond: stats.Some(0.0), P99Usec: v(110),
	}
	s.CPU = stats.CPU{MainThread: v(0.3), Total: v(0.4)}
	s.Memory = stats.Memory{Used: n(3 << 30), RSS: n(4 << 30), Max: stats.Some(int64(8 << 30)), FragmentationRatio: v(1.1)}
	s.Latency = stats.Latency{P99Usec: v(300), MaxUsec: v(900)}
	s.Connected = stats.Connected{Clients: n(900), Blocked: stats.Some(int64(3)), NewPerSecond: v(20), CameAndWent: stats.Some(int64(0)), RejectedPerSecond: stats.Some(0.0)}
	s.Keyspace = []stats.KeyspaceRow{{Keys: 5_000_000 + int64(i), Expires: 2_000_000}}
	s.Replication.ConnectedReplicas = stats.Some(int64(1))
	s.Replication.Replicas = []stats.ReplicaRow{{LagBytes: n(1000)}}
	s.Observer.ServerCPUShare = v(0.004)
	s.Commands = nil
	for _, name := range []string{"get", "set", "hgetall", "expire", "zadd", "publish", "xadd", "xreadgroup", "incr", "del"} {
		s.Commands = append(s.Commands, stats.CommandRow{Name: name, CallsPerSecond: v(4321), UsecPerCall: v(1.7)})
	}
	return s
}

func fill(b *testing.B, s *history.Store) {
	b.Helper()
	if _, err := s.Findings(b.Context(), history.FindingQuery{}); err != nil { // a question has all written
		b.Fatal(err)
	}
}

// BenchmarkPoints writes Snapshots of ten servers, 50 of each at a time.
func BenchmarkPoints(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			where := filepath.Join(b.TempDir(), "history.db")
			if kind == "postgres" {
				where = postgres(b)
			}
			s := openAt(b, where, history.Options{})
			n := 0
			for b.Loop() {
				for k := range 500 {
					s.Snapshot(fmt.Sprint("server-", k%10), busySnapshot(noon.Add(time.Duration(n)*time.Millisecond), n))
					n++
				}
				fill(b, s)
			}
			report(b, s, where, n, "point")
		})
	}
}

// BenchmarkSessions writes connections that come and go, 2,500 at a time: what 500 a second bring between two writings.
func BenchmarkSessions(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			where := filepath.Join(b.TempDir(), "history.db")
			if kind == "postgres" {
				where = postgres(b)
			}
			s := openAt(b, where, history.Options{})
			n := 0
			for b.Loop() {
				u := presence.Update{Time: noon, Seen: noon}
				for range 2500 {
					u.Came = append(u.Came, sessionOf(int64(n)))
					n++
				}
				s.Presence("a", u)
				fill(b, s)
				u.Gone, u.Came = u.Came, nil
				for i := range u.Gone {
					u.Gone[i] = gone(u.Gone[i], noon, stats.OfflineUnknown)
				}
				s.Presence("a", u)
				fill(b, s)
			}
			report(b, s, where, n, "session")
		})
	}
}

func report(b *testing.B, s *history.Store, where string, n int, what string) {
	b.Helper()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), what+"s/s")
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	if bytes := fileBytes(where); bytes > 0 {
		b.ReportMetric(float64(bytes)/float64(n), "B/"+what)
	}
}

// BenchmarkRange reads a week of ten-minute points, of all series and of one.
func BenchmarkRange(b *testing.B) {
	c := &clock{at: noon}
	s := openAt(b, filepath.Join(b.TempDir(), "history.db"), history.Options{Now: c.now, Keep: history.Keep{Raw: 365 * 24 * time.Hour}})
	for i := range 7 * 144 {
		for k := range 3 {
			s.Snapshot("a", busySnapshot(noon.Add(time.Duration(i)*10*time.Minute+time.Duration(k)*time.Second), i+k))
		}
	}
	c.set(noon.Add(7 * 24 * time.Hour))
	fill(b, s)
	s.Upkeep(b.Context())
	for _, series := range [][]string{nil, {"commands_per_second"}} {
		b.Run(fmt.Sprint(len(series)), func(b *testing.B) {
			for b.Loop() {
				r, err := s.Range(b.Context(), history.RangeQuery{Server: "a", From: noon, Series: series})
				if err != nil || r.Tier != "10m" {
					b.Fatal(r.Tier, err)
				}
			}
		})
	}
}
