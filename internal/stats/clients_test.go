package stats

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
)

func TestConnectionRates(t *testing.T) {
	const s = time.Second
	all := observe(Options{},
		reading(0).listed(counted(5, 100, 50*s), counted(6, 7, 50*s)),
		reading(2*s).listed(counted(5, 300, 52*s), counted(6, 7, 52*s), counted(7, 40, s), counted(8, 500, 60*s)),
		reading(4*s), // no pass this time
		reading(6*s).listed(counted(5, 310, 56*s), counted(6, 3, 56*s)))
	want(t, "at first", connection(t, all[0], 5).CommandsPerSecond, nil)

	now := all[1]
	want(t, "busy", connection(t, now, 5).CommandsPerSecond, 100.0)
	want(t, "busy, bytes in", connection(t, now, 5).InputBytesPerSecond, 3000.0)
	want(t, "busy, bytes out", connection(t, now, 5).OutputBytesPerSecond, 500.0)
	want(t, "idle", connection(t, now, 6).CommandsPerSecond, 0.0)
	want(t, "new: all its commands over the time between the passes", connection(t, now, 7).CommandsPerSecond, 20.0)
	want(t, "older than the last pass, which did not show it", connection(t, now, 8).CommandsPerSecond, nil)
	want(t, "its total", connection(t, now, 8).Commands, int64(500))
	var order []int64
	for _, r := range now.Connections {
		order = append(order, r.ID)
	}
	if !slices.Equal(order, []int64{5, 7, 6, 8}) {
		t.Errorf("order %v, want the busiest first and the unknown last", order)
	}

	if diff := cmp.Diff(now.Connections, all[2].Connections); diff != "" {
		t.Errorf("without a pass the last one's connections stay: %s", diff)
	}
	if got := all[2].Observer.ClientsTime; got == nil || !got.Equal(t0.Add(2*s)) {
		t.Errorf("connections seen at %v, want the time of the last pass", got)
	}
	want(t, "over the time between two passes", connection(t, all[3], 5).CommandsPerSecond, 2.5)
	want(t, "counter went back", connection(t, all[3], 6).CommandsPerSecond, nil)
}

// Slices see connections at different times; each has its own elapsed time.
func TestConnectionRatesOfAPassInSlices(t *testing.T) {
	pass := func(r Reading, late time.Duration, commands int64) Reading {
		r = r.listed(counted(5, commands, 50*time.Second), counted(6, commands, 50*time.Second))
		r.Clients.Clients[1].At = r.Time.Add(late)
		r.Clients.Finished = r.Time.Add(late)
		return r
	}
	s := lastOf(Options{}, pass(reading(0), 0, 0), pass(reading(2*time.Second), 2*time.Second, 100))
	want(t, "early slice", connection(t, s, 5).CommandsPerSecond, 50.0)
	want(t, "late slice", connection(t, s, 6).CommandsPerSecond, 25.0)
}

// For a connection its age is the server's clock.
func TestConnectionElapsedWhileAsleep(t *testing.T) {
	c := clocks{mono: 2 * time.Second, wall: time.Hour, delayBefore: unknownDelay, delayAfter: unknownDelay}
	c.uptime = Some(time.Hour)
	if got := c.elapsed(); got != time.Hour {
		t.Errorf("elapsed = %v, want the hour that the connection aged", got)
	}
	c.uptime = Some(2 * time.Second)
	if got := c.elapsed(); got != 2*time.Second {
		t.Errorf("elapsed = %v, want the 2 s that the connection aged", got)
	}
}

func TestConnectionsOfServersThatDoNotCount(t *testing.T) {
	plain := redis.Client{ID: 5, Addr: "10.0.0.5:1", Flags: "N"}
	s := lastOf(Options{}, reading(0).listed(plain), reading(time.Second).listed(plain))
	want(t, "commands", connection(t, s, 5).Commands, nil)
	want(t, "commands/s", connection(t, s, 5).CommandsPerSecond, nil)
	want(t, "group's commands/s", s.Clients[0].CommandsPerSecond, nil)
	want(t, "group's share", s.Clients[0].Share, nil)
	want(t, "group's commands", s.Clients[0].TotalCommands, nil)
}

func TestIncompletePassIsSaid(t *testing.T) {
	r := reading(0).listed(counted(5, 1, 0))
	r.Clients.Complete, r.Clients.Expected = false, 900
	s := lastOf(Options{}, r)
	if s.Observer.ClientsKnown != 1 || s.Observer.ClientsExpected != 900 {
		t.Errorf("known %d of %d, want 1 of 900", s.Observer.ClientsKnown, s.Observer.ClientsExpected)
	}
}

func TestRestartDropsConnections(t *testing.T) {
	s := lastOf(Options{}, reading(0).listed(counted(5, 100, time.Minute)), reading(time.Second, "run_id:b"))
	if s.Connections != nil || s.Clients != nil || s.Observer.ClientsTime != nil {
		t.Errorf("connections of the old process are shown: %v", s.Connections)
	}
	s = lastOf(Options{}, reading(0).listed(counted(5, 100, time.Minute)),
		reading(2*time.Second, "run_id:b").listed(counted(5, 300, 0)))
	want(t, "same id, other process", connection(t, s, 5).CommandsPerSecond, nil)
}

func TestOwnConnections(t *testing.T) {
	own := counted(9, 70, time.Minute)
	own.Name = "redistop"
	namesake := counted(5, 100, time.Minute)
	namesake.Name = "redistop"
	r := reading(0).listed(own, namesake)
	r.OwnIDs = []int64{9}
	s := lastOf(Options{}, r)
	if len(s.Connections) != 1 || s.Connections[0].ID != 5 || s.ClientsByName[0].Connections != 1 {
		t.Errorf("connections %v: want the namesake alone", s.Connections)
	}
	s = lastOf(Options{ShowOwn: true}, r)
	if !connection(t, s, 9).Own || connection(t, s, 5).Own || s.ClientsByName[0].Connections != 2 {
		t.Errorf("connections %v: want both, and ours marked", s.Connections)
	}
}

// grouped is two readings of five connections.
func grouped() []Reading {
	client := func(id int64, addr, name, user, lib string, commands int64, idle time.Duration) redis.Client {
		c := counted(id, commands, time.Hour)
		c.Addr, c.Name, c.User, c.LibName, c.LibVer, c.Idle = addr, name, user, lib, "1.0", idle
		c.TotalMemory, c.OutputBuffer, c.LastCommand = redis.Some(int64(1000)), 10, "get"
		return c
	}
	blocked := client(5, "/tmp/redis.sock:0", "", "", "", 8, 0)
	blocked.Flags, blocked.LastCommand, blocked.LibVer = "bU", "blpop", ""
	at := func(more int64) []redis.Client {
		return []redis.Client{
			client(1, "10.0.0.1:1000", "web", "app", "jedis", 100+6*more, 9*time.Second),
			client(2, "10.0.0.1:1001", "web", "app", "jedis", 200+2*more, 4*time.Second),
			client(3, "10.0.0.1:1002", "cron", "batch", "redis-py", 300, 60*time.Second),
			client(4, "[2001:db8::1]:1000", "web", "app", "jedis", 400+2*more, time.Second),
			blocked,
		}
	}
	return []Reading{reading(0).listed(at(0)...), reading(2 * time.Second).listed(at(20)...)}
}

func TestGroups(t *testing.T) {
	s := lastOf(Options{}, grouped()...)
	if len(s.Clients) != 3 {
		t.Fatalf("%d groups by IP, want 3", len(s.Clients))
	}
	want := ClientGroup{
		Key: "10.0.0.1", IP: "10.0.0.1", Connections: 3,
		CommandsPerSecond: Some(80.0), Share: Some(0.8), InputBytesPerSecond: Some(2400.0), OutputBytesPerSecond: Some(400.0),
		TotalCommands: Some(int64(760)), Names: []string{"web", "cron"}, Users: []string{"app", "batch"},
		Libraries: []string{"jedis 1.0", "redis-py 1.0"}, IPs: []string{"10.0.0.1"},
		IdleSeconds: 4, OutputBufferBytes: 30, MemoryBytes: Some(int64(3000)), TopCommand: "get",
	}
	if diff := cmp.Diff(want, s.Clients[0]); diff != "" {
		t.Errorf("busiest IP: %s", diff)
	}
	want = ClientGroup{
		Key: "unix", IP: "unix", Connections: 1, CommandsPerSecond: Some(0.0), Share: Some(0.0),
		InputBytesPerSecond: Some(0.0), OutputBytesPerSecond: Some(0.0), TotalCommands: Some(int64(8)), IPs: []string{"unix"},
		Blocked: 1, OutputBufferBytes: 10, MemoryBytes: Some(int64(1000)), TopCommand: "blpop",
	}
	if diff := cmp.Diff(want, s.Clients[2]); diff != "" {
		t.Errorf("unix socket: %s", diff)
	}
	for _, c := range []struct {
		what   string
		groups []ClientGroup
		want   string
	}{
		{"IP", s.Clients, "10.0.0.1=3 2001:db8::1=1 unix=1 "},
		{"name", s.ClientsByName, "web=3 =1 cron=1 "},
		{"user", s.ClientsByUser, "app=3 =1 batch=1 "},
		{"library", s.ClientsByLibrary, "jedis 1.0=3 =1 redis-py 1.0=1 "},
	} {
		got := ""
		for _, g := range c.groups {
			got += fmt.Sprintf("%s=%d ", g.Key, g.Connections)
		}
		if got != c.want {
			t.Errorf("by %s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestGroupsListAtMostEight(t *testing.T) {
	var clients []redis.Client
	for i := range int64(20) {
		c := counted(100*i, 1, 0) // all of one address
		c.Addr, c.Name = "10.0.0.1:1", fmt.Sprintf("worker-%02d", i)
		clients = append(clients, c)
	}
	twice := clients[19]
	twice.ID = 7
	s := lastOf(Options{}, reading(0).listed(append(clients, twice)...))
	want := []string{"worker-19", "worker-00", "worker-01", "worker-02", "worker-03", "worker-04", "worker-05", "worker-06"}
	if !slices.Equal(s.Clients[0].Names, want) {
		t.Errorf("names %v, want %v: most connections first, then by name", s.Clients[0].Names, want)
	}
}

// The WAIT that ends a window of MONITOR is no client of anybody's that waits.
func TestOwnWaitIsNotBlocked(t *testing.T) {
	r := connectionsPoll(0, 100, 7, 8)
	r.Info = redis.ParseInfo("run_id:a\ntotal_connections_received:100\nblocked_clients:2")
	r.Clients.Clients[0].Flags, r.Clients.Clients[1].Flags = "b", "b"
	r.OwnIDs = []int64{7}
	want(t, "blocked", lastOf(Options{}, r).Connected.Blocked, int64(1))
	want(t, "blocked, with --own", lastOf(Options{ShowOwn: true}, r).Connected.Blocked, int64(2))
}
