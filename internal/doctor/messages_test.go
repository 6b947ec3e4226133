package doctor

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

// shop is a stream with one group, as it is at a moment; it is looked at every second.
func shop(lag, pending int64, consumers ...stats.ConsumerRow) *stats.Messaging {
	g := stats.GroupRow{Name: "billing\x1b", LastDelivered: "5-1", Lag: stats.Some(lag), Pending: pending, ReadPerSecond: stats.Some(0.0), AckedPerSecond: stats.Some(0.0), Consumers: consumers}
	return &stats.Messaging{Streams: []stats.StreamRow{{Key: "orders\n", Length: 1000, AddedPerSecond: stats.Some(20.0), Trimmed: stats.Some(true), Groups: []stats.GroupRow{g}}}}
}

// told runs seconds in each of which the server's messages are what they are then.
func (s *synth) told(n int, messages func(second int) *stats.Messaging) *synth {
	return s.run(n, func(i int) {
		s.now.Messaging = messages(i)
		s.now.Messaging.Time = s.now.Time
	})
}

func always(m *stats.Messaging) func(int) *stats.Messaging {
	return func(int) *stats.Messaging { c := *m; return &c }
}

func active(name string, pending int64) stats.ConsumerRow {
	return stats.ConsumerRow{Name: name, Pending: pending, State: stats.ConsumerActive}
}

func TestConsumersThatNeedAPerson(t *testing.T) {
	stuck := stats.ConsumerRow{Name: "worker-2", Pending: 12, IdleSeconds: stats.Some(0.3), OldestSeconds: stats.Some(300.0), State: stats.ConsumerStuck}
	dead := stats.ConsumerRow{Name: "worker-3", Pending: 1, IdleSeconds: stats.Some(900.0), State: stats.ConsumerDead}
	s := newSynth(stuckConsumer, deadConsumer)
	s.connection(stats.ConnectionRow{Name: "worker-2", Addr: "10.0.3.7:51234", Library: "jedis 5.1"})
	f := s.told(3, always(shop(0, 12, stuck, active("worker-1", 0)))).only(t, "stuck-consumer", stats.Warning)
	wantPrintable(t, f)
	if c := f.Culprits[0]; c.Name != "worker-2" || c.Addr != "10.0.3.7:51234" || c.Library != "jedis 5.1" || c.Connections != 1 {
		t.Errorf("culprit %+v", c)
	}
	if !strings.Contains(f.Title, "holds 12 entries") || !strings.Contains(f.Remedy[0], "it asks the server, but") || !strings.Contains(f.Remedy[1], "`redistop messaging claim STREAM GROUP --from 'worker-2' --to 'worker-1' --min-idle '2m' 10.0.3.1:6379`") {
		t.Errorf("%q %q", f.Title, f.Remedy)
	}
	s = newSynth(stuckConsumer, deadConsumer)
	s.now.Observer.ClientsTime = &t0
	f = s.told(3, always(shop(0, 1, dead))).only(t, "dead-consumer", stats.Warning)
	wantPrintable(t, f)
	if f.Culprits[0].Name != "worker-3" || f.Confidence != stats.Certain || !strings.Contains(f.Title, "is gone and holds 1 entry") {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(f.Remedy[0], "`redistop messaging claim STREAM GROUP --from 'worker-3' --to CONSUMER 10.0.3.1:6379`") ||
		!strings.Contains(f.Remedy[1], "`redistop messaging delconsumer STREAM GROUP 'worker-3' 10.0.3.1:6379`") {
		t.Errorf("%q", f.Remedy)
	}
	trimmed := dead
	trimmed.Pending, trimmed.PendingDeleted = 2, 2
	f = newSynth(stuckConsumer, deadConsumer).told(3, always(shop(0, 2, trimmed))).only(t, "dead-consumer", stats.Warning)
	wantPrintable(t, f)
	if !strings.HasSuffix(f.Title, "holds 2 entries, all trimmed from the stream") || !strings.Contains(f.Impact, "Nobody can process them any more") ||
		!strings.Contains(f.Remedy[0], "`redistop messaging claim STREAM GROUP --from 'worker-3' --to CONSUMER --drop-deleted 10.0.3.1:6379`") {
		t.Errorf("%s %s %q", f.Title, f.Impact, f.Remedy)
	}
	trimmed.PendingDeleted = 1
	f = newSynth(stuckConsumer, deadConsumer).told(3, always(shop(0, 2, trimmed))).only(t, "dead-consumer", stats.Warning)
	if !strings.Contains(f.Remedy[0], "--to CONSUMER 10.0") || !strings.Contains(f.Remedy[2], "--drop-deleted") {
		t.Errorf("%q", f.Remedy)
	}
	many := stats.ConsumerRow{Name: "worker-4", Pending: 150, IdleSeconds: stats.Some(200.0), InactiveSeconds: stats.Some(200.0), State: stats.ConsumerStuck}
	f = newSynth(stuckConsumer, deadConsumer).told(3, always(shop(0, 150, many))).only(t, "stuck-consumer", stats.Warning)
	if !strings.Contains(f.Remedy[0], "it has asked for nothing for 3 min 20 s") {
		t.Errorf("%q", f.Remedy)
	}
	old := dead // as Redis 7.0 tells of it
	old.IdleSeconds, old.InactiveSeconds = stats.Maybe[float64]{}, stats.Some(900.0)
	if f = newSynth(deadConsumer).told(3, always(shop(0, 1, old))).only(t, "dead-consumer", stats.Warning); f.Confidence != stats.Likely {
		t.Errorf("nobody knows when it asked: %+v", f)
	}
	second := dead
	second.Name = "worker-5"
	if f = newSynth(deadConsumer).told(3, always(shop(0, 2, dead, second))).only(t, "dead-consumer", stats.Warning); !strings.Contains(f.Title, "2 consumers of group") || !strings.Contains(f.Title, "are gone and hold 2 entries") {
		t.Error(f.Title)
	}
	young, short := stuck, dead
	young.OldestSeconds, short.IdleSeconds = stats.Some(90.0), stats.Some(200.0)
	newSynth(stuckConsumer, deadConsumer).told(90, always(shop(0, 13, young, short, active("worker-1", 3)))).none(t)
}

// Who waits in XREADGROUP without a time limit looks gone: it is certain that one is only where nobody waits so.
func TestHowSureItIsThatAConsumerIsGone(t *testing.T) {
	dead := stats.ConsumerRow{Name: "worker-3", Pending: 1, IdleSeconds: stats.Some(900.0), State: stats.ConsumerDead}
	for name, tt := range map[string]struct {
		seen *time.Time
		row  stats.ConnectionRow
		want stats.Confidence
	}{
		"nobody waits":          {&t0, stats.ConnectionRow{Name: "somebody", Flags: "N", LastCommand: "xreadgroup"}, stats.Certain},
		"somebody waits":        {&t0, stats.ConnectionRow{Name: "somebody", Flags: "b", LastCommand: "xreadgroup"}, stats.Likely},
		"nobody knows who does": {nil, stats.ConnectionRow{}, stats.Likely},
	} {
		s := newSynth(deadConsumer)
		if s.now.Observer.ClientsTime = tt.seen; tt.seen != nil {
			s.connection(tt.row)
		}
		f := s.told(3, always(shop(0, 1, dead))).only(t, "dead-consumer", stats.Warning)
		wantPrintable(t, f)
		if f.Confidence != tt.want || (len(f.Unknown) == 0) != (tt.want == stats.Certain) {
			t.Errorf("%s: %s, %q", name, f.Confidence, f.Unknown)
		}
	}
}

// A lower limit counts before the tables call a consumer dead, but not for one of which there is a connection.
func TestLimitOfADeadConsumer(t *testing.T) {
	stuck := stats.ConsumerRow{Name: "worker-3", Pending: 1, IdleSeconds: stats.Some(123.0), InactiveSeconds: stats.Some(123.0), State: stats.ConsumerStuck}
	online, old := stuck, stuck
	online.Online = stats.Some(true)
	old.IdleSeconds = stats.Maybe[float64]{} // before Redis 7.2
	for name, tt := range map[string]struct {
		row   stats.ConsumerRow
		limit float64
		want  string
	}{
		"below":                   {stuck, 60, "dead-consumer"},
		"not reached":             {stuck, 300, "stuck-consumer"},
		"connected":               {online, 60, "stuck-consumer"},
		"nobody knows if it asks": {old, 60, "stuck-consumer"},
	} {
		s := newSynthWith(Options{Rules: []Rule{stuckConsumer, deadConsumer}, Limits: map[string]map[string]float64{"dead-consumer": {"idle_seconds": tt.limit}}})
		t.Run(name, func(t *testing.T) { s.told(3, always(shop(0, 1, tt.row))).only(t, tt.want, stats.Warning) })
	}
}

func TestUnreadGroup(t *testing.T) {
	f := newSynth(unreadGroup, growingLag).told(90, func(i int) *stats.Messaging { return shop(int64(100+20*i), 0) }).only(t, "unread-group", stats.Warning)
	wantPrintable(t, f)
	idle := stats.ConsumerRow{Name: "worker-1", IdleSeconds: stats.Some(700.0), State: stats.ConsumerIdle}
	quiet := shop(5, 0, idle)
	quiet.Streams[0].AddedPerSecond = stats.Some(0.0)
	f = newSynth(unreadGroup).told(3, always(quiet)).only(t, "unread-group", stats.Info)
	wantPrintable(t, f)
	for _, well := range []*stats.Messaging{shop(0, 0), shop(5, 0, idle, active("worker-2", 0))} {
		newSynth(unreadGroup).told(90, always(well)).none(t)
	}
}

func TestGrowingLag(t *testing.T) {
	f := newSynth(growingLag).told(90, func(i int) *stats.Messaging { return shop(int64(1000+20*i), 5, active("worker-1", 5)) }).only(t, "growing-lag", stats.Warning)
	wantPrintable(t, f)
	if !strings.Contains(f.Title, "2,780 entries wait, 20/s more") {
		t.Error(f.Title)
	}
	for name, lag := range map[string]func(int) int64{
		"a burst that is worked off": func(i int) int64 { return int64(max(0, 3000-50*i)) },
		"a steady lag":               func(int) int64 { return 3000 },
		"comes and goes":             func(i int) int64 { return int64(200 + i%20*100) },
		"few":                        func(i int) int64 { return int64(i) },
		"not grown for long yet":     func(i int) int64 { return int64(max(0, i-40) * 100) },
	} {
		s := newSynth(growingLag)
		if s.told(90, func(i int) *stats.Messaging { return shop(lag(i), 5, active("worker-1", 5)) }); len(s.took) > 0 {
			t.Errorf("%s: %q", name, titles(s.took))
		}
	}
}

func TestPoisonEntry(t *testing.T) {
	m := shop(0, 3, active("worker-1", 3))
	m.Streams[0].Groups[0].Poison = []stats.PendingRow{{ID: "5-1", Consumer: "worker-1", IdleSeconds: 3, Deliveries: 41}, {ID: "6-1", Consumer: "worker-1", IdleSeconds: 3, Deliveries: 6}}
	f := newSynth(poisonEntry).told(3, always(m)).only(t, "poison-entry", stats.Warning)
	wantPrintable(t, f)
	if len(f.Evidence) != 3 || !strings.Contains(f.Title, "41 times") || f.Culprits[0].Name != "worker-1" {
		t.Errorf("%+v", f)
	}
	m.Streams[0].Groups[0].PendingPass = &stats.PendingPass{Looked: 2600, Poison: 2}
	m.Streams[0].Groups[0].Pending = 10_000
	if f := newSynth(poisonEntry).told(3, always(m)).only(t, "poison-entry", stats.Warning); f.Evidence[2].Value != "the first 2,600 of 10,000 pending" {
		t.Errorf("%+v", f.Evidence)
	}
	m.Streams[0].Groups[0].PendingPass = &stats.PendingPass{Looked: 2600, Poison: 70, WholeTime: &t0}
	if f := newSynth(poisonEntry).told(3, always(m)).only(t, "poison-entry", stats.Warning); f.Evidence[2].Value != "70 of all that were pending" {
		t.Errorf("%+v", f.Evidence)
	}
	m.Streams[0].Groups[0].PendingPass = nil
	m.Streams[0].Groups[0].Poison = m.Streams[0].Groups[0].Poison[1:]
	newSynth(poisonEntry).told(3, always(m)).only(t, "poison-entry", stats.Warning) // what the tables call poison is a finding
	newSynthWith(Options{Rules: []Rule{poisonEntry}, Limits: map[string]map[string]float64{"poison-entry": {"deliveries": 7}}}).told(3, always(m)).none(t)
}

func TestQueueBacklog(t *testing.T) {
	queue := func(depth int64, workers stats.Maybe[int64]) *stats.Messaging {
		return &stats.Messaging{Queues: []stats.QueueRow{{Key: "queue:mail", Name: "mail", Type: "list", Framework: "Sidekiq", Depth: depth, Workers: workers, OldestSeconds: stats.Some(90.0)}}}
	}
	growing := func(workers stats.Maybe[int64]) func(int) *stats.Messaging {
		return func(i int) *stats.Messaging { return queue(int64(500+10*i), workers) }
	}
	f := newSynth(queueBacklog).told(90, growing(stats.Some(int64(0)))).only(t, "queue-backlog", stats.Warning)
	wantPrintable(t, f)
	if !strings.Contains(f.Title, "Queue mail (Sidekiq) grows: 1,390 jobs wait, 10/s more, and no worker waits for one") {
		t.Error(f.Title)
	}
	for running, want := range map[int64]string{2: "10/s more, and no worker is free: 2 jobs run", 0: "10/s more, no worker waits for one and none has one"} {
		f = newSynth(queueBacklog).told(90, func(i int) *stats.Messaging {
			m := queue(int64(500+10*i), stats.Some(int64(0)))
			m.Queues[0].InFlight = stats.Some(running)
			return m
		}).only(t, "queue-backlog", stats.Warning)
		wantPrintable(t, f)
		if !strings.HasSuffix(f.Title, want) {
			t.Errorf("%d running: %s", running, f.Title)
		}
	}
	f = newSynth(queueBacklog).told(90, growing(stats.Maybe[int64]{})).only(t, "queue-backlog", stats.Warning)
	wantPrintable(t, f)
	if len(f.Unknown) != 1 || strings.Contains(f.Title, "worker") {
		t.Errorf("%q %q", f.Title, f.Unknown)
	}
	newSynth(queueBacklog).told(90, growing(stats.Some(int64(3)))).none(t)
	newSynth(queueBacklog).told(90, func(int) *stats.Messaging { return queue(500, stats.Some(int64(0))) }).none(t)
}

func TestUntrimmedStream(t *testing.T) {
	stream := func(change func(*stats.StreamRow)) *stats.Messaging {
		row := stats.StreamRow{Key: "log\n", Length: 200_000, EntriesAdded: stats.Some(int64(200_000)), AddedPerSecond: stats.Some(5.0), Growing: stats.Some(true), Trimmed: stats.Some(false), Bytes: stats.Some(int64(9 << 20))}
		change(&row)
		return &stats.Messaging{Streams: []stats.StreamRow{row}}
	}
	f := newSynth(untrimmedStream).told(3, always(stream(func(*stats.StreamRow) {}))).only(t, "untrimmed-stream", stats.Info)
	wantPrintable(t, f)
	s := newSynth(untrimmedStream)
	s.now.Memory.Max = stats.Some(int64(64 << 20))
	wantPrintable(t, s.told(3, always(stream(func(*stats.StreamRow) {}))).only(t, "untrimmed-stream", stats.Warning))
	for name, change := range map[string]func(*stats.StreamRow){
		"short":               func(r *stats.StreamRow) { r.Length = 1000 },
		"trimmed":             func(r *stats.StreamRow) { r.Trimmed = stats.Some(true) },
		"trimmed some day":    func(r *stats.StreamRow) { r.EntriesAdded = stats.Some(int64(300_000)) },
		"nothing is added":    func(r *stats.StreamRow) { r.Growing = stats.Some(false) },
		"not known":           func(r *stats.StreamRow) { r.Growing = stats.Maybe[bool]{} },
		"not known otherwise": func(r *stats.StreamRow) { r.Trimmed = stats.Maybe[bool]{} },
	} {
		s := newSynth(untrimmedStream)
		if s.told(3, always(stream(change))); len(s.took) > 0 {
			t.Errorf("%s: %q", name, titles(s.took))
		}
	}
}

func TestPublishUnheard(t *testing.T) {
	publishing := func(channels int64) *synth {
		s := newSynth(publishUnheard)
		s.now.PubSub = stats.PubSub{Channels: stats.Some(channels), Patterns: stats.Some(int64(0))}
		return s.run(30, func(int) { s.calls("publish", 40, 2) })
	}
	f := publishing(0).only(t, "publish-unheard", stats.Info)
	wantPrintable(t, f)
	if !strings.Contains(f.Title, "40/s messages") {
		t.Error(f.Title)
	}
	publishing(1).none(t)
	newSynth(publishUnheard).run(30, nil).none(t)
}

// What waits is followed look by look, however many Snapshots show one look.
func TestBacklogsCountLooks(t *testing.T) {
	var b backlogs
	m := shop(10, 0)
	for i := range 3 {
		m.Time = t0.Add(time.Duration(i/2) * time.Second)
		m.Streams[0].Groups[0].Lag = stats.Some(int64(10 + i))
		b.learn(m)
	}
	h := b.held[groupMark(&m.Streams[0], &m.Streams[0].Groups[0])]
	if h.seconds() != 1 || h.lastN != 12 || h.speed() != 2 {
		t.Errorf("%+v", h)
	}
	b.learn(nil)
	if len(b.held) != 1 {
		t.Error("no look is no news")
	}
}
