package messaging

import (
	"slices"
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
	quiet := &stats.Snapshot{Connections: []stats.ConnectionRow{{Name: "web", LastCommand: "get"}, {Name: "redistop", LastCommand: "xack", Own: true}}}
	quiet.Observer.ClientsTime = &seen
	old := stats.ConsumerRow{Name: "worker-3", InactiveSeconds: rate(400), State: stats.ConsumerStuck} // nobody knows when it asked
	fresh, asking := old, old
	fresh.InactiveSeconds, asking.IdleSeconds = rate(200), rate(1)
	group := &stats.Messaging{Streams: []stats.StreamRow{{Groups: []stats.GroupRow{{Consumers: []stats.ConsumerRow{old, fresh, asking}}}}}}
	states := func(m *stats.Messaging) (all []stats.ConsumerState) {
		for _, c := range m.Streams[0].Groups[0].Consumers {
			all = append(all, c.State)
		}
		return all
	}
	if got := states(Enrich(group, quiet)); !slices.Equal(got, []stats.ConsumerState{stats.ConsumerDead, stats.ConsumerStuck, stats.ConsumerStuck}) {
		t.Errorf("no connection reads a group: %v", got)
	}
	quiet.Connections = append(quiet.Connections, stats.ConnectionRow{LastCommand: "xreadgroup"})
	if got := states(Enrich(group, quiet)); got[0] != stats.ConsumerStuck || states(group)[0] != stats.ConsumerStuck {
		t.Errorf("somebody reads a group: %v", got)
	}
	s.Observer.ClientsTime = nil
	if e = Enrich(m, s); e.Queues[0].Workers.Known() {
		t.Error("the connections are not known")
	}
	if Enrich(nil, s) != nil {
		t.Error("something from nothing")
	}
}

// Queues whose keys look alike are told apart where their keys were counted.
func TestArrivalsByKey(t *testing.T) {
	queues := []stats.QueueRow{{Key: "tenant:1:jobs", DepthPerSecond: rate(2)}, {Key: "tenant:2:jobs"}, {DB: 1, Key: "tenant:1:jobs"}, {Key: "tenant:3:jobs"}}
	arrivals(queues, []stats.Pushed{{Key: "tenant:1:jobs", PerSecond: rate(9), Estimated: true}, {DB: 1, Key: "tenant:1:jobs", PerSecond: rate(4)}, {Key: "other", PerSecond: rate(7)}, {Key: "tenant:2:jobs", PerSecond: rate(1)}})
	served(queues)
	for i, want := range []stats.Maybe[float64]{rate(9), rate(1), rate(4), {}} {
		if queues[i].ArrivedPerSecond != want {
			t.Errorf("%+v, want %v", queues[i], want)
		}
	}
	if queues[0].ServedPerSecond != rate(7) || !queues[0].Estimated || queues[1].ServedPerSecond.Known() || queues[2].Estimated {
		t.Errorf("%+v", queues)
	}
}

// A consumer that waits without a time limit looks dead; a connection by its name that waits tells that it is stuck.
func TestAConsumerThatWaitsIsNotDead(t *testing.T) {
	m := &stats.Messaging{Streams: []stats.StreamRow{{Key: "s", Groups: []stats.GroupRow{{Name: "g", Consumers: []stats.ConsumerRow{{Name: "worker-1"}}}}}}}
	s := &stats.Snapshot{}
	reader := stats.ConnectionRow{Addr: "10.0.0.4:1", Name: "worker-1", LastCommand: "xreadgroup"}
	for i, tt := range []struct {
		was, want  stats.ConsumerState
		name, last string
		flags      string
		idle       int64
	}{
		{stats.ConsumerDead, stats.ConsumerStuck, "worker-1", "xreadgroup", "b", 900},
		{stats.ConsumerDead, stats.ConsumerStuck, "worker-1", "xreadgroup", "N", 5},
		{stats.ConsumerDead, stats.ConsumerDead, "worker-1", "xreadgroup", "N", 900},
		{stats.ConsumerDead, stats.ConsumerDead, "worker-7", "xreadgroup", "b", 5},
		{stats.ConsumerDead, stats.ConsumerDead, "worker-1", "ping", "N", 5}, // another connection of the process
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
}
