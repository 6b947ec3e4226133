package messaging

import (
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// mostSpokenTo bounds the channels that are told of though nobody is subscribed to them by name.
const mostSpokenTo = 50

// everyEar says whether all who may hear what is published here are subscribed here: subscribers of replicas and of other
// nodes of a cluster are not seen.
func everyEar(s *stats.Snapshot) bool {
	replicas, known := s.Replication.ConnectedReplicas.Get()
	return s.Server.Mode != "cluster" && known && replicas == 0
}

// enrichChannels joins what was published in the samples to the channels that have subscribers. Channels without any are
// added; of those it is said that nobody hears them where that is known: every channel is listed, no pattern is subscribed
// to, and all who may hear are (everyEar).
func enrichChannels(m *stats.Messaging, published []stats.Published, everyEar bool) []stats.ChannelRow {
	if len(published) == 0 {
		return m.Channels
	}
	type name struct {
		channel string
		shard   bool
	}
	rows := slices.Clone(m.Channels)
	at := map[name]int{}
	for i, r := range rows {
		if !r.Pattern {
			at[name{r.Name, r.Shard}] = i
		}
	}
	patterns, told := m.Patterns.Get()
	listed := told && m.Omitted == 0 && len(m.Unknown) == 0
	for _, p := range published {
		i, known := at[name{p.Channel, p.Shard}]
		switch {
		case known:
		case strings.HasPrefix(p.Channel, redis.CanaryPrefix): // nobody's messages
			continue
		case !listed || len(rows)-len(m.Channels) >= mostSpokenTo:
			continue
		default:
			i = len(rows)
			rows = append(rows, stats.ChannelRow{Name: p.Channel, Shard: p.Shard, Unheard: everyEar && (p.Shard || patterns == 0)})
		}
		rows[i].PublishedPerSecond, rows[i].Error = p.PerSecond, p.Error
	}
	return rows
}
