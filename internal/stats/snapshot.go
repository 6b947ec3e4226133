package stats

import "time"

// A Snapshot is everything known of one server at one moment. It is immutable, and its JSON is a
// contract: names may be added, never renamed. Rates are per second of really elapsed server time
// between this INFO and the one before; they are absent until there are two, in the first Snapshot
// after a restart, after CONFIG RESETSTAT (all but CPU, which it leaves alone), and while the server
// does not answer. A connection's rates are between the last two times that it was seen itself.
type Snapshot struct {
	Time            time.Time      `json:"time"`
	IntervalSeconds Maybe[float64] `json:"interval_seconds,omitzero"` // really elapsed
	Link            Link           `json:"link"`
	Stale           bool           `json:"stale,omitempty"` // the server did not answer this time: its facts are the last known, its rates absent

	Server      Server        `json:"server"`
	Throughput  Throughput    `json:"throughput"`
	CPU         CPU           `json:"cpu"`
	Memory      Memory        `json:"memory"`
	Connected   Connected     `json:"connected"`
	Persistence Persistence   `json:"persistence"`
	Replication Replication   `json:"replication"`
	Keyspace    []KeyspaceRow `json:"keyspace,omitempty"`
	PubSub      PubSub        `json:"pubsub"`

	Commands           []CommandRow    `json:"commands,omitempty"`            // most calls a second first
	Clients            []ClientGroup   `json:"clients,omitempty"`             // by IP, busiest first
	ClientsByName      []ClientGroup   `json:"clients_by_name,omitempty"`     // the same connections
	ClientsByUser      []ClientGroup   `json:"clients_by_user,omitempty"`     // the same connections
	ClientsByLibrary   []ClientGroup   `json:"clients_by_library,omitempty"`  // the same connections
	Connections        []ConnectionRow `json:"connections,omitempty"`         // every connection, busiest first
	ConnectionsOmitted int             `json:"connections_omitted,omitempty"` // rows dropped from an old kept Snapshot to bound memory
	GroupsOmitted      int             `json:"groups_omitted,omitempty"`      // the same of all four groupings together

	// What the samples of the command stream tell; absent without samples. Estimated figures have an error.
	Keys    []KeyRow    `json:"keys,omitempty"`     // key patterns, busiest first
	HotKeys []KeyRow    `json:"hot_keys,omitempty"` // single keys, busiest first
	Samples []SampleRow `json:"samples,omitempty"`  // who sent what to which keys, busiest first; see Drill
	Sampled Sampled     `json:"sampled,omitzero"`

	Slowlog  []SlowRow  `json:"slowlog,omitempty"` // newest first
	SlowLost []SlowLoss `json:"slow_lost,omitempty"`
	Errors   []ErrorRow `json:"errors,omitempty"` // replies with an error, by its first word, most first

	Housekeeping  Housekeeping      `json:"housekeeping"`
	Latency       Latency           `json:"latency,omitzero"` // zero: not probed
	LatencyEvents []LatencyEvent    `json:"latency_events,omitempty"`
	Denied        []DeniedRow       `json:"denied,omitempty"` // newest first, at most 32
	Config        map[string]string `json:"config,omitempty"` // CONFIG GET of what findings need, no secret among them
	Access        Access            `json:"access,omitzero"`
	Host          Host              `json:"host,omitzero"`

	Usage     *Usage     `json:"usage,omitempty"`     // what it is used for; absent until it was looked at
	Messaging *Messaging `json:"messaging,omitempty"` // absent: not looked at
	Canary    []Probe    `json:"canary,omitempty"`

	Findings []Finding `json:"findings,omitempty"` // most severe first; those that are gone come last, for some minutes

	Missing  []Missing `json:"missing,omitempty"`
	Observer Observer  `json:"observer"`

	allSamples []SampleRow // Samples and those behind them, not in the JSON
	published  []Published // not in the JSON: Messaging has it
	pushed     []Pushed    // likewise
}

// Server is who it is.
type Server struct {
	Addr          string       `json:"addr"`
	Name          string       `json:"name,omitempty"`
	Flavor        string       `json:"flavor,omitempty"` // redis, valkey, keydb, dragonfly ...
	Version       string       `json:"version,omitempty"`
	Role          string       `json:"role,omitempty"` // primary, replica, sentinel
	Mode          string       `json:"mode,omitempty"` // standalone, cluster, sentinel
	RunID         string       `json:"run_id,omitempty"`
	PID           int64        `json:"pid,omitempty"`
	OS            string       `json:"os,omitempty"`
	UptimeSeconds Maybe[int64] `json:"uptime_seconds,omitzero"`
	IOThreads     Maybe[int64] `json:"io_threads,omitzero"`
	Restarts      int          `json:"restarts,omitempty"` // seen since the observer started
	Usage         []string     `json:"usage,omitempty"`
}

// Throughput is what flows through the server. Own commands of the observer are left out of
// CommandsPerSecond unless asked for; bytes cannot be separated and include them.
type Throughput struct {
	CommandsPerSecond    Maybe[float64] `json:"commands_per_second,omitzero"`
	TotalCommands        Maybe[int64]   `json:"total_commands,omitzero"` // the server's total_commands_processed
	InputBytesPerSecond  Maybe[float64] `json:"input_bytes_per_second,omitzero"`
	OutputBytesPerSecond Maybe[float64] `json:"output_bytes_per_second,omitzero"`
	TotalInputBytes      Maybe[int64]   `json:"total_input_bytes,omitzero"` // since start
	TotalOutputBytes     Maybe[int64]   `json:"total_output_bytes,omitzero"`
	HitRatio             Maybe[float64] `json:"hit_ratio,omitzero"`       // of this interval; absent without look-ups
	TotalHitRatio        Maybe[float64] `json:"total_hit_ratio,omitzero"` // since start
	HitsPerSecond        Maybe[float64] `json:"hits_per_second,omitzero"`
	MissesPerSecond      Maybe[float64] `json:"misses_per_second,omitzero"`
	TotalHits            Maybe[int64]   `json:"total_hits,omitzero"`
	TotalMisses          Maybe[int64]   `json:"total_misses,omitzero"`
	EvictedPerSecond     Maybe[float64] `json:"evicted_per_second,omitzero"`
	TotalEvicted         Maybe[int64]   `json:"total_evicted,omitzero"`
	ExpiredPerSecond     Maybe[float64] `json:"expired_per_second,omitzero"`
	TotalExpired         Maybe[int64]   `json:"total_expired,omitzero"`
	ErrorsPerSecond      Maybe[float64] `json:"errors_per_second,omitzero"` // total_error_replies, 6.2+; older: sum of errorstats is unknown
	TotalErrors          Maybe[int64]   `json:"total_errors,omitzero"`
	P99Usec              Maybe[float64] `json:"p99_usec,omitzero"` // over all commands since LATENCY HISTOGRAM was last read, the upper edge of the bucket (7.0+); absent when it was not read
}

// CPU is the server process's use of processor time; 1 is one core. The totals are since its start.
type CPU struct {
	Total      Maybe[float64] `json:"total,omitzero"`       // user + system, all threads
	MainThread Maybe[float64] `json:"main_thread,omitzero"` // 6.2+: commands run here; near 1 it is saturated
	User       Maybe[float64] `json:"user,omitzero"`
	System     Maybe[float64] `json:"system,omitzero"`
	Children   Maybe[float64] `json:"children,omitzero"` // fork for BGSAVE, AOF rewrite; the system counts it when the child ends, all at once
	Commands   Maybe[float64] `json:"commands,omitzero"` // share of the time spent executing commands, by the clock (from commandstats): not processor time, so it may exceed MainThread where a command waits or the host does not run the thread; a lower bound with scripts or EXEC, whose time holds that of their commands

	TotalUserSeconds     Maybe[float64] `json:"total_user_seconds,omitzero"`
	TotalSystemSeconds   Maybe[float64] `json:"total_system_seconds,omitzero"`
	TotalChildrenSeconds Maybe[float64] `json:"total_children_seconds,omitzero"` // user and system
}

// Memory is in bytes.
type Memory struct {
	Used               Maybe[int64]   `json:"used_bytes,omitzero"`
	RSS                Maybe[int64]   `json:"rss_bytes,omitzero"`
	Peak               Maybe[int64]   `json:"peak_bytes,omitzero"`
	Max                Maybe[int64]   `json:"max_bytes,omitzero"` // absent: no limit
	System             Maybe[int64]   `json:"system_bytes,omitzero"`
	Policy             string         `json:"policy,omitempty"`
	FragmentationRatio Maybe[float64] `json:"fragmentation_ratio,omitzero"`

	Dataset            Maybe[int64] `json:"dataset_bytes,omitzero"`
	Overhead           Maybe[int64] `json:"overhead_bytes,omitzero"`
	Startup            Maybe[int64] `json:"startup_bytes,omitzero"`
	Clients            Maybe[int64] `json:"clients_bytes,omitzero"`
	Replicas           Maybe[int64] `json:"replicas_bytes,omitzero"`
	ReplicationBacklog Maybe[int64] `json:"replication_backlog_bytes,omitzero"`
	AOFBuffer          Maybe[int64] `json:"aof_buffer_bytes,omitzero"`
	Scripts            Maybe[int64] `json:"scripts_bytes,omitzero"`
	DBOverhead         Maybe[int64] `json:"db_overhead_bytes,omitzero"`
	ClusterLinks       Maybe[int64] `json:"cluster_links_bytes,omitzero"`
	AllocatorAllocated Maybe[int64] `json:"allocator_allocated_bytes,omitzero"`
	AllocatorActive    Maybe[int64] `json:"allocator_active_bytes,omitzero"`
	AllocatorResident  Maybe[int64] `json:"allocator_resident_bytes,omitzero"`
}

// Connected counts connections.
type Connected struct {
	Clients           Maybe[int64]   `json:"clients,omitzero"` // the server's connected_clients; the observer's own are among them
	Blocked           Maybe[int64]   `json:"blocked,omitzero"`
	Max               Maybe[int64]   `json:"max,omitzero"`
	PubSub            Maybe[int64]   `json:"pubsub,omitzero"`
	Tracking          Maybe[int64]   `json:"tracking,omitzero"`
	NewPerSecond      Maybe[float64] `json:"new_per_second,omitzero"`
	TotalReceived     Maybe[int64]   `json:"total_received,omitzero"`
	CameAndWent       Maybe[int64]   `json:"came_and_went,omitzero"`           // connections that came and were gone before we could see them, since the last whole pass over the connections; absent without a pass
	TotalCameAndWent  Maybe[int64]   `json:"total_came_and_went,omitzero"`     // since the observer started, as of the last whole pass
	CameSince         Maybe[int64]   `json:"came_since,omitzero"`              // connections received since then: at most so many more came and went
	RecentMaxInput    Maybe[int64]   `json:"recent_max_input_bytes,omitzero"`  // the largest query buffer that the server saw in the last seconds (client_recent_max_input_buffer)
	RecentMaxOutput   Maybe[int64]   `json:"recent_max_output_bytes,omitzero"` // the largest output buffer of a client
	Rejected          Maybe[int64]   `json:"rejected,omitzero"`                // total, for maxclients
	RejectedPerSecond Maybe[float64] `json:"rejected_per_second,omitzero"`
}

// Persistence is RDB and AOF.
type Persistence struct {
	Loading              bool           `json:"loading,omitempty"`
	LoadedShare          Maybe[float64] `json:"loaded_share,omitzero"` // 0..1 while loading
	LoadingETASeconds    Maybe[int64]   `json:"loading_eta_seconds,omitzero"`
	SaveInProgress       bool           `json:"save_in_progress,omitempty"`
	LastSave             Maybe[int64]   `json:"last_save_age_seconds,omitzero"` // absent while never saved since start
	LastSaveOK           Maybe[bool]    `json:"last_save_ok,omitzero"`
	ChangesSinceSave     Maybe[int64]   `json:"changes_since_save,omitzero"`
	AOFEnabled           Maybe[bool]    `json:"aof_enabled,omitzero"`
	AOFRewriteInProgress bool           `json:"aof_rewrite_in_progress,omitempty"`
	AOFLastRewriteOK     Maybe[bool]    `json:"aof_last_rewrite_ok,omitzero"`
	AOFLastWriteOK       Maybe[bool]    `json:"aof_last_write_ok,omitzero"`
	AOFDelayedFsync      Maybe[int64]   `json:"aof_delayed_fsync,omitzero"`
	LastForkUsec         Maybe[int64]   `json:"last_fork_usec,omitzero"`
}

// Replication is the role's view: replicas of a primary, or the primary of a replica.
type Replication struct {
	Replicas               []ReplicaRow `json:"replicas,omitempty"`
	ConnectedReplicas      Maybe[int64] `json:"connected_replicas,omitzero"`
	Offset                 Maybe[int64] `json:"offset,omitzero"`
	PrimaryAddr            string       `json:"primary_addr,omitempty"`
	PrimaryLinkUp          Maybe[bool]  `json:"primary_link_up,omitzero"`
	PrimaryLinkDownSeconds Maybe[int64] `json:"primary_link_down_seconds,omitzero"`
	SyncInProgress         bool         `json:"sync_in_progress,omitempty"`
	LastIOSeconds          Maybe[int64] `json:"primary_last_io_seconds,omitzero"`
	FullSyncs              Maybe[int64] `json:"full_syncs,omitzero"`
	ReadOnly               Maybe[bool]  `json:"read_only,omitzero"`          // of a replica: it refuses writes of clients
	BacklogBytes           Maybe[int64] `json:"backlog_size_bytes,omitzero"` // repl_backlog_size
	FailoverState          string       `json:"failover_state,omitempty"`
}

// ReplicaRow is one replica as its primary sees it.
type ReplicaRow struct {
	Addr       string       `json:"addr"`
	State      string       `json:"state"`
	LagBytes   Maybe[int64] `json:"lag_bytes,omitzero"`
	LagSeconds Maybe[int64] `json:"lag_seconds,omitzero"`
}

// KeyspaceRow is one database.
type KeyspaceRow struct {
	DB            int            `json:"db"`
	Keys          int64          `json:"keys"`
	Expires       int64          `json:"expires"`
	AvgTTLSeconds Maybe[float64] `json:"avg_ttl_seconds,omitzero"`
}

// PubSub counts subscriptions.
type PubSub struct {
	Channels      Maybe[int64] `json:"channels,omitzero"`
	Patterns      Maybe[int64] `json:"patterns,omitzero"`
	ShardChannels Maybe[int64] `json:"shard_channels,omitzero"`
}

// CommandRow is one command or subcommand, from INFO commandstats: exact.
type CommandRow struct {
	Name              string         `json:"name"`  // "get", "config|set"
	Calls             int64          `json:"calls"` // the server's own total since start or RESETSTAT
	CallsPerSecond    Maybe[float64] `json:"calls_per_second,omitzero"`
	Share             Maybe[float64] `json:"share,omitzero"` // of the calls of this interval, 0..1
	TotalUsec         int64          `json:"usec"`
	UsecPerCall       Maybe[float64] `json:"usec_per_call,omitzero"`       // of this interval
	TotalUsecPerCall  Maybe[float64] `json:"total_usec_per_call,omitzero"` // since start
	TimeShare         Maybe[float64] `json:"time_share,omitzero"`          // of the main thread's time in this interval, 0..1
	P50Usec           Maybe[float64] `json:"p50_usec,omitzero"`            // since start, the server's latencystats (7.0+)
	P99Usec           Maybe[float64] `json:"p99_usec,omitzero"`
	RecentP50Usec     Maybe[float64] `json:"recent_p50_usec,omitzero"` // since LATENCY HISTOGRAM was last read: at most this, the bucket's upper edge
	RecentP99Usec     Maybe[float64] `json:"recent_p99_usec,omitzero"`
	RecentMaxUsec     Maybe[float64] `json:"recent_max_usec,omitzero"` // the longest call since LATENCY HISTOGRAM was last read: at most this (its buckets end at 1 s)
	FailedCalls       Maybe[int64]   `json:"failed_calls,omitzero"`    // totals
	RejectedCalls     Maybe[int64]   `json:"rejected_calls,omitzero"`
	FailedPerSecond   Maybe[float64] `json:"failed_per_second,omitzero"`
	RejectedPerSecond Maybe[float64] `json:"rejected_per_second,omitzero"`
	OwnCalls          int64          `json:"own_calls,omitempty"` // sent by the observer since it started; part of Calls
}

// ClientGroup is connections that share an IP, a name, a user or a library.
type ClientGroup struct {
	Key                  string         `json:"key"`          // what they share; "" for an unnamed group
	IP                   string         `json:"ip,omitempty"` // set in the grouping by IP
	Connections          int            `json:"connections"`
	CommandsPerSecond    Maybe[float64] `json:"commands_per_second,omitzero"` // absent where the server does not count per connection (needs samples)
	Share                Maybe[float64] `json:"share,omitzero"`
	InputBytesPerSecond  Maybe[float64] `json:"input_bytes_per_second,omitzero"`
	OutputBytesPerSecond Maybe[float64] `json:"output_bytes_per_second,omitzero"`
	TotalCommands        Maybe[int64]   `json:"total_commands,omitzero"` // of the connections alive now
	Names                []string       `json:"names,omitempty"`         // distinct, at most 8, most connections first
	Users                []string       `json:"users,omitempty"`
	Libraries            []string       `json:"libraries,omitempty"`
	IPs                  []string       `json:"ips,omitempty"`
	IdleSeconds          int64          `json:"idle_seconds"` // of the least idle
	Blocked              int            `json:"blocked,omitempty"`
	OutputBufferBytes    int64          `json:"output_buffer_bytes"`
	MemoryBytes          Maybe[int64]   `json:"memory_bytes,omitzero"`
	TopCommand           string         `json:"top_command,omitempty"`  // the commonest in the samples; without samples the commonest last command
	TopCommands          []Part         `json:"top_commands,omitempty"` // by the samples, at most 8, most first
	Unknown              bool           `json:"unknown,omitempty"`      // Key is not known: connections that were gone before CLIENT LIST showed them
	Estimated            bool           `json:"estimated,omitempty"`    // CommandsPerSecond and Share are from samples
	Error                Maybe[float64] `json:"error,omitzero"`         // half-width of the 95 % interval of CommandsPerSecond
}

// ConnectionRow is one connection.
type ConnectionRow struct {
	ID                   int64          `json:"id"`
	Addr                 string         `json:"addr"`
	Name                 string         `json:"name,omitempty"`
	User                 string         `json:"user,omitempty"`
	Library              string         `json:"library,omitempty"` // lib-name and lib-ver
	DB                   int            `json:"db"`
	AgeSeconds           int64          `json:"age_seconds"`
	IdleSeconds          int64          `json:"idle_seconds"`
	Flags                string         `json:"flags,omitempty"`
	LastCommand          string         `json:"last_command,omitempty"`
	OutputBufferBytes    int64          `json:"output_buffer_bytes"`
	QueryBufferBytes     int64          `json:"query_buffer_bytes"`
	ReplyPeakBytes       Maybe[int64]   `json:"reply_peak_bytes,omitzero"` // 7.0+: the most that was in its reply buffer of 16 KiB in the last seconds; full: a reply did not fit, or the connection is younger than that
	MemoryBytes          Maybe[int64]   `json:"memory_bytes,omitzero"`
	Commands             Maybe[int64]   `json:"commands,omitzero"` // since it connected
	CommandsPerSecond    Maybe[float64] `json:"commands_per_second,omitzero"`
	Estimated            bool           `json:"estimated,omitempty"` // CommandsPerSecond is from samples
	Error                Maybe[float64] `json:"error,omitzero"`      // half-width of its 95 % interval
	InputBytesPerSecond  Maybe[float64] `json:"input_bytes_per_second,omitzero"`
	OutputBytesPerSecond Maybe[float64] `json:"output_bytes_per_second,omitzero"`
	TotalInputBytes      Maybe[int64]   `json:"total_input_bytes,omitzero"` // since it connected
	TotalOutputBytes     Maybe[int64]   `json:"total_output_bytes,omitzero"`
	SeenAt               time.Time      `json:"seen_at,omitzero"`        // when it was asked about: Age and Idle are of then
	Subscriptions        int            `json:"subscriptions,omitempty"` // channels + patterns + shard channels
	Own                  bool           `json:"own,omitempty"`           // the observer's; such rows are left out unless asked for
}

// SlowRow is one entry of a log. Args are the server's cut of the arguments, raw: a reader makes
// them safe to print.
type SlowRow struct {
	Kind    SlowKind     `json:"kind"`
	ID      int64        `json:"id"`
	Time    time.Time    `json:"time"`
	Usec    Maybe[int64] `json:"usec,omitzero"`
	Bytes   Maybe[int64] `json:"bytes,omitzero"`
	Command string       `json:"command"` // lower case
	Args    []string     `json:"args,omitempty"`
	Addr    string       `json:"addr,omitempty"`
	Name    string       `json:"name,omitempty"`
}

// SlowLoss counts entries that came and were pushed out of a log, or cleared, between two polls.
type SlowLoss struct {
	Kind     SlowKind `json:"kind"`
	Interval int64    `json:"interval"`
	Total    int64    `json:"total"` // since the observer started
}

// ErrorRow is one errorstat_ line: replies that began with this word (6.2+).
type ErrorRow struct {
	Code      string         `json:"code"`
	Count     int64          `json:"count"`
	PerSecond Maybe[float64] `json:"per_second,omitzero"`
}

// Observer is what watching costs the server, in its own measure.
type Observer struct {
	Mode                  string         `json:"mode"` // poll, sample, monitor, capture
	UsecPerSecond         Maybe[float64] `json:"usec_per_second,omitzero"`
	ServerCPUShare        Maybe[float64] `json:"server_cpu_share,omitzero"` // of one core, the thread that runs commands: usec_per_second / 1e6
	TotalUsec             int64          `json:"total_usec"`
	TotalCommands         int64          `json:"total_commands"`
	BesideUsec            int64          `json:"-"`                 // of total_usec, what connections took that whoever watches runs beside
	Receipt               []ReceiptRow   `json:"receipt,omitempty"` // dearest first
	BudgetShare           float64        `json:"budget_share"`
	IntervalSeconds       float64        `json:"interval_seconds"`               // wished
	ActualIntervalSeconds float64        `json:"actual_interval_seconds"`        // kept
	ClientsEverySeconds   Maybe[float64] `json:"clients_every_seconds,omitzero"` // when slower than the interval
	ClientsTime           *time.Time     `json:"clients_time,omitempty"`         // when the connections shown were seen; absent: never
	ClientsKnown          int            `json:"clients_known,omitempty"`        // when not all could be asked: Known of Expected
	ClientsExpected       int            `json:"clients_expected,omitempty"`
	PausedReason          string         `json:"paused_reason,omitempty"`    // what was slowed down or left out, and why
	MonitorDuty           Maybe[float64] `json:"monitor_duty,omitzero"`      // share of the interval in which MONITOR was on, 0..1
	Windows               int            `json:"windows,omitempty"`          // of MONITOR in this interval
	SampledCommands       int64          `json:"sampled_commands,omitempty"` // seen in them
	Dropped               int64          `json:"dropped,omitempty"`          // lines of MONITOR that were not counted, since the observer started
	MonitorUntil          *time.Time     `json:"monitor_until,omitempty"`    // when mode monitor ends by itself
	MonitorStopped        string         `json:"monitor_stopped,omitempty"`  // why a guard ended the latest mode monitor early; until it is asked for again
	MonitorStoppedAt      *time.Time     `json:"monitor_stopped_at,omitempty"`
	SamplingPaused        string         `json:"sampling_paused,omitempty"` // why there are no windows at present
	Price                 *Price         `json:"price,omitempty"`           // of MONITOR; absent while unknown
}

// ReceiptRow is what one of the observer's commands has cost the server since the observer started.
// Usec is the server's own count where every call of the command was ours, else our share of it by
// number of calls.
type ReceiptRow struct {
	Command   string `json:"command"`
	Calls     int64  `json:"calls"`
	Usec      int64  `json:"usec"`
	Estimated bool   `json:"estimated,omitempty"`
}
