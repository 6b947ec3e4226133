package stats

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
)

// The age of the last save in a server that started 1000 s ago.
func TestLastSave(t *testing.T) {
	ago := func(seconds int) string {
		return line("rdb_last_save_time:%d", t0.Add(-time.Duration(seconds)*time.Second).Unix())
	}
	for _, c := range []struct {
		name    string
		lines   []string
		age, ok any
	}{
		{"never: the field holds the start", []string{ago(1000), "rdb_saves:0", "rdb_last_bgsave_status:ok"}, nil, nil},
		{"never, before 7.0", []string{ago(1000), "rdb_last_bgsave_status:ok"}, nil, nil},
		{"never, and one failed", []string{ago(1000), "rdb_saves:0", "rdb_last_bgsave_status:err"}, nil, false},
		{"saved", []string{ago(60), "rdb_saves:3", "rdb_last_bgsave_status:ok"}, int64(60), true},
		{"saved, before 7.0", []string{ago(60), "rdb_last_bgsave_status:ok"}, int64(60), true},
		{"saved, then CONFIG RESETSTAT", []string{ago(60), "rdb_saves:0", "rdb_last_bgsave_status:ok"}, int64(60), true},
		{"saved right after the start", []string{ago(999), "rdb_saves:1", "rdb_last_bgsave_status:ok"}, int64(999), true},
		{"saved, the last one failed", []string{ago(60), "rdb_saves:3", "rdb_last_bgsave_status:err"}, int64(60), false},
		{"not told", nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := lastOf(Options{}, reading(0, c.lines...)).Persistence
			want(t, "age", p.LastSave, c.age)
			want(t, "ok", p.LastSaveOK, c.ok)
		})
	}
}

func TestPersistence(t *testing.T) {
	p := lastOf(Options{}, reading(0, "loading:1", "loading_loaded_perc:25.00", "loading_eta_seconds:7", "aof_enabled:1",
		"aof_last_write_status:err", "aof_last_bgrewrite_status:ok", "aof_last_rewrite_time_sec:-1", "aof_delayed_fsync:3",
		"rdb_bgsave_in_progress:1", "total_forks:2", "latest_fork_usec:1500")).Persistence
	if !p.Loading || !p.SaveInProgress || p.AOFRewriteInProgress {
		t.Errorf("loading %v, saving %v, rewriting %v", p.Loading, p.SaveInProgress, p.AOFRewriteInProgress)
	}
	want(t, "loaded", p.LoadedShare, 0.25)
	want(t, "ETA", p.LoadingETASeconds, int64(7))
	want(t, "AOF", p.AOFEnabled, true)
	want(t, "AOF write", p.AOFLastWriteOK, false)
	want(t, "AOF rewrite that never was", p.AOFLastRewriteOK, nil)
	want(t, "delayed fsyncs", p.AOFDelayedFsync, int64(3))
	want(t, "fork", p.LastForkUsec, int64(1500))

	off := lastOf(Options{}, reading(0, "aof_enabled:0", "aof_last_write_status:ok", "latest_fork_usec:0", "total_forks:0")).Persistence
	want(t, "AOF write while it is off", off.AOFLastWriteOK, nil)
	want(t, "fork that never was", off.LastForkUsec, nil)
}

func TestReplicationOfAPrimary(t *testing.T) {
	r := lastOf(Options{}, reading(0, "connected_slaves:2", "master_repl_offset:5000", "master_failover_state:no-failover",
		"slave0:ip=10.0.0.2,port=6379,state=online,offset=4200,lag=1",
		"slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0", "sync_full:3")).Replication
	want(t, "replicas", r.ConnectedReplicas, int64(2))
	want(t, "full syncs", r.FullSyncs, int64(3))
	wanted := []ReplicaRow{
		{Addr: "10.0.0.2:6379", State: "online", LagBytes: Some(int64(800)), LagSeconds: Some(int64(1))},
		{Addr: "10.0.0.3:6379", State: "wait_bgsave"}, // its offset is not one of this stream yet
	}
	if diff := cmp.Diff(wanted, r.Replicas); diff != "" {
		t.Errorf("replicas: %s", diff)
	}
	if r.FailoverState != "" || r.PrimaryAddr != "" {
		t.Errorf("failover %q, primary %q; want none", r.FailoverState, r.PrimaryAddr)
	}
}

func TestReplicationOfAReplica(t *testing.T) {
	r := lastOf(Options{}, reading(0, "role:slave", "master_host:2001:db8::1", "master_port:6379", "master_link_status:down",
		"master_link_down_since_seconds:12", "master_last_io_seconds_ago:-1", "master_sync_in_progress:1",
		"slave_repl_offset:400", "master_repl_offset:300")).Replication
	if r.PrimaryAddr != "[2001:db8::1]:6379" || !r.SyncInProgress {
		t.Errorf("primary %q, syncing %v", r.PrimaryAddr, r.SyncInProgress)
	}
	want(t, "link", r.PrimaryLinkUp, false)
	want(t, "down", r.PrimaryLinkDownSeconds, int64(12))
	want(t, "last I/O: none", r.LastIOSeconds, nil)
	want(t, "offset", r.Offset, int64(400))
}

func TestMemory(t *testing.T) {
	first := reading(0, "used_memory:900", "maxmemory:0", "maxmemory_policy:noeviction", "mem_fragmentation_ratio:1.5", "used_memory_dataset:400")
	first.Memory = &redis.MemoryStats{Total: redis.Some(int64(1)), DBOverhead: redis.Some(int64(70)), ScriptCaches: redis.Some(int64(5))}
	all := observe(Options{}, first, reading(time.Second, "used_memory:950", "maxmemory:2000"))
	m := all[0].Memory
	want(t, "used: INFO is fresher than MEMORY STATS", m.Used, int64(900))
	want(t, "max 0 is no limit", m.Max, nil)
	want(t, "fragmentation", m.FragmentationRatio, 1.5)
	want(t, "databases", m.DBOverhead, int64(70))
	want(t, "scripts, before functions came", m.Scripts, int64(5))
	if m.Policy != "noeviction" {
		t.Errorf("policy %q", m.Policy)
	}
	want(t, "max", all[1].Memory.Max, int64(2000))
	want(t, "databases: MEMORY STATS was not asked again", all[1].Memory.DBOverhead, int64(70))
	want(t, "databases of a new process", lastOf(Options{}, first, reading(time.Second, "run_id:b")).Memory.DBOverhead, nil)
}

func TestServerFacts(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  Server
	}{
		{[]string{"redis_mode:cluster", "process_id:7", "os:Linux", "io_threads_active:0"},
			Server{Flavor: "redis", Version: "7.0.15", Mode: "cluster", PID: 7, OS: "Linux"}},
		{[]string{"server_name:valkey", "valkey_version:9.1.2", "server_mode:standalone", "io_threads_active:1",
			"used_active_time_io_thread_1:0.1", "used_active_time_io_thread_2:0.0", "used_active_time_io_thread_3:0.0"},
			Server{Flavor: "valkey", Version: "9.1.2", Mode: "standalone", IOThreads: Some(int64(4))}},
		{[]string{"redis_version:8.0.6", "io_thread_0:clients=1", "io_thread_1:clients=0"},
			Server{Flavor: "redis", Version: "8.0.6", IOThreads: Some(int64(2))}},
	} {
		c.want.Addr, c.want.Role, c.want.RunID, c.want.UptimeSeconds = "127.0.0.1:6379", "primary", "a", Some(int64(1000))
		if diff := cmp.Diff(c.want, lastOf(Options{}, reading(0, c.lines...)).Server); diff != "" {
			t.Errorf("%v: %s", c.lines, diff)
		}
	}
}

func TestKeyspaceAndPubSub(t *testing.T) {
	s := lastOf(Options{}, reading(0, "db0:keys=10,expires=4,avg_ttl=2500", "db3:keys=1,expires=0,avg_ttl=0",
		"pubsub_channels:2", "pubsub_patterns:1"))
	wanted := []KeyspaceRow{{DB: 0, Keys: 10, Expires: 4, AvgTTLSeconds: Some(2.5)}, {DB: 3, Keys: 1}}
	if diff := cmp.Diff(wanted, s.Keyspace); diff != "" {
		t.Errorf("keyspace: %s", diff)
	}
	want(t, "channels", s.PubSub.Channels, int64(2))
	want(t, "patterns", s.PubSub.Patterns, int64(1))
	want(t, "shard channels", s.PubSub.ShardChannels, nil)
}

func TestPacing(t *testing.T) {
	r := reading(0)
	r.Pacing = Pacing{Interval: 2 * time.Second, Actual: 4 * time.Second, ClientsEvery: 30 * time.Second, Budget: 0.01, Note: "slower"}
	r.Missing = []Missing{{Part: "slow", Command: "SLOWLOG GET"}}
	s := lastOf(Options{}, r, down(time.Second))
	if len(s.Missing) != 1 {
		t.Error("what is missing is forgotten while the server is down")
	}
	o := lastOf(Options{}, r).Observer
	if o.Mode != "poll" || o.IntervalSeconds != 2 || o.ActualIntervalSeconds != 4 || o.BudgetShare != 0.01 || o.PausedReason != "slower" {
		t.Errorf("observer %+v", o)
	}
	want(t, "clients every", o.ClientsEverySeconds, 30.0)
}
