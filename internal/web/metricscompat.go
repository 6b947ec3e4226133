package web

import (
	"net"

	"redistop/internal/stats"
)

// compatMetrics have the names and labels by which dashboards made for redis_exporter ask, where the
// meaning is the same. A name whose meaning we cannot give is not here. redis_exporter knows servers apart by
// the label instance, which Prometheus sets; here it is server.
var compatMetrics = []metric{
	{name: "redis_up", kind: gauge, always: true, help: "As redistop_up.", of: func(m *moment, emit emit) {
		emit(one(m.snapshot.Link.State == stats.Up && !m.snapshot.Stale))
	}},
	{name: "redis_instance_info", kind: gauge, labels: []string{"role", "redis_version", "redis_mode", "os", "maxmemory_policy", "run_id"}, help: "1, with who the server is; role is master or slave, redis_version on Valkey is its own version.", of: func(m *moment, emit emit) {
		who := m.snapshot.Server
		emit(1, exporterRole(who.Role), who.Version, who.Mode, who.OS, m.snapshot.Memory.Policy, who.RunID)
	}},
	{name: "redis_uptime_in_seconds", kind: gauge, help: "As redistop_uptime_seconds.", of: integer(func(s snap) stats.Maybe[int64] { return s.Server.UptimeSeconds })},
	{name: "redis_start_time_seconds", kind: gauge, help: "When the server started, in Unix time.", of: func(m *moment, emit emit) {
		if up, ok := m.snapshot.Server.UptimeSeconds.Get(); ok {
			emit(float64(m.snapshot.Time.Unix() - up))
		}
	}},
	{name: "redis_process_id", kind: gauge, help: "Of the server.", of: func(m *moment, emit emit) {
		if pid := m.snapshot.Server.PID; pid > 0 {
			emit(float64(pid))
		}
	}},
	{name: "redis_connected_clients", kind: gauge, help: "As redistop_clients.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Clients })},
	{name: "redis_blocked_clients", kind: gauge, help: "As redistop_clients_blocked.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Blocked })},
	{name: "redis_tracking_clients", kind: gauge, help: "Connections that use client-side caching.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Tracking })},
	{name: "redis_connections_received_total", kind: counter, help: "As redistop_connections_received_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.TotalReceived })},
	{name: "redis_rejected_connections_total", kind: counter, help: "As redistop_connections_rejected_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Connected.Rejected })},

	{name: "redis_memory_used_bytes", kind: gauge, help: "As redistop_memory_used_bytes.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Used })},
	{name: "redis_memory_used_rss_bytes", kind: gauge, help: "As redistop_memory_rss_bytes.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.RSS })},
	{name: "redis_memory_used_peak_bytes", kind: gauge, help: "As redistop_memory_peak_bytes.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Peak })},
	{name: "redis_memory_used_overhead_bytes", kind: gauge, help: "Memory that is neither keys nor values.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Overhead })},
	{name: "redis_memory_used_startup_bytes", kind: gauge, help: "Memory that the server had at its start.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Startup })},
	{name: "redis_memory_used_dataset_bytes", kind: gauge, help: "As redistop_memory_dataset_bytes.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.Dataset })},
	{name: "redis_memory_max_bytes", kind: gauge, help: "maxmemory; 0 where there is no limit, unlike redistop_memory_max_bytes.", of: func(m *moment, emit emit) {
		emit(float64(m.snapshot.Memory.Max.Or(0))) // what the server itself says of no limit
	}},
	{name: "redis_total_system_memory_bytes", kind: gauge, help: "Memory of the server's machine.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.System })},
	{name: "redis_mem_fragmentation_ratio", kind: gauge, help: "As redistop_memory_fragmentation_ratio.", of: decimal(func(s snap) stats.Maybe[float64] { return s.Memory.FragmentationRatio })},
	{name: "redis_allocator_active_bytes", kind: gauge, help: "Memory in the allocator's active pages.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.AllocatorActive })},
	{name: "redis_allocator_resident_bytes", kind: gauge, help: "Memory of the allocator in RAM.", of: integer(func(s snap) stats.Maybe[int64] { return s.Memory.AllocatorResident })},

	{name: "redis_commands_processed_total", kind: counter, help: "As redistop_commands_processed_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalCommands })},
	{name: "redis_commands_total", kind: counter, labels: []string{"cmd"}, most: mostCommands, help: "As redistop_command_calls_total.", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return stats.Some(float64(r.Calls)) })},
	{name: "redis_commands_duration_seconds_total", kind: counter, labels: []string{"cmd"}, most: mostCommands, help: "As redistop_command_seconds_total.", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return stats.Some(float64(r.TotalUsec) / 1e6) })},
	{name: "redis_commands_failed_calls_total", kind: counter, labels: []string{"cmd"}, most: mostCommands, help: "As redistop_command_failed_calls_total.", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return float(r.FailedCalls) })},
	{name: "redis_commands_rejected_calls_total", kind: counter, labels: []string{"cmd"}, most: mostCommands, help: "As redistop_command_rejected_calls_total.", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return float(r.RejectedCalls) })},
	{name: "redis_errors_total", kind: counter, labels: []string{"err"}, most: mostErrors, help: "As redistop_error_replies_by_code_total.", of: func(m *moment, emit emit) {
		for _, r := range m.snapshot.Errors {
			emit(float64(r.Count), r.Code)
		}
	}},
	{name: "redis_net_input_bytes_total", kind: counter, help: "As redistop_network_input_bytes_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalInputBytes })},
	{name: "redis_net_output_bytes_total", kind: counter, help: "As redistop_network_output_bytes_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalOutputBytes })},
	{name: "redis_keyspace_hits_total", kind: counter, help: "As redistop_keyspace_hits_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalHits })},
	{name: "redis_keyspace_misses_total", kind: counter, help: "As redistop_keyspace_misses_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalMisses })},
	{name: "redis_expired_keys_total", kind: counter, help: "As redistop_expired_keys_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalExpired })},
	{name: "redis_evicted_keys_total", kind: counter, help: "As redistop_evicted_keys_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Throughput.TotalEvicted })},
	{name: "redis_cpu_sys_seconds_total", kind: counter, help: "As redistop_cpu_system_seconds_total.", of: decimal(func(s snap) stats.Maybe[float64] { return s.CPU.TotalSystemSeconds })},
	{name: "redis_cpu_user_seconds_total", kind: counter, help: "As redistop_cpu_user_seconds_total.", of: decimal(func(s snap) stats.Maybe[float64] { return s.CPU.TotalUserSeconds })},

	{name: "redis_db_keys", kind: gauge, labels: []string{"db"}, most: mostDBs, help: "As redistop_db_keys.", of: perDB(func(r stats.KeyspaceRow) stats.Maybe[float64] { return stats.Some(float64(r.Keys)) })},
	{name: "redis_db_keys_expiring", kind: gauge, labels: []string{"db"}, most: mostDBs, help: "As redistop_db_keys_expiring.", of: perDB(func(r stats.KeyspaceRow) stats.Maybe[float64] { return stats.Some(float64(r.Expires)) })},
	{name: "redis_db_avg_ttl_seconds", kind: gauge, labels: []string{"db"}, most: mostDBs, help: "Mean time to live of the keys that have one, the server's estimate.", of: perDB(func(r stats.KeyspaceRow) stats.Maybe[float64] { return r.AvgTTLSeconds })},
	{name: "redis_pubsub_channels", kind: gauge, help: "Channels that have subscribers.", of: integer(func(s snap) stats.Maybe[int64] { return s.PubSub.Channels })},
	{name: "redis_pubsub_patterns", kind: gauge, help: "Patterns that have subscribers.", of: integer(func(s snap) stats.Maybe[int64] { return s.PubSub.Patterns })},

	{name: "redis_rdb_changes_since_last_save", kind: gauge, help: "As redistop_rdb_changes_since_save.", of: integer(func(s snap) stats.Maybe[int64] { return s.Persistence.ChangesSinceSave })},
	{name: "redis_rdb_last_bgsave_status", kind: gauge, help: "As redistop_rdb_last_save_ok.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.LastSaveOK })},
	{name: "redis_rdb_bgsave_in_progress", kind: gauge, help: "Whether an RDB save is under way.", of: func(m *moment, emit emit) {
		emit(one(m.snapshot.Persistence.SaveInProgress))
	}},
	{name: "redis_aof_enabled", kind: gauge, help: "As redistop_aof_enabled.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.AOFEnabled })},
	{name: "redis_aof_rewrite_in_progress", kind: gauge, help: "Whether the append-only file is being rewritten.", of: func(m *moment, emit emit) {
		emit(one(m.snapshot.Persistence.AOFRewriteInProgress))
	}},
	{name: "redis_aof_last_bgrewrite_status", kind: gauge, help: "Whether its last rewriting went well.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.AOFLastRewriteOK })},
	{name: "redis_aof_last_write_status", kind: gauge, help: "As redistop_aof_last_write_ok.", of: yes(func(s snap) stats.Maybe[bool] { return s.Persistence.AOFLastWriteOK })},
	{name: "redis_aof_delayed_fsync", kind: gauge, help: "Times that fsync was waited for.", of: integer(func(s snap) stats.Maybe[int64] { return s.Persistence.AOFDelayedFsync })},
	{name: "redis_latest_fork_usec", kind: gauge, help: "redistop_last_fork_seconds in microseconds.", of: integer(func(s snap) stats.Maybe[int64] { return s.Persistence.LastForkUsec })},

	{name: "redis_connected_slaves", kind: gauge, help: "As redistop_replicas.", of: integer(func(s snap) stats.Maybe[int64] { return s.Replication.ConnectedReplicas })},
	{name: "redis_master_repl_offset", kind: gauge, help: "Bytes of the replication stream.", of: integer(func(s snap) stats.Maybe[int64] { return s.Replication.Offset })},
	{name: "redis_replica_resyncs_full", kind: gauge, help: "As redistop_full_syncs_total.", of: integer(func(s snap) stats.Maybe[int64] { return s.Replication.FullSyncs })},
	{name: "redis_replication_backlog_bytes", kind: gauge, help: "repl-backlog-size.", of: integer(func(s snap) stats.Maybe[int64] { return s.Replication.BacklogBytes })},
	{name: "redis_connected_slave_lag_seconds", kind: gauge, labels: []string{"slave_ip", "slave_port", "slave_state"}, most: mostReplicas, help: "Since a replica was last heard of, on its primary.", of: func(m *moment, emit emit) {
		for _, r := range m.snapshot.Replication.Replicas {
			ip, port, err := net.SplitHostPort(r.Addr)
			if v, ok := r.LagSeconds.Get(); ok && err == nil {
				emit(float64(v), ip, port, r.State)
			}
		}
	}},
	{name: "redis_master_link_up", kind: gauge, labels: []string{"master_host", "master_port"}, help: "As redistop_primary_link_up.", of: ofPrimary(func(r *stats.Replication) stats.Maybe[float64] {
		v, ok := r.PrimaryLinkUp.Get()
		if !ok {
			return stats.Maybe[float64]{}
		}
		return stats.Some(one(v))
	})},
	{name: "redis_master_last_io_seconds_ago", kind: gauge, labels: []string{"master_host", "master_port"}, help: "Since a replica has heard of its primary; absent while they are not connected.", of: ofPrimary(func(r *stats.Replication) stats.Maybe[float64] {
		return float(r.LastIOSeconds)
	})},
	{name: "redis_master_sync_in_progress", kind: gauge, labels: []string{"master_host", "master_port"}, help: "Whether a replica is being sent a whole copy.", of: ofPrimary(func(r *stats.Replication) stats.Maybe[float64] {
		return stats.Some(one(r.SyncInProgress))
	})},
}

// ofPrimary makes an of for what a replica says of its primary.
func ofPrimary(fact func(*stats.Replication) stats.Maybe[float64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		host, port, err := net.SplitHostPort(m.snapshot.Replication.PrimaryAddr)
		if v, ok := fact(&m.snapshot.Replication).Get(); ok && err == nil {
			emit(v, host, port)
		}
	}
}

// exporterRole is a role in the words of INFO.
func exporterRole(role string) string {
	switch role {
	case "primary":
		return "master"
	case "replica":
		return "slave"
	}
	return role
}
