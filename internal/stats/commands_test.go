package stats

import (
	"testing"
	"time"

	"redistop/internal/redis"
)

func names(rows []CommandRow) string {
	s := ""
	for _, r := range rows {
		s += r.Name + " "
	}
	return s
}

func TestCommandRates(t *testing.T) {
	s := lastOf(Options{},
		reading(0,
			"cmdstat_get:calls=100,usec=200,usec_per_call=2.00,rejected_calls=1,failed_calls=0",
			"cmdstat_set:calls=50,usec=500,usec_per_call=10.00,rejected_calls=0,failed_calls=0",
			"cmdstat_keys:calls=1,usec=9000,usec_per_call=9000.00,rejected_calls=0,failed_calls=0"),
		reading(2*time.Second,
			"cmdstat_get:calls=400,usec=1100,usec_per_call=2.75,rejected_calls=5,failed_calls=0",
			"cmdstat_set:calls=50,usec=500,usec_per_call=10.00,rejected_calls=0,failed_calls=0",
			"cmdstat_keys:calls=1,usec=9000,usec_per_call=9000.00,rejected_calls=0,failed_calls=0",
			"cmdstat_config|set:calls=100,usec=200000,usec_per_call=2000.00,rejected_calls=0,failed_calls=2",
			"latency_percentiles_usec_get:p50=2.007,p99=11.007,p99.9=40.191"))
	if got, want := names(s.Commands), "get config|set set keys "; got != want {
		t.Errorf("order %q, want %q: by rate, then by total calls", got, want)
	}
	get := command(t, s, "get")
	want(t, "get calls", Some(get.Calls), int64(400))
	want(t, "get/s", get.CallsPerSecond, 150.0)
	want(t, "get share", get.Share, 0.75)
	want(t, "get usec a call now", get.UsecPerCall, 3.0)
	want(t, "get usec a call since start", get.TotalUsecPerCall, 2.75)
	want(t, "get time share", get.TimeShare, 900/2e6)
	want(t, "get rejected/s", get.RejectedPerSecond, 2.0)
	want(t, "get p50", get.P50Usec, 2.007)
	want(t, "get p99", get.P99Usec, 11.007)

	config := command(t, s, "config|set")
	want(t, "config|set/s, called for the first time", config.CallsPerSecond, 50.0)
	want(t, "config|set time share", config.TimeShare, 0.1)
	want(t, "config|set failed", config.FailedCalls, int64(2))
	want(t, "config|set failed/s", config.FailedPerSecond, 1.0)
	want(t, "config|set p99, not told", config.P99Usec, nil)

	set := command(t, s, "set")
	want(t, "set/s, not called again", set.CallsPerSecond, 0.0)
	want(t, "set share", set.Share, 0.0)
	want(t, "set usec a call now, without calls", set.UsecPerCall, nil)
	want(t, "CPU in commands", s.CPU.Commands, 200900/2e6)
}

func TestCommandsOfOldServersHaveNoFailedCalls(t *testing.T) {
	s := lastOf(Options{}, reading(0, "cmdstat_get:calls=1,usec=2,usec_per_call=2.00"),
		reading(time.Second, "cmdstat_get:calls=2,usec=4,usec_per_call=2.00"))
	want(t, "failed", command(t, s, "get").FailedCalls, nil)
	want(t, "failed/s", command(t, s, "get").FailedPerSecond, nil)
}

// The time of a script contains that of its commands, and both are in commandstats.
func TestTimeInScriptsCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		eval int64
		want float64
	}{
		{"script is the most", 800_000, 0.4},
		{"plain commands are the most", 100_000, 0.15},
	} {
		s := lastOf(Options{}, reading(0, "cmdstat_set:calls=1,usec=0", "cmdstat_eval:calls=1,usec=0"),
			reading(2*time.Second, "cmdstat_set:calls=9,usec=300000", line("cmdstat_eval:calls=2,usec=%d", c.eval)))
		want(t, c.name, s.CPU.Commands, c.want)
	}
}

// ownTraffic is two polls of which the observer made some calls.
func ownTraffic() []Reading {
	first := reading(0, "total_commands_processed:1000", "cmdstat_get:calls=900,usec=900",
		"cmdstat_info:calls=10,usec=3000", "cmdstat_client|list:calls=1,usec=100", "cmdstat_client|setname:calls=1,usec=2")
	first.Sent = []redis.Sent{{Name: "client|setname", Calls: 1}}
	// In between: 100 gets; info 3 times, of which ours is 1; client|list 2 times, both ours; and one
	// ping of ours that never arrived.
	second := reading(2*time.Second, "total_commands_processed:1105", "cmdstat_get:calls=1000,usec=1100",
		"cmdstat_info:calls=13,usec=3900", "cmdstat_client|list:calls=3,usec=700", "cmdstat_client|setname:calls=1,usec=2")
	second.Sent = []redis.Sent{{Name: "info", Calls: 1}, {Name: "client|list", Calls: 2}, {Name: "ping", Calls: 1}}
	return []Reading{first, second}
}

func TestOwnCallsAreLeftOut(t *testing.T) {
	s := lastOf(Options{}, ownTraffic()...)
	want(t, "commands/s", s.Throughput.CommandsPerSecond, 51.0) // 105 less 3 of ours, over 2 s
	want(t, "total commands: the server's own", s.Throughput.TotalCommands, int64(1105))
	if got, want := names(s.Commands), "get info client|list "; got != want {
		t.Errorf("commands %q, want %q: client|setname was never called by anybody else", got, want)
	}
	info := command(t, s, "info")
	want(t, "info calls", Some(info.Calls), int64(13))
	want(t, "info own calls", Some(info.OwnCalls), int64(1))
	want(t, "info/s of others", info.CallsPerSecond, 1.0)
	want(t, "info time share of others", info.TimeShare, 600/2e6)
	want(t, "info usec a call", info.UsecPerCall, 300.0)
	want(t, "info share", info.Share, 2.0/102)
	list := command(t, s, "client|list")
	want(t, "client|list/s of others", list.CallsPerSecond, 0.0)
	want(t, "client|list time share of others", list.TimeShare, 0.0)
}

func TestOwnCallsAreShownOnDemand(t *testing.T) {
	s := lastOf(Options{ShowOwn: true}, ownTraffic()...)
	want(t, "commands/s", s.Throughput.CommandsPerSecond, 52.5)
	want(t, "info/s", command(t, s, "info").CallsPerSecond, 1.5)
	want(t, "client|list/s", command(t, s, "client|list").CallsPerSecond, 1.0)
	want(t, "client|setname own calls", Some(command(t, s, "client|setname").OwnCalls), int64(1))
}

func TestReceipt(t *testing.T) {
	s := lastOf(Options{}, ownTraffic()...)
	o := s.Observer
	want(t, "usec/s", o.UsecPerSecond, 450.0) // (600 for client|list + a third of 900 for info) / 2 s
	want(t, "share of a core", o.ServerCPUShare, 0.00045)
	want(t, "total usec", Some(o.TotalUsec), int64(902))
	want(t, "total commands", Some(o.TotalCommands), int64(4))
	if len(o.Receipt) != 3 {
		t.Fatalf("receipt %v, want client|list, info and client|setname", o.Receipt)
	}
	if got, want := o.Receipt[0], (ReceiptRow{Command: "client|list", Calls: 2, Usec: 600}); got != want {
		t.Errorf("receipt %+v, want %+v: exact, all calls were ours", got, want)
	}
	if got, want := o.Receipt[1], (ReceiptRow{Command: "info", Calls: 1, Usec: 300, Estimated: true}); got != want {
		t.Errorf("receipt %+v, want %+v: our share by calls", got, want)
	}
	if got, want := o.Receipt[2], (ReceiptRow{Command: "client|setname", Calls: 1, Usec: 2}); got != want {
		t.Errorf("receipt %+v, want %+v: sent before the first INFO, at the command's mean price", got, want)
	}
}

// What connections beside the observer's sent is in the total, and can be taken out of it.
func TestReceiptOfWhatIsBeside(t *testing.T) {
	readings := ownTraffic()
	readings[0].Beside = readings[0].Sent
	readings[1].Beside = []redis.Sent{{Name: "client|list", Calls: 1}, {Name: "ping", Calls: 1}}
	o := lastOf(Options{}, readings...).Observer
	want(t, "total usec", Some(o.TotalUsec), int64(902))
	want(t, "usec of what is beside", Some(o.BesideUsec), int64(302)) // one of two client|list, and client|setname
}

// Calls sent while the server did not answer count in the next interval, once.
func TestOwnCallsAcrossAnOutage(t *testing.T) {
	lost := down(2 * time.Second)
	lost.Sent = []redis.Sent{{Name: "info", Calls: 1}}
	back := reading(4*time.Second, "cmdstat_info:calls=13,usec=3900")
	back.Sent = []redis.Sent{{Name: "info", Calls: 1}}
	s := lastOf(Options{}, reading(0, "cmdstat_info:calls=10,usec=3000"), lost, back)
	want(t, "own calls", Some(command(t, s, "info").OwnCalls), int64(2))
	want(t, "info/s of others", command(t, s, "info").CallsPerSecond, 0.25)
}

// Before 7.0 the server counts subcommands under their container.
func TestOwnCallsUnderTheContainersName(t *testing.T) {
	first := reading(0, "cmdstat_client:calls=5,usec=50")
	second := reading(2*time.Second, "cmdstat_client:calls=9,usec=250")
	second.Sent = []redis.Sent{{Name: "client|list", Calls: 1}, {Name: "client|setname", Calls: 1}}
	s := lastOf(Options{}, first, second)
	want(t, "own calls", Some(command(t, s, "client").OwnCalls), int64(2))
	want(t, "client/s of others", command(t, s, "client").CallsPerSecond, 1.0)
	if got, want := s.Observer.Receipt[0], (ReceiptRow{Command: "client", Calls: 2, Usec: 100, Estimated: true}); got != want {
		t.Errorf("receipt %+v, want %+v", got, want)
	}
}

// What was sent while the first INFO was on its way is counted by the server in the next one: it is not somebody else's then.
func TestOwnCallsBehindTheFirstInfo(t *testing.T) {
	first := reading(0, "cmdstat_publish:calls=5,usec=50")
	first.Sent = []redis.Sent{{Name: "publish", Calls: 6}, {Name: "blpop", Calls: 1}} // the server knows no blpop yet
	second := reading(2*time.Second, "cmdstat_publish:calls=10,usec=100", "cmdstat_blpop:calls=2,usec=10", "cmdstat_get:calls=1,usec=1")
	second.Sent = []redis.Sent{{Name: "publish", Calls: 4}, {Name: "blpop", Calls: 1}}
	if got := names(lastOf(Options{}, first, second).Commands); got != "get " {
		t.Errorf("commands %q, want get alone", got)
	}
}

func TestOwnCallsStartAnewWithTheCounters(t *testing.T) {
	sent := []redis.Sent{{Name: "info", Calls: 1}}
	for name, id := range map[string]string{"restart": "run_id:b", "CONFIG RESETSTAT": "run_id:a"} {
		var all []*Snapshot
		a := NewAggregate(Options{})
		for _, r := range []Reading{
			reading(0, "total_commands_processed:500", "cmdstat_info:calls=100,usec=1000"),
			reading(2*time.Second, "total_commands_processed:501", "cmdstat_info:calls=101,usec=1010"),
			reading(4*time.Second, id, "total_commands_processed:1", "cmdstat_info:calls=1,usec=10"),
			reading(6*time.Second, id, "total_commands_processed:12", "cmdstat_info:calls=2,usec=20", "cmdstat_get:calls=10,usec=10"),
		} {
			r.Sent = sent
			all = append(all, a.Observe(r))
		}
		if got := names(all[3].Commands); got != "get " {
			t.Errorf("%s: commands %q, want get alone: every info that the counters know is ours", name, got)
		}
		want(t, name+": commands/s", all[3].Throughput.CommandsPerSecond, 5.0)
		want(t, name+": usec/s at the break", all[2].Observer.UsecPerSecond, nil)
		want(t, name+": total usec", Some(all[3].Observer.TotalUsec), int64(40))
	}
}

func histogram(counts ...int64) redis.Histogram {
	var h redis.Histogram
	for i, n := range counts {
		h.Calls += n
		if n > 0 {
			h.Buckets = append(h.Buckets, redis.Bucket{Usec: 1 << i, Count: h.Calls})
		}
	}
	return h
}

func TestRecentPercentiles(t *testing.T) {
	first := reading(0, "cmdstat_get:calls=1000,usec=1000", "cmdstat_info:calls=1,usec=200", "cmdstat_old:calls=5,usec=5")
	first.Histograms = map[string]redis.Histogram{"get": histogram(1000), "info": histogram(0, 0, 0, 0, 0, 0, 0, 0, 1)}
	// Since: 98 gets at 2 usec and 1 at 8; one set, new, at 32; ours: info at 256. "old" was called
	// before but not measured: what its histogram holds is not of this interval alone.
	second := reading(time.Second, "cmdstat_get:calls=1099,usec=1204", "cmdstat_info:calls=2,usec=400",
		"cmdstat_set:calls=1,usec=30", "cmdstat_old:calls=5,usec=5")
	second.Histograms = map[string]redis.Histogram{
		"get":  histogram(1000, 98, 0, 1),
		"set":  histogram(0, 0, 0, 0, 0, 1),
		"info": histogram(0, 0, 0, 0, 0, 0, 0, 0, 2),
		"old":  histogram(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5),
	}
	second.Sent = []redis.Sent{{Name: "info", Calls: 1}}
	third := reading(2*time.Second, "cmdstat_get:calls=1099,usec=1204", "cmdstat_info:calls=2,usec=400", "cmdstat_set:calls=1,usec=30")
	all := observe(Options{}, first, second, third)
	s := all[1]
	want(t, "get p50 now", command(t, s, "get").RecentP50Usec, 2.0)
	want(t, "get p99 now", command(t, s, "get").RecentP99Usec, 8.0)
	want(t, "set p50 now", command(t, s, "set").RecentP50Usec, 32.0)
	want(t, "old p99 now", command(t, s, "old").RecentP99Usec, nil)
	want(t, "p99 of all, without ours", s.Throughput.P99Usec, 8.0) // 100 calls: the 99th is the slow get
	want(t, "first p99", all[0].Throughput.P99Usec, nil)
	want(t, "p99 when not asked", all[2].Throughput.P99Usec, nil)
}

func TestPercentilesAfterReset(t *testing.T) {
	first := reading(0, "total_commands_processed:1000", "cmdstat_get:calls=1000,usec=1000")
	first.Histograms = map[string]redis.Histogram{"get": histogram(1000)}
	second := reading(time.Second, "total_commands_processed:5", "cmdstat_get:calls=5,usec=5")
	second.Histograms = map[string]redis.Histogram{"get": histogram(5)}
	third := reading(2*time.Second, "total_commands_processed:7", "cmdstat_get:calls=7,usec=15")
	third.Histograms = map[string]redis.Histogram{"get": histogram(5, 0, 0, 2)}
	all := observe(Options{}, first, second, third)
	want(t, "p99 at the reset", command(t, all[1], "get").RecentP99Usec, nil)
	want(t, "p99 after it", command(t, all[2], "get").RecentP99Usec, 8.0)
}
