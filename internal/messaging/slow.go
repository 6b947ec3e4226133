package messaging

import (
	"cmp"
	"slices"

	"redistop/internal/stats"
)

const (
	// slowBytes is what may wait for a subscriber that reads: more than its 16 KiB buffer and a burst.
	slowBytes = 256 << 10
	mostSlow  = 16 // rows
)

// tellSlow names the subscribers that do not read what is sent to them. CLIENT LIST tells to how many channels one is subscribed, and
// not to which: a channel counts one as its own only where it is subscribed to as many as there are.
func tellSlow(m *stats.Messaging, s *stats.Snapshot) {
	heard := 0
	for i := range m.Channels {
		if m.Channels[i].Subscribers > 0 {
			heard++
		}
	}
	patterns, told := m.Patterns.Get()
	listed := told && patterns == 0 && m.Omitted == 0 && m.CanaryChannels == 0 && len(m.Unknown) == 0
	everywhere := 0
	for i := range s.Connections {
		c := &s.Connections[i]
		if c.Own || c.Subscriptions == 0 || c.OutputBufferBytes < slowBytes {
			continue
		}
		m.SlowSubscribers = append(m.SlowSubscribers, stats.SlowSubscriber{ID: c.ID, Addr: c.Addr, Name: c.Name, Subscriptions: c.Subscriptions, WaitingBytes: c.OutputBufferBytes})
		if listed && c.Subscriptions == heard {
			everywhere++
		}
	}
	slices.SortFunc(m.SlowSubscribers, func(a, b stats.SlowSubscriber) int {
		return cmp.Or(cmp.Compare(b.WaitingBytes, a.WaitingBytes), cmp.Compare(a.ID, b.ID))
	})
	if more := len(m.SlowSubscribers) - mostSlow; more > 0 {
		m.SlowSubscribers, m.SlowSubscribersMore = slices.Clip(m.SlowSubscribers[:mostSlow]), more
	}
	if everywhere == 0 {
		return
	}
	m.Channels = slices.Clone(m.Channels)
	for i := range m.Channels {
		if m.Channels[i].Subscribers > 0 {
			m.Channels[i].SlowSubscribers = everywhere
		}
	}
}
