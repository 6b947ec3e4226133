package usage

import (
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// hear adds what clients, channels, consumer groups and queues that are watched tell of frameworks to the sightings, and makes one where no
// key tells of a framework.
func (t *Table) hear(s *stats.Snapshot, all map[place]*sighting) {
	for _, f := range t.frameworks {
		var told []string
		for _, name := range f.named(s) {
			told = append(told, "client "+redis.PrintableCut(redis.Argument(name), 60))
		}
		if name, ok := f.queue(s); ok {
			told = append(told, "queue "+redis.PrintableCut(redis.Argument(name), 60))
		}
		if name, ok := f.library(s); ok && !f.Unnamed {
			told = append(told, "library "+redis.PrintableCut(name, 60))
		}
		if name, ok := f.channel(s); ok {
			told = append(told, "channel "+redis.PrintableCut(redis.Argument(name), 60))
		}
		if name, ok := f.group(s); ok {
			told = append(told, "consumer group "+redis.PrintableCut(redis.Argument(name), 60))
		}
		if len(told) == 0 {
			continue
		}
		best := f.best(all)
		best.told, best.evidence = enough*len(told), told
	}
}

// best is the sighting of a framework that most keys speak for.
func (f *Framework) best(all map[place]*sighting) *sighting {
	var best *sighting
	for _, s := range all {
		if s.framework == f && (best == nil || s.worth(nil) > best.worth(nil) || s.worth(nil) == best.worth(nil) && s.base < best.base) {
			best = s
		}
	}
	if best == nil {
		best = &sighting{framework: f, base: f.Bases[0], usual: true}
		all[place{f.order, -1, f.Bases[0]}] = best
	}
	return best
}

// mostNamed are the names of clients that count for a framework: some of them others have too.
const mostNamed = 3

// named are names of clients that only this framework, or its like, gives.
func (f *Framework) named(s *stats.Snapshot) []string {
	var names []string
	for i := range s.Connections {
		c := &s.Connections[i]
		if c.Own || c.Name == "" || slices.Contains(names, c.Name) || !matchesAny(f.clients, c.Name) {
			continue
		}
		if names = append(names, c.Name); len(names) == mostNamed {
			break
		}
	}
	return names
}

// queue is one that is watched as this framework's.
func (f *Framework) queue(s *stats.Snapshot) (string, bool) {
	if s.Messaging == nil {
		return "", false
	}
	for i := range s.Messaging.Queues {
		if q := &s.Messaging.Queues[i]; q.Framework == f.Name {
			return q.Name, true
		}
	}
	return "", false
}

func (f *Framework) library(s *stats.Snapshot) (string, bool) {
	for i := range s.Connections {
		for _, l := range f.Libraries {
			if c := &s.Connections[i]; !c.Own && strings.Contains(c.Library, l) {
				return c.Library, true
			}
		}
	}
	return "", false
}

func (f *Framework) channel(s *stats.Snapshot) (string, bool) {
	for _, name := range channelsOf(s) {
		if matchesAny(f.channels, name) {
			return name, true
		}
	}
	return "", false
}

func (f *Framework) group(s *stats.Snapshot) (string, bool) {
	if s.Messaging == nil {
		return "", false
	}
	for _, st := range s.Messaging.Streams {
		for _, g := range st.Groups {
			if slices.Contains(f.Groups, g.Name) {
				return g.Name, true
			}
		}
	}
	return "", false
}

func matchesAny(templates []template, name string) bool {
	for i := range templates {
		if _, ok := templates[i].match(name); ok {
			return true
		}
	}
	return false
}

// channelsOf are the channels that are known by name: from PUBSUB CHANNELS where it was asked, and from samples.
func channelsOf(s *stats.Snapshot) []string {
	var names []string
	if s.Messaging != nil {
		for _, c := range s.Messaging.Channels {
			names = append(names, c.Name)
		}
	}
	return names
}

// withMessages is a survey with the streams and queues that are known by name: among millions of keys no sample meets
// them. The survey itself is left as it is.
func withMessages(survey *stats.KeySurvey, m *stats.Messaging) *stats.KeySurvey {
	if m == nil || len(m.Streams)+len(m.Queues) == 0 {
		return survey
	}
	seen := map[Key]bool{}
	for _, l := range survey.Layouts {
		for _, name := range slices.Concat(l.Examples, []string{l.Pattern}) {
			seen[Key{l.DB, name, l.Type}] = true
		}
	}
	more := *survey
	more.Layouts = slices.Clone(survey.Layouts)
	add := func(k Key) {
		if !seen[k] && !seen[Key{k.DB, redis.Pattern(k.Name), k.Type}] && len(more.Layouts) < len(survey.Layouts)+mostMessages {
			more.Layouts = append(more.Layouts, stats.Layout{DB: k.DB, Pattern: k.Name, Type: k.Type, Examples: []string{k.Name}})
		}
	}
	for i := range m.Streams {
		add(Key{m.Streams[i].DB, m.Streams[i].Key, "stream"})
	}
	for i := range m.Queues {
		add(Key{m.Queues[i].DB, m.Queues[i].Key, m.Queues[i].Type})
	}
	return &more
}

// mostMessages bounds the streams and queues that are looked at beside a survey.
const mostMessages = 200

// notUsed says what a server is not used for, where that can be known.
func (r *recogniser) notUsed() []string {
	if len(r.snap.Commands) == 0 {
		return nil
	}
	var not []string
	switch {
	case r.has(stats.UsePubSub):
	case r.canary():
		not = append(not, "no Pub/Sub beside redistop's canary: no other channel, and nobody else is subscribed")
	case r.plumbing != "":
		not = append(not, "no Pub/Sub beside what "+r.plumbing+" publishes: nobody is subscribed to anything else")
	default:
		not = append(not, "no Pub/Sub: no channel, no subscriber, no PUBLISH since the server counts")
	}
	// Counters begin anew with a restart and with CONFIG RESETSTAT: they deny nothing where no key was looked at.
	looked := r.survey.Sampled > 0 || r.total() == 0
	if looked && !r.has(stats.UseStream) && calls(r.snap, streamCommands.commands) == 0 && !r.hasType("stream") {
		not = append(not, "no streams: no stream"+r.amongKeys()+", no command for one since the server counts")
	}
	if looked && !r.has(stats.UseQueue, stats.UseLink) && calls(r.snap, listCommands.waits) == 0 && !r.hasType("list") {
		not = append(not, "no queue: no list"+r.amongKeys()+", and nobody has waited for an element since the server counts")
	}
	if all, expiring := expiry(r.snap); all > 0 && expiring == 0 && !r.world.evictsAll && r.snap.Memory.Policy != "" && !r.has(stats.UseCache) {
		not = append(not, "no cache: no key expires, and the maxmemory-policy "+redis.PrintableCut(r.snap.Memory.Policy, 30)+" evicts none of them")
	}
	return not
}

func (r *recogniser) amongKeys() string {
	switch {
	case r.survey.Sampled == 0:
		return " seen"
	case r.survey.Complete:
		return " among its keys"
	}
	return " among " + count(r.survey.Sampled) + " keys"
}

func (r *recogniser) hasType(kind string) bool {
	return slices.ContainsFunc(r.survey.Layouts, func(l stats.Layout) bool { return l.Type == kind })
}

func expiry(s *stats.Snapshot) (all, expiring int64) {
	for _, k := range s.Keyspace {
		all += k.Keys
		expiring += k.Expires
	}
	return all, expiring
}

// unknown says what could not be known and what would tell.
func (r *recogniser) unknown(unlooked bool) []string {
	var all []string
	switch {
	case unlooked:
		all = append(all, "which keys there are, streams and queues among them: none were looked at; redistop usage looks at a sample")
	case !r.survey.Complete && r.survey.Sampled < r.total():
		all = append(all, "what is rare: "+count(r.survey.Sampled)+" of "+count(r.total())+" keys were looked at; a larger --sample tells")
	}
	if r.survey.Omitted > 0 {
		all = append(all, count(int64(r.survey.Omitted))+" keys of layouts that there was no room for")
	}
	if o := &r.snap.Observer; len(r.snap.Keys) == 0 && (o.MonitorDuty.Or(0) == 0 || o.SamplingPaused != "") { // else nobody sent anything
		all = append(all, "which use gets how many of the commands: samples of the command stream tell")
	}
	return all
}
