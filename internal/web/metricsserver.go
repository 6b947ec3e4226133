package web

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"redistop/internal/stats"
)

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// Bounds of the series of one server, whatever it does.
const (
	mostDBs      = 64
	mostReplicas = 32
	mostErrors   = 64
	mostRules    = 200
)

// snap shortens the table.
type snap = *stats.Snapshot

// serverMetrics are the facts of a server.
var serverMetrics = []metric{
	{name: "redistop_up", kind: gauge, always: true, help: "Whether the server answers: 1, else 0.", of: func(m *moment, emit emit) {
		emit(one(m.snapshot.Link.State == stats.Up && !m.snapshot.Stale))
	}},
	{name: "redistop_link_state", kind: gauge, always: true, labels: []string{"state"}, most: 1, help: "1 for the state that the connection to the server is in: connecting, up, stalled, loading, busy, down or denied.", of: func(m *moment, emit emit) {
		emit(1, string(m.snapshot.Link.State))
	}},
	{name: "redistop_last_observation_timestamp_seconds", kind: gauge, always: true, help: "When the latest Snapshot was made, by the clock of redistop, in Unix time.", of: func(m *moment, emit emit) {
		if m.number > 0 {
			emit(float64(m.snapshot.Time.UnixMilli()) / 1e3)
		}
	}},
	{name: "redistop_server_info", kind: gauge, labels: []string{"addr", "flavor", "version", "role", "mode"}, help: "1, with who the server is.", of: func(m *moment, emit emit) {
		who := m.snapshot.Server
		emit(1, m.Addr, who.Flavor, who.Version, who.Role, who.Mode)
	}},
	{name: "redistop_uptime_seconds", kind: gauge, help: "Since the server's start.", of: integer(func(s snap) stats.Maybe[int64] { return s.Server.UptimeSeconds })},

	{name: "redistop_commands_processed_total", kind: counter, help: "Commands that the server has run, those of redistop among them.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalCommands })},
	{name: "redistop_network_input_bytes_total", kind: counter, help: "Bytes that the server has read.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalInputBytes })},
	{name: "redistop_network_output_bytes_total", kind: counter, help: "Bytes that the server has written.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalOutputBytes })},
	{name: "redistop_keyspace_hits_total", kind: counter, help: "Look-ups that found their key.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalHits })},
	{name: "redistop_keyspace_misses_total", kind: counter, help: "Look-ups that found no key.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalMisses })},
	{name: "redistop_evicted_keys_total", kind: counter, help: "Keys that were removed for want of memory.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalEvicted })},
	{name: "redistop_expired_keys_total", kind: counter, help: "Keys whose time was over.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalExpired })},
	{name: "redistop_error_replies_total", kind: counter, help: "Replies that were errors (Redis 6.2+).", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalErrors })},
	{name: "redistop_commands_p99_seconds", kind: gauge, help: "99th percentile of the running time of commands since it was last asked, upper edge of its bucket, without the time that they waited (7.0+).", of: usec(func(s snap) stats.Maybe[float64] { return s.Throughput.P99Usec })},
	{name: "redistop_probe_p99_seconds", kind: gauge, help: "99th percentile of the round trips of PINGs in the last interval; absent with fewer than 20.", of: usec(func(s snap) stats.Maybe[float64] { return s.Latency.P99Usec })},
	{name: "redistop_probe_max_seconds", kind: gauge, help: "The longest of them, the one under way included.", of: usec(func(s snap) stats.Maybe[float64] { return s.Latency.MaxUsec })},

	{name: "redistop_cpu_user_seconds_total", kind: counter, help: "Processor time of the server in user mode, all threads.", of: decimal(func(s snap) stats.Maybe[float64] { return s.CPU.TotalUserSeconds })},
	{name: "redistop_cpu_system_seconds_total", kind: counter, help: "Processor time of the server in the kernel, all threads.", of: decimal(func(s snap) stats.Maybe[float64] { return s.CPU.TotalSystemSeconds })},
	{name: "redistop_cpu_children_seconds_total", kind: counter, help: "Processor time of its forked children (BGSAVE, AOF rewrite), counted when they end.", of: decimal(func(s snap) stats.Maybe[float64] { return s.CPU.TotalChildrenSeconds })},
	{name: "redistop_cpu_main_thread_ratio", kind: gauge, help: "Share of one core that the thread which runs commands has used in the last interval; near 1 it is saturated (6.2+).", of: decimal(func(s snap) stats.Maybe[float64] { return s.CPU.MainThread })},

	{name: "redistop_memory_used_bytes", kind: gauge, help: "Memory that the server has allocated.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Used })},
	{name: "redistop_memory_rss_bytes", kind: gauge, help: "Memory of the server's process in RAM.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.RSS })},
	{name: "redistop_memory_peak_bytes", kind: gauge, help: "The most memory that it had allocated.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Peak })},
	{name: "redistop_memory_max_bytes", kind: gauge, help: "maxmemory; absent where there is no limit.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Max })},
	{name: "redistop_memory_dataset_bytes", kind: gauge, help: "Memory of keys and values alone.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Dataset })},
	{name: "redistop_memory_clients_bytes", kind: gauge, help: "Memory of the buffers of clients.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Clients })},
	{name: "redistop_memory_fragmentation_ratio", kind: gauge, help: "Memory of the process over memory that was asked for.", of: decimal(func(s snap) stats.Maybe[float64] { return s.Memory.FragmentationRatio })},

	{name: "redistop_clients", kind: gauge, help: "Connections, those of redistop among them.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Clients })},
	{name: "redistop_clients_blocked", kind: gauge, help: "Connections that wait in BLPOP, XREAD BLOCK, WAIT and the like.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Blocked })},
	{name: "redistop_clients_max", kind: gauge, help: "maxclients.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Max })},
	{name: "redistop_connections_received_total", kind: counter, help: "Connections that the server has accepted.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.TotalReceived })},
	{name: "redistop_connections_rejected_total", kind: counter, help: "Connections that it refused, because there were maxclients.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Rejected })},

	{name: "redistop_db_keys", kind: gauge, labels: []string{"db"}, most: mostDBs, help: "Keys of a database.", of: perDB(func(r stats.KeyspaceRow) stats.Maybe[float64] { return stats.Some(float64(r.Keys)) })},
	{name: "redistop_db_keys_expiring", kind: gauge, labels: []string{"db"}, most: mostDBs, help: "Those of them that have a time to live.", of: perDB(func(r stats.KeyspaceRow) stats.Maybe[float64] { return stats.Some(float64(r.Expires)) })},
	{name: "redistop_error_replies_by_code_total", kind: counter, labels: []string{"code"}, most: mostErrors, help: "Replies that were errors, by their first word (6.2+).", of: func(m *moment, emit emit) {
		for _, r := range m.snapshot.Errors {
			emit(float64(r.Count), r.Code)
		}
	}},

	{name: "redistop_persistence_loading", kind: gauge, always: true, help: "Whether the server reads its dataset from disk; it answers nothing else meanwhile.", of: func(m *moment, emit emit) {
		if m.number > 0 {
			emit(one(m.snapshot.Link.State == stats.Loading))
		}
	}},
	{name: "redistop_rdb_changes_since_save", kind: gauge, help: "Writes since the last RDB save.", of: integer(func(s snap) stats.Maybe[int64] { return s.Persistence.ChangesSinceSave })},
	{name: "redistop_rdb_last_save_age_seconds", kind: gauge, help: "Since the last RDB save; absent where there was none since the start.", of: integer(func(s snap) stats.Maybe[int64] { return s.Persistence.LastSave })},
	{name: "redistop_rdb_last_save_ok", kind: gauge, help: "Whether the last RDB save went well.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.LastSaveOK })},
	{name: "redistop_aof_enabled", kind: gauge, help: "Whether there is an append-only file.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.AOFEnabled })},
	{name: "redistop_aof_last_write_ok", kind: gauge, help: "Whether the last write to it went well.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.AOFLastWriteOK })},
	{name: "redistop_last_fork_seconds", kind: gauge, help: "How long the last fork stopped the server.", of: usec(func(s snap) stats.Maybe[float64] {
		v, ok := s.Persistence.LastForkUsec.Get()
		if !ok {
			return stats.Maybe[float64]{}
		}
		return stats.Some(float64(v))
	})},

	{name: "redistop_replicas", kind: gauge, help: "Replicas that are connected.", of: integer(func(s snap) stats.Maybe[int64] { return s.Replication.ConnectedReplicas })},
	{name: "redistop_replica_lag_bytes", kind: gauge, labels: []string{"replica"}, most: mostReplicas, help: "What a replica has not acknowledged, on its primary.", of: func(m *moment, emit emit) {
		for _, r := range m.snapshot.Replication.Replicas {
			if v, ok := r.LagBytes.Get(); ok {
				emit(float64(v), r.Addr)
			}
		}
	}},
	{name: "redistop_primary_link_up", kind: gauge, help: "Whether a replica is connected to its primary.", of: yes(func(s snap) stats.Maybe[bool] { return s.Replication.PrimaryLinkUp })},
	{name: "redistop_full_syncs_total", kind: counter, help: "Whole copies that a primary has sent to replicas.", of: integer(func(s snap) stats.Maybe[int64] { return s.Replication.FullSyncs })},

	{name: "redistop_findings", kind: gauge, labels: []string{"severity"}, most: 3, help: "Findings that stand: critical, warning and info.", of: func(m *moment, emit emit) {
		o := observe(m)
		emit(float64(o.Findings.Critical), string(stats.Critical))
		emit(float64(o.Findings.Warning), string(stats.Warning))
		emit(float64(o.Findings.Info), string(stats.Info))
	}},
	{name: "redistop_findings_by_rule", kind: gauge, labels: []string{"rule", "severity"}, most: mostRules, help: "Findings of a rule that stand; absent where there are none. docs/rules.md lists the rules.", of: findingsByRule},

	{name: "redistop_observer_cpu_ratio", kind: gauge, help: "Share of the thread that runs commands which redistop's questions have taken in the last interval, by the server's own count.", of: decimal(func(s snap) stats.Maybe[float64] { return s.Observer.ServerCPUShare })},
	{name: "redistop_observer_commands_total", kind: counter, always: true, help: "Commands that redistop has sent to the server since it began to watch it.", of: func(m *moment, emit emit) {
		emit(float64(m.snapshot.Observer.TotalCommands))
	}},
}

func perDB(fact func(stats.KeyspaceRow) stats.Maybe[float64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		for _, r := range m.snapshot.Keyspace {
			if v, ok := fact(r).Get(); ok {
				emit(v, "db"+strconv.Itoa(r.DB))
			}
		}
	}
}

func findingsByRule(m *moment, emit emit) {
	type kind struct {
		rule     string
		severity stats.Severity
	}
	counts := map[kind]int{}
	var seen []kind
	for _, f := range m.snapshot.Findings {
		k := kind{f.Rule, f.Severity}
		if f.Resolved != nil {
			continue
		}
		if counts[k]++; counts[k] == 1 {
			seen = append(seen, k)
		}
	}
	for _, k := range seen {
		emit(float64(counts[k]), k.rule, string(k.severity))
	}
}
