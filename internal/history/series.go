package history

import "redistop/internal/stats"

// A series is one figure of a Snapshot that is kept over time.
type series struct {
	name  string // in SQL and JSON: may be added to at the end, never renamed, moved or removed
	value func(*stats.Snapshot) stats.Maybe[float64]
}

// allSeries is every series, in the order in which they are stored.
var allSeries = []series{
	{"commands_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.CommandsPerSecond }},
	{"p99_usec", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.P99Usec }},
	{"ping_p99_usec", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Latency.P99Usec }},
	{"ping_max_usec", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Latency.MaxUsec }},
	{"main_thread", func(s *stats.Snapshot) stats.Maybe[float64] { return s.CPU.MainThread }},
	{"cpu_total", func(s *stats.Snapshot) stats.Maybe[float64] { return s.CPU.Total }},
	{"input_bytes_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.InputBytesPerSecond }},
	{"output_bytes_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.OutputBytesPerSecond }},
	{"hit_ratio", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.HitRatio }},
	{"hits_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.HitsPerSecond }},
	{"misses_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.MissesPerSecond }},
	{"evicted_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.EvictedPerSecond }},
	{"expired_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.ExpiredPerSecond }},
	{"errors_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.ErrorsPerSecond }},
	{"used_bytes", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Memory.Used) }},
	{"rss_bytes", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Memory.RSS) }},
	{"max_bytes", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Memory.Max) }},
	{"fragmentation_ratio", func(s *stats.Snapshot) stats.Maybe[float64] { return fresh(s, s.Memory.FragmentationRatio) }},
	{"clients", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Connected.Clients) }},
	{"blocked", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Connected.Blocked) }},
	{"new_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Connected.NewPerSecond }},
	{"came_and_went", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Connected.CameAndWent) }},
	{"rejected_per_second", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Connected.RejectedPerSecond }},
	{"keys", func(s *stats.Snapshot) stats.Maybe[float64] {
		return keyspace(s, func(r stats.KeyspaceRow) int64 { return r.Keys })
	}},
	{"expires", func(s *stats.Snapshot) stats.Maybe[float64] {
		return keyspace(s, func(r stats.KeyspaceRow) int64 { return r.Expires })
	}},
	{"replicas", func(s *stats.Snapshot) stats.Maybe[float64] { return gauge(s, s.Replication.ConnectedReplicas) }},
	{"replica_lag_bytes", replicaLag},
	{"findings_critical", func(s *stats.Snapshot) stats.Maybe[float64] { return findings(s, stats.Critical) }},
	{"findings_warning", func(s *stats.Snapshot) stats.Maybe[float64] { return findings(s, stats.Warning) }},
	{"observer_cpu_share", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Observer.ServerCPUShare }},
	{"up", up},
}

// SeriesNames are the names of all series that a Range can be asked for.
func SeriesNames() []string {
	names := make([]string, len(allSeries))
	for i, s := range allSeries {
		names[i] = s.name
	}
	return names
}

// fresh is a fact that holds for a moment: unknown while the server does not answer.
func fresh(s *stats.Snapshot, fact stats.Maybe[float64]) stats.Maybe[float64] {
	if s.Stale {
		return stats.Maybe[float64]{}
	}
	return fact
}

func gauge(s *stats.Snapshot, fact stats.Maybe[int64]) stats.Maybe[float64] {
	v, ok := fact.Get()
	if !ok || s.Stale {
		return stats.Maybe[float64]{}
	}
	return stats.Some(float64(v))
}

// answered says that the server told of itself for this Snapshot: what INFO always tells is there.
func answered(s *stats.Snapshot) bool {
	return !s.Stale && s.Connected.Clients.Known()
}

// keyspace sums over the databases. INFO leaves out those without a key, so no row is no key.
func keyspace(s *stats.Snapshot, of func(stats.KeyspaceRow) int64) stats.Maybe[float64] {
	if !answered(s) {
		return stats.Maybe[float64]{}
	}
	var sum float64
	for _, row := range s.Keyspace {
		sum += float64(of(row))
	}
	return stats.Some(sum)
}

// replicaLag is of the replica that is furthest behind.
func replicaLag(s *stats.Snapshot) (lag stats.Maybe[float64]) {
	if s.Stale {
		return lag
	}
	for _, row := range s.Replication.Replicas {
		if v, ok := row.LagBytes.Get(); ok && float64(v) >= lag.Or(0) {
			lag = stats.Some(float64(v))
		}
	}
	return lag
}

// findings counts those that last.
func findings(s *stats.Snapshot, severity stats.Severity) stats.Maybe[float64] {
	n := 0
	for _, f := range s.Findings {
		if f.Resolved == nil && f.Severity == severity {
			n++
		}
	}
	return stats.Some(float64(n))
}

func up(s *stats.Snapshot) stats.Maybe[float64] {
	switch s.Link.State {
	case stats.Up:
		return stats.Some(1.0)
	case stats.Connecting, "":
		return stats.Maybe[float64]{} // we have not asked yet
	}
	return stats.Some(0.0)
}
