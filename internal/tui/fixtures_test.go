package tui

import (
	"fmt"
	"math"
	"time"

	"redistop/internal/stats"
)

// noon is the time of the last Snapshot of every test.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func some(v float64) stats.Maybe[float64] { return stats.Some(v) }
func whole64(v int64) stats.Maybe[int64]  { return stats.Some(v) }

// busyCache is a web cache with sessions and a stream, on which somebody also runs KEYS.
func busyCache(at time.Time, load float64) *stats.Snapshot {
	s := &stats.Snapshot{Time: at, IntervalSeconds: some(2.0), Link: stats.Link{State: stats.Up, Since: at.Add(-time.Hour)}}
	s.Server = stats.Server{
		Addr: "10.0.0.5:6379", Flavor: "valkey", Version: "8.1.1", Role: "primary", Mode: "standalone", PID: 812,
		OS: "Linux 6.1.0 x86_64", UptimeSeconds: whole64(12*86400 + 4*3600 + 125), IOThreads: whole64(4),
	}
	s.Throughput = stats.Throughput{
		CommandsPerSecond: some(41230 * load), TotalCommands: whole64(39_812_345_678), InputBytesPerSecond: some(12.4 * (1 << 20) * load),
		OutputBytesPerSecond: some(88.1 * (1 << 20) * load), HitRatio: some(0.973), TotalHitRatio: some(0.9812),
		HitsPerSecond: some(30100 * load), MissesPerSecond: some(835 * load), EvictedPerSecond: some(0), TotalEvicted: whole64(120_331),
		ExpiredPerSecond: some(118 * load), ErrorsPerSecond: some(1.5), TotalErrors: whole64(48_211), P99Usec: some(120 / load),
	}
	s.CPU = stats.CPU{Total: some(0.52 * load), MainThread: some(0.47 * load), User: some(.3), System: some(.22), Children: some(0), Commands: some(.31)}
	s.Memory = stats.Memory{
		Used: whole64(1_288_490_188), RSS: whole64(1_395_864_371), Peak: whole64(1_503_238_553), Max: whole64(4 << 30), Policy: "allkeys-lru",
		FragmentationRatio: some(1.08), Dataset: whole64(1_099_511_627), Overhead: whole64(188_978_561), Startup: whole64(948_480),
		Clients: whole64(14_680_064), Replicas: whole64(2_097_152), ReplicationBacklog: whole64(1 << 20), AOFBuffer: whole64(0),
		Scripts: whole64(81_920), DBOverhead: whole64(167_772_160), ClusterLinks: whole64(0),
	}
	s.Connected = stats.Connected{
		Clients: whole64(512), Blocked: whole64(3), Max: whole64(10_000), PubSub: whole64(12), Tracking: whole64(0), NewPerSecond: some(14),
		TotalReceived: whole64(1_881_022), CameAndWent: whole64(26), TotalCameAndWent: whole64(4_810), Rejected: whole64(0), RejectedPerSecond: some(0),
	}
	s.Persistence = stats.Persistence{
		LastSave: whole64(192), LastSaveOK: stats.Some(true), ChangesSinceSave: whole64(48_122), AOFEnabled: stats.Some(true),
		AOFLastRewriteOK: stats.Some(true), AOFLastWriteOK: stats.Some(true), AOFDelayedFsync: whole64(2), LastForkUsec: whole64(12_400),
	}
	s.Replication = stats.Replication{
		ConnectedReplicas: whole64(2), Offset: whole64(998_877_665), FullSyncs: whole64(3), FailoverState: "no-failover",
		Replicas: []stats.ReplicaRow{
			{Addr: "10.0.0.6:6379", State: "online", LagBytes: whole64(120), LagSeconds: whole64(0)},
			{Addr: "10.0.0.7:6379", State: "wait_bgsave", LagBytes: whole64(88_122_000), LagSeconds: whole64(12)},
		},
	}
	s.Keyspace = []stats.KeyspaceRow{
		{DB: 0, Keys: 1_240_021, Expires: 911_000, AvgTTLSeconds: some(1810)},
		{DB: 3, Keys: 4_211, Expires: 0},
	}
	s.PubSub = stats.PubSub{Channels: whole64(9), Patterns: whole64(3), ShardChannels: whole64(0)}
	s.Commands = cacheCommands(load)
	s.Clients, s.ClientsByName, s.ClientsByUser, s.ClientsByLibrary = cacheGroups(load)
	s.Connections = cacheConnections(24, load)
	s.Slowlog = slowRows(at)
	s.SlowLost = []stats.SlowLoss{{Kind: stats.Slow, Interval: 3, Total: 12}}
	s.Errors = []stats.ErrorRow{
		{Code: "WRONGTYPE", Count: 41_000, PerSecond: some(1.5)}, {Code: "ERR", Count: 7_180, PerSecond: some(0)}, {Code: "NOSCRIPT", Count: 31},
	}
	s.Messaging = messagesOf(at)
	s.Observer = observerOf(at)
	return s
}

func observerOf(at time.Time) stats.Observer {
	clients := at.Add(-time.Second)
	return stats.Observer{
		Mode: "poll", UsecPerSecond: some(312), ServerCPUShare: some(0.000312), TotalUsec: 812_334, TotalCommands: 9_120,
		Receipt: []stats.ReceiptRow{
			{Command: "client|list", Calls: 1_200, Usec: 402_110}, {Command: "info", Calls: 1_301, Usec: 300_221, Estimated: true},
			{Command: "slowlog|get", Calls: 1_300, Usec: 80_001}, {Command: "memory|stats", Calls: 1_300, Usec: 30_002},
		},
		BudgetShare: 0.01, IntervalSeconds: 2, ActualIntervalSeconds: 2, ClientsTime: &clients,
	}
}

func cacheCommands(load float64) []stats.CommandRow {
	rows := []struct {
		name                       string
		rate, usec, time, p50, p99 float64
		calls, failed, rejected    int64
	}{
		{"get", 28_900, 1.4, .0405, 1.1, 4.1, 27_900_112_233, 0, 0},
		{"set", 6_120, 2.9, .0177, 2.0, 9.2, 5_881_220_110, 0, 12},
		{"hgetall", 3_310, 14.2, .0470, 11, 61, 3_012_998_001, 41_000, 0},
		{"expire", 1_210, 0.9, .0011, 1.0, 2.0, 1_100_221_001, 0, 0},
		{"xreadgroup", 804, 22.1, .0178, 18, 90, 712_334_981, 31, 0},
		{"xack", 801, 1.8, .0014, 2, 5, 712_301_090, 0, 0},
		{"publish", 62, 6.2, .0004, 5, 21, 41_000_312, 0, 0},
		{"lpush", 11, 2.2, .00002, 2, 6, 9_812_331, 0, 0},
		{"brpop", 10, 3.1, .00003, 3, 11, 9_812_002, 0, 0},
		{"config|get", .5, 31, .00002, 30, 52, 1_240, 0, 0},
		{"keys", .5, 220_112, .11, 220_000, 260_000, 311, 0, 0},
		{"eval", 0, 0, 0, 0, 0, 7_021, 31, 7_180},
	}
	out := make([]stats.CommandRow, len(rows))
	for i, r := range rows {
		out[i] = stats.CommandRow{
			Name: r.name, Calls: r.calls, CallsPerSecond: some(r.rate * load), Share: some(r.rate / 41_230),
			TotalUsec: int64(float64(r.calls) * r.usec), TotalUsecPerCall: some(r.usec * 1.1),
			TimeShare: some(r.time * load), FailedCalls: whole64(r.failed), RejectedCalls: whole64(r.rejected),
			FailedPerSecond: some(0), RejectedPerSecond: some(0), P50Usec: some(r.p50), P99Usec: some(r.p99),
		}
		if r.rate > 0 {
			out[i].UsecPerCall, out[i].RecentP50Usec, out[i].RecentP99Usec = some(r.usec), some(r.p50), some(r.p99)
		}
	}
	out[2].FailedPerSecond = some(1.5)
	return out
}

// hostile are names as nobody should choose them: escape codes, a newline, bytes that are no text,
// wide letters, right-to-left text and its overrides, marks on marks, joined pictures.
var hostile = []string{
	"\x1b[31mred\x1b[0m\x1b]0;title\x07", "two\nlines\r\ttab", "\xff\xfe\x00bin", "世界のキャッシュ一号機",
	"שרת-מטמון", "\u202egnp.exe", "z\u0301\u0302\u0303\u0304\u0305\u0306\u0307a\u0308\u0309\u030algo", "👩\u200d👩\u200d👧🏽🇫🇷\ufe0f❤\ufe0f", "\u009b31mC1", "\u0301lone",
}

func cacheGroups(load float64) (ip, name, user, library []stats.ClientGroup) {
	type g = stats.ClientGroup
	ips := []g{
		{Key: "10.0.1.11", Connections: 128, CommandsPerSecond: some(19_800), Share: some(.480), OutputBufferBytes: 0, Names: []string{"web-1"}, Users: []string{"app"}, Libraries: []string{"redis-py 5.0.1"}, TopCommand: "get", InputBytesPerSecond: some(5.2e6), OutputBytesPerSecond: some(41e6), MemoryBytes: whole64(3_211_264)},
		{Key: "10.0.1.12", Connections: 120, CommandsPerSecond: some(17_300), Share: some(.420), Names: []string{"web-2"}, Users: []string{"app"}, Libraries: []string{"redis-py 5.0.1"}, TopCommand: "get", InputBytesPerSecond: some(4.9e6), OutputBytesPerSecond: some(38e6), MemoryBytes: whole64(3_011_264)},
		{Key: "10.0.2.20", Connections: 40, CommandsPerSecond: some(2_900), Share: some(.070), Names: []string{"worker", "worker-mail", "sidekiq"}, Users: []string{"app", "jobs"}, Libraries: []string{"redis-rb 5.1"}, TopCommand: "xreadgroup", Blocked: 3, InputBytesPerSecond: some(1.1e6), OutputBytesPerSecond: some(9e6), MemoryBytes: whole64(911_264)},
		{Key: "10.0.3.5", Connections: 2, CommandsPerSecond: some(1_200), Share: some(.029), Names: []string{hostile[0], hostile[3]}, Users: []string{"default"}, TopCommand: "client|list", OutputBufferBytes: 3_500_000, InputBytesPerSecond: some(30_000), OutputBytesPerSecond: some(4e6), MemoryBytes: whole64(4_011_264)},
		{Key: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Connections: 220, CommandsPerSecond: some(31), Share: some(.00075), Users: []string{"metrics"}, TopCommand: "ping", IdleSeconds: 4, InputBytesPerSecond: some(900), OutputBytesPerSecond: some(200), MemoryBytes: whole64(1_011_264)},
		{Key: "unix socket", Connections: 1, CommandsPerSecond: some(0.5), Share: some(.00001), Names: []string{"cron"}, Users: []string{"default"}, TopCommand: "keys", IdleSeconds: 1, InputBytesPerSecond: some(20), OutputBytesPerSecond: some(41_000_000), OutputBufferBytes: 88_000_000, MemoryBytes: whole64(99_011_264)},
	}
	for i := range ips {
		ips[i].IP = ips[i].Key
		ips[i].TotalCommands = whole64(int64(i+1) * 1_000_000)
		ips[i].CommandsPerSecond = some(ips[i].CommandsPerSecond.Or(0) * load)
	}
	name = []g{{Key: "web-1", Connections: 128, CommandsPerSecond: some(19_800 * load), Share: some(.48), IPs: []string{"10.0.1.11"}, TopCommand: "get"}, {Key: "", Connections: 220, CommandsPerSecond: some(31), Share: some(.0007), IPs: []string{"2001:db8:85a3:8d3:1319:8a2e:370:7348"}, TopCommand: "ping"}}
	for i, h := range hostile {
		name = append(name, g{Key: h, Connections: 1, CommandsPerSecond: some(float64(10 - i)), Share: some(.0001), IPs: []string{"10.0.3.5"}, TopCommand: "get"})
	}
	user = []g{{Key: "app", Connections: 288, CommandsPerSecond: some(40_000 * load), Share: some(.97), TopCommand: "get", Names: []string{"web-1", "web-2", "worker"}}}
	library = []g{{Key: "redis-py 5.0.1", Connections: 248, CommandsPerSecond: some(37_100 * load), Share: some(.9), TopCommand: "get"}, {Key: "", Connections: 264, TopCommand: "ping"}}
	return ips, name, user, library
}

func cacheConnections(n int, load float64) []stats.ConnectionRow {
	out := make([]stats.ConnectionRow, n)
	for i := range out {
		out[i] = stats.ConnectionRow{
			ID: int64(1000 + i), Addr: fmt.Sprintf("10.0.1.%d:%d", 11+i%4, 40000+i), Name: fmt.Sprintf("web-%d", i%5), User: "app", Library: "redis-py 5.0.1",
			AgeSeconds: int64(3600 + i*60), IdleSeconds: int64(i / 3), Flags: "N", LastCommand: "get", MemoryBytes: whole64(22_000 + int64(i)),
			Commands: whole64(int64(1e6 - i*1000)), CommandsPerSecond: some(math.Max(0, float64(400-i*4)) * load),
			InputBytesPerSecond: some(float64(40_000 - i)), OutputBytesPerSecond: some(float64(300_000 - i)),
		}
		if i < len(hostile) {
			out[i].Name = hostile[i]
		}
	}
	return out
}

func slowRows(at time.Time) []stats.SlowRow {
	return []stats.SlowRow{
		{Kind: stats.Slow, ID: 88, Time: at.Add(-3 * time.Second), Usec: whole64(221_034), Command: "keys", Args: []string{"KEYS", "*"}, Addr: "/run/redis.sock:0", Name: "cron"},
		{Kind: stats.LargeReply, ID: 12, Time: at.Add(-9 * time.Second), Bytes: whole64(48_812_331), Command: "hgetall", Args: []string{"HGETALL", "catalogue:all"}, Addr: "10.0.1.12:40122", Name: "web-2"},
		{Kind: stats.Slow, ID: 87, Time: at.Add(-63 * time.Second), Usec: whole64(14_220), Command: "sort", Args: []string{"SORT", "feed:" + hostile[3], "BY", "weight_*", "LIMIT", "0", "1000", "GET", "# " + hostile[0]}, Addr: "10.0.2.20:5122", Name: "worker"},
		{Kind: stats.Slow, ID: 86, Time: at.Add(-2 * time.Hour), Usec: whole64(10_120), Command: "set", Args: []string{"SET", "session:8812", "two\nlines \xff\xfe and a very long value that goes on and on and on ... (2048 more bytes)"}, Addr: "[2001:db8::1]:7001", Name: hostile[5]},
	}
}

// busyHistory is ten minutes of the cache, with a hole in it and a quiet night before.
func busyHistory(end time.Time) *stats.History {
	h := stats.NewHistory(historySpan, historyRows)
	const n = 300
	for i := range n {
		at := end.Add(-time.Duration(n-1-i) * 2 * time.Second)
		load := 0.75 + 0.2*math.Sin(float64(i)/17) + 0.05*math.Sin(float64(i)/3)
		if i > 240 && i < 246 {
			load *= 1.7
		}
		if i == n-1 {
			load = 1
		}
		s := busyCache(at, load)
		if i >= 270 && i < 276 {
			down := *s
			down.Stale, down.Link = true, stats.Link{State: stats.Stalled, Since: at.Add(-time.Duration(i-269) * 2 * time.Second)}
			down.Throughput, down.CPU = stats.Throughput{}, stats.CPU{} // as stats leaves out rates
			s = &down
		}
		h.Add(s)
	}
	return h
}

// sickCache is busyCache with what a doctor finds in it: one thing of each severity, one that is over, and
// one with names that nobody should choose.
func sickCache(at time.Time) *stats.Snapshot {
	s := busyCache(at, 1)
	over := at.Add(-40 * time.Second)
	s.Findings = []stats.Finding{
		{
			Rule: "blocking-command", Subject: "keys shiro:session:*", Severity: stats.Critical, Confidence: stats.Certain,
			Title: "KEYS shiro:session:* blocks this server for 11 % of the time",
			Evidence: []stats.Evidence{
				{What: "time in KEYS", Value: "11 %: 18 calls, 62 ms each, the longest 110 ms", Source: "INFO commandstats", Seconds: some(60)},
				{What: "keys that it walks over", Value: "1,240,021", Source: "INFO keyspace"},
			},
			Culprits: []stats.Culprit{
				{IP: "10.0.3.7", Name: "admin-web", User: "app", Library: "jedis 5.1.0", Connections: 3, Command: "KEYS shiro:session:*", Share: some(.94), Source: "SLOWLOG"},
				{Addr: "10.0.3.9:50122", User: "default", Share: some(.06), Source: "SLOWLOG", Gone: true},
			},
			Impact:  "While one runs about 41 other commands wait for 62 ms, and for up to 110 ms behind the longest.",
			Remedy:  []string{"use SCAN with MATCH shiro:session:* and COUNT 100 instead: the same keys in small steps; `redistop keys 'shiro:session:*' 10.0.0.5:6379` does that safely now", "or keep an index: a set that holds the names"},
			Unknown: []string{"which part of admin-web asks: a connection name for each would tell"}, FirstSeen: at.Add(-95 * time.Second), LastSeen: at,
		},
		{
			Rule: "output-buffers", Severity: stats.Warning, Confidence: stats.Likely, Title: "a client does not read its replies: 84 MiB wait for it",
			Evidence: []stats.Evidence{{What: "output buffer", Value: "84 MiB", Source: "CLIENT LIST"}}, Culprits: []stats.Culprit{{Addr: "/run/redis.sock:0", Name: "cron", Source: "CLIENT LIST"}},
			Impact: "The memory is missing for data.", Remedy: []string{"let it read, or set client-output-buffer-limit"}, FirstSeen: at.Add(-12 * time.Minute), LastSeen: at,
		},
		{
			Rule: "no-client-names", Severity: stats.Info, Confidence: stats.Possible, Title: "names " + hostile[3] + " " + hostile[0],
			Culprits: []stats.Culprit{{Name: hostile[1], User: hostile[2], Library: hostile[5], Command: hostile[6], Source: hostile[7]}},
			Evidence: []stats.Evidence{{What: hostile[8], Value: hostile[9], Source: hostile[4]}}, Remedy: hostile, Unknown: hostile,
			Impact: hostile[0], FirstSeen: at.Add(-time.Hour), LastSeen: at,
		},
		{
			Rule: "connection-storm", Severity: stats.Critical, Confidence: stats.Likely, Title: "200 connections a second come and go",
			Evidence: []stats.Evidence{{What: "new connections", Value: "200/s", Source: "INFO stats", Seconds: some(60)}}, Impact: "A tenth of the time goes into them.",
			Remedy: []string{"use a pool"}, FirstSeen: at.Add(-3 * time.Minute), LastSeen: over, Resolved: &over,
		},
	}
	return s
}
