package monitor

import (
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// What a server tells of large commands, before any of them met a window.
func TestConditionsKnowOfLargeCommands(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	request := func(bytes int64, age time.Duration) []stats.SlowReading {
		return []stats.SlowReading{{Kind: stats.LargeRequest, Entries: []redis.SlowEntry{{Time: now.Add(-age), Value: bytes}}}}
	}
	for name, tc := range map[string]struct {
		info        string
		slow        []stats.SlowReading
		clients     []redis.Client
		huge, large bool
	}{
		"nothing of the kind": {info: "client_recent_max_input_buffer:20480\ndb0_distrib_strings_sizes:1K=9",
			clients: []redis.Client{{QueryBuffer: 100}}, slow: request(100_000, time.Minute)},
		"a large buffer lately":       {info: "client_recent_max_input_buffer:1048576", huge: true},
		"a large command on its way":  {clients: []redis.Client{{QueryBuffer: 26}, {QueryBuffer: 1 << 20}}, huge: true},
		"a large request just now":    {slow: request(2<<20, time.Minute), huge: true, large: true},
		"a large request this night":  {slow: request(2<<20, 8*time.Hour), large: true},
		"a large request last week":   {slow: request(2<<20, 200*time.Hour)},
		"a reply is no request":       {slow: []stats.SlowReading{{Kind: stats.LargeReply, Entries: []redis.SlowEntry{{Time: now, Value: 2 << 20}}}}},
		"large values are stored":     {info: "db0_distrib_strings_sizes:2=100,256K=1", large: true},
		"the average command is huge": {info: "total_commands_processed:20\ntotal_net_input_bytes:20000000", huge: true},
	} {
		r := stats.Reading{Time: now, Info: redis.ParseInfo(tc.info), Slow: tc.slow}
		if tc.clients != nil {
			r.Clients = &stats.ClientReading{}
			for _, c := range tc.clients {
				r.Clients.Clients = append(r.Clients.Clients, stats.SeenClient{Client: c})
			}
		}
		before := redis.ParseInfo("total_commands_processed:10\ntotal_net_input_bytes:1000")
		if c := ConditionsOf(r, before, time.Second, time.Second); c.Huge != tc.huge || c.Large != tc.large {
			t.Errorf("%s: huge %v, large %v", name, c.Huge, c.Large)
		}
	}
}

// A quiet server is seen whole, unless a huge command is to be expected, or might be for all that is known.
func TestQuietServersAreSeenWholeOnceTheyAreKnown(t *testing.T) {
	quiet := busy(200, 20_000)
	s := New(Options{Limits: limits, Enabled: true})
	start := time.Now()
	s.Update(quiet, nil)
	open := func(after time.Duration) (share float64, chain bool) {
		t.Helper()
		p, _, _ := s.next(start.Add(after))
		if p.count == 0 {
			t.Fatalf("after %s: no windows: %s", after, p.reason)
		}
		return (time.Duration(p.count) * p.length).Seconds() / quiet.Interval.Seconds(), p.chain
	}
	if share, chain := open(time.Second); chain || share > learningDuty {
		t.Errorf("after a second: %.2f of the time, a chain: %v", share, chain)
	}
	if _, chain := open(2 * learning); !chain {
		t.Error("a quiet server that is known is not seen whole")
	}
	large := quiet
	large.Large = true
	s.Update(large, nil)
	s.Update(quiet, nil) // the log was not read this time
	if share, chain := open(2 * learning); chain || share > limits.Duty {
		t.Errorf("with large values: %.2f of the time, a chain: %v", share, chain)
	}
	if _, chain := open(2*learning + hugeMemory); !chain {
		t.Error("what was said once is never forgotten")
	}
	s.sawHuge(start)
	if p, _, _ := s.next(start.Add(hugeMemory - time.Second)); p.count != 0 {
		t.Errorf("a huge command was seen: %+v", p)
	}
	for _, after := range []time.Duration{hugeMemory + time.Minute, largeMemory - time.Minute} {
		if share, chain := open(after); chain || share > limits.Duty {
			t.Errorf("%s after a huge command: %.2f of the time, a chain: %v", after, share, chain)
		}
	}
	if _, chain := open(largeMemory + time.Hour); !chain {
		t.Error("a huge command of yesterday keeps windows short")
	}
}
