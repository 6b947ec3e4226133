package messaging

import (
	"slices"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// pushes are commands that put a job into their first key, or into their last one.
var pushes = map[string]bool{"lpush": true, "rpush": true, "lpushx": true, "rpushx": true, "linsert": true, "zadd": true}

// pops are commands that take jobs off a key, or may.
var pops = map[string]bool{"lpop": true, "rpop": true, "rpoplpush": true, "lmove": true, "lmpop": true, "lrem": true, "ltrim": true,
	"zpopmin": true, "zpopmax": true, "zmpop": true, "zrem": true, "zremrangebyscore": true, "zremrangebyrank": true, "zremrangebylex": true,
	"del": true, "unlink": true}

// waits are commands that wait for a job.
var waits = map[string]bool{"blpop": true, "brpop": true, "brpoplpush": true, "blmove": true, "blmpop": true, "bzpopmin": true, "bzpopmax": true, "bzmpop": true}

// Enrich joins to what was asked about messages what else the Snapshot knows: from samples how quickly jobs
// come, from the connections who waits for them and whose replies pile up. It changes neither.
func Enrich(m *stats.Messaging, s *stats.Snapshot, list []Wait) *stats.Messaging {
	if m == nil {
		return nil
	}
	e := *m
	e.Queues = slices.Clone(m.Queues)
	e.WaitingUnknown = enrichQueues(e.Queues, s, list)
	e.Streams = dropGone(enrichStreams(m.Streams, s), s)
	e.Channels = enrichChannels(m, s.Published(), everyEar(s))
	tellSlow(&e, s)
	return &e
}

// shownPattern is a key's pattern as samples name it.
func shownPattern(key string) string { return redis.PrintableCut(redis.Pattern(key), 128) }

// enrichQueues fills in rates and workers. A pattern that several queues share tells of none of them.
func enrichQueues(queues []stats.QueueRow, s *stats.Snapshot, list []Wait) stats.Maybe[int64] {
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
		served(queues, takenFrom(byPattern, s))
	}
	return workers(queues, byPattern, s, list)
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

// takenFrom says from which queues samples saw somebody take jobs, or try to; of one that shares its pattern they do not
// tell, and it is not in the map.
func takenFrom(byPattern map[string]*stats.QueueRow, s *stats.Snapshot) map[*stats.QueueRow]bool {
	taken := map[*stats.QueueRow]bool{}
	for _, q := range byPattern {
		if q != nil {
			taken[q] = false
		}
	}
	for i := range s.Samples {
		r := &s.Samples[i]
		if q := byPattern[r.Pattern]; q != nil && r.Pattern != "" && r.CommandsPerSecond.Known() && (waits[r.Command] || pops[r.Command]) {
			taken[q] = true
			q.Estimated = q.Estimated || r.Estimated
		}
	}
	return taken
}

// served tells how many jobs a second go: the depth says the difference. Where samples show but one of coming and going,
// there is none of the other, unless the growth says that there must be.
func served(queues []stats.QueueRow, taken map[*stats.QueueRow]bool) {
	for i := range queues {
		q := &queues[i]
		growth, ok := q.DepthPerSecond.Get()
		arrived, pushed := q.ArrivedPerSecond.Get()
		seen, told := taken[q]
		switch {
		case !ok:
		case pushed && told && !seen && growth >= 0:
			q.ServedPerSecond = stats.Some(0.0)
		case pushed:
			q.ServedPerSecond = stats.Some(max(0, arrived-growth))
		case seen && growth <= 0:
			q.ArrivedPerSecond, q.ServedPerSecond = stats.Some(0.0), stats.Some(max(0, -growth)) // never -0
		}
	}
}

// workers counts the connections that wait for a job of a queue; one that waits for several counts with each. It returns
// how many wait for nobody knows what: then queues for which none was found may have some all the same. Where
// nothing waits, nothing waits for any queue.
func workers(queues []stats.QueueRow, byPattern map[string]*stats.QueueRow, s *stats.Snapshot, list []Wait) (unknown stats.Maybe[int64]) {
	if !allConnections(s) {
		return unknown
	}
	byPlace := map[place]*stats.QueueRow{}
	for i := range queues {
		byPlace[place{queues[i].DB, queues[i].Key}] = &queues[i]
	}
	byAddr := waitsByAddr(list)
	counts := map[*stats.QueueRow]int64{}
	lost := int64(0)
	for i := range s.Connections {
		c := &s.Connections[i]
		if !blocked(c) {
			continue
		}
		if w, known := awaits(c, byAddr); known {
			for q := range queuesOf(w, byPlace) {
				counts[q]++
			}
		} else if q := sampledQueue(c, byPattern, s); q != nil {
			counts[q]++
		} else {
			lost++
		}
	}
	polled := polledBy(queues, byPattern, s)
	for i := range queues {
		if q := &queues[i]; counts[q] > 0 || lost == 0 && !polled[q] {
			q.Workers = stats.Some(counts[q])
		}
	}
	return stats.Some(lost)
}

// takes are commands by which a worker gets a job, or none, at once.
var takes = map[string]bool{"lpop": true, "rpop": true, "rpoplpush": true, "lmove": true, "lmpop": true,
	"zpopmin": true, "zpopmax": true, "zmpop": true, "zrem": true, "zremrangebyscore": true}

// polledBy are the queues whose workers ask now and then instead of waiting: that none waits says nothing of them. It is known of
// their framework, or samples show them ask.
func polledBy(queues []stats.QueueRow, byPattern map[string]*stats.QueueRow, s *stats.Snapshot) map[*stats.QueueRow]bool {
	polled := map[*stats.QueueRow]bool{}
	for i := range queues {
		polled[&queues[i]] = frameworks().Polls(queues[i].Framework)
	}
	for i := range s.Samples {
		r := &s.Samples[i]
		if q := byPattern[r.Pattern]; q != nil && q.Framework == "" && r.Pattern != "" && takes[r.Command] {
			polled[q] = true
		}
	}
	return polled
}

// queuesOf are the queues that somebody waits for.
func queuesOf(w Wait, byPlace map[place]*stats.QueueRow) map[*stats.QueueRow]bool {
	found := map[*stats.QueueRow]bool{}
	w.each(func(at place, _ string) {
		if q := byPlace[at]; q != nil {
			found[q] = true
		}
	})
	return found
}

// sampledQueue is the queue that a connection waits for by what the samples saw of those that are called like it, at its
// address; nil where that is none, or more than one.
func sampledQueue(c *stats.ConnectionRow, byPattern map[string]*stats.QueueRow, s *stats.Snapshot) (found *stats.QueueRow) {
	pattern := ""
	for i := range s.Samples {
		r := &s.Samples[i]
		if r.Command != c.LastCommand || addressOf(c) != r.IP || r.Name.Or(c.Name) != c.Name || r.Pattern == pattern {
			continue
		}
		if pattern != "" {
			return nil
		}
		pattern, found = r.Pattern, byPattern[r.Pattern]
	}
	return found
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
