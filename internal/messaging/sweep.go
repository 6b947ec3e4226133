package messaging

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A sweep goes through all that a group has not acknowledged, some entries a look, from the oldest to the newest and then anew: one
// that is delivered again and again may stand anywhere. Its zero value stands at the beginning.
type sweep struct {
	next   string               // the id that it goes on at; "": at the beginning
	looked int64                // entries of the pass under way, or of the one that is over
	poison int64                // of them
	worst  []redis.PendingEntry // of all that were seen the most often delivered, as of the last look: they are asked about again

	found int64     // poison of the last whole pass
	whole time.Time // when that was over; zero: there was none
}

const (
	pendingAsked = 100 // the oldest entries of a group that are not acknowledged, in every look
	// sweptAtOnce is how far a sweep goes in one look: 100 µs of the server's thread, less than one write of ours may take. Where
	// there is so much to look at that the looks come late it goes on in steps of pendingAsked.
	sweptAtOnce = 500
	mostPoison  = 8 // entries of a group that are kept
)

// pendingLook is what one look brought of the entries that a group has not acknowledged.
type pendingLook struct {
	oldest []redis.PendingEntry
	swept  []redis.PendingEntry // nil: not asked
	wished int                  // how many were asked for there
	again  []redis.PendingEntry // those that were kept before, as far as they are still pending
}

// pendingQuestions ask for the oldest entries that a group has not acknowledged, for those that the sweep comes to, and how
// those are that it kept.
func (w *Watcher) pendingQuestions(s *subject, g *groupLook) []question {
	if g.Pending == 0 || !w.tool.Has("xpending") {
		return nil
	}
	ask := func(from, to string, n int, put func([]redis.PendingEntry)) question {
		return s.about([]string{"XPENDING", s.place.key, g.Name, from, to, strconv.Itoa(n)}, func(v redis.Value) error {
			entries, err := redis.ParsePending(v)
			if err == nil {
				put(entries)
			}
			return err
		})
	}
	before := s.mark.groups[g.Name].sweep
	look := &g.pending
	if look.wished = sweptAtOnce; w.took > w.every+w.every/2 {
		look.wished = pendingAsked
	}
	var list []question
	if before.next == "" {
		list = append(list, ask("-", "+", look.wished, func(all []redis.PendingEntry) {
			look.oldest, look.swept = all[:min(len(all), pendingAsked)], append([]redis.PendingEntry{}, all...)
		}))
	} else {
		list = append(list,
			ask("-", "+", pendingAsked, func(all []redis.PendingEntry) { look.oldest = all }),
			ask(before.next, "+", look.wished, func(all []redis.PendingEntry) { look.swept = append([]redis.PendingEntry{}, all...) }))
	}
	for i := range before.worst {
		id := before.worst[i].ID
		list = append(list, ask(id, id, 1, func(all []redis.PendingEntry) { look.again = append(look.again, all...) }))
	}
	return list
}

// fold is the sweep after one more look at a group with so many pending entries.
func (s sweep) fold(pending int64, look pendingLook, now time.Time) sweep {
	if pending == 0 {
		return sweep{whole: now}
	}
	if look.swept == nil {
		return s
	}
	if s.next == "" {
		s.looked, s.poison = 0, 0
	}
	s.looked += int64(len(look.swept))
	for i := range look.swept {
		if look.swept[i].Deliveries >= stats.PoisonFrom {
			s.poison++
		}
	}
	s.worst = mostDelivered(look.again, look.oldest, look.swept)
	next, more := "", len(look.swept) >= look.wished
	if more {
		next, more = idAfter(look.swept[len(look.swept)-1].ID)
	}
	if s.next = next; !more {
		s.found, s.whole = s.poison, now
	}
	return s
}

// mostDelivered are the poison among some entries, each once, the most often delivered first.
func mostDelivered(lists ...[]redis.PendingEntry) (worst []redis.PendingEntry) {
	seen := map[string]bool{}
	for _, list := range lists {
		for _, p := range list {
			if p.Deliveries >= stats.PoisonFrom && !seen[p.ID] {
				seen[p.ID] = true
				worst = append(worst, p)
			}
		}
	}
	slices.SortStableFunc(worst, func(a, b redis.PendingEntry) int { return cmp.Compare(b.Deliveries, a.Deliveries) })
	return slices.Clip(worst[:min(len(worst), mostPoison)])
}

// idAfter is the least id that is greater.
func idAfter(text string) (next string, ok bool) {
	id, ok := redis.ParseStreamID(text)
	switch {
	case !ok || id.Ms == math.MaxUint64 && id.Seq == math.MaxUint64:
		return "", false
	case id.Seq == math.MaxUint64:
		id = redis.StreamID{Ms: id.Ms + 1}
	default:
		id.Seq++
	}
	return strconv.FormatUint(id.Ms, 10) + "-" + strconv.FormatUint(id.Seq, 10), true
}

// put tells of it in the row of its group.
func (s sweep) put(row *stats.GroupRow) {
	for _, p := range s.worst {
		row.Poison = append(row.Poison, stats.PendingRow{ID: p.ID, Consumer: p.Consumer, IdleSeconds: p.Idle.Seconds(), Deliveries: p.Deliveries})
	}
	if s.looked == 0 {
		return
	}
	pass := &stats.PendingPass{Looked: s.looked, Poison: max(s.found, s.poison)}
	if pass.Poison <= mostPoison { // all of them are kept, and were asked about again
		pass.Poison = int64(len(s.worst))
	}
	if whole := s.whole; !whole.IsZero() {
		pass.WholeTime = &whole
	}
	row.PendingPass = pass
}
