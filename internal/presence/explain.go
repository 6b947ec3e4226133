package presence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// ended is a connection that went, with what may tell why.
type ended struct {
	stats.Session
	traits
	ours bool // killed through us
}

func (e *ended) because(why stats.OfflineReason, likely bool) { e.Reason, e.ReasonLikely = why, likely }

// open says that nothing has told yet why it went.
func (e *ended) open() bool { return e.Reason == stats.OfflineUnknown }

// counts are the server's totals of connections that it ended itself; absent where it does not count them.
type counts struct {
	killed, evicted, output, query stats.Maybe[int64]
	unseen                         stats.Maybe[int64] // came and went between passes: may have been ended as well
}

func countsOf(s *stats.Snapshot) counts {
	return counts{killed: kills(s.Commands), evicted: s.Housekeeping.EvictedClients,
		output: s.Housekeeping.OutputDisconnections, query: s.Housekeeping.QueryDisconnections, unseen: s.Connected.TotalCameAndWent}
}

// kills are the calls of CLIENT KILL that did not fail. Before 7.0 all calls of CLIENT are one number, which tells nothing.
func kills(rows []stats.CommandRow) stats.Maybe[int64] {
	none := stats.Some(int64(0))
	for i := range rows {
		switch rows[i].Name {
		case "client|kill":
			return stats.Some(max(0, rows[i].Calls-rows[i].FailedCalls.Or(0)))
		case "client":
			none = stats.Maybe[int64]{}
		}
	}
	return none
}

// since is what a total grew by; a total that CONFIG RESETSTAT took back has counted since then. known says that
// the server counts this at all.
func since(before, after stats.Maybe[int64]) (grown int64, known bool) {
	is, ok := after.Get()
	was, begun := before.Get()
	switch {
	case !ok || !begun:
		return 0, ok
	case is < was:
		return is, true
	}
	return is - was, true
}

// explain gives those that went a reason where something tells, and returns them, with those of the pass before
// that are explained only now. The counters are read a moment before the connections are, so one that was ended in
// that moment is counted a pass late. A pass that is spread over several polls may have shown one that was ended,
// and counted, before the pass was over: then the count is a pass early.
func (l *Ledger) explain(s *stats.Snapshot, gone []ended) []stats.Session {
	x := l.inquiry(s)
	x.all(gone)
	if l.unspent != nil {
		l.unspent.counted(gone)
	}
	late := l.puzzles
	x.chosen = true // no counter says of which pass it tells
	x.counted(late)
	l.puzzles, l.unspent = nil, nil
	if s.Observer.ClientsEverySeconds.Known() {
		l.unspent = x
	}
	list := make([]stats.Session, 0, len(gone))
	for i := range gone {
		list = append(list, gone[i].Session)
		if gone[i].open() {
			l.puzzles = append(l.puzzles, gone[i])
		}
	}
	for i := range late {
		if !late[i].open() {
			list = append(list, late[i].Session)
		}
	}
	return list
}

// inquiry is what the counters say since the last whole pass.
func (l *Ledger) inquiry(s *stats.Snapshot) *inquiry {
	now, was := countsOf(s), l.counts
	l.counts = now
	x := &inquiry{config: s.Config, remains: l.remains}
	if l.whole.IsZero() {
		was = now // nothing is known of the time before the first
	}
	x.killed, _ = since(was.killed, now.killed)
	x.evicted, _ = since(was.evicted, now.evicted)
	x.output, x.countsOutput = since(was.output, now.output)
	x.query, x.countsQuery = since(was.query, now.query)
	x.unseen, _ = since(was.unseen, now.unseen)
	own := min(l.ownKills, x.killed)
	l.ownKills -= own
	x.killed -= own
	return x
}

// remains says whether a connection that was there at the whole pass before, and has this user, is there still.
func (l *Ledger) remains(user string) bool {
	for _, n := range l.lives {
		if n.User == user && !n.Internal && n.OnlineSince.Before(l.whole) {
			return true
		}
	}
	return false
}

// An inquiry gives each that went the reason that the counters leave for it.
type inquiry struct {
	killed, evicted, output, query int64 // not given to anybody yet
	unseen                         int64
	countsOutput, countsQuery      bool // the server counts them
	config                         map[string]string
	remains                        func(user string) bool
	chosen                         bool // some were chosen among several: what is left is not certain either
}

// all finds the reasons of those that one pass missed.
func (x *inquiry) all(gone []ended) {
	for i := range gone {
		if gone[i].ours {
			gone[i].because(stats.OfflineKilled, false)
		}
	}
	x.counted(gone)
	x.uncounted(gone)
	x.timedOut(gone)
	x.someKilled(gone)
}

// counted gives the counters' causes to those that fit best.
func (x *inquiry) counted(gone []ended) {
	x.take(gone, &x.evicted, stats.OfflineEvicted, func(e *ended) int64 {
		if strings.ContainsAny(e.flags, "SMe") {
			return 0 // never evicted
		}
		return e.memory
	})
	x.take(gone, &x.output, stats.OfflineOutputBuffer, func(e *ended) int64 {
		if e.output == 0 && (e.subscriptions > 0 || strings.ContainsAny(e.flags, "SO")) {
			return 1 // it is sent things that it did not ask for
		}
		return e.output
	})
	x.take(gone, &x.query, stats.OfflineQueryBuffer, func(e *ended) int64 { return e.query })
	if left := openOnes(gone); x.killed >= int64(len(left)) {
		x.take(gone, &x.killed, stats.OfflineKilled, func(*ended) int64 { return 0 })
	}
}

// openOnes are those without a reason.
func openOnes(gone []ended) (list []*ended) {
	for i := range gone {
		if gone[i].open() {
			list = append(list, &gone[i])
		}
	}
	return list
}

// take gives a cause that was counted n times. Where it was counted as often as connections went, all are it; else
// those that fit most, of which nobody can be certain; one that fits by 0 does not fit.
func (x *inquiry) take(gone []ended, n *int64, why stats.OfflineReason, fit func(*ended) int64) {
	left := openOnes(gone)
	if *n <= 0 || len(left) == 0 {
		return
	}
	certain := *n >= int64(len(left))
	if !certain {
		left = slices.DeleteFunc(left, func(e *ended) bool { return fit(e) == 0 })
		slices.SortStableFunc(left, func(a, b *ended) int { return cmp.Compare(fit(b), fit(a)) })
		x.chosen = true
	}
	likely := x.chosen || x.unseen > *n
	for _, e := range left[:min(int(*n), len(left))] {
		e.because(why, likely)
		*n--
	}
}

// uncounted knows cut-offs on servers that do not count them (before Redis 7.4 and Valkey 8.0): by a buffer that was
// large when it was last seen.
func (x *inquiry) uncounted(gone []ended) {
	for _, e := range openOnes(gone) {
		switch limit := outputLimit(x.config["client-output-buffer-limit"], e.class()); {
		case !x.countsOutput && limit > 0 && e.output >= limit/2:
			e.because(stats.OfflineOutputBuffer, true)
		case !x.countsQuery && e.query >= queryLimit(x.config["client-query-buffer-limit"])/2:
			e.because(stats.OfflineQueryBuffer, true)
		}
	}
}

// timedOut knows the server's timeout for idle clients: those that may have been idle for so long when they went.
// One that was idle for less than half of it when it was last seen may as well have left.
func (x *inquiry) timedOut(gone []ended) {
	timeout := number(x.config["timeout"])
	if timeout <= 0 {
		return
	}
	for _, e := range openOnes(gone) {
		unwatched := int64(e.OfflineAt.Sub(e.LastSeen)/time.Second) + 2 // both are cut to whole seconds
		if !strings.ContainsAny(e.flags, "SMObP") && e.idle+unwatched > timeout {
			e.because(stats.OfflineTimeout, 2*e.idle < timeout)
		}
	}
}

// someKilled is for fewer calls of CLIENT KILL than connections went: one call can end all connections of a user, and
// where at least every second was killed each one more likely was than not.
func (x *inquiry) someKilled(gone []ended) {
	if x.killed <= 0 {
		return
	}
	left := slices.DeleteFunc(openOnes(gone), func(e *ended) bool { return e.LastCommand == "client|kill" }) // who kills is not killed
	half := 2*x.killed >= int64(len(left))
	byUser := map[string]int{}
	for _, e := range left {
		byUser[e.User]++
	}
	for user, n := range byUser {
		if !half && (n < 2 || x.remains(user)) {
			continue
		}
		for _, e := range left {
			if e.User == user {
				e.because(stats.OfflineKilled, true)
			}
		}
		x.killed = max(0, x.killed-int64(n))
	}
}
