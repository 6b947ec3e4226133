package messaging

import (
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// slowBytes is what may wait for a subscriber that reads: more than its 16 KiB buffer and a burst.
const slowBytes = 256 << 10

// pushes are commands that put a job into their first key, or into their last one.
var pushes = map[string]bool{"lpush": true, "rpush": true, "lpushx": true, "rpushx": true, "linsert": true, "zadd": true}

// waits are commands that wait for a job.
var waits = map[string]bool{"blpop": true, "brpop": true, "brpoplpush": true, "blmove": true, "blmpop": true, "bzpopmin": true, "bzpopmax": true, "bzmpop": true}

// Enrich joins to what was asked about messages what else the Snapshot knows: from samples how quickly jobs
// come, from the connections who waits for them and whose replies pile up. It changes neither.
func Enrich(m *stats.Messaging, s *stats.Snapshot) *stats.Messaging {
	if m == nil {
		return nil
	}
	e := *m
	e.Queues = slices.Clone(m.Queues)
	enrichQueues(e.Queues, s)
	e.Streams = dropGone(enrichStreams(m.Streams, s), s)
	slow := 0
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Subscriptions > 0 && c.OutputBufferBytes >= slowBytes {
			slow++
		}
	}
	e.Channels = enrichChannels(m, s.Published(), everyEar(s))
	if slow > 0 {
		e.Channels = slices.Clone(e.Channels)
		for i := range e.Channels {
			e.Channels[i].SlowSubscribers = slow
		}
	}
	return &e
}

// shownPattern is a key's pattern as samples name it.
func shownPattern(key string) string { return redis.PrintableCut(redis.Pattern(key), 128) }

// enrichQueues fills in rates and workers. A pattern that several queues share tells of none of them.
func enrichQueues(queues []stats.QueueRow, s *stats.Snapshot) {
	byPattern := map[string]*stats.QueueRow{}
	for i := range queues {
		p := shownPattern(queues[i].Key)
		if _, shared := byPattern[p]; shared {
			byPattern[p] = nil
		} else {
			byPattern[p] = &queues[i]
		}
	}
	if s.Sampled.Commands > 0 {
		arrivals(queues, s.Pushed())
		likeArrivals(byPattern, s)
		served(queues)
	}
	workers(queues, byPattern, s)
}

// arrivals tells how many jobs a second come, by the samples of the keys themselves. A push of several jobs counts as one.
func arrivals(queues []stats.QueueRow, pushed []stats.Pushed) {
	at := map[place]*stats.QueueRow{}
	for i := range queues {
		at[place{queues[i].DB, queues[i].Key}] = &queues[i]
	}
	for _, p := range pushed {
		if q := at[place{p.DB, p.Key}]; q != nil {
			q.ArrivedPerSecond, q.Estimated = p.PerSecond, p.Estimated
		}
	}
}

// likeArrivals tells it by the pattern of the key where the key itself is not among those that are counted apart.
func likeArrivals(byPattern map[string]*stats.QueueRow, s *stats.Snapshot) {
	came := map[*stats.QueueRow]float64{}
	for i := range s.Samples {
		r := &s.Samples[i]
		q := byPattern[r.Pattern]
		rate, known := r.CommandsPerSecond.Get()
		if q == nil || !pushes[r.Command] || !known || r.Pattern == "" || q.ArrivedPerSecond.Known() {
			continue
		}
		came[q] += rate
		q.Estimated = q.Estimated || r.Estimated
	}
	for q, rate := range came {
		q.ArrivedPerSecond = stats.Some(rate)
	}
}

// served tells how many jobs a second go: the depth says the difference.
func served(queues []stats.QueueRow) {
	for i := range queues {
		q := &queues[i]
		arrived, known := q.ArrivedPerSecond.Get()
		if growth, ok := q.DepthPerSecond.Get(); known && ok {
			q.ServedPerSecond = stats.Some(max(0, arrived-growth))
		}
	}
}

// workers counts the connections that wait for a job of a queue. CLIENT LIST tells that one waits and not for
// what: the samples of what it sends do. Where nothing waits, nothing waits for any queue.
func workers(queues []stats.QueueRow, byPattern map[string]*stats.QueueRow, s *stats.Snapshot) {
	if !allConnections(s) {
		return
	}
	counts := map[*stats.QueueRow]int64{}
	unknown := 0
	for i := range s.Connections {
		c := &s.Connections[i]
		if c.Own || !strings.Contains(c.Flags, "b") || !waits[c.LastCommand] {
			continue
		}
		found := false
		for j := range s.Samples {
			r := &s.Samples[j]
			if q := byPattern[r.Pattern]; q != nil && r.Command == c.LastCommand && addressOf(c) == r.IP && r.Name.Or(c.Name) == c.Name {
				counts[q]++
				found = true
				break
			}
		}
		if !found {
			unknown++
		}
	}
	for i := range queues {
		switch q := &queues[i]; {
		case unknown == 0 || counts[q] > 0:
			q.Workers = stats.Some(counts[q])
		case len(queues) == 1:
			q.Workers = stats.Some(int64(unknown))
		}
	}
}

// addressOf is a connection's address without its port.
func addressOf(c *stats.ConnectionRow) string {
	client := redis.Client{Addr: c.Addr}
	return client.IP()
}

// enrichStreams notes of which consumers there is a connection by their name.
func enrichStreams(streams []stats.StreamRow, s *stats.Snapshot) []stats.StreamRow {
	names, asking := map[string]bool{}, map[string]bool{}
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Name != "" && !c.Own {
			names[c.Name] = true
			asking[c.Name] = asking[c.Name] || asks(c)
		}
	}
	for name := range sharedNames(streams, asking) {
		asking[name] = false
	}
	if len(names) == 0 {
		return streams
	}
	streams = slices.Clone(streams)
	for i := range streams {
		for j := range streams[i].Groups {
			consumers := streams[i].Groups[j].Consumers
			if !slices.ContainsFunc(consumers, func(c stats.ConsumerRow) bool { return names[c.Name] }) {
				continue
			}
			streams[i].Groups = slices.Clone(streams[i].Groups)
			consumers = slices.Clone(consumers)
			for k := range consumers {
				if name := consumers[k].Name; names[name] {
					consumers[k] = seenAs(consumers[k], asking[name])
				}
			}
			streams[i].Groups[j].Consumers = consumers
		}
	}
	return streams
}
