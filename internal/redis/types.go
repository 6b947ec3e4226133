package redis

import "time"

// Client is one line of CLIENT LIST. Fields that older servers do not send are absent.
type Client struct {
	ID           int64
	Addr         string // ip:port, [ip6]:port, or path:0 for a unix socket
	Name         string
	User         string // 6.0+
	LibName      string // 7.2+
	LibVer       string // 7.2+
	DB           int
	Age          time.Duration // whole seconds
	Idle         time.Duration // whole seconds
	Flags        string        // N normal, M primary, S replica, P Pub/Sub, O MONITOR, b blocked, x in MULTI, U unix socket ...
	Sub          int           // channels
	PSub         int           // patterns
	SSub         int           // shard channels, 7.0+
	Multi        int           // commands queued in MULTI, -1 outside
	QueryBuffer  int64         // qbuf, bytes
	OutputBuffer int64         // omem plus obl, bytes waiting for the client to read
	ReplyPeak    Maybe[int64]  // rbp, bytes, 7.0+: the most of the connection's own reply buffer (16 KiB) that was in use in the last 5 s or so; full where a reply did not fit
	TotalMemory  Maybe[int64]  // tot-mem, bytes, 6.2+
	NetIn        Maybe[int64]  // tot-net-in, bytes since it connected: Valkey 8.0+, Redis 8.2+
	NetOut       Maybe[int64]  // tot-net-out, bytes since it connected
	Commands     Maybe[int64]  // tot-cmds, since it connected
	LastCommand  string        // cmd: "get", "config|set"; empty when none was sent ("NULL" on the wire)
}

// CommandStat is one cmdstat_ line of INFO commandstats: totals since the server's start or CONFIG RESETSTAT.
type CommandStat struct {
	Name     string // lower case; a subcommand as "config|get" (7.0+)
	Calls    int64
	Usec     int64        // execution time
	Rejected Maybe[int64] // refused before execution, 6.2+
	Failed   Maybe[int64] // failed in execution, 6.2+
}

// LatencyStat is one latency_percentiles_usec_ line of INFO latencystats (7.0+), since start or reset.
type LatencyStat struct {
	P50, P99, P999 Maybe[float64] // usec; the server's latency-tracking-info-percentiles may leave any out
}

// KeyspaceDB is one line of INFO keyspace.
type KeyspaceDB struct {
	DB      int
	Keys    int64
	Expires int64
	AvgTTL  time.Duration // the server's own estimate; 0 when it has none
}

// Replica is one slaveN line of INFO replication, as the primary sees it.
type Replica struct {
	Addr   string
	State  string // online, wait_bgsave, send_bulk ...
	Offset int64
	Lag    Maybe[int64] // seconds since its last REPLCONF ACK
}

// SlowEntry is one entry of SLOWLOG GET or COMMANDLOG GET.
type SlowEntry struct {
	ID    int64
	Time  time.Time // the server's clock, whole seconds
	Value int64     // usec for a slow command; bytes for large-request and large-reply
	Args  []string  // cut by the server at 32 arguments of 128 bytes; raw bytes
	Addr  string    // 4.0+
	Name  string    // 4.0+
}

// Histogram is one command's part of LATENCY HISTOGRAM (7.0+).
type Histogram struct {
	Calls   int64
	Buckets []Bucket // ascending; Count is cumulative, as the server sends it
}

// Bucket says that Count calls took at most Usec microseconds.
type Bucket struct {
	Usec  int64
	Count int64
}

// MemoryStats is MEMORY STATS (4.0+): bytes by their use. What a version does not send is absent.
type MemoryStats struct {
	Peak, Total, Startup           Maybe[int64]
	ReplicationBacklog             Maybe[int64]
	ClientsReplicas, ClientsNormal Maybe[int64]
	ClusterLinks, AOFBuffer        Maybe[int64]
	ScriptCaches, FunctionCaches   Maybe[int64]
	DBOverhead                     Maybe[int64] // hash tables of main and expires dictionaries, all databases
	Overhead, Dataset              Maybe[int64]
	Keys                           Maybe[int64]
	AllocatorAllocated             Maybe[int64]
	AllocatorActive                Maybe[int64]
	AllocatorResident              Maybe[int64]
	Fragmentation                  Maybe[float64]
	FragmentationBytes             Maybe[int64]
}
