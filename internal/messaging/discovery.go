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
// survey, and asks about the names that frameworks are known to use. The type of a key is asked only until enough keys
// of its pattern were of one type: a million sessions are not asked one by one.
type discovery struct {
	stretches []stretch // of this pass
	at        int       // the stretch under way
	cursor    uint64
	visited   int64 // keys of the stretch
	scanned   int64 // keys of the stretches that are done
	all       int64 // keys that this pass looks at, all stretches together
	keys      int64 // that there were when it began
	began     time.Time
	rest      time.Time // before which no new pass begins
	passes    int
	trusted   int64 // keys of the pass whose type was guessed
	named     int   // names that were asked about, of those that frameworks use
	pace      pace
	survey    *survey
	surveying time.Time        // when the latest survey began
	surveyed  *stats.KeySurvey // of the last pass whose survey is done
	cluster   bool
	kinds     kinds
	long      [2]int64 // keys whose names are cut, of this pass and of the one before
}

// stretch is one walk over one database, or a part of what comes before it.
type stretch struct {
	db   int
	part part
	keys int64 // in the database
	want int64 // keys to look at

	names []string // that are still to be asked about
}

type part uint8

const (
	walked   part = iota // all of a database
	sampled              // its beginning, for the survey
	familiar             // names that frameworks are known to use
	filtered             // all of it, of which the server lists the keys of one type
)

const (
	firstStep = 100
	mostStep  = 1000
	// leastStep is the size below which a step costs more by being one than by its keys.
	leastStep = 64
	// restBetween is the least time between two passes.
	restBetween = time.Minute
	// surveyEvery is the least time between two surveys: each looks up some thousand keys, which the server counts
	// as hits, for every dashboard that shows them.
	surveyEvery = 10 * time.Minute
	// mostFamiliar bounds the names that are asked about, in a database and in all together.
	mostFamiliar, mostFamiliarInAll = 500, 1000
	familiarStep                    = 32
)

// begin starts a pass.
func (d *discovery) begin(info *redis.Info, fallback int, now time.Time) {
	d.stretches, d.at, d.cursor, d.visited, d.scanned, d.all, d.keys = nil, 0, 0, 0, 0, 0, 0
	d.began, d.pace, d.named = now, pace{}, 0
	d.long = [2]int64{0, d.long[0]}
	due := d.passes == 0 || now.Sub(d.surveying) >= surveyEvery
	if due {
		d.surveying, d.survey = now, newSurvey()
	}
	d.cluster = info.Int("cluster_enabled").Or(0) == 1
	parts := []part{walked}
	switch {
	case d.passes == 0:
		parts = []part{sampled, familiar, walked}
	case due:
		parts = []part{sampled, walked}
	}
	if d.passes > 0 && d.trusted > 0 && filters(info) {
		parts = append(parts, filtered)
	}
	d.trusted = 0
	spaces := spacesOf(info, fallback)
	for _, space := range spaces {
		d.keys += space.Keys
	}
	for _, part := range parts {
		for _, space := range spaces {
			s := stretch{db: space.DB, part: part, keys: space.Keys, want: space.Keys}
			switch {
			case part == familiar:
				s.want = 0
			case part == sampled && d.keys > 0:
				s.want = min(space.Keys, max(100, surveySize*space.Keys/d.keys))
			}
			d.stretches = append(d.stretches, s)
			d.all += s.want
		}
	}
}

// filters says whether the server can list the keys of one type without looking them up, for less than a pass costs that sends all
// names. Redis counts a keyspace hit for every key then.
func filters(info *redis.Info) bool {
	return info.Flavor() == redis.FlavorValkey && info.VersionAtLeast(8, 0)
}

// filter is the type that this pass has the server list at its end, where the one before took types on trust: what hid among keys
// of another type is found then, one type in each pass.
func (d *discovery) filter() string { return [...]string{"zset", "list", "stream"}[d.passes%3] }

// spacesOf are the databases that are walked.
func spacesOf(info *redis.Info, fallback int) []redis.KeyspaceDB {
	if _, told := info.Text("redis_version"); !told {
		return []redis.KeyspaceDB{{DB: fallback}}
	}
	return info.Keyspace
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
	if s.part != sampled && !d.cluster {
		part = int64(float64(s.want) * float64(bits.Reverse64(d.cursor)) / (1 << 63) / 2)
	}
	return float64(d.scanned+part) / float64(d.all)
}

// next ends a stretch. The survey is whole when all stretches of its kind were.
func (d *discovery) next(now time.Time) {
	d.scanned += d.stretches[d.at].want
	part := d.stretches[d.at].part
	d.at, d.cursor, d.visited = d.at+1, 0, 0
	if part == sampled && (d.done() || d.stretches[d.at].part != sampled) {
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
			w.search.begin(w.tool.Info(), w.fallback, now)
			w.known.omitted = 0
			w.known.results.begin()
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

// step is one SCAN, and what is asked about its keys; or some names that are asked about.
func (w *Watcher) step(ctx context.Context) error {
	d := &w.search
	s := &d.stretches[d.at]
	if err := w.selectDB(ctx, s.db); err != nil {
		return err
	}
	if s.part == familiar {
		return w.askFamiliar(ctx, s)
	}
	step := w.tool.Step("scan", firstStep, mostStep)
	step.AtLeast(leastStep)
	if s.part == sampled {
		step.Ask(min(step.Size(), int(max(10, s.want-d.visited))))
	}
	args := []string{"SCAN", strconv.FormatUint(d.cursor, 10), "COUNT", strconv.Itoa(step.Size())}
	if s.part == filtered {
		args = append(args, "TYPE", d.filter())
	}
	v, err := w.tool.Ask(ctx, args...)
	if err != nil {
		return w.refusal(err, "scan")
	}
	cursor, names, err := redis.ParseScan(v)
	if err != nil {
		return err
	}
	names = d.short(names, v)
	var size int64
	for _, name := range names {
		size += int64(len(name)) + 16
	}
	d.cursor = cursor
	switch s.part {
	case filtered:
		d.visited += int64(step.Size())
		w.takeAll(s.db, names, d.filter())
	case sampled:
		d.visited += int64(len(names))
		err = w.surveyKeys(ctx, s.db, names)
	default:
		d.visited += int64(len(names))
		err = w.seekKeys(ctx, s.db, names)
	}
	step.Saw(size, w.tool.Room())
	if s.part != sampled {
		d.pace.note(time.Now(), d.share())
	}
	if cursor == 0 || s.part == sampled && d.visited >= s.want {
		d.next(time.Now())
	}
	return err
}

// short leaves out the names of a reply to SCAN of which only the beginning was kept: by it nothing can be asked. It counts them in
// the walk over all keys.
func (d *discovery) short(names []string, v redis.Value) []string {
	kept := names[:0]
	for i, name := range names {
		if !v.Elems[1].Elems[i].Cut {
			kept = append(kept, name)
		} else if d.stretches[d.at].part == walked {
			d.long[0]++
		}
	}
	return kept
}

// takeAll takes keys that the server says are of one type.
func (w *Watcher) takeAll(db int, names []string, kind string) {
	defer w.known.recount()()
	for _, name := range names {
		w.known.add(w.table, place{db, name}, kind)
	}
}

// askFamiliar asks what is under some of the names that frameworks use: a walk through many millions of keys would come
// to them late.
func (w *Watcher) askFamiliar(ctx context.Context, s *stretch) error {
	d := &w.search
	if s.names == nil && w.tool.Has("type") {
		s.names = w.table.WellKnown(d.surveyed, min(mostFamiliar, mostFamiliarInAll-d.named))
		d.named += len(s.names)
	}
	some := s.names[:min(len(s.names), familiarStep)]
	if s.names = s.names[len(some):]; len(some) == 0 {
		d.next(time.Now())
		return nil
	}
	defer w.known.recount()()
	var list []question
	for _, name := range some {
		list = append(list, w.typeQuestion(place{s.db, name}))
	}
	return w.ask(ctx, list)
}

// seekKeys keeps of some keys those that are worth following.
func (w *Watcher) seekKeys(ctx context.Context, db int, names []string) error {
	types := make([]string, len(names))
	guessed := make([]bool, len(names))
	var list []question
	for i, name := range names {
		pattern := redis.Pattern(name)
		if kind, sure := w.search.kinds.guess(place{db, name}, pattern, w.search.passes); sure {
			types[i], guessed[i] = kind, true
			w.search.trusted++
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
	if d.surveyed != nil || d.survey == nil || d.survey.sampled < tellingSample || len(d.stretches) < 2 || d.stretches[1].part == sampled {
		return d.surveyed
	}
	return d.survey.told(now, d.keys, false)
}

// told is how far the search has come. info says how many keys there are by now.
func (d *discovery) told(info *redis.Info, now time.Time) stats.Discovery {
	t := stats.Discovery{Keys: d.keys, Share: d.share(), Passes: d.passes, Complete: d.passes > 0}
	if !d.done() {
		t.Keys = 0
		for _, space := range spacesOf(info, 0) {
			t.Keys += space.Keys
		}
		t.RemainingSeconds = d.pace.remaining(now, t.Share)
	}
	t.Scanned = int64(t.Share * float64(t.Keys))
	return t
}

// Discovery is how far the search has come.
func (w *Watcher) Discovery() stats.Discovery {
	t := w.search.told(w.tool.Info(), time.Now())
	t.Found = len(w.known.order)
	t.LongNames = max(w.search.long[0], w.search.long[1])
	return t
}

// Passes is how often all keys were searched.
func (w *Watcher) Passes() int { return w.search.passes }

// Found is how many streams, and lists and sorted sets that may be queues, are followed.
func (w *Watcher) Found() (streams, others int) {
	return w.known.kinds["stream"], w.known.kinds["list"] + w.known.kinds["zset"]
}
