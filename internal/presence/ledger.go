package presence

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// Options say with what a Ledger begins.
type Options struct {
	Online []stats.Session // that were online when somebody last looked: what became of them shows in the first passes
	Keep   time.Duration   // hours that ended longer ago are not marked; 0: 25 hours
}

// defaultKeep is a day, and the hour that had begun before it.
const defaultKeep = 25 * time.Hour

// A Ledger follows the connections of one server. It is confined to its caller's goroutine. What it keeps is bounded
// by the server's connections and by mostGroups.
type Ledger struct {
	lives map[int64]*life // online, by id
	free  []*life         // for reuse
	pass  uint32          // number of the latest pass
	doubt []int64         // in the latest pass, not in the one before, and may be ours
	came  []*life         // in the pass under way
	spoke []*life

	runID    string
	restarts int
	started  bool               // a Snapshot was seen
	primed   bool               // there may be lives of another process, by Options.Online
	seen     time.Time          // of the latest pass
	whole    time.Time          // of the latest that showed all connections
	unseen   stats.Maybe[int64] // that came and went unseen, in all

	counts   counts         // at the latest whole pass
	killed   map[int64]bool // through us, and not missed yet
	ownKills int64          // through us, that the server's count has not shown yet
	puzzles  []ended        // went at the latest whole pass, and nothing told why
	unspent  *inquiry       // of that pass; nil: nothing of it can be of the next

	groups groups
}

// A life is a connection that is online.
type life struct {
	stats.Session
	pass    uint32 // the latest that showed it
	settled int64  // seconds from its begin to its latest interaction, by the server's clock alone
	groups  [groupings]*group
	joined  bool // those groups
	traits
}

// traits are what tells why a connection may have ended, as last seen.
type traits struct {
	flags                 string
	idle                  int64 // seconds
	output, query, memory int64 // bytes
	subscriptions         int
}

// NewLedger knows nobody but those of the Options.
func NewLedger(o Options) *Ledger {
	l := &Ledger{lives: map[int64]*life{}, killed: map[int64]bool{}, groups: newGroups(cmp.Or(o.Keep, defaultKeep))}
	for _, s := range o.Online {
		if s.OfflineAt != nil || l.lives[s.ID] != nil {
			continue
		}
		n := l.born()
		n.Session, n.settled = s, unmet
		l.lives[s.ID], l.primed = n, true
	}
	return l
}

// Observe takes a Snapshot, each later than the one before. A pass over the connections is new when its time is;
// other Snapshots tell of restarts.
func (l *Ledger) Observe(s *stats.Snapshot) Update {
	u := Update{Time: s.Time}
	l.groups.turn(s.Time)
	l.restarted(s, &u)
	if at := s.Observer.ClientsTime; at != nil && !at.Equal(l.seen) {
		l.seen = *at
		l.look(s, &u)
	}
	u.Seen = l.seen
	u.ShortLived = l.shortLived(s)
	u.Marks = l.groups.news()
	return u
}

// Killed notes that the server closed a connection because we asked it to: its reason is certain then.
func (l *Ledger) Killed(id int64, addr string) {
	l.ownKills++
	if n := l.lives[id]; n != nil && n.Addr == addr {
		l.killed[id] = true
	}
}

// Online are those that are online, by id. The caller owns the list.
func (l *Ledger) Online() []stats.Session {
	return sessions(slices.Collect(maps.Values(l.lives)))
}

// restarted ends all that another process of the server had. A server that cannot be reached has ended nothing.
func (l *Ledger) restarted(s *stats.Snapshot, u *Update) {
	run, again := s.Server.RunID, l.started && s.Server.Restarts > l.restarts
	l.restarts, l.started = s.Server.Restarts, true
	if run == "" && !again {
		return
	}
	changed := again || l.runID != "" && run != l.runID
	l.runID = run
	if !changed && !l.primed {
		return
	}
	l.primed = false
	at := begun(s)
	for id, n := range l.lives {
		if changed || n.RunID != "" && n.RunID != run {
			off := later(at, n.LastSeen)
			u.Gone = append(u.Gone, l.bury(id, n, &off, stats.OfflineRestart, false))
		}
	}
	if changed {
		l.counts, l.puzzles, l.unspent, l.ownKills, l.whole = counts{}, nil, nil, 0, time.Time{}
		clear(l.killed)
	}
	sortSessions(u.Gone)
}

// begun is a time at which the server's process was there for certain, soon after its begin: uptime is in whole
// seconds of the server's clock.
func begun(s *stats.Snapshot) time.Time {
	up, ok := s.Server.UptimeSeconds.Get()
	if !ok || up <= 1 {
		return s.Time
	}
	return s.Time.Add(-time.Duration(up-1) * time.Second)
}

// ownName is what connections of redistop are called. A pass may show one of ours in the moment in which it is made or
// closed, when its id is not known to be ours. So one by this name is believed to be another redistop's when a second
// pass shows it. It is listed, as no application.
const ownName = "redistop"

// look takes a pass over the connections.
func (l *Ledger) look(s *stats.Snapshot, u *Update) {
	l.pass++
	l.came, l.spoke = l.came[:0], l.spoke[:0]
	doubted := l.doubt
	l.doubt = nil
	for i := range s.Connections {
		row := &s.Connections[i]
		n := l.lives[row.ID]
		switch {
		case n == nil && row.Name == ownName && !row.Own && !found(doubted, row.ID):
			l.doubt = append(l.doubt, row.ID)
			continue
		case n == nil:
			n = l.born()
			l.begin(n, row)
			l.lives[row.ID] = n
			l.came = append(l.came, n)
		case n.pass != l.pass && l.meet(n, row):
			l.spoke = append(l.spoke, n)
		}
		n.pass = l.pass
	}
	slices.Sort(l.doubt)
	u.Came, u.Spoke = sessions(l.came), sessions(l.spoke)
	if partial(s) {
		l.overflow(s, u)
	} else {
		l.missing(s, u)
		l.whole = l.seen
	}
	sortSessions(u.Gone)
}

func found(sorted []int64, id int64) bool {
	_, ok := slices.BinarySearch(sorted, id)
	return ok
}

// sessions copies those of some lives, by id.
func sessions(lives []*life) []stats.Session {
	if len(lives) == 0 {
		return nil
	}
	slices.SortFunc(lives, func(x, y *life) int { return cmp.Compare(x.ID, y.ID) })
	list := make([]stats.Session, len(lives))
	for i, n := range lives {
		list[i] = n.Session
	}
	return list
}

// partial says that a pass did not show all connections: one that is not in it may be there.
func partial(s *stats.Snapshot) bool {
	return s.Observer.ClientsKnown < s.Observer.ClientsExpected || s.ConnectionsOmitted > 0
}

// missing finds those that a whole pass did not show, and why.
func (l *Ledger) missing(s *stats.Snapshot, u *Update) {
	gone := make([]ended, 0, max(0, len(l.lives)-len(s.Connections)))
	off := l.seen
	for id, n := range l.lives {
		if n.pass != l.pass {
			ours := l.killed[id]
			gone = append(gone, ended{Session: l.bury(id, n, &off, stats.OfflineUnknown, false), traits: n.traits, ours: ours})
		}
	}
	slices.SortFunc(gone, func(x, y ended) int { return cmp.Compare(x.ID, y.ID) })
	u.Gone = append(u.Gone, l.explain(s, gone)...)
}

// most is how many connections may be remembered while only partial passes come.
func most(expected int) int { return 2*expected + 1000 }

// overflow forgets those that were not seen for longest when partial passes never end.
func (l *Ledger) overflow(s *stats.Snapshot, u *Update) {
	over := len(l.lives) - most(max(s.Observer.ClientsExpected, len(s.Connections)))
	if over <= 0 {
		return
	}
	var old []*life
	for _, n := range l.lives {
		if n.pass != l.pass {
			old = append(old, n)
		}
	}
	slices.SortFunc(old, func(x, y *life) int { return cmp.Or(x.LastSeen.Compare(y.LastSeen), cmp.Compare(x.ID, y.ID)) })
	off := l.seen
	for _, n := range old[:min(over, len(old))] {
		u.Gone = append(u.Gone, l.bury(n.ID, n, &off, stats.OfflineUnknown, true))
	}
}

// shortLived is how many more came and went unseen.
func (l *Ledger) shortLived(s *stats.Snapshot) int64 {
	total, ok := s.Connected.TotalCameAndWent.Get()
	if !ok {
		return 0
	}
	before := l.unseen.Or(total)
	l.unseen = stats.Some(total)
	return max(0, total-before)
}

// born is a life to fill.
func (l *Ledger) born() *life {
	if k := len(l.free); k > 0 {
		n := l.free[k-1]
		l.free = l.free[:k-1]
		return n
	}
	return &life{}
}

// mostFree bounds what is kept for reuse.
const mostFree = 4096

// bury takes a life out and returns its session, ended. What it tells besides stays readable until the next is born.
func (l *Ledger) bury(id int64, n *life, at *time.Time, why stats.OfflineReason, likely bool) stats.Session {
	delete(l.lives, id)
	delete(l.killed, id)
	l.groups.leave(n)
	s := n.Session
	s.OfflineAt, s.Reason, s.ReasonLikely = at, why, likely
	if len(l.free) < mostFree {
		l.free = append(l.free, n)
	}
	return s
}

func sortSessions(list []stats.Session) {
	slices.SortFunc(list, func(x, y stats.Session) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), strings.Compare(x.RunID, y.RunID))
	})
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}
