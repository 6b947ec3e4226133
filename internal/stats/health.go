package stats

import "time"

// What a server, its configuration and its host say about its health: the facts that findings stand on.
// They are absent where the server does not have them, or the user may not ask (see Missing).

// Housekeeping is what the server does beside commands, and what it had to refuse. Totals are since its
// start or CONFIG RESETSTAT; a rate is of the interval.
type Housekeeping struct {
	ExpireCapReached      Maybe[int64]   `json:"expire_cap_reached,omitzero"`          // times that the active expiry cycle ran out of its time (expired_time_cap_reached_count)
	ExpireCPUShare        Maybe[float64] `json:"expire_cpu_share,omitzero"`            // of the main thread, in expiry cycles (expire_cycle_cpu_milliseconds, 6.2+)
	ExpiredStale          Maybe[float64] `json:"expired_stale_share,omitzero"`         // 0..1, keys that are expired and still there, the server's estimate
	EvictionExceededUsec  Maybe[int64]   `json:"eviction_exceeded_usec,omitzero"`      // total time used memory was over maxmemory (7.0+)
	EvictionExceededShare Maybe[float64] `json:"eviction_exceeded_share,omitzero"`     // of this interval
	EvictedClients        Maybe[int64]   `json:"evicted_clients,omitzero"`             // maxmemory-clients (7.0+)
	OutputDisconnections  Maybe[int64]   `json:"output_limit_disconnections,omitzero"` // clients cut off for their output buffer (7.4+, Valkey 8.0+)
	QueryDisconnections   Maybe[int64]   `json:"query_limit_disconnections,omitzero"`
	DeniedAuth            Maybe[int64]   `json:"denied_auth,omitzero"` // acl_access_denied_* (7.2+)
	DeniedCommands        Maybe[int64]   `json:"denied_commands,omitzero"`
	DeniedKeys            Maybe[int64]   `json:"denied_keys,omitzero"`
	DeniedChannels        Maybe[int64]   `json:"denied_channels,omitzero"`
	UnexpectedErrors      Maybe[int64]   `json:"unexpected_errors,omitzero"`
	Forks                 Maybe[int64]   `json:"forks,omitzero"`                   // total_forks (6.2+)
	DefragShare           Maybe[float64] `json:"defrag_share,omitzero"`            // of the interval, active defragmentation (total_active_defrag_time, 7.0+)
	LazyFreePending       Maybe[int64]   `json:"lazyfree_pending,omitzero"`        // objects that wait to be freed in the background
	EventLoopUsec         Maybe[float64] `json:"eventloop_usec,omitzero"`          // mean length of one turn of the event loop in this interval (7.2+)
	EventLoopCommandShare Maybe[float64] `json:"eventloop_command_share,omitzero"` // of its time, executing commands
	PartialSyncsOK        Maybe[int64]   `json:"partial_syncs_ok,omitzero"`
	PartialSyncsRefused   Maybe[int64]   `json:"partial_syncs_refused,omitzero"`
	SaveSeconds           Maybe[int64]   `json:"last_save_seconds,omitzero"`       // length of the last BGSAVE
	SaveCopyBytes         Maybe[int64]   `json:"last_save_copy_bytes,omitzero"`    // copy-on-write of the last BGSAVE
	RewriteCopyBytes      Maybe[int64]   `json:"last_rewrite_copy_bytes,omitzero"` // of the last AOF rewrite
	AllocatorFragRatio    Maybe[float64] `json:"allocator_fragmentation_ratio,omitzero"`
	FragmentationBytes    Maybe[int64]   `json:"fragmentation_bytes,omitzero"` // mem_fragmentation_bytes: RSS beyond what was asked of the allocator
}

// Latency is how the server feels from here, by PINGs that are spread over the interval on a connection of
// their own, and how well this process itself was run meanwhile.
type Latency struct {
	Probes       int64          `json:"probes"`                      // answered in this interval
	P50Usec      Maybe[float64] `json:"p50_usec,omitzero"`           // round trip
	P99Usec      Maybe[float64] `json:"p99_usec,omitzero"`           // absent with fewer than 20 probes
	MaxUsec      Maybe[float64] `json:"max_usec,omitzero"`           // the longest, the one under way included
	HereMaxUsec  Maybe[float64] `json:"here_max_usec,omitzero"`      // the longest time that the scheduler here did not run us when it should have: below it MaxUsec says nothing of the server
	BaselineUsec Maybe[float64] `json:"host_baseline_usec,omitzero"` // longest pause of a thread that only counts, on this host: the host's own fault; measured by doctor only
	Remote       bool           `json:"remote,omitempty"`            // the server is on another host: what Here and Baseline say is of ours only
}

// LatencyEvent is a row of LATENCY LATEST; there are none unless latency-monitor-threshold is set.
type LatencyEvent struct {
	Event      string    `json:"event"` // "command", "fork", "aof-fsync-always", "expire-cycle" ...
	Time       time.Time `json:"time"`  // of the latest
	LatestUsec int64     `json:"latest_usec"`
	MaxUsec    int64     `json:"max_usec"` // since start or LATENCY RESET
}

// Access says who may do what, as far as it could be asked. No password or hash of one is ever in it.
type Access struct {
	User         string      `json:"user,omitempty"`            // that we are
	NoPassword   Maybe[bool] `json:"no_password,omitzero"`      // the default user is on and needs none: we came in that way, or ACL GETUSER says so
	DefaultAll   Maybe[bool] `json:"default_user_all,omitzero"` // the default user is on and may run every command on every key
	Users        []AclUser   `json:"users,omitempty"`           // that are on, at most 32
	UsersOmitted int         `json:"users_omitted,omitempty"`
}

// AclUser is the part of an ACL user's rights that matters here.
type AclUser struct {
	Name       string   `json:"name"`
	NoPassword bool     `json:"no_password,omitempty"`
	AllKeys    bool     `json:"all_keys,omitempty"`
	Dangerous  []string `json:"dangerous,omitempty"` // of the commands an application does not need, those that it may run: "flushall", "config", "keys", "debug", "shutdown" ...
}

// DeniedRow is an entry of ACL LOG (6.0+): something that was refused for want of rights.
type DeniedRow struct {
	Reason     string  `json:"reason"`  // auth, command, key, channel
	Context    string  `json:"context"` // toplevel, multi, lua
	Object     string  `json:"object"`  // the command, key or channel; raw, a reader makes it safe
	User       string  `json:"user"`
	Count      int64   `json:"count"`
	AgeSeconds float64 `json:"age_seconds"` // of the newest
	Addr       string  `json:"addr,omitempty"`
	Name       string  `json:"name,omitempty"`
}

// Host is the machine that the server runs on, when that is also ours (Local), by /proc; else empty.
type Host struct {
	Local      bool           `json:"local,omitempty"`
	Cores      Maybe[int]     `json:"cores,omitzero"`
	Load       Maybe[float64] `json:"load,omitzero"`              // 1 minute
	Overcommit Maybe[int]     `json:"overcommit_memory,omitzero"` // vm.overcommit_memory: 0 may let a fork fail
	HugePages  string         `json:"huge_pages,omitempty"`       // transparent huge pages: always, madvise, never
	ServerHuge Maybe[int64]   `json:"server_huge_bytes,omitzero"` // AnonHugePages of a small server process, where huge pages are "always"; absent in a large one, which counting them could stall
	// The server may be given huge pages (Redis 6.2+ and Valkey refuse them for themselves where they are "always").
	ServerHugeAllowed Maybe[bool]    `json:"server_huge_allowed,omitzero"`
	ServerSwap        Maybe[int64]   `json:"server_swap_bytes,omitzero"` // of the server process
	FreeDisk          Maybe[int64]   `json:"free_disk_bytes,omitzero"`   // where the server keeps its files
	StealShare        Maybe[float64] `json:"steal_share,omitzero"`       // 0..1 of the last ten seconds: time that the hypervisor gave to others
	SomaxConn         Maybe[int]     `json:"somaxconn,omitzero"`         // net.core.somaxconn
}
