package messaging

import (
	"cmp"
	"slices"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

const (
	// surveySize is how many keys of a pass are asked for type and life: shares are true to 3 % then.
	surveySize = 2000
	// surveyKept bounds what is added up over passes.
	surveyKept   = 100_000
	mostLayouts  = 400
	mostExamples = 4
)

// A survey adds up what keys are called, what they are and how long they live. The first keys of a scan are
// a random sample, since a server visits them in the order of their hashes.
type survey struct {
	layouts map[layoutKey]*stats.Layout
	sampled int64
	omitted map[layoutKey]bool
}

type layoutKey struct {
	db            int
	pattern, kind string
}

func newSurvey() *survey {
	return &survey{layouts: map[layoutKey]*stats.Layout{}, omitted: map[layoutKey]bool{}}
}

// sampledKey is a key with the answers of TYPE and PTTL.
type sampledKey struct {
	db         int
	name, kind string
	ttl        stats.Maybe[int64] // milliseconds; absent: it does not expire
}

// add takes a key.
func (s *survey) add(k sampledKey) {
	key := layoutKey{k.db, redis.Pattern(k.name), k.kind}
	s.sampled++
	l := s.layouts[key]
	if l == nil {
		if len(s.layouts) >= mostLayouts {
			if len(s.omitted) < mostLayouts {
				s.omitted[key] = true
			}
			return
		}
		l = &stats.Layout{DB: k.db, Pattern: key.pattern, Type: k.kind}
		s.layouts[key] = l
	}
	l.Keys++
	if len(l.Examples) < mostExamples && len(k.name) <= 256 {
		l.Examples = append(l.Examples, k.name)
	}
	if ms, ok := k.ttl.Get(); ok {
		l.WithTTL++
		seconds := (ms + 500) / 1000
		l.MinTTL = stats.Some(min(l.MinTTL.Or(seconds), seconds))
		l.MaxTTL = stats.Some(max(l.MaxTTL.Or(seconds), seconds))
	}
}

// told is the survey as it is handed out: a copy.
func (s *survey) told(now time.Time, total int64, complete bool) *stats.KeySurvey {
	k := &stats.KeySurvey{Time: now, Sampled: s.sampled, Total: total, Complete: complete, Omitted: len(s.omitted)}
	for _, l := range s.layouts {
		c := *l
		c.Examples = slices.Clone(l.Examples)
		k.Layouts = append(k.Layouts, c)
	}
	slices.SortFunc(k.Layouts, func(a, b stats.Layout) int {
		return cmp.Or(cmp.Compare(b.Keys, a.Keys), cmp.Compare(a.DB, b.DB), cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Type, b.Type))
	})
	return k
}
