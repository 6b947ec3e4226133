package usage

import (
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// pubsub adds Pub/Sub, where channels or subscribers are there now or something was published. What a framework that was
// found publishes to its own workers is no use of Pub/Sub by anybody else: it is told with the framework.
func (r *recogniser) pubsub() {
	s := r.snap
	published := calls(s, channelCommands.waits)
	channels, patterns := s.PubSub.Channels.Or(0)+s.PubSub.ShardChannels.Or(0), s.PubSub.Patterns.Or(0)
	subscribers := 0
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Subscriptions > 0 && !c.Own && c.Name != redis.ObserverName {
			subscribers++
		}
	}
	if r.canary() {
		published = 0 // nobody can tell who published
		if s.Messaging != nil {
			channels = max(0, channels-s.Messaging.CanaryChannels)
		}
	}
	if published == 0 && channels == 0 && patterns == 0 && subscribers == 0 {
		return
	}
	evidence := []stats.Evidence{
		{What: "subscribed to", Value: several(channels, "channel") + ", " + several(patterns, "pattern") + ", by " + several(int64(subscribers), "connection"), Source: "INFO, CLIENT LIST"},
		{What: "published", Value: several(published, "message") + " since the server counts", Source: "INFO commandstats"},
	}
	own, others := r.channels()
	sure := stats.Certain
	if len(r.publishers) > 0 && len(others) == 0 && channels <= int64(len(own)) {
		if patterns == 0 { // nobody is subscribed to anything but the framework's channels
			r.plumbing = strings.Join(r.publisherNames(), ", ")
			for _, u := range r.uses {
				if slices.Contains(r.publisherNames(), u.framework) {
					u.evidence = append(u.evidence, evidence...)
				}
			}
			return
		}
		sure = stats.Possible // patterns have no names: they may be the framework's
	}
	u := r.use(stats.UsePubSub, "")
	u.confidence[sure]++
	u.evidence = append(u.evidence, evidence...)
	for _, name := range others {
		u.names[name]++
	}
}

// canary says that a canary that is not the observer's own sends messages: what the server counts of commands that add
// to lists, streams and channels may all be its.
func (r *recogniser) canary() bool {
	if r.snap.Messaging != nil && r.snap.Messaging.CanaryChannels > 0 {
		return true
	}
	sends := slices.Concat(listCommands.commands, streamCommands.commands, channelCommands.commands)
	return slices.ContainsFunc(r.snap.Connections, func(c stats.ConnectionRow) bool {
		return c.Name == redis.ObserverName && !c.Own && slices.Contains(sends, c.LastCommand)
	})
}

// channels are the channels that are known by name: those of the frameworks that were found, and others.
func (r *recogniser) channels() (own, others []string) {
	for _, name := range channelsOf(r.snap) {
		if slices.ContainsFunc(r.publishers, func(s *sighting) bool { return matchesAny(s.framework.channels, name) }) {
			own = append(own, name)
		} else {
			others = append(others, name)
		}
	}
	return own, others
}

func (r *recogniser) publisherNames() (names []string) {
	for _, s := range r.publishers {
		if name := s.name(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// publishes says whether a framework uses channels for itself. Where Pub/Sub is what it is for, its channels are a use.
func (s *sighting) publishes() bool {
	return len(s.framework.channels) > 0 && s.framework.Kind != stats.UsePubSub
}
