package messaging

import (
	"cmp"
	"slices"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// results counts the streams that frameworks keep one of for each job, with its result. They say nothing of whether messages
// move, and there are as many as jobs: none is followed. Its zero value knows none.
type results struct {
	pass, before map[resultID]int64 // of this pass of the search and of the one before
}

type resultID struct {
	db                 int
	pattern, framework string
}

// mostResults bounds the patterns of such streams.
const mostResults = 32

// saw counts one key.
func (r *results) saw(at place, framework string) {
	id := resultID{at.db, redis.Pattern(at.key), framework}
	if r.pass == nil {
		r.pass = map[resultID]int64{}
	}
	if _, known := r.pass[id]; known || len(r.pass) < mostResults {
		r.pass[id]++
	}
}

// begin starts a pass of the search.
func (r *results) begin() { r.before, r.pass = r.pass, nil }

// told is how many there are: as the pass before found them, until this one has found more.
func (r *results) told() (list []stats.ResultStreams) {
	for _, id := range r.ids() {
		list = append(list, stats.ResultStreams{DB: id.db, Pattern: id.pattern, Framework: id.framework, Streams: max(r.pass[id], r.before[id])})
	}
	return list
}

func (r *results) ids() (ids []resultID) {
	for id := range r.before {
		ids = append(ids, id)
	}
	for id := range r.pass {
		if _, known := r.before[id]; !known {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b resultID) int {
		return cmp.Or(cmp.Compare(a.db, b.db), cmp.Compare(a.pattern, b.pattern), cmp.Compare(a.framework, b.framework))
	})
	return ids
}
