package messaging

import (
	"math"
	"slices"
	"testing"

	"redistop/internal/stats"
)

// What the samples do not show of a queue does not happen, unless its growth says that it does.
func TestArrivals(t *testing.T) {
	row := func(key string, growth float64) stats.QueueRow {
		return stats.QueueRow{Key: key, DepthPerSecond: rate(growth)}
	}
	sample := func(command, pattern string, v float64) stats.SampleRow {
		return stats.SampleRow{Command: command, Pattern: pattern, CommandsPerSecond: rate(v), Estimated: true}
	}
	none := stats.Maybe[float64]{}
	s := &stats.Snapshot{Sampled: stats.Sampled{Commands: 9}, Samples: []stats.SampleRow{sample("rpush", "both", 10), sample("blpop", "both", 9), sample("rpush", "pushed", 20),
		sample("rpush", "taken unseen", 5), sample("lpop", "drained", 40), sample("rpoplpush", "moved into", 3), sample("blpop", "idle", 1)}}
	for _, test := range []struct {
		row          stats.QueueRow
		arrived, out stats.Maybe[float64]
	}{
		{row("both", 4), rate(10), rate(6)}, {row("pushed", 18), rate(20), rate(0)}, {row("taken unseen", -1), rate(5), rate(6)},
		{row("drained", -46), rate(0), rate(46)}, {row("moved into", 3), none, none}, {row("idle", 0), rate(0), rate(0)}, {row("not seen", 2), none, none},
	} {
		e := Enrich(&stats.Messaging{Queues: []stats.QueueRow{test.row}}, s, nil).Queues[0]
		if e.ArrivedPerSecond != test.arrived || e.ServedPerSecond.Known() != test.out.Known() || e.ServedPerSecond.Or(0) != test.out.Or(0) {
			t.Errorf("%s: in %v, out %v", e.Key, e.ArrivedPerSecond, e.ServedPerSecond)
		}
	}
}

// A Snapshot with samples and connections tells of queues how quickly jobs come and who waits.
func TestEnrich(t *testing.T) {
	m := &stats.Messaging{
		Queues: []stats.QueueRow{
			{Key: "queue:mail", Depth: 50, DepthPerSecond: rate(4)},
			{Key: "tenant:1:jobs", Depth: 5, DepthPerSecond: rate(0)}, {Key: "tenant:2:jobs", Depth: 5}, // one pattern
		},
		Streams:  []stats.StreamRow{{Key: "s", Groups: []stats.GroupRow{{Name: "g", Consumers: []stats.ConsumerRow{{Name: "worker-1"}, {Name: "worker-2"}}}}}},
		Channels: []stats.ChannelRow{{Name: "prices", Subscribers: 3}}, Patterns: some(0),
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
	e := Enrich(m, s, nil)
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
	if e = Enrich(m, s, nil); e.Queues[1].Workers.Known() || e.Queues[0].Workers != some(2) {
		t.Errorf("one waits, nobody knows for what: %+v", e.Queues)
	}
	if e.WaitingUnknown != some(1) {
		t.Errorf("%v wait for nobody knows what", e.WaitingUnknown)
	}
	// The samples may have seen what exactly that connection waits for.
	list := []Wait{{Addr: "10.0.0.8:1", Command: "blpop", Keys: []string{"tenant:2:jobs", "tenant:1:jobs", "other"}}, {Addr: "10.0.0.3:3", Command: "brpop", Keys: []string{"queue:mail"}}}
	if e = Enrich(m, s, list); e.Queues[0].Workers != some(2) || e.Queues[1].Workers != some(1) || e.Queues[2].Workers != some(1) || e.WaitingUnknown != some(0) {
		t.Errorf("%+v, %v", e.Queues, e.WaitingUnknown)
	}
	// Two that are called alike and wait for different queues: neither is counted with one of them.
	s.Samples = append(s.Samples, sample("brpop", "other", "10.0.0.3", 1))
	if e = Enrich(m, s, list); e.Queues[0].Workers.Known() || e.WaitingUnknown != some(2) {
		t.Errorf("%+v, %v", e.Queues, e.WaitingUnknown)
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
	if got := states(Enrich(group, quiet, nil)); !slices.Equal(got, []stats.ConsumerState{stats.ConsumerDead, stats.ConsumerStuck, stats.ConsumerStuck}) {
		t.Errorf("no connection reads a group: %v", got)
	}
	quiet.Connections = append(quiet.Connections, stats.ConnectionRow{LastCommand: "xreadgroup"})
	if got := states(Enrich(group, quiet, nil)); got[0] != stats.ConsumerStuck || states(group)[0] != stats.ConsumerStuck {
		t.Errorf("somebody reads a group: %v", got)
	}
	s.Observer.ClientsTime = nil
	if e = Enrich(m, s, nil); e.Queues[0].Workers.Known() {
		t.Error("the connections are not known")
	}
	if Enrich(nil, s, nil) != nil {
		t.Error("something from nothing")
	}
}

// Queues whose keys look alike are told apart where their keys were counted.
func TestArrivalsByKey(t *testing.T) {
	queues := []stats.QueueRow{{Key: "tenant:1:jobs", DepthPerSecond: rate(2)}, {Key: "tenant:2:jobs"}, {DB: 1, Key: "tenant:1:jobs"}, {Key: "tenant:3:jobs"}}
	arrivals(queues, []stats.Pushed{{Key: "tenant:1:jobs", PerSecond: rate(9), Estimated: true}, {DB: 1, Key: "tenant:1:jobs", PerSecond: rate(4)}, {Key: "other", PerSecond: rate(7)}, {Key: "tenant:2:jobs", PerSecond: rate(1)}})
	served(queues, nil)
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
		if got := Enrich(m, s, nil).Streams[0].Groups[0].Consumers[0]; got.State != tt.want || got.Online.Or(false) != (tt.name == "worker-1") {
			t.Errorf("%d: %+v, want %s", i, got, tt.want)
		}
	}
	m.Streams[0].Groups[0].Consumers[0].State = stats.ConsumerDead
	s.Connections = []stats.ConnectionRow{{Name: "worker-1", LastCommand: "xreadgroup", Flags: "b"}}
	m.Streams = append(m.Streams, stats.StreamRow{Key: "s2", Groups: []stats.GroupRow{{Name: "g", Consumers: []stats.ConsumerRow{{Name: "worker-1"}}}}})
	if got := Enrich(m, s, nil).Streams[0].Groups[0].Consumers[0]; got.State != stats.ConsumerStuck {
		t.Errorf("a group of two streams: %+v", got)
	}
	m.Streams[1].Groups[0].Name = "another"
	if got := Enrich(m, s, nil).Streams[0].Groups[0].Consumers[0]; got.State != stats.ConsumerDead || !got.Online.Or(false) {
		t.Errorf("nobody knows in which group it asks: %+v", got)
	}
}

// Whose messages wait is told once; of a channel only where no other one can be meant.
func TestSlowSubscribers(t *testing.T) {
	s := &stats.Snapshot{Connections: []stats.ConnectionRow{
		{ID: 7, Addr: "10.0.0.9:1", Name: "slowpoke", Subscriptions: 1, OutputBufferBytes: 16 << 20}, {ID: 8, Addr: "10.0.0.9:2", Subscriptions: 2, OutputBufferBytes: slowBytes},
		{ID: 9, Subscriptions: 1, OutputBufferBytes: 100}, {ID: 10, OutputBufferBytes: 32 << 20}, {ID: 11, Subscriptions: 1, OutputBufferBytes: 32 << 20, Own: true},
	}}
	for name, tt := range map[string]struct {
		channels []stats.ChannelRow
		patterns stats.Maybe[int64]
		want     []int // of each channel
	}{
		"one channel":                  {[]stats.ChannelRow{{Name: "big", Subscribers: 2}, {Name: "nobody:cares"}}, some(0), []int{1, 0}},
		"two channels, one is on both": {[]stats.ChannelRow{{Name: "big", Subscribers: 2}, {Name: "news.eu", Subscribers: 1}}, some(0), []int{1, 1}},
		"three channels":               {[]stats.ChannelRow{{Name: "big", Subscribers: 1}, {Name: "news.eu", Subscribers: 1}, {Name: "c", Subscribers: 1}}, some(0), []int{0, 0, 0}},
		"patterns":                     {[]stats.ChannelRow{{Name: "big", Subscribers: 1}}, some(1), []int{0}},
	} {
		e := Enrich(&stats.Messaging{Channels: tt.channels, Patterns: tt.patterns}, s, nil)
		if len(e.SlowSubscribers) != 2 || e.SlowSubscribers[0] != (stats.SlowSubscriber{ID: 7, Addr: "10.0.0.9:1", Name: "slowpoke", Subscriptions: 1, WaitingBytes: 16 << 20}) {
			t.Errorf("%s: %+v", name, e.SlowSubscribers)
		}
		for i, want := range tt.want {
			if got := e.Channels[i].SlowSubscribers; got != want {
				t.Errorf("%s: %d slow of %s, want %d", name, got, e.Channels[i].Name, want)
			}
		}
	}
	for range 20 {
		s.Connections = append(s.Connections, s.Connections[0])
	}
	if e := Enrich(&stats.Messaging{}, s, nil); len(e.SlowSubscribers) != mostSlow || e.SlowSubscribersMore != 6 {
		t.Errorf("%d listed, %d more", len(e.SlowSubscribers), e.SlowSubscribersMore)
	}
}

// That no worker waits says nothing where workers ask instead of waiting: then it is not known, and not 0.
func TestWorkersThatAsk(t *testing.T) {
	s := &stats.Snapshot{Sampled: stats.Sampled{Commands: 9}, Samples: []stats.SampleRow{{Command: "lpop", Pattern: "asked", CommandsPerSecond: rate(1)}, {Command: "rpush", Pattern: "filled", CommandsPerSecond: rate(1)}}}
	seen := noon
	s.Observer.ClientsTime = &seen
	e := Enrich(&stats.Messaging{Queues: []stats.QueueRow{{Key: "asked"}, {Key: "filled"}, {Key: "asynq:{mail}:pending", Framework: "asynq"}, {Key: "rq:queue:mail", Framework: "RQ"}}}, s, nil)
	for i, want := range []stats.Maybe[int64]{unknown(), some(0), unknown(), some(0)} {
		if q := e.Queues[i]; q.Workers != want {
			t.Errorf("%s: %v workers wait, want %v", q.Key, q.Workers, want)
		}
	}
	if out := Enrich(&stats.Messaging{Queues: []stats.QueueRow{{Key: "asked", DepthPerSecond: rate(0)}}}, s, nil).Queues[0].ServedPerSecond.Or(1); out != 0 || math.Signbit(out) {
		t.Errorf("out %v", out)
	}
}
