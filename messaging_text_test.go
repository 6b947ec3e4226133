package main

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// What a server does not tell of a consumer is n/a, and one that may need a person is shown without --all.
func TestConsumersAsText(t *testing.T) {
	m := &stats.Messaging{Streams: []stats.StreamRow{{Key: "orders", Groups: []stats.GroupRow{{Name: "billing", Lag: stats.Some(int64(0)), Pending: 412, HeldUp: 411, DrainNever: true, Consumers: []stats.ConsumerRow{
		{Name: "old server", Pending: 260, InactiveSeconds: stats.Some(365.0), State: stats.ConsumerStuck},
		{Name: "asks", Pending: 150, IdleSeconds: stats.Some(0.5), InactiveSeconds: stats.Some(164.0), State: stats.ConsumerStuck},
		{Name: "gone", Pending: 1, IdleSeconds: stats.Some(900.0), InactiveSeconds: stats.Some(900.0), State: stats.ConsumerDead},
		{Name: "well", Pending: 1, IdleSeconds: stats.Some(1.0), InactiveSeconds: stats.Some(1.0), State: stats.ConsumerActive},
		{Name: "new", IdleSeconds: stats.Some(300.0), State: stats.ConsumerIdle},
	}}}}}}
	bad := []string{
		"  group billing: lag 0, pending 412; never done at this rate, 411 held up\n",
		"    consumer \"old server\": stuck, pending 260, asked n/a, got something 6m ago\n",
		"    consumer asks: stuck, pending 150, asked 0.5s ago, got something 3m ago\n",
		"    consumer gone: dead, pending 1, asked 15m ago, got something 15m ago\n",
	}
	well := []string{
		"    consumer well: active, pending 1, asked 1.0s ago, got something 1.0s ago\n",
		"    consumer new: idle, pending 0, asked 5m ago, got something n/a\n",
	}
	if text := messagingText(m, false); !strings.Contains(text, strings.Join(bad, "")) || strings.Contains(text, "consumer well") || strings.Contains(text, "consumer new") {
		t.Error(text)
	}
	if text := messagingText(m, true); !strings.Contains(text, strings.Join(append(bad, well...), "")) {
		t.Error(text)
	}
}

// A search that was broken off does not say that all keys were searched.
func TestSearchedAsText(t *testing.T) {
	d := stats.Discovery{Keys: 50_000_000, Scanned: 6_000_000, Share: 0.12, RemainingSeconds: stats.Some(840.0)}
	if text := searchedText(d); text != "6,000,000 of 50,000,000 keys searched, about 14m to go" {
		t.Error(text)
	}
	d.Passes, d.Complete = 1, true
	if text := searchedText(d); text != "50,000,000 keys searched" {
		t.Error(text)
	}
}

// What is published and not heard, and who does not read, stands in the table; whose messages wait is not put on a channel.
func TestChannelsAsText(t *testing.T) {
	m := &stats.Messaging{Patterns: stats.Some(int64(1)), Discovery: stats.Discovery{LongNames: 1},
		Channels:        []stats.ChannelRow{{Name: "prices", Subscribers: 2, PublishedPerSecond: stats.Some(20.0)}, {Name: "alerts", Unheard: true, PublishedPerSecond: stats.Some(3.0)}, {Name: "quiet", Subscribers: 1, SlowSubscribers: 1}},
		SlowSubscribers: []stats.SlowSubscriber{{Addr: "10.0.0.9:51234", Name: "slowpoke", Subscriptions: 1, WaitingBytes: 16 << 20}}, SlowSubscribersMore: 1}
	text := messagingText(m, false)
	for _, want := range []string{
		"subscribers    msg/s  heard      channel (delivered at most once",
		"\n          2       20             prices\n",
		"\n          0      3.0  by nobody  alerts\n",
		"\n          1      n/a             quiet  (1 slow)\n",
		"\n          1  subscription to a pattern\n",
		"\nslow subscriber slowpoke (10.0.0.9:51234), 1 subscription: 16.0 MiB wait for it; of which channel is not told\n1 slow subscriber more\n",
		"\n1 key left out, with a name longer than 16 KiB\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
