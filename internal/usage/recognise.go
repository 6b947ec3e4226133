package usage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A use is a stats.Use in the making.
type use struct {
	kind      stats.UseKind
	framework string

	layouts    []int            // of the survey
	keys       int64            // seen
	persistent map[string]int64 // of them never expire, by pattern
	noAnswer   int64            // of them whose TTL is unknown
	names      map[string]int64 // how many keys stand for each
	confidence map[stats.Confidence]int64
	bases      map[string]bool // prefixes that are not the framework's usual ones
	evidence   []stats.Evidence
	clients    []string
	calls      stats.Maybe[float64]
}

type useID struct {
	kind      stats.UseKind
	framework string
}

// A recogniser is one look at a server.
type recogniser struct {
	table  *Table
	survey *stats.KeySurvey // never nil
	snap   *stats.Snapshot
	world  world
	uses   map[useID]*use
	owner  map[int]*use // of layouts

	publishers []*sighting // frameworks that were found and use channels for themselves
	plumbing   string      // their names, where all that is published is theirs
}

// Recognise says what a server is used for. survey may be nil: then the patterns in the samples of the command
// stream, if there are any, the commands and the clients must do. It changes neither.
func (t *Table) Recognise(survey *stats.KeySurvey, snap *stats.Snapshot) *stats.Usage {
	r := &recogniser{table: t, survey: survey, snap: snap, uses: map[useID]*use{}, owner: map[int]*use{}}
	if survey == nil {
		r.survey = fromSamples(snap)
	}
	r.survey = withMessages(r.survey, snap.Messaging)
	r.world = worldOf(snap)
	r.frameworks()
	r.shapes()
	r.pubsub()
	r.commands()
	u := &stats.Usage{Keys: r.total(), Sampled: r.survey.Sampled, NotUsed: r.notUsed(), Unknown: r.unknown(survey == nil)}
	for _, one := range r.sorted() {
		u.Uses = append(u.Uses, r.finish(one))
	}
	return u
}

// total is how many keys there are.
func (r *recogniser) total() int64 {
	n := int64(0)
	for _, k := range r.snap.Keyspace {
		n += k.Keys
	}
	return max(n, r.survey.Total)
}

func (r *recogniser) use(kind stats.UseKind, framework string) *use {
	id := useID{kind, framework}
	if r.uses[id] == nil {
		r.uses[id] = &use{kind: kind, framework: framework, names: map[string]int64{}, persistent: map[string]int64{},
			confidence: map[stats.Confidence]int64{}, bases: map[string]bool{}}
	}
	return r.uses[id]
}

// frameworks finds who wrote which layouts, and who is told by clients, channels and groups alone.
func (r *recogniser) frameworks() {
	items := itemsOf(r.survey)
	sightings := r.table.sight(items, nil)
	r.table.hear(r.snap, sightings)
	if r.survey.Complete && r.survey.Omitted == 0 {
		miss(sightings)
	}
	found, owners := settle(sightings)
	for _, s := range found {
		if s.publishes() {
			r.publishers = append(r.publishers, s)
		}
		sure := stats.Likely
		if s.worth(nil) >= plenty && s.also == "" {
			sure = stats.Certain
		}
		if len(s.rows) == 0 {
			u := r.use(s.framework.Kind, s.name())
			u.confidence[sure]++
			u.evidence = append(u.evidence, stats.Evidence{What: "told by", Value: strings.Join(s.evidence, ", "), Source: "CLIENT LIST, PUBSUB, queues that are watched"})
			continue
		}
		for row, at := range s.rows {
			for _, i := range at {
				if owners[i] == s {
					r.claim(r.use(row.Kind, s.name()), i, s, row, sure)
				}
			}
		}
	}
}

// claim gives a layout to a use.
func (r *recogniser) claim(u *use, i int, s *sighting, row *Row, sure stats.Confidence) {
	l := &r.survey.Layouts[i]
	if r.owner[i] != nil {
		return
	}
	r.own(u, i)
	u.confidence[sure] += max(l.Keys, 1)
	if !s.usual {
		u.bases[s.base] = true
	}
	if s.evidence != nil && len(u.evidence) == 0 {
		u.evidence = append(u.evidence, stats.Evidence{What: "told by", Value: strings.Join(s.evidence, ", "), Source: "CLIENT LIST, PUBSUB, queues that are watched"})
	}
	switch {
	case len(s.queues[i]) > 0 && slices.Contains(queueRoles, row.Role):
		for _, q := range s.queues[i] {
			u.names[q] += l.Keys / int64(len(s.queues[i]))
		}
	case row.Role == Session, row.Role == Lock && u.kind == stats.UseLock, row.Role == Limit && u.kind == stats.UseRateLimit:
		u.names[starred(row.Key, s.base)] += l.Keys // ids that do not look like ids are one all the same
	case row.Role == Waiting, row.Role == Cached, row.Role == Events && u.kind != stats.UseQueue:
		u.names[l.Pattern] += l.Keys
	}
}

// queueRoles are those of keys that name a queue rather than one of its jobs.
var queueRoles = []Role{Waiting, InFlight, Delayed, Retry, Dead, Completed, Registry}

// own counts a layout in a use.
func (r *recogniser) own(u *use, i int) {
	l := &r.survey.Layouts[i]
	r.owner[i] = u
	u.layouts = append(u.layouts, i)
	u.keys += l.Keys
	u.noAnswer += l.NoAnswer
	if n := l.Keys - l.WithTTL - l.NoAnswer; n > 0 {
		u.persistent[l.Pattern] += n
	}
}

// shapes judges what no framework claims.
func (r *recogniser) shapes() {
	for i := range r.survey.Layouts {
		if r.owner[i] != nil {
			continue
		}
		l := &r.survey.Layouts[i]
		v := r.world.judge(l)
		u := r.use(v.kind, "")
		r.own(u, i)
		u.confidence[v.confidence] += max(l.Keys, 1)
		u.names[l.Pattern] += l.Keys
		if len(u.evidence) < mostReasons && !slices.ContainsFunc(u.evidence, func(e stats.Evidence) bool { return e.Value == v.why }) {
			u.evidence = append(u.evidence, stats.Evidence{What: "told by", Value: v.why, Source: r.source()})
		}
	}
}

// mostReasons are the reasons that a use names.
const mostReasons = 4

// source is where layouts are from.
func (r *recogniser) source() string {
	if r.survey.Sampled == 0 {
		return "MONITOR samples"
	}
	return "SCAN, TYPE, PTTL"
}

// sorted are the uses, the largest first: by their part of the keys or of the commands, whichever is more.
func (r *recogniser) sorted() []*use {
	size := func(u *use) float64 {
		keys := 0.0
		if r.survey.Sampled > 0 {
			keys = float64(u.keys) / float64(r.survey.Sampled)
		}
		return max(keys, u.calls.Or(0))
	}
	return slices.SortedFunc(maps.Values(r.uses), func(a, b *use) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(slices.Index(kinds, a.kind), slices.Index(kinds, b.kind)), strings.Compare(a.framework, b.framework))
	})
}

// The bounds of what a use names.
const (
	mostNames      = 8
	mostPersistent = 4
)

// finish makes a use what readers see.
func (r *recogniser) finish(u *use) stats.Use {
	names := largest(u.names)
	one := stats.Use{Kind: u.kind, Framework: u.framework, Title: title(u, len(names)), Confidence: likeliest(u.confidence),
		Names: names[:min(mostNames, len(names))], NamesMore: max(0, len(names)-mostNames), CallShare: u.calls, Clients: u.clients}
	if r.survey.Sampled > 0 && u.keys > 0 {
		one.KeyShare = stats.Some(float64(u.keys) / float64(r.survey.Sampled))
	}
	one.Evidence = append(r.keyEvidence(u), u.evidence...)
	if asked := u.keys - u.noAnswer; asked > 0 {
		stay := int64(0)
		for _, n := range u.persistent {
			stay += n
		}
		one.NoExpiry = stats.Some(float64(stay) / float64(asked))
		if stay > 0 {
			patterns := largest(u.persistent)
			one.Persistent = patterns[:min(mostPersistent, len(patterns))]
		}
	}
	return one
}

// keyEvidence says which keys a use was told by.
func (r *recogniser) keyEvidence(u *use) []stats.Evidence {
	if len(u.layouts) == 0 {
		return nil
	}
	layouts := slices.Clone(u.layouts)
	slices.SortFunc(layouts, func(a, b int) int { return cmp.Compare(a, b) }) // the survey has most keys first
	shown := make([]string, 0, mostPersistent)
	for _, i := range layouts[:min(mostPersistent, len(layouts))] {
		l := &r.survey.Layouts[i]
		shown = append(shown, redis.PrintableCut(redis.Argument(l.Pattern), 60)+" ("+l.Type+")")
	}
	value := strings.Join(shown, ", ")
	if more := len(layouts) - len(shown); more > 0 {
		value += " and " + count(int64(more)) + " more"
	}
	evidence := []stats.Evidence{{What: "keys", Value: value, Source: r.source()}}
	if len(u.bases) > 0 {
		bases := slices.Sorted(maps.Keys(u.bases))
		evidence = append(evidence, stats.Evidence{What: "prefix", Value: redis.PrintableCut(redis.Argument(bases[0]), 60) + ", not the usual one", Source: r.source()})
	}
	return evidence
}

// largest are the keys of a count, the largest first.
func largest(of map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), strings.Compare(a, b))
	})
}

// likeliest is the confidence that most keys of a use have.
func likeliest(of map[stats.Confidence]int64) stats.Confidence {
	best, most := stats.Possible, int64(0)
	for _, c := range []stats.Confidence{stats.Certain, stats.Likely, stats.Possible} {
		if of[c] > most {
			best, most = c, of[c]
		}
	}
	return best
}
