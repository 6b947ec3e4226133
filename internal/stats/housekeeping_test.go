package stats

import (
	"testing"
	"time"

	"redistop/internal/redis"
)

func TestHousekeeping(t *testing.T) {
	before := reading(0, "expire_cycle_cpu_milliseconds:1000", "total_eviction_exceeded_time:500", "total_active_defrag_time:0",
		"eventloop_cycles:100", "eventloop_duration_sum:50000", "eventloop_duration_cmd_sum:10000", "total_commands_processed:9")
	after := reading(2*time.Second, "expire_cycle_cpu_milliseconds:1500", "total_eviction_exceeded_time:900", "total_active_defrag_time:20",
		"eventloop_cycles:300", "eventloop_duration_sum:150000", "eventloop_duration_cmd_sum:85000", "total_commands_processed:10",
		"expired_time_cap_reached_count:3", "expired_stale_perc:12.5", "acl_access_denied_cmd:4", "rdb_last_bgsave_time_sec:-1",
		"rdb_last_cow_size:0", "aof_last_cow_size:4096", "mem_fragmentation_bytes:-5", "allocator_frag_ratio:nan")
	a := NewAggregate(Options{})
	want(t, "a share before there is an interval", a.Observe(before).Housekeeping.ExpireCPUShare, nil)
	h := a.Observe(after).Housekeeping
	want(t, "expiry's share", h.ExpireCPUShare, 0.25)
	want(t, "over maxmemory", h.EvictionExceededShare, 0.2)
	want(t, "over maxmemory in all, in usec", h.EvictionExceededUsec, int64(900_000))
	want(t, "defragmentation", h.DefragShare, 0.01)
	want(t, "a turn of the event loop", h.EventLoopUsec, 500.0)
	want(t, "of it in commands", h.EventLoopCommandShare, 0.75)
	want(t, "expiry out of time", h.ExpireCapReached, int64(3))
	want(t, "stale keys", h.ExpiredStale, 0.125)
	want(t, "denied", h.DeniedCommands, int64(4))
	want(t, "not told by this version", h.DeniedKeys, nil)
	want(t, "a save that never was", h.SaveSeconds, nil)
	want(t, "its copy", h.SaveCopyBytes, nil)
	want(t, "the rewrite's copy", h.RewriteCopyBytes, int64(4096))
	want(t, "fragmentation", h.FragmentationBytes, int64(-5))
	want(t, "not a number", h.AllocatorFragRatio, nil)

	reset := reading(4*time.Second, "expire_cycle_cpu_milliseconds:1600", "total_commands_processed:1")
	want(t, "a share over CONFIG RESETSTAT", a.Observe(reset).Housekeeping.ExpireCPUShare, nil)
	a.Observe(reading(6*time.Second, "expire_cycle_cpu_milliseconds:1700", "total_commands_processed:2", "expired_stale_perc:1"))
	gone := a.Observe(down(7 * time.Second)).Housekeeping
	want(t, "a share while the server is gone", gone.ExpireCPUShare, nil)
	want(t, "a fact while the server is gone", gone.ExpiredStale, 0.01)
}

func TestReplicaThatIsWritable(t *testing.T) {
	for text, writable := range map[string]any{"slave_read_only:1": true, "slave_read_only:0": false, "replica_read_only:0": false, "x:0": nil} {
		want(t, text, lastOf(Options{}, reading(0, text)).Replication.ReadOnly, writable)
	}
	want(t, "backlog", lastOf(Options{}, reading(0, "repl_backlog_size:1048576")).Replication.BacklogBytes, int64(1<<20))
}

// The longest call of the interval is bounded by the edge of the last bucket that grew, whatever was before.
func TestLongestRecentCall(t *testing.T) {
	buckets := func(short, long int64) map[string]redis.Histogram {
		return map[string]redis.Histogram{"get": {Calls: short + long, Buckets: []redis.Bucket{{Usec: 8, Count: short}, {Usec: 65536, Count: short + long}}}}
	}
	poll := func(n int, h map[string]redis.Histogram) Reading {
		return reading(time.Duration(n)*time.Second, line("cmdstat_get:calls=%d,usec=9", 100*(n+1))).with(func(r *Reading) { r.Histograms = h })
	}
	a := NewAggregate(Options{})
	want(t, "before there are two", a.Observe(poll(0, buckets(10, 1))).Commands[0].RecentMaxUsec, nil)
	want(t, "short calls alone", a.Observe(poll(1, buckets(20, 1))).Commands[0].RecentMaxUsec, 8.0)
	want(t, "a long one", a.Observe(poll(2, buckets(30, 2))).Commands[0].RecentMaxUsec, 65536.0)
	want(t, "while the server is gone", a.Observe(down(3 * time.Second)).Commands[0].RecentMaxUsec, nil)
}

// What is asked now and then stays until it is told anew, and goes with the server's process.
func TestFactsStayBetweenAnswers(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(reading(0).with(func(r *Reading) {
		r.Config, r.Events = map[string]string{"maxmemory": "0"}, []LatencyEvent{{Event: "fork"}}
		r.Access, r.Denied, r.Host = &Access{User: "app"}, []DeniedRow{{Reason: "auth"}}, &Host{Local: true, StealShare: Some(0.5)}
		r.Latency = Latency{Probes: 7}
	}))
	s := a.Observe(reading(time.Second))
	if s.Config["maxmemory"] != "0" || len(s.LatencyEvents) != 1 || s.Access.User != "app" || len(s.Denied) != 1 || !s.Host.Local || s.Latency.Probes != 0 {
		t.Errorf("between two answers: %+v %+v %+v %+v %+v %+v", s.Config, s.LatencyEvents, s.Access, s.Denied, s.Host, s.Latency)
	}
	silent := a.Observe(down(2 * time.Second).with(func(r *Reading) { r.Latency = Latency{MaxUsec: Some(1e6)} }))
	if silent.Access.User != "app" || silent.Latency.MaxUsec.Or(0) != 1e6 || silent.Host.StealShare.Known() {
		t.Errorf("of a server that is silent: %+v %+v %+v", silent.Access, silent.Latency, silent.Host)
	}
	s = a.Observe(reading(3 * time.Second).with(func(r *Reading) { r.Events, r.Denied = []LatencyEvent{}, []DeniedRow{} }))
	if len(s.LatencyEvents)+len(s.Denied) != 0 {
		t.Errorf("asked again, nothing there: %+v %+v", s.LatencyEvents, s.Denied)
	}
	s = a.Observe(reading(4*time.Second, "run_id:b"))
	if s.Config != nil || s.Access.User != "" || s.Host.Local {
		t.Errorf("after a restart: %+v %+v %+v", s.Config, s.Access, s.Host)
	}
}
