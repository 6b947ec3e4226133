package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

func sample(ip, name, command, pattern string, rate, share float64, seen int64) stats.SampleRow {
	return stats.SampleRow{Identity: stats.Identity{IP: ip, Name: stats.Some(name)}, Command: command, Pattern: pattern,
		CommandsPerSecond: stats.Some(rate), Share: stats.Some(share), Seen: seen, Estimated: true, Error: stats.Some(rate / 20)}
}

func TestNPlusOne(t *testing.T) {
	loop := func(connections int, rate, load float64, change func(*stats.SampleRow)) *synth {
		s := newSynth(nPlusOne)
		s.now.CPU.MainThread = stats.Some(load)
		for range connections {
			s.connection(stats.ConnectionRow{Addr: "10.0.3.7:" + strings.Repeat("1", len(s.now.Connections)+1), Name: "catalog", LastCommand: "get"})
		}
		row := sample("10.0.3.7", "catalog", "get", "product:*", rate, 0.6, 900)
		if change != nil {
			change(&row)
		}
		s.sampled(row, sample("10.0.3.8", "web", "hget", "cart:*", 400, 0.4, 600))
		return s.run(10, func(int) { s.calls("get", int64(rate), 2).calls("hget", 400, 3) })
	}
	f := loop(1, 8000, 0.5, nil).only(t, "n-plus-one", stats.Warning)
	if want := "catalog (10.0.3.7) asks GET product:* one by one, 8,000/s"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if want := "collect the keys first and ask once: MGET, in pieces of some 100"; f.Remedy[0] != want {
		t.Errorf("remedy %q", f.Remedy)
	}
	if want := "8,000 ± 400 a second on 1 connection, 60 % of all commands"; f.Evidence[0].Value != want {
		t.Errorf("evidence %q, want %q", f.Evidence[0].Value, want)
	}
	wantPrintable(t, f)
	f = loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Name = stats.Maybe[string]{} }).only(t, "n-plus-one", stats.Warning)
	if f.Culprits[0].Name != "catalog" {
		t.Errorf("sampled before CLIENT LIST showed it: culprit %+v, want the one client of its IP", f.Culprits[0])
	}
	loop(2, 3000, 0.15, nil).only(t, "n-plus-one", stats.Info)
	loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Library = stats.Some("SE.Redis-v2") }).only(t, "n-plus-one", stats.Info)
	loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Command = "set" }).only(t, "n-plus-one", stats.Info)
	for name, s := range map[string]*synth{
		"many connections":   loop(50, 9000, 0.5, nil),
		"too slow":           loop(1, 1000, 0.5, nil),
		"pipelines":          loop(1, 90_000, 0.3, nil),
		"faster than a loop": loop(1, 21_500, 0.5, nil),
		"many on few":        loop(3, 65_000, 0.9, nil),
		"a queue":            loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Command = "brpop" }),
		"a script":           loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Script = true }),
		"few seen":           loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Seen = 49 }),
		"a small part":       loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Share = stats.Some(0.09) }),
		"hardly known":       loop(1, 8000, 0.5, func(r *stats.SampleRow) { r.Error = stats.Some(7900.0) }),
		"no connection seen": loop(0, 8000, 0.5, nil),
	} {
		t.Run(name, func(t *testing.T) { s.none(t) })
	}
}

// A connection that asks more often than a PING goes there and back does not wait for answers.
func TestPingTellsPipelines(t *testing.T) {
	for ping, found := range map[float64]bool{90: true, 240: true, 260: false} {
		s := newSynth(nPlusOne)
		s.now.CPU.MainThread = stats.Some(0.5)
		s.now.Latency = stats.Latency{Probes: 20, P50Usec: stats.Some(ping), MaxUsec: stats.Some(9000.0)}
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:1", Name: "catalog"})
		s.sampled(sample("10.0.3.7", "catalog", "get", "product:*", 8500, 0.9, 900))
		s.run(10, func(int) { s.calls("get", 8500, 2) })
		if got := len(s.took) > 0; got != found {
			t.Errorf("PING of %g µs: found %s", ping, titles(s.took))
		}
	}
}

// Samples from before the name was known are of the client that all connections of the address belong to.
func TestSamplesWithoutAName(t *testing.T) {
	run := func(names ...string) *synth {
		s := newSynth(nPlusOne)
		s.now.CPU.MainThread = stats.Some(0.5)
		for i, name := range names {
			s.connection(stats.ConnectionRow{Addr: "10.0.3.7:" + strings.Repeat("1", i+1), Name: name, Library: "jedis"})
		}
		row := sample("10.0.3.7", "catalog", "get", "product:*", 5000, 0.5, 900)
		row.User, row.Library = stats.Some("default"), stats.Some("jedis")
		early := sample("10.0.3.7", "", "get", "product:*", 4000, 0.4, 700)
		early.Name = stats.Maybe[string]{}
		s.sampled(early, row)
		return s.run(10, func(int) { s.calls("get", 9000, 2) })
	}
	f := run("catalog", "catalog").only(t, "n-plus-one", stats.Warning)
	if want := "catalog (10.0.3.7, jedis) asks GET product:* one by one, 9,000/s"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if s := run("catalog", "cart"); len(s.took) != 2 { // whose they are is not known
		t.Errorf("found %s", titles(s.took))
	}
}

// A hot key is the cause, and a full server what comes of it.
func TestHotKeyBeforeSaturated(t *testing.T) {
	for ping, severity := range map[float64]stats.Severity{9000: stats.Warning, 60_000: stats.Critical} {
		s := newSynth(saturated, hotKey)
		s.now.CPU = stats.CPU{MainThread: stats.Some(0.99), Total: stats.Some(0.99)}
		s.now.Latency = stats.Latency{Probes: 20, P50Usec: stats.Some(ping), MaxUsec: stats.Some(2 * ping)}
		s.now.HotKeys = []stats.KeyRow{{Pattern: "config:global", DB: stats.Some(0), CommandsPerSecond: stats.Some(30_000.0), Share: stats.Some(0.6),
			Reads: stats.Some(30_000.0), TopCommand: "get", Seen: 5000, Estimated: true, Error: stats.Some(900.0)}}
		s.run(35, func(int) { s.calls("get", 50_000, 2) })
		if len(s.took) != 2 || s.took[0].Rule != "hot-key" || s.took[0].Severity != severity || s.took[1].Severity != stats.Info {
			t.Errorf("PING of %g µs: found %s", ping, titles(s.took))
		}
	}
}

func TestHotKey(t *testing.T) {
	hot := func(share, load, writes float64) *synth {
		s := newSynth(hotKey)
		s.now.CPU.MainThread = stats.Some(load)
		s.now.HotKeys = []stats.KeyRow{{Pattern: "config:global\x1b"[:13], DB: stats.Some(0), CommandsPerSecond: stats.Some(30_000.0), Share: stats.Some(share),
			Reads: stats.Some(30_000 - writes), Writes: stats.Some(writes), TopCommand: "get", Seen: 5000, Estimated: true, Error: stats.Some(900.0)}}
		s.sampled(sample("10.0.3.7", "web", "get", "config:global", 30_000, share, 5000))
		return s.run(35, func(int) { s.calls("get", 50_000, 2) })
	}
	f := hot(0.6, 0.9, 0).only(t, "hot-key", stats.Warning)
	if want := "The key config:global gets 60 % of all commands of a server that is 90 % busy"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "web" || !strings.Contains(f.Remedy[0], "client-side caching") {
		t.Errorf("culprits %+v, remedy %q", f.Culprits, f.Remedy)
	}
	wantPrintable(t, f)
	if f = hot(0.6, 0.6, 29_000).only(t, "hot-key", stats.Info); !strings.HasPrefix(f.Remedy[0], "spread it over several keys") {
		t.Errorf("remedy %q", f.Remedy)
	}
	hot(0.24, 0.9, 0).none(t)
	hot(0.9, 0.4, 0).none(t)
}

func TestHotPattern(t *testing.T) {
	s := newSynth(hotKey)
	s.now.CPU.MainThread = stats.Some(0.9)
	s.now.Keys = []stats.KeyRow{{Pattern: "session:*", CommandsPerSecond: stats.Some(30_000.0), Share: stats.Some(0.9), Seen: 5000}}
	s.run(35, func(int) { s.calls("get", 50_000, 2) })
	if f := s.only(t, "hot-key", stats.Info); f.Subject != "pattern session:*" {
		t.Errorf("subject %q", f.Subject)
	}
}

func TestFailingTransactions(t *testing.T) {
	compete := func(exec, watch, set float64, withSamples bool) *synth {
		s := newSynth(failingTransactions)
		if withSamples {
			s.sampled(sample("10.0.3.7", "stock", "exec", "", exec, 0.2, 300), sample("10.0.3.7", "stock", "watch", "stock:*", watch, 0.2, 300),
				sample("10.0.3.7", "stock", "set", "stock:*", set, 0.1, 60), sample("10.0.3.9", "web", "set", "page:*", 900, 0.5, 900))
		}
		return s.run(10, func(int) {
			s.calls("exec", int64(exec), 4).calls("watch", int64(watch), 1).calls("set", int64(set), 3)
			if withSamples {
				s.calls("set", 900, 3)
			}
		})
	}
	f := compete(200, 200, 30, true).only(t, "failing-transactions", stats.Warning)
	if want := "At least 85 % of the transactions fail: 200/s EXEC, 30/s changes"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "stock" {
		t.Errorf("culprits %+v", f.Culprits)
	}
	wantPrintable(t, f)
	wantPrintable(t, compete(200, 200, 30, false).only(t, "failing-transactions", stats.Warning))
	compete(5, 5, 1, false).only(t, "failing-transactions", stats.Info)
	compete(200, 200, 120, true).none(t)
	compete(200, 200, 120, false).none(t)
	compete(200, 0, 10, true).none(t) // transactions that only read
}

func TestAbortedTransactions(t *testing.T) {
	s := newSynth(failingTransactions)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5", Name: "stock", LastCommand: "exec"})
	s.run(20, func(int) {
		s.calls("get", 100, 2).calls("exec", 0, 0).fails("exec", 0, 2).fails("incr", 0, 2).errors("EXECABORT", 2).errors("ERR", 2)
	})
	f := s.only(t, "failing-transactions", stats.Warning)
	if want := "2/s transactions are aborted since a command in them is refused"; f.Title != want || len(f.Culprits) != 1 {
		t.Errorf("title %q, want %q; culprits %+v", f.Title, want, f.Culprits)
	}
	wantPrintable(t, f)
}

func TestHugeReplies(t *testing.T) {
	s := newSynth(hugeReplies, hugeRequests)
	s.run(20, func(i int) {
		s.calls("get", 500, 2).calls("lrange", 10, 900)
		for range 10 {
			s.loggedLarge(stats.LargeReply, "10.0.3.7:5", "export", 9<<20, "LRANGE", "queue:all", "0", "-1")
		}
	})
	f := s.only(t, "huge-replies", stats.Warning)
	if want := "LRANGE queue:all 0 -1: 95 MiB a second in replies of 9 MiB"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	if len(f.Culprits) != 1 || f.Culprits[0].Name != "export" {
		t.Errorf("culprits %+v", f.Culprits)
	}
	wantPrintable(t, f)

	s = newSynth(hugeReplies)
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5", Name: "export", LastCommand: "get", CommandsPerSecond: stats.Some(100.0), OutputBytesPerSecond: stats.Some(20e6)})
	s.connection(stats.ConnectionRow{Addr: "10.0.3.8:5", Name: "feed", Flags: "P", Subscriptions: 1, CommandsPerSecond: stats.Some(1.0), OutputBytesPerSecond: stats.Some(200e6)})
	s.connection(stats.ConnectionRow{Addr: "10.0.3.9:5", Name: "web", CommandsPerSecond: stats.Some(100_000.0), OutputBytesPerSecond: stats.Some(200e6)})
	f = s.run(10, func(int) { s.calls("get", 500, 2) }).only(t, "huge-replies", stats.Info)
	if want := "export (10.0.3.7): 19 MiB a second in replies of 195 KiB"; f.Title != want {
		t.Errorf("title %q, want %q", f.Title, want)
	}
	wantPrintable(t, f)
}

// Where the server counts no bytes by connection, the connections with large buffers account for its totals.
func TestHugeRequestsByBuffers(t *testing.T) {
	load := func(change func(*synth)) *synth {
		s := newSynth(hugeRequests)
		s.now.Throughput.InputBytesPerSecond = stats.Some(27e6)
		s.now.Connected.RecentMaxInput = stats.Some(int64(8 << 20))
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5", Name: "images", LastCommand: "set", MemoryBytes: stats.Some(int64(9 << 20))})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.8:5", Name: "web", LastCommand: "set", MemoryBytes: stats.Some(int64(22_000))})
		change(s)
		return s.run(10, func(int) { s.calls("get", 1000, 2).calls("set", 300, 90) })
	}
	f := load(func(*synth) {}).only(t, "huge-requests", stats.Warning)
	if want := "images (10.0.3.7): 26 MiB a second in requests of 8 MiB"; f.Title != want || len(f.Culprits) != 1 || f.Confidence != stats.Likely {
		t.Errorf("title %q, want %q; culprits %+v", f.Title, want, f.Culprits)
	}
	wantPrintable(t, f)
	load(func(s *synth) { s.now.Server.Role = "replica" }).none(t)
	load(func(s *synth) { s.now.Throughput.InputBytesPerSecond = stats.Some(9e6) }).none(t)
	load(func(s *synth) { s.now.Connections = s.now.Connections[1:] }).none(t)
}

func TestHugeRepliesByBuffers(t *testing.T) {
	load := func(rate float64, change func(*synth)) *synth {
		s := newSynth(hugeReplies)
		s.now.Throughput.OutputBytesPerSecond = stats.Some(42e6)
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5", Name: "catalog", LastCommand: "get", AgeSeconds: 60, ReplyPeakBytes: stats.Some(int64(16 << 10))})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.8:5", Name: "web", LastCommand: "get", AgeSeconds: 60, ReplyPeakBytes: stats.Some(int64(80))})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.8:6", Name: "new", LastCommand: "get", AgeSeconds: 2, ReplyPeakBytes: stats.Some(int64(16 << 10))})
		s.sampled(sample("10.0.3.7", "catalog", "get", "catalog:all", rate, 0.01, 9), sample("10.0.3.8", "web", "get", "page:*", 2000, 0.9, 900))
		change(s)
		return s.run(10, func(int) { s.calls("get", 2000, 2) })
	}
	f := load(10, func(*synth) {}).only(t, "huge-replies", stats.Warning)
	if want := "catalog (10.0.3.7): 40 MiB a second in replies of 4 MiB"; f.Title != want || len(f.Culprits) != 1 {
		t.Errorf("title %q, want %q; culprits %+v", f.Title, want, f.Culprits)
	}
	wantPrintable(t, f)
	load(200, func(*synth) {}).only(t, "huge-replies", stats.Info) // of 200 kB each
	load(2000, func(*synth) {}).none(t)                            // a cache of pages of 20 kB
	load(10, func(s *synth) { s.now.Replication.ConnectedReplicas = stats.Some(int64(1)) }).none(t)
	load(10, func(s *synth) { s.now.PubSub.Channels = stats.Some(int64(1)) }).none(t)
}
