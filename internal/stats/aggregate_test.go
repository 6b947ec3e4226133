package stats

import (
	"testing"
	"time"
)

func TestFirstReadingHasFactsButNoRates(t *testing.T) {
	s := lastOf(Options{}, reading(0, "total_commands_processed:100", "connected_clients:3", "cmdstat_get:calls=7,usec=21"))
	want(t, "total commands", s.Throughput.TotalCommands, int64(100))
	want(t, "clients", s.Connected.Clients, int64(3))
	want(t, "interval", s.IntervalSeconds, nil)
	want(t, "commands/s", s.Throughput.CommandsPerSecond, nil)
	want(t, "get/s", command(t, s, "get").CallsPerSecond, nil)
	want(t, "usec a get since start", command(t, s, "get").TotalUsecPerCall, 3.0)
}

func TestRatesAndTotals(t *testing.T) {
	s := lastOf(Options{},
		reading(0, "total_commands_processed:1000", "total_net_input_bytes:0", "total_net_output_bytes:500",
			"keyspace_hits:10", "keyspace_misses:10", "evicted_keys:5", "expired_keys:0", "total_error_replies:1",
			"total_connections_received:7", "rejected_connections:0", "errorstat_ERR:count=1",
			"used_cpu_user:1.0", "used_cpu_sys:2.0", "used_cpu_user_main_thread:1.0", "used_cpu_sys_main_thread:1.5"),
		reading(4*time.Second, "total_commands_processed:3000", "total_net_input_bytes:4096", "total_net_output_bytes:900",
			"keyspace_hits:40", "keyspace_misses:20", "evicted_keys:7", "expired_keys:1", "total_error_replies:9",
			"total_connections_received:15", "rejected_connections:2", "errorstat_ERR:count=3", "errorstat_WRONGTYPE:count=6",
			"used_cpu_user:3.0", "used_cpu_sys:3.0", "used_cpu_user_main_thread:2.0", "used_cpu_sys_main_thread:2.5"))
	want(t, "interval", s.IntervalSeconds, 4.0)
	want(t, "commands/s", s.Throughput.CommandsPerSecond, 500.0)
	want(t, "input", s.Throughput.InputBytesPerSecond, 1024.0)
	want(t, "output", s.Throughput.OutputBytesPerSecond, 100.0)
	want(t, "hit ratio", s.Throughput.HitRatio, 0.75)
	want(t, "hit ratio since start", s.Throughput.TotalHitRatio, 40.0/60)
	want(t, "evicted/s", s.Throughput.EvictedPerSecond, 0.5)
	want(t, "expired/s", s.Throughput.ExpiredPerSecond, 0.25)
	want(t, "errors/s", s.Throughput.ErrorsPerSecond, 2.0)
	want(t, "connections/s", s.Connected.NewPerSecond, 2.0)
	want(t, "rejected/s", s.Connected.RejectedPerSecond, 0.5)
	want(t, "CPU", s.CPU.Total, 0.75)
	want(t, "main thread", s.CPU.MainThread, 0.5)
	want(t, "children", s.CPU.Children, nil)
	if len(s.Errors) != 2 || s.Errors[0].Code != "WRONGTYPE" || s.Errors[1].Code != "ERR" {
		t.Fatalf("errors %v, want WRONGTYPE before ERR", s.Errors)
	}
	want(t, "WRONGTYPE/s, never seen before", s.Errors[0].PerSecond, 1.5)
	want(t, "ERR/s", s.Errors[1].PerSecond, 0.5)
}

func TestHitRatioWithoutLookUps(t *testing.T) {
	s := lastOf(Options{},
		reading(0, "keyspace_hits:10", "keyspace_misses:10"), reading(time.Second, "keyspace_hits:10", "keyspace_misses:10"))
	want(t, "hit ratio", s.Throughput.HitRatio, nil)
	want(t, "hit ratio since start", s.Throughput.TotalHitRatio, 0.5)
	want(t, "hits/s", s.Throughput.HitsPerSecond, 0.0)
}

// What happens to a server between two readings, and which rates survive it.
func TestCountersThatGoBack(t *testing.T) {
	before := reading(0, "total_commands_processed:1000", "evicted_keys:50", "used_cpu_user:1", "used_cpu_sys:1", "cmdstat_get:calls=900,usec=900")
	for _, c := range []struct {
		name                            string
		after                           Reading
		commands, evicted, get, cpu     any
		nextCommands, nextGet, restarts any
	}{
		{
			name:  "restart",
			after: reading(2*time.Second, "run_id:b", "total_commands_processed:10", "evicted_keys:0", "used_cpu_user:0", "used_cpu_sys:0", "cmdstat_get:calls=5,usec=5"),
			// The next reading has 200 more commands and gets after 2 s.
			nextCommands: 100.0, nextGet: 100.0, restarts: 1,
		},
		{
			name:  "restart that already has more commands than before",
			after: reading(2*time.Second, "run_id:b", "total_commands_processed:5000", "evicted_keys:90", "used_cpu_user:3", "used_cpu_sys:1", "cmdstat_get:calls=5000,usec=5"),

			nextCommands: 100.0, nextGet: 100.0, restarts: 1,
		},
		{
			name:  "CONFIG RESETSTAT",
			after: reading(2*time.Second, "total_commands_processed:10", "evicted_keys:60", "used_cpu_user:2", "used_cpu_sys:1", "cmdstat_get:calls=5,usec=5"),
			cpu:   0.5, nextCommands: 100.0, nextGet: 100.0, restarts: 0,
		},
		{
			name:     "one counter goes back alone",
			after:    reading(2*time.Second, "total_commands_processed:1100", "evicted_keys:2", "used_cpu_user:2", "used_cpu_sys:1", "cmdstat_get:calls=5,usec=5"),
			commands: 50.0, cpu: 0.5, nextCommands: 100.0, nextGet: 100.0, restarts: 0,
		},
		{
			name:     "failover: the role changes, the process stays",
			after:    reading(2*time.Second, "role:slave", "total_commands_processed:1100", "evicted_keys:52", "used_cpu_user:2", "used_cpu_sys:1", "cmdstat_get:calls=950,usec=950"),
			commands: 50.0, evicted: 1.0, get: 25.0, cpu: 0.5, nextCommands: 100.0, nextGet: 100.0, restarts: 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, _ := c.after.Info.Text("run_id")
			commands := c.after.Info.Int("total_commands_processed").Or(0)
			gets := c.after.Info.Commands[0]
			next := reading(4*time.Second, "run_id:"+id, line("total_commands_processed:%d", commands+200),
				line("cmdstat_get:calls=%d,usec=%d", gets.Calls+200, gets.Usec+200))
			all := observe(Options{}, before, c.after, next)
			s := all[1]
			want(t, "commands/s", s.Throughput.CommandsPerSecond, c.commands)
			want(t, "evicted/s", s.Throughput.EvictedPerSecond, c.evicted)
			want(t, "get/s", command(t, s, "get").CallsPerSecond, c.get)
			want(t, "CPU", s.CPU.Total, c.cpu)
			want(t, "total gets", Some(command(t, s, "get").Calls), gets.Calls)
			want(t, "next commands/s", all[2].Throughput.CommandsPerSecond, c.nextCommands)
			want(t, "next get/s", command(t, all[2], "get").CallsPerSecond, c.nextGet)
			want(t, "restarts", Some(all[2].Server.Restarts), c.restarts)
		})
	}
}

func TestRoles(t *testing.T) {
	for lines, want := range map[string]string{
		"role:master":                     "primary",
		"role:slave":                      "replica",
		"redis_mode:sentinel\nrole:weird": "sentinel",
		"role:weird":                      "weird",
	} {
		if got := lastOf(Options{}, reading(0, lines)).Server.Role; got != want {
			t.Errorf("%q: role %q, want %q", lines, got, want)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	client := func(commands int64) Reading {
		return reading(2*time.Second, "total_commands_processed:300", "used_memory:1000", "cmdstat_get:calls=30,usec=30",
			"errorstat_ERR:count=4", "used_cpu_user:2", "used_cpu_sys:2").listed(counted(5, commands, 2*time.Second))
	}
	all := observe(Options{},
		reading(0, "total_commands_processed:100", "cmdstat_get:calls=10,usec=10", "errorstat_ERR:count=1",
			"used_cpu_user:1", "used_cpu_sys:1").listed(counted(5, 10, 0)),
		client(30), down(4*time.Second), down(6*time.Second),
		reading(8*time.Second, "total_commands_processed:900", "cmdstat_get:calls=60,usec=30"))
	want(t, "connection's rate while up", connection(t, all[1], 5).CommandsPerSecond, 10.0)
	for _, s := range all[2:4] {
		if s.Link.State != Down || s.Link.Message == "" || !s.Stale {
			t.Errorf("link %+v, stale %v: want it down with its message, and stale", s.Link, s.Stale)
		}
		want(t, "used memory", s.Memory.Used, int64(1000))
		want(t, "total commands", s.Throughput.TotalCommands, int64(300))
		want(t, "total gets", Some(command(t, s, "get").Calls), int64(30))
		if s.Server.Version != "7.0.15" {
			t.Errorf("version %q, want the last known", s.Server.Version)
		}
		want(t, "interval", s.IntervalSeconds, nil)
		want(t, "commands/s", s.Throughput.CommandsPerSecond, nil)
		want(t, "CPU", s.CPU.Total, nil)
		want(t, "get/s", command(t, s, "get").CallsPerSecond, nil)
		want(t, "time share", command(t, s, "get").TimeShare, nil)
		want(t, "errors/s", s.Errors[0].PerSecond, nil)
		want(t, "connection's rate", connection(t, s, 5).CommandsPerSecond, nil)
		want(t, "group's rate", s.Clients[0].CommandsPerSecond, nil)
		want(t, "group's share", s.ClientsByUser[0].Share, nil)
	}
	if !all[3].Time.After(all[2].Time) {
		t.Error("time stands still while the server is down")
	}
	last := all[4]
	if last.Stale {
		t.Error("stale after an answer")
	}
	want(t, "interval over the outage", last.IntervalSeconds, 6.0)
	want(t, "commands/s over the outage", last.Throughput.CommandsPerSecond, 100.0)
}

func TestNeverReached(t *testing.T) {
	s := lastOf(Options{}, down(0), down(time.Second))
	if s.Server.Addr != "127.0.0.1:6379" || s.Link.State != Down || s.Commands != nil {
		t.Errorf("%+v: want address and link, and nothing else", s)
	}
}

func TestServerClockSetDoesNotBendRates(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour, -1900 * time.Millisecond} {
		after := 2 * time.Second
		s := lastOf(Options{},
			reading(0, "total_commands_processed:0"),
			reading(after, "total_commands_processed:200", line("server_time_usec:%d", t0.Add(after+step).UnixMicro()),
				line("uptime_in_seconds:%d", int64((1000*time.Second+after+step)/time.Second))))
		want(t, "commands/s after a step of "+step.String(), s.Throughput.CommandsPerSecond, 100.0)
	}
}
