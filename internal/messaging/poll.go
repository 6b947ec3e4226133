package messaging

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

const (
	batchSize = 24 // subjects that are asked about together
	// weighEvery is how often MEMORY USAGE is asked about a key.
	weighEvery = time.Minute
	// timesEvery is how often it is found out whether the scores of a sorted set are times.
	timesEvery = 5 * time.Minute
	// largestEntry is what an entry may have on the average for XINFO STREAM to be asked, which sends the first
	// and the last: they are dropped here, but the server writes them.
	largestEntry = 8 << 10
	smallKey     = 32 << 10 // even a single element of it does no harm
	mostGroups   = 64       // of a stream whose consumers are asked for
	mostAsked    = 1000     // consumers of a group: all of them come in one reply
)

// Poll looks at what is known, in turns, until the time given or until each had its turn, and says whether
// each had.
func (w *Watcher) Poll(ctx context.Context, until time.Time) (turns bool, err error) {
	if err := w.inform(ctx); err != nil || w.tool.NearLimit() {
		return true, err
	}
	if err := w.pollChannels(ctx); err != nil {
		return false, err
	}
	if err := w.arrange(ctx); err != nil {
		return false, err
	}
	if w.known.next == 0 {
		w.round = time.Now()
	}
	for w.known.next < len(w.known.order) {
		batch := w.batch()
		if err := w.look(ctx, batch); err != nil {
			return false, err
		}
		w.known.next += len(batch)
		if !time.Now().Before(until) {
			break
		}
	}
	w.queues.fold()
	if w.known.next < len(w.known.order) {
		return false, nil
	}
	w.took = time.Since(w.round)
	w.known.sweep(time.Now())
	return true, nil
}

// arrange sorts what is known into queues, and follows those that are named and have no key, which it sorts in too.
func (w *Watcher) arrange(ctx context.Context) error {
	whole := w.search.passes > 0
	if w.queues.arrange(w.table, w.known, w.registers.lists, whole, time.Now()) {
		w.registers.arranged(w.queues.registers)
	}
	before := w.known.version
	if err := w.readRegisters(ctx); err != nil {
		return err
	}
	if w.known.version != before {
		w.queues.made = time.Time{}
		w.queues.arrange(w.table, w.known, w.registers.lists, whole, time.Now())
	}
	return nil
}

// batch are the subjects that are next, all of one database.
func (w *Watcher) batch() []*subject {
	rest := w.known.order[w.known.next:]
	n := 1
	for n < len(rest) && n < batchSize && rest[n].place.db == rest[0].place.db {
		n++
	}
	return rest[:n]
}

// look asks about subjects and folds what comes.
func (w *Watcher) look(ctx context.Context, batch []*subject) error {
	if err := w.selectDB(ctx, batch[0].place.db); err != nil {
		return err
	}
	now := time.Now()
	looks, ids := map[*subject]*streamLook{}, map[*subject]string{}
	for _, s := range batch {
		if s.err = ""; s.kind == "stream" {
			looks[s] = &streamLook{at: now, place: s.place}
		}
	}
	// Each stage asks what the one before it has shown to be there and not too large.
	for _, stage := range []func(*subject, *streamLook) []question{
		func(s *subject, _ *streamLook) []question { return w.sizeQuestions(s, now) },
		func(s *subject, l *streamLook) []question {
			return append(w.thereQuestion(s, l), s.cameQuestion(now)...)
		},
		func(s *subject, l *streamLook) []question {
			return append(w.groupsQuestion(s, l), w.jobQuestion(s, ids)...)
		},
		func(s *subject, l *streamLook) []question {
			return append(w.partQuestions(s, l), w.hashQuestion(s, ids)...)
		},
	} {
		var list []question
		for _, s := range batch {
			if l := looks[s]; s.err == "" && (l == nil || s.empty.IsZero()) {
				list = append(list, stage(s, l)...)
			}
		}
		if err := w.ask(ctx, list); err != nil {
			return err
		}
	}
	for _, s := range batch {
		s.looked = now
		if l := looks[s]; l != nil {
			l.bytes, l.err = s.bytes, s.err
			s.row, s.mark = foldStream(*l, s.mark)
		} else if s.kind == "list" || s.kind == "zset" {
			s.foldPlain()
		}
	}
	return nil
}

// lengths are the commands that tell how long a key is.
var lengths = map[string]string{"stream": "XLEN", "list": "LLEN", "zset": "ZCARD", "set": "SCARD", "hash": "HLEN"}

// sizeQuestions ask how long a key is, and now and then how large.
func (w *Watcher) sizeQuestions(s *subject, now time.Time) []question {
	if s.implied {
		return w.impliedQuestion(s)
	}
	list := []question{s.lengthQuestion(now)}
	_, dated := w.queues.jobs[s]
	if (s.kind == "stream" || dated) && w.tool.Has("memory|usage") && now.Sub(s.weighed) >= weighEvery {
		s.weighed = now
		list = append(list, s.about([]string{"MEMORY", "USAGE", s.place.key}, func(v redis.Value) error {
			s.bytes, s.weighedLength = stats.Some(v.Int), s.length
			if v.Kind == redis.KindNull {
				s.bytes = stats.Maybe[int64]{}
				if s.kind == "stream" {
					s.forget()
				}
			}
			return nil
		}))
	}
	if s.kind == "zset" && s.role == "" && w.tool.Has("zcount") {
		list = append(list, s.timeQuestions(now)...)
	}
	return list
}

func (s *subject) lengthQuestion(now time.Time) question {
	return s.about([]string{lengths[s.kind], s.place.key}, func(v redis.Value) error {
		s.length = v.Int
		switch {
		case v.Int > 0:
			s.empty = time.Time{}
		case s.empty.IsZero() && s.kind != "stream": // an empty stream is there
			s.empty = now
		}
		return nil
	})
}

// impliedQuestion asks whether a key is there, and of its type: another one may have its name, whose length would be an error. If it is,
// cameQuestion asks the length.
func (w *Watcher) impliedQuestion(s *subject) []question {
	if !w.tool.Has("type") {
		s.err = "TYPE may not be asked"
		return nil
	}
	return []question{s.about([]string{"TYPE", s.place.key}, func(v redis.Value) error {
		if s.came = v.Text == s.kind; s.came {
			s.implied = false
			w.known.version++
		}
		return nil
	})}
}

func (s *subject) cameQuestion(now time.Time) []question {
	if !s.came {
		return nil
	}
	s.came = false
	return []question{s.lengthQuestion(now)}
}

// about is a question whose refusal is of the subject alone: the key is gone, is another one now, or has lost
// the group that was asked for.
func (s *subject) about(args []string, put func(redis.Value) error) question {
	return question{args, put, func(err error) {
		var reply *redis.ReplyError
		switch {
		case errors.As(err, &reply) && (reply.Code == "WRONGTYPE" || strings.Contains(reply.Message, "no such key")):
			s.forget()
		case errors.As(err, &reply) && reply.Code == "NOGROUP":
		default:
			s.err = redis.PrintableCut(err.Error(), 120)
		}
	}}
}

// forget lets the subject go at the end of the round.
func (s *subject) forget() { s.empty = time.Unix(0, 0) }

func (s *subject) forgotten() bool { return s.empty.Equal(time.Unix(0, 0)) }

// small says that no element of a key can be large: all of it is small, or its elements are on the average,
// by the last weighing. False where the server does not tell. besides is what else is in the key.
func (s *subject) small(mean, besides int64) bool {
	n, ok := s.bytes.Get()
	n = max(0, n-besides)
	return ok && (n <= smallKey || n/max(1, s.weighedLength) <= mean)
}

// timeQuestions find out whether the scores of a sorted set are times, and how many of them are over.
func (s *subject) timeQuestions(now time.Time) []question {
	count := func(from, to string, put func(int64)) question {
		return question{[]string{"ZCOUNT", s.place.key, from, to}, func(v redis.Value) error { put(v.Int); return nil }, nil}
	}
	if now.Sub(s.timed) >= timesEvery {
		s.timed = now
		all := func(n int64) bool { return n > 0 && n == s.length }
		// Between 2001 and 2128 in seconds, and in milliseconds.
		return []question{
			count("1e9", "5e9", func(n int64) { s.unit = map[bool]timeUnit{true: inSeconds, false: noTimes}[all(n)] }),
			count("1e12", "5e12", func(n int64) {
				if all(n) {
					s.unit = inMilliseconds
				}
			}),
		}
	}
	score := now.Unix()
	switch s.unit {
	case inMilliseconds:
		score = now.UnixMilli()
	case inSeconds:
	default:
		return nil
	}
	return []question{count("-inf", strconv.FormatInt(score, 10), func(n int64) { s.due = stats.Some(n) })}
}

// bookkeeping is about what the groups of a stream take of its memory at most: a pending entry is in two trees,
// a kilobyte at worst.
func (l *streamLook) bookkeeping() (n int64) {
	for i := range l.groups {
		n += 1<<10 + l.groups[i].Consumers<<10 + l.groups[i].Pending<<10
	}
	return n
}

// thereQuestion asks whether a stream without entries is there: what XINFO is asked of a key that is gone is an
// error.
func (w *Watcher) thereQuestion(s *subject, l *streamLook) []question {
	if l == nil || s.length > 0 || !w.tool.Has("type") {
		return nil
	}
	return []question{s.about([]string{"TYPE", s.place.key}, func(v redis.Value) error {
		if v.Text != "stream" {
			s.forget()
		}
		return nil
	})}
}

// groupsQuestion asks which groups a stream has.
func (w *Watcher) groupsQuestion(s *subject, l *streamLook) []question {
	if l == nil || !w.tool.Has("xinfo|groups") {
		return nil
	}
	return []question{s.about([]string{"XINFO", "GROUPS", s.place.key}, func(v redis.Value) error {
		groups, err := redis.ParseStreamGroups(v)
		for _, g := range groups[:min(len(groups), mostGroups)] {
			l.groups = append(l.groups, groupLook{StreamGroup: g})
		}
		return err
	})}
}

// partQuestions ask how a stream stands, and for the parts of its groups.
func (w *Watcher) partQuestions(s *subject, l *streamLook) []question {
	if l == nil {
		return nil
	}
	l.info.Length = s.length
	var list []question
	if (s.small(largestEntry, l.bookkeeping()) || s.length == 0) && w.tool.Has("xinfo|stream") {
		list = append(list, s.about([]string{"XINFO", "STREAM", s.place.key}, func(v redis.Value) (err error) {
			l.info, err = redis.ParseStreamInfo(v)
			return err
		}))
	}
	for i := range l.groups {
		list = append(list, w.groupQuestions(s, &l.groups[i])...)
	}
	return list
}

// groupQuestions ask for the consumers of a group and for its pending entries.
func (w *Watcher) groupQuestions(s *subject, g *groupLook) []question {
	var list []question
	if g.Consumers == 0 {
		g.consumers = []redis.StreamConsumer{}
	} else if g.Consumers <= mostAsked && w.tool.Has("xinfo|consumers") {
		list = append(list, s.about([]string{"XINFO", "CONSUMERS", s.place.key, g.Name}, func(v redis.Value) (err error) {
			g.consumers, err = redis.ParseStreamConsumers(v)
			return err
		}))
	}
	return append(list, w.pendingQuestions(s, g)...)
}
