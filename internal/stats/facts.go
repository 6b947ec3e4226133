package stats

import (
	"net"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// server is who answered.
func (a *Aggregate) server(r Reading) Server {
	i := r.Info
	s := Server{
		Addr:          r.Addr,
		Flavor:        i.Flavor(),
		Version:       a.names.text(i.Version()),
		Mode:          a.text(i, "redis_mode"),
		RunID:         a.text(i, "run_id"),
		PID:           i.Int("process_id").Or(0),
		OS:            a.text(i, "os"),
		UptimeSeconds: i.Int("uptime_in_seconds"),
		IOThreads:     ioThreads(i),
		Restarts:      a.restarts,
	}
	if s.Mode == "" {
		s.Mode = a.text(i, "server_mode") // Valkey 8.0+ without extended-redis-compatibility
	}
	role := a.text(i, "role")
	switch {
	case s.Mode == "sentinel":
		s.Role = "sentinel"
	case role == "master":
		s.Role = "primary"
	case role == "slave":
		s.Role = "replica"
	default:
		s.Role = role
	}
	return s
}

func (a *Aggregate) text(i *redis.Info, name string) string {
	v, _ := i.Text(name)
	return a.names.text(v)
}

// ioThreads counts the lines that tell of each: io_thread_N (Redis 8.0+, the main thread is 0) or
// used_active_time_io_thread_N (Valkey 9.1+, without the main thread). Other versions say only
// whether there are any.
func ioThreads(i *redis.Info) Maybe[int64] {
	if n := countLines(i, "io_thread_", 0); n > 0 {
		return Some(n)
	}
	if n := countLines(i, "used_active_time_io_thread_", 1); n > 0 {
		return Some(n + 1)
	}
	return Maybe[int64]{}
}

func countLines(i *redis.Info, prefix string, from int64) int64 {
	for n := from; ; n++ {
		if _, ok := i.Text(prefix + strconv.FormatInt(n, 10)); !ok {
			return n - from
		}
	}
}

func newConnected(iv interval) Connected {
	i := iv.after
	return Connected{
		Clients:           i.Int("connected_clients"),
		Blocked:           i.Int("blocked_clients"),
		Max:               i.Int("maxclients"),
		PubSub:            i.Int("pubsub_clients"),
		Tracking:          i.Int("tracking_clients"),
		NewPerSecond:      iv.perSecond("total_connections_received"),
		TotalReceived:     i.Int("total_connections_received"),
		RecentMaxInput:    i.Int("client_recent_max_input_buffer"),
		RecentMaxOutput:   i.Int("client_recent_max_output_buffer"),
		Rejected:          i.Int("rejected_connections"),
		RejectedPerSecond: iv.perSecond("rejected_connections"),
	}
}

func newKeyspace(i *redis.Info) []KeyspaceRow {
	var rows []KeyspaceRow
	for _, db := range i.Keyspace {
		row := KeyspaceRow{DB: db.DB, Keys: db.Keys, Expires: db.Expires}
		if db.AvgTTL > 0 {
			row.AvgTTLSeconds = Some(db.AvgTTL.Seconds())
		}
		rows = append(rows, row)
	}
	return rows
}

func newPubSub(i *redis.Info) PubSub {
	return PubSub{
		Channels:      i.Int("pubsub_channels"),
		Patterns:      i.Int("pubsub_patterns"),
		ShardChannels: i.Int("pubsubshard_channels"),
	}
}

func newPersistence(i *redis.Info, observed time.Time) Persistence {
	p := Persistence{
		Loading:              isSet(i, "loading") || isSet(i, "async_loading"),
		SaveInProgress:       isSet(i, "rdb_bgsave_in_progress"),
		ChangesSinceSave:     i.Int("rdb_changes_since_last_save"),
		AOFRewriteInProgress: isSet(i, "aof_rewrite_in_progress"),
		AOFDelayedFsync:      i.Int("aof_delayed_fsync"),
	}
	if p.Loading {
		if share, ok := i.Float("loading_loaded_perc").Get(); ok {
			p.LoadedShare = maybe(sketch.Ratio(share, 100))
		}
		p.LoadingETASeconds = atLeast(0, i.Int("loading_eta_seconds"))
	}
	saved := hasSaved(i, observed)
	if saved {
		p.LastSave = Some(serverAge(i, i.Int("rdb_last_save_time").Or(0), observed))
	}
	p.LastSaveOK = status(i, "rdb_last_bgsave_status", saved)
	if enabled, ok := i.Int("aof_enabled").Get(); ok {
		p.AOFEnabled = Some(enabled != 0)
		p.AOFLastWriteOK = status(i, "aof_last_write_status", enabled != 0)
		p.AOFLastRewriteOK = status(i, "aof_last_bgrewrite_status", i.Int("aof_last_rewrite_time_sec").Or(-1) >= 0)
	}
	if i.Int("total_forks").Or(1) > 0 {
		p.LastForkUsec = atLeast(1, i.Int("latest_fork_usec"))
	}
	return p
}

// hasSaved says whether an RDB was written since the server's start. rdb_last_save_time is set to
// the time of the start itself, and rdb_saves (7.0+) goes to 0 at CONFIG RESETSTAT, so either one
// alone may deny a save that was.
func hasSaved(i *redis.Info, observed time.Time) bool {
	if i.Int("rdb_saves").Or(0) > 0 {
		return true
	}
	last, ok1 := i.Int("rdb_last_save_time").Get()
	uptime, ok2 := i.Int("uptime_in_seconds").Get()
	const startup = 2 // seconds, for rounding
	return ok1 && ok2 && uptime > sketch.Add(serverAge(i, last, observed), startup)
}

// status reads a field that says ok or err. Servers say ok before they ever tried; tried tells
// whether that means anything.
func status(i *redis.Info, name string, tried bool) Maybe[bool] {
	v, ok := i.Text(name)
	if !ok || v == "ok" && !tried {
		return Maybe[bool]{}
	}
	return Some(v == "ok")
}

func isSet(i *redis.Info, name string) bool { return i.Int(name).Or(0) != 0 }

func newReplication(i *redis.Info, names *interner) Replication {
	r := Replication{
		ConnectedReplicas: i.Int("connected_slaves"),
		Offset:            first(i.Int("slave_repl_offset"), i.Int("master_repl_offset")),
		SyncInProgress:    isSet(i, "master_sync_in_progress"),
		FullSyncs:         i.Int("sync_full"),
		BacklogBytes:      i.Int("repl_backlog_size"),
	}
	if v, ok := first(i.Int("slave_read_only"), i.Int("replica_read_only")).Get(); ok {
		r.ReadOnly = Some(v != 0)
	}
	if state, _ := i.Text("master_failover_state"); state != "no-failover" {
		r.FailoverState = names.text(state)
	}
	if host, ok := i.Text("master_host"); ok {
		port, _ := i.Text("master_port")
		r.PrimaryAddr = names.text(net.JoinHostPort(host, port))
		if link, ok := i.Text("master_link_status"); ok {
			r.PrimaryLinkUp = Some(link == "up")
		}
		r.PrimaryLinkDownSeconds = atLeast(0, i.Int("master_link_down_since_seconds"))
		r.LastIOSeconds = atLeast(0, i.Int("master_last_io_seconds_ago"))
	}
	head := i.Int("master_repl_offset")
	for _, replica := range i.Replicas {
		row := ReplicaRow{Addr: names.text(replica.Addr), State: names.text(replica.State), LagSeconds: replica.Lag}
		if offset, ok := head.Get(); ok && replica.State == "online" {
			row.LagBytes = Some(max(0, sketch.Add(offset, -max(0, replica.Offset))))
		}
		r.Replicas = append(r.Replicas, row)
	}
	return r
}
