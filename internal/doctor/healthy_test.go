package doctor

import (
	"fmt"
	"testing"

	"redistop/internal/stats"
)

// Workloads that hurt nobody yield nothing above info, whatever they look like.
func TestHealthyWorkloads(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(s *synth)
		second func(s *synth, i int)
	}{
		{"a busy cache", func(s *synth) {
			s.now.CPU.MainThread = stats.Some(0.45)
			for i := range 60 {
				s.connection(stats.ConnectionRow{Addr: fmt.Sprintf("10.0.4.1:%d", 4000+i), Name: "web", LastCommand: "get", AgeSeconds: 900, Flags: "N"})
			}
			s.sampled(sample("10.0.4.1", "web", "get", "page:*", 30_000, 0.9, 9000), sample("10.0.4.1", "web", "set", "page:*", 3000, 0.1, 900))
		}, func(s *synth, _ int) { s.calls("get", 30_000, 3).calls("set", 3000, 5).longest("get", 4000) }},
		{"a queue of BLPOP workers", func(s *synth) {
			for i := range 50 {
				s.connection(stats.ConnectionRow{Addr: fmt.Sprintf("10.0.5.%d:5", i), Name: "worker", Flags: "b", LastCommand: "blpop", AgeSeconds: 900, IdleSeconds: int64(i % 30)})
			}
			s.now.Connected.Blocked = stats.Some(int64(50))
		}, func(s *synth, _ int) { s.calls("blpop", 400, 9).calls("rpush", 400, 5) }},
		{"Pub/Sub", func(s *synth) {
			s.now.Throughput.OutputBytesPerSecond = stats.Some(60e6)
			s.now.PubSub.Channels = stats.Some(int64(9))
			s.connection(stats.ConnectionRow{Addr: "10.0.6.1:5", Name: "feed", Flags: "P", Subscriptions: 9, AgeSeconds: 900, IdleSeconds: 900, LastCommand: "subscribe"})
		}, func(s *synth, _ int) { s.calls("publish", 900, 300).longest("publish", 3000) }},
		{"a bulk load that others do not feel", func(s *synth) {
			s.now.CPU.MainThread = stats.Some(0.99)
			s.now.Latency = stats.Latency{Probes: 20, P50Usec: stats.Some(400.0), P99Usec: stats.Some(2000.0), MaxUsec: stats.Some(3000.0)}
		}, func(s *synth, _ int) { s.calls("mset", 800, 800).calls("set", 60_000, 2).longest("mset", 4000) }},
		{"a loader with quick scripts", nil, func(s *synth, _ int) { s.calls("evalsha", 4000, 40).calls("incr", 4000, 2).longest("evalsha", 900) }},
		{"transactions without competition", nil, func(s *synth, _ int) {
			s.calls("watch", 100, 1).calls("multi", 100, 1).calls("incr", 100, 2).calls("exec", 100, 5)
		}},
		{"the demo's careless programs", nil, func(s *synth, i int) {
			s.calls("get", 200, 4).calls("lpush", 1, 9)
			if i%3 > 0 {
				s.errors("WRONGTYPE", 1).fails("lpush", 1, 0)
			}
			if i%5 == 0 {
				s.calls("keys", 1, 4000).longest("keys", 5000)
			}
		}},
		{"a monitor that asks for everything each second", nil, func(s *synth, _ int) {
			s.calls("info", 1, 600).calls("client|list", 1, 900).calls("slowlog|get", 1, 300).calls("get", 100, 3)
		}},
		{"a replica that takes its copy", func(s *synth) {
			s.now.Replication.ConnectedReplicas = stats.Some(int64(1))
			s.now.Throughput.OutputBytesPerSecond = stats.Some(200e6)
			s.connection(stats.ConnectionRow{Addr: "10.0.7.1:5", Flags: "S", LastCommand: "psync", AgeSeconds: 9})
		}, func(s *synth, i int) {
			s.calls("get", 1000, 3)
			if i == 3 {
				s.calls("psync", 1, 40_000)
			}
		}},
		{"one hiccup of the host", nil, func(s *synth, i int) {
			s.calls("get", 3000, 3).calls("set", 500, 4)
			if i == 20 {
				s.longest("get", 130_000).longest("set", 60_000).logged("10.0.0.1:1", "web", 90_000, "GET", "k").logged("10.0.0.1:1", "web", 40_000, "SET", "k", "v")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth()
			if c.before != nil {
				c.before(s)
			}
			for i := range 75 {
				c.second(s, i)
				s.next()
				for _, f := range s.took {
					if f.Severity.Rank() > stats.Info.Rank() {
						t.Fatalf("after %d s: %s: %s", i, f.Rule, f.Title)
					}
				}
			}
		})
	}
}
