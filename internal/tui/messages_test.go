package tui

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

// messagesOf is a shop: a stream that one group keeps up with and another does not, a log that nobody
// reads, queues of two frameworks, a channel.
func messagesOf(at time.Time) *stats.Messaging {
	ago := func(d time.Duration) *time.Time { t := at.Add(-d); return &t }
	return &stats.Messaging{
		Time: at, Patterns: whole64(2), Discovery: stats.Discovery{Scanned: 1_244_232, Keys: 1_244_232, Share: 1, Passes: 3, Complete: true, EverySeconds: some(4.2)},
		Streams: []stats.StreamRow{
			{
				Key: "orders", Length: 48_211, Bytes: whole64(9_812_331), FirstID: "1773486000000-0", LastID: "1773489599000-3", FirstTime: ago(time.Hour), LastTime: ago(time.Second),
				EntriesAdded: whole64(9_120_001), AddedPerSecond: some(120.5), Trimmed: stats.Some(true), Growing: stats.Some(false),
				Groups: []stats.GroupRow{
					{
						Name: "billing", LastDelivered: "1773486100000-0", Lag: whole64(31_002), LagPerSecond: some(44), Pending: 812, OldestPending: "1773486000000-0",
						OldestSeconds: some(912), ReadPerSecond: some(76), AckedPerSecond: some(71.5), DrainNever: true,
						Poison: []stats.PendingRow{{ID: "1773486000000-0", Consumer: "billing-2", IdleSeconds: 912, Deliveries: 41}},
						Consumers: []stats.ConsumerRow{
							{Name: "billing-2", Pending: 800, IdleSeconds: some(0.4), InactiveSeconds: some(912), MaxDeliveries: whole64(41), Online: stats.Some(true), State: stats.ConsumerStuck},
							{Name: hostile[0], Pending: 11, IdleSeconds: some(7200), State: stats.ConsumerDead},
							{Name: "billing-1", Pending: 1, IdleSeconds: some(0.1), InactiveSeconds: some(0.1), State: stats.ConsumerActive},
						},
					},
					{Name: "audit", LastDelivered: "1773489599000-3", Lag: whole64(0), Pending: 3, OldestSeconds: some(0.2), AckedPerSecond: some(120), DrainSeconds: some(0.02), Consumers: []stats.ConsumerRow{{Name: "audit-1", Pending: 3, State: stats.ConsumerActive}}},
					{Name: "fraud", LastDelivered: "1773486000000-0", LagNote: "not known: entries that the group had not got were deleted (XDEL)", Pending: 0},
				},
			},
			{DB: 3, Key: hostile[1], Length: 2_000_000, Bytes: whole64(512 << 20), AddedPerSecond: some(3), Trimmed: stats.Some(false), Growing: stats.Some(true)},
		},
		Queues: []stats.QueueRow{
			{Key: "queue:default", Name: "default", Type: "list", Framework: "Sidekiq", Depth: 1204, OldestSeconds: some(64), DepthPerSecond: some(3.5), ArrivedPerSecond: some(40), ServedPerSecond: some(36.5), Estimated: true, DrainNever: true, Workers: whole64(0)},
			{Key: "bull:mail:wait", Name: "mail", Type: "list", Framework: "BullMQ", Depth: 3, InFlight: whole64(8), Delayed: whole64(112), Dead: whole64(4), OldestSeconds: some(0.8), DepthPerSecond: some(-1.5), DrainSeconds: some(2), Workers: whole64(4)},
			{DB: 3, Key: hostile[2], Name: hostile[2], Type: "list", Depth: 0, DepthPerSecond: some(0), DrainSeconds: some(0)},
		},
		Channels:        []stats.ChannelRow{{Name: "prices", Subscribers: 12, PublishedPerSecond: stats.Some(1200.0), Error: stats.Some(80.0)}, {Name: "audit", Unheard: true, PublishedPerSecond: stats.Some(3.0)}, {Name: hostile[3], Shard: true, Subscribers: 1}},
		SlowSubscribers: []stats.SlowSubscriber{{ID: 7, Addr: "10.0.0.9:51234", Name: "slowpoke", Subscriptions: 1, WaitingBytes: 16 << 20}},
	}
}

func TestMessages(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.press("e")
	d.shows("▸Messages in streams", "orders", "billing", "31,002", "never", "1 stuck", "a look every 4.2s")
	d.press("enter")
	d.shows("consumer billing-2", "stuck: 800 pending, asked 0.40s ago, got something 15m12s ago, connected", "entry 1773486000000-0", "delivered 41 times, last 15m12s ago to billing-2")
	d.press("esc", "down", "down", "i")
	d.shows("not known: entries that the group had not got were deleted (XDEL)")
	d.press("esc", "g")
	d.shows("Messages in queues", "default", "Sidekiq", "1,204", "BullMQ")
	d.press("/", "m", "a", "i", "l", "enter")
	d.hides("default")
	d.press("esc", "g")
	d.shows("Messages in channels", "streams 2! · queues 3", "slow: slowpoke, 16.0MiB wait", "prices")
}

// The panel opens with what needs a person, or else with what there is, until somebody has chosen.
func TestMessagesOpenWithWhatMatters(t *testing.T) {
	queues := messagesOf(noon).Queues
	grows := []stats.Finding{{Rule: "queue-backlog", Severity: stats.Warning}}
	stream := []stats.StreamRow{{Key: "bull:mail:events", Length: 3}}
	for name, tt := range map[string]struct {
		m        stats.Messaging
		findings []stats.Finding
		want     string
		note     string
	}{
		"no streams":                {stats.Messaging{Queues: queues}, grows, "in queues", "streams 0 · channels 0"},
		"a stream that is well":     {stats.Messaging{Queues: queues, Streams: stream}, grows, "in queues", "streams 1 · channels 0"},
		"all is well":               {stats.Messaging{Queues: queues, Streams: stream}, nil, "in streams", "queues 3 · channels 0"},
		"channels alone":            {stats.Messaging{Channels: messagesOf(noon).Channels}, nil, "in channels", "streams 0 · queues 0"},
		"a stream and a queue, ill": {*messagesOf(noon), grows, "in streams", "queues 3! · channels 3!"},
		"nobody reads a message":    {stats.Messaging{Queues: queues, SlowSubscribers: messagesOf(noon).SlowSubscribers}, nil, "in channels", "streams 0 · queues 3"},
		"entries that were trimmed": {stats.Messaging{Queues: queues, Streams: []stats.StreamRow{{Key: "s", Groups: []stats.GroupRow{{Name: "g", Pending: 2, PendingDeleted: 2}}}}}, nil, "in streams", "queues 3"},
		"nothing":                   {stats.Messaging{Unknown: []string{"this user may not ask SCAN"}}, nil, "in streams", "queues 0"},
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t, 120, 40, Options{})
			snap := busyCache(noon.Add(2*time.Second), 1)
			snap.Messaging, snap.Findings = &tt.m, tt.findings
			d.feed(snap)
			d.press("e")
			d.shows("▸Messages "+tt.want, tt.note)
			d.press("g", "2", "e")
			d.hides("▸Messages " + tt.want)
		})
	}
}

// Who may not ask is told what is missing, and a server without messages has no such panel.
func TestMessagesAbsent(t *testing.T) {
	v := newView(120, 40)
	v.snap, v.now, v.keys = busyCache(noon, 1), noon, true
	v.snap.Messaging = nil
	if text := v.render().encode(nil); strings.Contains(text, "Messages") {
		t.Errorf("a panel without a subject:\n%s", text)
	}
	v.snap.Messaging = &stats.Messaging{Unknown: []string{"this user may not ask SCAN"}}
	v.setFocus(panelIndex("messages"))
	if text := v.render().encode(nil); !strings.Contains(text, "this user may not ask SCAN") {
		t.Errorf("no reason:\n%s", text)
	}
}

// While all keys were not searched yet the panel says how far that is and how long the rest takes.
func TestMessagesSayHowFarTheSearchIs(t *testing.T) {
	d := start(t, 120, 40, Options{})
	snap := busyCache(noon.Add(2*time.Second), 1)
	snap.Messaging.Discovery = stats.Discovery{Keys: 50_000_000, Scanned: 6_000_000, Share: 0.12, RemainingSeconds: some(840)}
	d.feed(snap)
	d.press("e")
	d.shows("12 % of the keys searched, about 14m00s to go")
}
