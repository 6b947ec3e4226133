package messaging

import (
	"context"
	"math/bits"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A discovery walks the databases, a step at a time. In front of the walk it looks at some keys of each for the
// survey. The type of a key is asked only until enough keys of its pattern were of one type: a million
// sessions are not asked one by one.
type discovery struct {
	stretches []stretch // of this pass
	at        int       // the stretch under way
	cursor    uint64
	visited   int64 // keys of the stretch
	scanned   int64 // keys of the stretches that are done
	all       int64 // keys that this pass looks at, all stretches together
	keys      int64 // that there are
	began     time.Time
	rest      time.Time // before which no new pass begins
	passes    int
	survey    *survey
	surveying time.Time        // when the latest survey began
	surveyed  *stats.KeySurvey // of the last pass whose survey is done
	cluster   bool
	kinds     kinds
}

// stretch is one walk over one database, or over its beginning for the survey.
type stretch struct {
	db     int
	survey bool
	keys   int64 // in the database
	want   int64 // keys to look at
}

const (
	firstStep = 100
	mostStep  = 1000
	// restBetween is the least time between two passes.
	restBetween = time.Minute
	// surveyEvery is the least time between two surveys: each looks up some thousand keys, which the server counts
	// as hits, for every dashboard that shows them.
	surveyEvery = 10 * time.Minute
)

// begin starts a pass.
func (d *discovery) begin(info *redis.Info, fallback int, now time.Time) {
	d.stretches, d.at, d.cursor, d.visited, d.scanned, d.all, d.keys = nil, 0, 0, 0, 0, 0, 0
	d.began = now
	due := d.passes == 0 || now.Sub(d.surveying) >= surveyEvery
	if due {
		d.surveying, d.survey = now, newSurvey()
	}
	d.cluster = info.Int("cluster_enabled").Or(0) == 1
	spaces := info.Keyspace
	if _, told := info.Text("redis_version"); !told {
		spaces = []redis.KeyspaceDB{{DB: fallback}}
	}
	for _, space := range spaces {
		d.keys += space.Keys
	}
	for _, survey := range []bool{true, false} {
		if survey && !due {
			continue
		}
		for _, space := range spaces {
			s := stretch{db: space.DB, survey: survey, keys: space.Keys, want: space.Keys}
			if survey && d.keys > 0 {
				s.want = min(space.Keys, max(100, surveySize*space.Keys/d.keys))
			}
			d.stretches = append(d.stretches, s)
			d.all += s.want
		}
	}
}

// again gives up the pass under way: the next one may begin at once.
func (d *discovery) again() {
	d.stretches, d.at, d.cursor, d.visited, d.rest = nil, 0, 0, 0, time.Time{}
	if d.surveyed == nil {
		d.surveying = time.Time{}
	}
}

// done says whether the pass is over.
func (d *discovery) done() bool { return d.at >= len(d.stretches) }

// share is the part of the pass that is done.
func (d *discovery) share() float64 {
	switch {
	case d.done() && d.passes == 0:
		return 0
	case d.done() || d.all == 0:
		return 1
	}
	s := d.stretches[d.at]
	part := min(d.visited, s.want)
	if !s.survey && !d.cluster {
		part = int64(float64(s.want) * float64(bits.Reverse64(d.cursor)) / (1 << 63) / 2)
	}
	return float64(d.scanned+part) / float64(d.all)
}

// next ends a stretch. The survey is whole when all stretches of its kind were.
func (d *discovery) next(now time.Time) {
	d.scanned += d.stretches[d.at].want
	survey := d.stretches[d.at].survey
	d.at, d.cursor, d.visited = d.at+1, 0, 0
	if survey && (d.done() || !d.stretches[d.at].survey) {
		d.surveyed = d.survey.told(now, d.keys, d.survey.sampled >= d.keys)
	}
	if d.done() {
		d.passes++
		d.rest = now.Add(max(restBetween, now.Sub(d.began)))
	}
}

// Search goes on with the search until the time given, or to the end of the pass. It says whether there is
// nothing to do at present: a pass is complete and the next one not due yet, or it cannot be done.
func (w *Watcher) Search(ctx context.Context, until time.Time) (done bool, err error) {
	for {
		now := time.Now()
		switch {
		case !w.tool.Has("scan") || w.tool.NearLimit():
			return true, nil
		case w.search.done() && w.search.passes > 0 && now.Before(w.search.rest):
			return true, nil
		case !now.Before(until):
			return false, nil
		case w.search.done():
			w.informed = now
			if err := w.tool.Look(ctx); err != nil {
				return false, err
			}
			w.known.omitted = 0
			w.known.results.begin()
			w.search.begin(w.tool.Info(), w.fallback, now)
		}
		if w.search.done() { // there are no keys
			w.search.passes++
			w.search.rest = now.Add(restBetween)
			return true, nil
		}
		if err := w.step(ctx); err != nil {
			return false, err
		}
	}
}

// step is one SCAN, and what is asked about its keys.
func (w *Watcher) step(ctx context.Context) error {
	d := &w.search
	s := d.stretches[d.at]
	if err := w.selectDB(ctx, s.db); err != nil {
		return err
	}
	step := w.tool.Step("scan", firstStep, mostStep)
	if s.survey {
		step.Ask(min(step.Size(), int(max(10, s.want-d.visited))))
	}
	v, err := w.tool.Ask(ctx, "SCAN", strconv.FormatUint(d.cursor, 10), "COUNT", strconv.Itoa(step.Size()))
	if err != nil {
		return w.refusal(err, "scan")
	}
	cursor, names, err := redis.ParseScan(v)
	if err != nil {
		return err
	}
	var size int64
	for _, name := range names {
		size += int64(len(name)) + 16
	}
	step.Saw(size, w.tool.Room())
	d.cursor = cursor
	d.visited += int64(len(names))
	if s.survey {
		err = w.surveyKeys(ctx, s.db, names)
	} else {
		err = w.seekKeys(ctx, s.db, names)
	}
	if cursor == 0 || s.survey && d.visited >= s.want {
		d.next(time.Now())
	}
	return err
}

// seekKeys keeps of some keys those that are worth following.
func (w *Watcher) seekKeys(ctx context.Context, db int, names []string) error {
	types := make([]string, len(names))
	guessed := make([]bool, len(names))
	var list []question
	for i, name := range names {
		pattern := redis.Pattern(name)
		if kind, sure := w.search.kinds.guess(db, pattern); sure {
			types[i], guessed[i] = kind, true
		} else if w.tool.Has("type") {
			list = append(list, question{[]string{"TYPE", name}, func(v redis.Value) error {
				types[i] = v.Text
				w.search.kinds.saw(db, pattern, v.Text)
				return nil
			}, nil})
		}
	}
	if err := w.ask(ctx, list); err != nil {
		return err
	}
	for i, name := range names {
		// Strings are looked at only for a framework's mark, of which there are never as many as make a guess sure.
		if lengths[types[i]] != "" || types[i] == "string" && !guessed[i] {
			w.known.add(w.table, place{db, name}, types[i])
		}
	}
	return nil
}

// surveyKeys asks what keys are and how long they live.
func (w *Watcher) surveyKeys(ctx context.Context, db int, names []string) error {
	keys := make([]sampledKey, len(names))
	var list []question
	for i, name := range names {
		keys[i] = sampledKey{db: db, name: name}
		if w.tool.Has("type") {
			list = append(list, question{[]string{"TYPE", name}, func(v redis.Value) error { keys[i].kind = v.Text; return nil }, nil})
		}
		if w.tool.Has("pttl") {
			list = append(list, question{[]string{"PTTL", name}, func(v redis.Value) error {
				if v.Int >= 0 {
					keys[i].ttl = stats.Some(v.Int)
				}
				return nil
			}, nil})
		}
	}
	if err := w.ask(ctx, list); err != nil {
		return err
	}
	for _, k := range keys {
		if k.kind != "" && k.kind != "none" {
			w.search.kinds.saw(db, redis.Pattern(k.name), k.kind)
			w.search.survey.add(k)
		}
	}
	return nil
}

// Survey is what the keys looked like that the latest search looked at; nil before.
func (w *Watcher) Survey() *stats.KeySurvey { return w.search.surveySoFar(time.Now()) }

// tellingSample is how many keys say something of what most are, before the first survey is done: shares are true to 5 %.
const tellingSample = 500

// surveySoFar is the last survey, or what there is of the first one: a loaded server's takes long. Of several databases
// the first ones would count for all, so those wait for it.
func (d *discovery) surveySoFar(now time.Time) *stats.KeySurvey {
	if d.surveyed != nil || d.survey == nil || d.survey.sampled < tellingSample || len(d.stretches) < 2 || d.stretches[1].survey {
		return d.surveyed
	}
	return d.survey.told(now, d.keys, false)
}

// told is how far the search has come.
func (d *discovery) told() stats.Discovery {
	t := stats.Discovery{Keys: d.keys, Share: d.share(), Passes: d.passes, Complete: d.passes > 0}
	t.Scanned = int64(t.Share * float64(d.keys))
	return t
}

// Passes is how often all keys were searched.
func (w *Watcher) Passes() int { return w.search.passes }

// Found is how many streams, and lists and sorted sets that may be queues, are followed.
func (w *Watcher) Found() (streams, others int) {
	return w.known.kinds["stream"], w.known.kinds["list"] + w.known.kinds["zset"]
}

// Progress is the part of the pass under way that is done, 0..1.
func (w *Watcher) Progress() float64 { return w.search.share() }
