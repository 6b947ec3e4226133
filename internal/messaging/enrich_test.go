package messaging

import (
	"testing"

	"redistop/internal/stats"
)

// A Snapshot with samples and connections tells of queues how quickly jobs come and who waits.
func TestEnrich(t *testing.T) {
	m := &stats.Messaging{
		Queues: []stats.QueueRow{
			{Key: "queue:mail", Depth: 50, DepthPerSecond: rate(4)},
			{Key: "tenant:1:jobs", Depth: 5, DepthPerSecond: rate(0)}, {Key: "tenant:2:jobs", Depth: 5}, // one pattern
		},
		Streams:  []stats.StreamRow{{Key: "s", Groups: []stats.GroupRow{{Name: "g", Consumers: []stats.ConsumerRow{{Name: "worker-1"}, {Name: "worker-2"}}}}}},
		Channels: []stats.ChannelRow{{Name: "prices", Subscribers: 3}},
	}
	sample := func(command, pattern, ip string, v float64) stats.SampleRow {
		return stats.SampleRow{Identity: stats.Identity{IP: ip}, Command: command, Pattern: pattern, CommandsPerSecond: rate(v), Estimated: true}
	}
	s := &stats.Snapshot{
		Sampled: stats.Sampled{Commands: 100},
		Samples: []stats.SampleRow{sample("lpush", "queue:mail", "10.0.0.1", 10), sample("rpush", "queue:mail", "10.0.0.2", 2), sample("brpop", "queue:mail", "10.0.0.3", 8),
			sample("lpush", "tenant:*:jobs", "10.0.0.1", 7), sample("lpush", "other", "10.0.0.1", 7)},
		Connections: []stats.ConnectionRow{
			{Addr: "10.0.0.3:1", Flags: "b", LastCommand: "brpop", Name: "worker-2"}, {Addr: "10.0.0.3:2", Flags: "b", LastCommand: "brpop"}, {Addr: "10.0.0.3:3", Flags: "N", LastCommand: "brpop"},
			{Addr: "10.0.0.9:1", Flags: "P", Subscriptions: 1, OutputBufferBytes: slowBytes}, {Addr: "10.0.0.9:2", Flags: "P", Subscriptions: 1, OutputBufferBytes: 17},
		},
	}
	seen := noon
	s.Observer.ClientsTime = &seen
	e := Enrich(m, s)
	mail, tenant := e.Queues[0], e.Queues[1]
	if mail.ArrivedPerSecond != rate(12) || mail.ServedPerSecond != rate(8) || !mail.Estimated || mail.Workers != some(2) {
		t.Errorf("%+v", mail)
	}
	if tenant.ArrivedPerSecond.Known() || tenant.ServedPerSecond.Known() || tenant.Workers != some(0) {
		t.Errorf("a pattern of several queues told of one: %+v", tenant)
	}
	if c := e.Streams[0].Groups[0].Consumers; c[0].Online.Known() || c[1].Online != stats.Some(true) {
		t.Errorf("%+v", c)
	}
	if e.Channels[0].SlowSubscribers != 1 {
		t.Errorf("%+v", e.Channels)
	}
	if m.Queues[0].Workers.Known() || m.Streams[0].Groups[0].Consumers[1].Online.Known() || m.Channels[0].SlowSubscribers != 0 {
		t.Error("what was given was changed")
	}
	s.Connections = append(s.Connections, stats.ConnectionRow{Addr: "10.0.0.8:1", Flags: "b", LastCommand: "blpop"})
	if e = Enrich(m, s); e.Queues[1].Workers.Known() || e.Queues[0].Workers != some(2) {
		t.Errorf("one waits, nobody knows for what: %+v", e.Queues)
	}
	s.Observer.ClientsTime = nil
	if e = Enrich(m, s); e.Queues[0].Workers.Known() {
		t.Error("the connections are not known")
	}
	reader := stats.ConnectionRow{Addr: "10.0.0.4:1", Name: "worker-1", LastCommand: "xreadgroup"}
	for i, tt := range []struct {
		was, want  stats.ConsumerState
		name, last string
		flags      string
		idle       int64
	}{
		{stats.ConsumerStalled, stats.ConsumerStuck, "worker-1", "xreadgroup", "b", 900}, // it waits
		{stats.ConsumerDead, stats.ConsumerStuck, "worker-1", "xreadgroup", "b", 900},
		{stats.ConsumerStalled, stats.ConsumerStuck, "worker-1", "xreadgroup", "N", 5},
		{stats.ConsumerDead, stats.ConsumerDead, "worker-1", "xreadgroup", "N", 900},
		{stats.ConsumerDead, stats.ConsumerDead, "worker-1", "ping", "N", 5}, // another connection of the process
		{stats.ConsumerStalled, stats.ConsumerStalled, "worker-7", "xreadgroup", "b", 5},
		{stats.ConsumerActive, stats.ConsumerActive, "worker-1", "xreadgroup", "b", 5},
	} {
		m.Streams[0].Groups[0].Consumers[0].State = tt.was
		c := reader
		c.Name, c.LastCommand, c.Flags, c.IdleSeconds = tt.name, tt.last, tt.flags, tt.idle
		s.Connections = []stats.ConnectionRow{c}
		if got := Enrich(m, s).Streams[0].Groups[0].Consumers[0]; got.State != tt.want || got.Online.Or(false) != (tt.name == "worker-1") {
			t.Errorf("%d: %+v, want %s", i, got, tt.want)
		}
	}
	m.Streams[0].Groups[0].Consumers[0].State = stats.ConsumerDead
	s.Connections = []stats.ConnectionRow{{Name: "worker-1", LastCommand: "xreadgroup", Flags: "b"}}
	m.Streams = append(m.Streams, stats.StreamRow{Key: "s2", Groups: []stats.GroupRow{{Name: "g", Consumers: []stats.ConsumerRow{{Name: "worker-1"}}}}})
	if got := Enrich(m, s).Streams[0].Groups[0].Consumers[0]; got.State != stats.ConsumerStuck {
		t.Errorf("a group of two streams: %+v", got)
	}
	m.Streams[1].Groups[0].Name = "another"
	if got := Enrich(m, s).Streams[0].Groups[0].Consumers[0]; got.State != stats.ConsumerDead || !got.Online.Or(false) {
		t.Errorf("nobody knows in which group it asks: %+v", got)
	}
	if Enrich(nil, s) != nil {
		t.Error("something from nothing")
	}
}
