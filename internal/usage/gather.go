package usage

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A Gatherer sums up the keys of a scan, one at a time, into a survey. It is confined to one goroutine.
type Gatherer struct {
	most    int
	layouts map[layoutID]*layout
	sampled int64
	omitted int
}

type layoutID struct {
	db            int
	pattern, kind string
}

type layout struct {
	stats.Layout
	size, sized int64
}

// mostExamples are the names that a layout keeps.
const mostExamples = 4

// longestName is what is kept of a name, in bytes; a longer one is no example.
const longestName = 512

// NewGatherer keeps so many layouts at most.
func NewGatherer(most int) *Gatherer {
	return &Gatherer{most: most, layouts: map[layoutID]*layout{}}
}

// A Sighted is one key with what was asked about it.
type Sighted struct {
	DB         int
	Name, Type string
	Expires    stats.Maybe[bool] // absent: not asked
	TTL        stats.Maybe[time.Duration]
	Size       stats.Maybe[int64] // bytes of a string, elements of all else
}

// Add counts one key.
func (g *Gatherer) Add(k Sighted) {
	g.sampled++
	l := g.layout(k)
	if l == nil {
		return
	}
	l.Keys++
	switch expires, asked := k.Expires.Get(); {
	case !asked:
		l.NoAnswer++
	case expires:
		l.WithTTL++
		if ttl, ok := k.TTL.Get(); ok {
			l.expires(int64(ttl / time.Second))
		}
	}
	if n, ok := k.Size.Get(); ok {
		l.size += n
		l.sized++
	}
}

// Know adds a key that is no part of the sample: its name was asked for.
func (g *Gatherer) Know(k Sighted) { g.layout(k) }

// layout is where a key belongs; nil: nowhere, there is no room, or it is a canary's and no use of the server by anybody.
func (g *Gatherer) layout(k Sighted) *layout {
	if strings.HasPrefix(k.Name, redis.CanaryPrefix) {
		return nil
	}
	id := layoutID{k.DB, redis.Pattern(k.Name), k.Type}
	l := g.layouts[id]
	if l == nil {
		if len(g.layouts) >= g.most {
			g.omitted++
			return nil
		}
		l = &layout{Layout: stats.Layout{DB: k.DB, Pattern: id.pattern, Type: k.Type}}
		g.layouts[id] = l
	}
	if len(l.Examples) < mostExamples && len(k.Name) <= longestName && !slices.Contains(l.Examples, k.Name) {
		l.Examples = append(l.Examples, strings.Clone(k.Name))
	}
	return l
}

func (l *layout) expires(seconds int64) {
	l.MinTTL = stats.Some(min(seconds, l.MinTTL.Or(seconds)))
	l.MaxTTL = stats.Some(max(seconds, l.MaxTTL.Or(seconds)))
}

// Survey is what was added so far. total is how many keys the server says there are. The Gatherer may go on.
func (g *Gatherer) Survey(now time.Time, total int64, complete bool) *stats.KeySurvey {
	s := &stats.KeySurvey{Time: now, Sampled: g.sampled, Total: total, Complete: complete, Omitted: g.omitted}
	for _, l := range g.layouts {
		copied := l.Layout
		copied.Examples = slices.Clone(l.Examples)
		if l.sized > 0 {
			copied.MeanSize = stats.Some(l.size / l.sized)
		}
		s.Layouts = append(s.Layouts, copied)
	}
	slices.SortFunc(s.Layouts, func(a, b stats.Layout) int {
		return cmp.Or(cmp.Compare(b.Keys, a.Keys), strings.Compare(a.Pattern, b.Pattern), strings.Compare(a.Type, b.Type), cmp.Compare(a.DB, b.DB))
	})
	return s
}

// WellKnown are names worth asking about: the fixed names of frameworks, and the companions of what a survey has
// seen, which a sample among many keys will hardly meet. They are at most most.
func (t *Table) WellKnown(survey *stats.KeySurvey, most int) []string {
	names := map[string]bool{}
	for _, f := range t.frameworks {
		for i := range f.Keys {
			for _, base := range f.Bases {
				queue := ""
				if f.Keys[i].Role == Waiting {
					queue = "default" // most frameworks have a queue of this name, and few users another one only
				}
				if name := fill(f.Keys[i].Key, base, queue, ""); (queue != "" || !strings.Contains(f.Keys[i].Key, "<queue>")) && !strings.Contains(name, "<") && name != queue {
					names[name] = true
				}
			}
		}
	}
	if survey != nil {
		t.companions(survey, names)
	}
	for _, l := range layoutsOf(survey) {
		for _, e := range l.Examples {
			delete(names, e)
		}
	}
	all := slices.Sorted(maps.Keys(names))
	return all[:min(most, len(all))]
}

// companions are the queue keys under each prefix and queue that the survey shows.
func (t *Table) companions(survey *stats.KeySurvey, names map[string]bool) {
	for _, s := range t.sight(itemsOf(survey), nil) {
		queues := map[string]bool{}
		for _, of := range s.queues {
			for _, q := range of {
				queues[q] = true
			}
		}
		for i := range s.framework.Keys {
			r := &s.framework.Keys[i]
			if r.Follows || r.Beside != "" {
				continue
			}
			for q := range queues {
				if name := fill(r.Key, s.base, q, ""); !strings.Contains(name, "<") && len(names) < mostCompanions {
					names[name] = true
				}
			}
		}
	}
}

// mostCompanions bounds the names to ask about.
const mostCompanions = 2000

func layoutsOf(survey *stats.KeySurvey) []stats.Layout {
	if survey == nil {
		return nil
	}
	return survey.Layouts
}

// itemsOf are the layouts as the table reads them: by their examples, or else by the pattern.
func itemsOf(survey *stats.KeySurvey) []item {
	layouts := layoutsOf(survey)
	items := make([]item, len(layouts))
	for i := range layouts {
		l := &layouts[i]
		items[i] = item{db: l.DB, kind: l.Type, names: l.Examples, stays: 2*(l.Keys-l.WithTTL-l.NoAnswer) > l.Keys, more: l.Keys > int64(len(l.Examples))}
		if len(l.Examples) == 0 {
			items[i].names = []string{l.Pattern}
		}
	}
	return items
}
