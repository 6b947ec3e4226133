package messaging

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

// What is published in the samples is told of channels with subscribers, and of those that have none.
func TestChannelsThatArePublishedTo(t *testing.T) {
	published := []stats.Published{{Channel: "prices", PerSecond: rate(10), Error: rate(2)}, {Channel: "nobody", PerSecond: rate(3)}, {Channel: "prices", Shard: true, PerSecond: rate(1)}}
	heard := stats.ChannelRow{Name: "prices", Subscribers: 2, PublishedPerSecond: rate(10), Error: rate(2)}
	silent := stats.ChannelRow{Name: "quiet", Subscribers: 1}
	with := func(change func(*stats.Messaging)) *stats.Messaging {
		m := &stats.Messaging{Patterns: stats.Some(int64(0)), Channels: []stats.ChannelRow{{Name: "prices", Subscribers: 2}, silent}}
		change(m)
		return m
	}
	alone := func(name string, shard, unheard bool, v float64) stats.ChannelRow {
		return stats.ChannelRow{Name: name, Shard: shard, Unheard: unheard, PublishedPerSecond: rate(v)}
	}
	for _, tt := range []struct {
		name string
		m    *stats.Messaging
		ears bool
		want []stats.ChannelRow
	}{
		{"all is known", with(func(*stats.Messaging) {}), true, []stats.ChannelRow{heard, silent, alone("nobody", false, true, 3), alone("prices", true, true, 1)}},
		{"a pattern may hear it, but no shard channel", with(func(m *stats.Messaging) { m.Patterns = stats.Some(int64(1)) }), true,
			[]stats.ChannelRow{heard, silent, alone("nobody", false, false, 3), alone("prices", true, true, 1)}},
		{"a replica's subscribers may", with(func(*stats.Messaging) {}), false, []stats.ChannelRow{heard, silent, alone("nobody", false, false, 3), alone("prices", true, false, 1)}},
		{"not all channels are listed", with(func(m *stats.Messaging) { m.Omitted = 7 }), true, []stats.ChannelRow{heard, silent}},
		{"not all could be asked", with(func(m *stats.Messaging) { m.Unknown = []string{"the channels are not listed"} }), true, []stats.ChannelRow{heard, silent}},
		{"patterns are not known", with(func(m *stats.Messaging) { m.Patterns = stats.Maybe[int64]{} }), true, []stats.ChannelRow{heard, silent}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, enrichChannels(tt.m, published, tt.ears)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if tt.m.Channels[0].PublishedPerSecond.Known() {
				t.Error("what was given was changed")
			}
		})
	}
	var many []stats.Published
	for i := range 3 * mostSpokenTo {
		many = append(many, stats.Published{Channel: fmt.Sprint(i), PerSecond: rate(1)})
	}
	if n := len(enrichChannels(with(func(*stats.Messaging) {}), many, true)); n != 2+mostSpokenTo {
		t.Errorf("%d rows of channels, where %d are added at most", n, mostSpokenTo)
	}
}
