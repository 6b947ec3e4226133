package history

import (
	"iter"
	"maps"
	"slices"
	"time"

	"redistop/internal/presence"
	"redistop/internal/stats"
)

// What a queue holds at most, about 100 MB when all of it is full.
const (
	mostPoints   = 50_000
	mostSessions = 100_000
	mostMarks    = 50_000
	mostFindings = 10_000
	mostChanges  = 20_000
)

// A queue is what is to be written. Of one thing it holds the latest state.
type queue struct {
	points   []serverPoint
	sessions map[sessionKey]stats.Session
	seen     map[string]int64 // by server, the latest look at its connections
	begun    map[string]bool  // servers whose connections are all told anew: those that are still open in the store are not, but for these
	short    map[shortKey]int64
	marks    map[markKey]presence.Mark
	findings map[findingKey]stats.Finding
	changes  []serverChange
}

type serverPoint struct {
	server string
	point
}

type sessionKey struct {
	server, run string
	id          int64
}

type shortKey struct {
	server string
	minute int64 // unix milliseconds of its start
}

type markKey struct {
	server, by, key string
	hour            int64
}

type findingKey struct {
	server, rule, subject string
	first                 int64
}

type serverChange struct {
	server string
	stats.Change
	finding findingKey // whose change it is; zero: no finding's
}

// Lost counts what could not be kept for want of room in the queue, since the Store was opened.
type Lost struct {
	Points   int64 `json:"points,omitempty"`
	Sessions int64 `json:"sessions,omitempty"`
	Other    int64 `json:"other,omitempty"` // marks, findings and changes
}

func (l Lost) all() int64 { return l.Points + l.Sessions + l.Other }

func newQueue() *queue {
	return &queue{
		sessions: map[sessionKey]stats.Session{}, seen: map[string]int64{}, begun: map[string]bool{},
		short: map[shortKey]int64{}, marks: map[markKey]presence.Mark{}, findings: map[findingKey]stats.Finding{},
	}
}

func (q *queue) empty() bool {
	return len(q.points)+len(q.sessions)+len(q.seen)+len(q.begun)+len(q.short)+len(q.marks)+len(q.findings)+len(q.changes) == 0
}

// names are the servers that it is about, sorted.
func (q *queue) names() []string {
	all := map[string]bool{}
	for i := range q.points {
		all[q.points[i].server] = true
	}
	for key := range q.sessions {
		all[key.server] = true
	}
	for _, of := range []iter.Seq[string]{maps.Keys(q.seen), maps.Keys(q.begun)} {
		for name := range of {
			all[name] = true
		}
	}
	for key := range q.short {
		all[key.server] = true
	}
	for key := range q.marks {
		all[key.server] = true
	}
	for key := range q.findings {
		all[key.server] = true
	}
	for i := range q.changes {
		all[q.changes[i].server] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// put sets a key of a bounded map; it says whether there was room.
func put[K comparable, V any](m map[K]V, key K, value V, most int) bool {
	if _, there := m[key]; !there && len(m) >= most {
		return false
	}
	m[key] = value
	return true
}

func (q *queue) session(server string, s stats.Session, lost *Lost) {
	if !put(q.sessions, sessionKey{server, s.RunID, s.ID}, s, mostSessions) {
		lost.Sessions++
	}
}

func (q *queue) mark(server string, m presence.Mark, lost *Lost) {
	key := markKey{server, m.By, m.Key, m.Hour.UnixMilli()}
	if before, there := q.marks[key]; there {
		m.Sessions = max(m.Sessions, before.Sessions)
		if before.FirstSeen.Before(m.FirstSeen) {
			m.FirstSeen = before.FirstSeen
		}
	}
	if !put(q.marks, key, m, mostMarks) {
		lost.Other++
	}
}

func (q *queue) finding(server string, f stats.Finding, lost *Lost) {
	if !put(q.findings, findingKey{server, f.Rule, f.Subject, f.FirstSeen.UnixMilli()}, f, mostFindings) {
		lost.Other++
	}
}

func (q *queue) change(server string, c stats.Change, lost *Lost) {
	q.serverChange(serverChange{server: server, Change: c}, lost)
}

func (q *queue) serverChange(c serverChange, lost *Lost) {
	if len(q.changes) >= mostChanges {
		q.changes = q.changes[1:]
		lost.Other++
	}
	q.changes = append(q.changes, c)
}

func (q *queue) point(server string, p point, lost *Lost) {
	if len(q.points) >= mostPoints {
		q.points = q.points[1:]
		lost.Points++
	}
	q.points = append(q.points, serverPoint{server, p})
}

// under puts what older could not write below what came since: of one thing the later state holds.
func (q *queue) under(older *queue, lost *Lost) {
	q.points = append(older.points, q.points...)
	if over := len(q.points) - mostPoints; over > 0 {
		q.points = q.points[over:]
		lost.Points += int64(over)
	}
	q.changes = append(older.changes, q.changes...)
	if over := len(q.changes) - mostChanges; over > 0 {
		q.changes = q.changes[over:]
		lost.Other += int64(over)
	}
	lost.Sessions += refill(q.sessions, older.sessions, mostSessions)
	lost.Other += refill(q.marks, older.marks, mostMarks) + refill(q.findings, older.findings, mostFindings)
	for key, n := range older.short {
		q.short[key] = max(q.short[key], n)
	}
	for server, at := range older.seen {
		q.seen[server] = max(q.seen[server], at)
	}
	for server := range older.begun {
		q.begun[server] = true
	}
}

// refill puts into m what older has beyond it, and returns how much found no room.
func refill[K comparable, V any](m, older map[K]V, most int) (lost int64) {
	for key, value := range older {
		if _, newer := m[key]; newer {
			continue
		}
		if !put(m, key, value, most) {
			lost++
		}
	}
	return lost
}

// parts are queues of at most so many rows each, one after the other: what closes sessions that were left open comes
// before those that are still there.
func (q *queue) parts(rows int) iter.Seq[*queue] {
	return func(yield func(*queue) bool) {
		part := newQueue()
		part.begun, part.seen = q.begun, q.seen
		full := func() bool {
			if part.size() < rows {
				return true
			}
			done := part
			part = newQueue()
			return yield(done)
		}
		for _, p := range q.points {
			part.points = append(part.points, p)
			if !full() {
				return
			}
		}
		if !spread(q.sessions, full, func(k sessionKey, v stats.Session) { part.sessions[k] = v }) ||
			!spread(q.short, full, func(k shortKey, v int64) { part.short[k] = v }) ||
			!spread(q.marks, full, func(k markKey, v presence.Mark) { part.marks[k] = v }) ||
			!spread(q.findings, full, func(k findingKey, v stats.Finding) { part.findings[k] = v }) {
			return
		}
		for _, c := range q.changes {
			part.changes = append(part.changes, c)
			if !full() {
				return
			}
		}
		if !part.empty() {
			yield(part)
		}
	}
}

// spread hands a map out until full says that it is enough.
func spread[K comparable, V any](m map[K]V, full func() bool, set func(K, V)) bool {
	for k, v := range m {
		set(k, v)
		if !full() {
			return false
		}
	}
	return true
}

// A watched is what is remembered of a server between two of its Snapshots. Guarded by Store.mu.
type watched struct {
	last    *stats.Snapshot
	told    bool  // its connections were told at least once, or are known from here
	lacking bool  // the store was begun anew: it has none of them
	minute  int64 // that short counts
	short   int64
}

func (s *Store) watched(server string) *watched {
	w := s.servers[server]
	if w == nil {
		w = &watched{}
		s.servers[server] = w
	}
	return w
}

// Snapshot records the points, findings and changes that a Snapshot tells. It never waits.
func (s *Store) Snapshot(server string, snap *stats.Snapshot) {
	p := newPoint(snap)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watched(server)
	s.queue.point(server, p, &s.lost)
	for _, f := range movedFindings(w.last, snap) {
		s.queue.finding(server, f, &s.lost)
	}
	if w.last == nil {
		s.queue.change(server, stats.Change{Time: snap.Time, Kind: stats.ChangeWatched, What: "watching", After: "began"}, &s.lost)
		if c, told := stats.FirstState(snap); told {
			s.queue.change(server, c, &s.lost)
		}
	} else {
		for _, c := range stats.Changes(w.last, snap) {
			s.queue.change(server, c, &s.lost)
		}
	}
	for _, c := range findingChanges(w.last, snap) {
		c.server, c.finding.server = server, server
		s.queue.serverChange(c, &s.lost)
	}
	w.last = snap
}

// Resume says that who records a server knows who was online on it by what is kept here, and will tell what became of
// each of them. Without it all of them are closed before the first that is told.
func (s *Store) Resume(server string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched(server).told = true
}

// Lacks says, once, that the store was begun anew after the connections of a server were told, since its file was
// damaged: all that are online are to be told again, or those that are silent would be missing.
func (s *Store) Lacks(server string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watched(server)
	lacking := w.lacking
	w.lacking = false
	return lacking
}

// Presence records who came, went and spoke. It never waits.
func (s *Store) Presence(server string, u presence.Update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, q := s.watched(server), s.queue
	if !u.Seen.IsZero() {
		if !w.told {
			w.told, q.begun[server] = true, true
		}
		q.seen[server] = u.Seen.UnixMilli()
	}
	for _, of := range [][]stats.Session{u.Spoke, u.Came, u.Gone} {
		for _, session := range of {
			if later(q.sessions[sessionKey{server, session.RunID, session.ID}], session) {
				q.session(server, session, &s.lost)
			}
		}
	}
	if u.ShortLived > 0 {
		minute := u.Time.Truncate(time.Minute).UnixMilli()
		if minute != w.minute {
			w.minute, w.short = minute, 0
		}
		w.short += u.ShortLived
		put(q.short, shortKey{server, minute}, w.short, mostMarks)
	}
	for _, m := range u.Marks {
		q.mark(server, m, &s.lost)
	}
}

// later says that next tells no less than what is queued of the same connection.
func later(queued, next stats.Session) bool { return !next.LastSeen.Before(queued.LastSeen) }

// Action records what somebody did. It never waits.
func (s *Store) Action(server string, c stats.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.change(server, c, &s.lost)
}

// end records that watching ends.
func (s *Store) end(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for server, w := range s.servers {
		if w.last != nil {
			s.queue.change(server, stats.Change{Time: now, Kind: stats.ChangeWatched, What: "watching", Before: "on", After: "ended"}, &s.lost)
		}
	}
}

// size counts what waits in it.
func (q *queue) size() int {
	return len(q.points) + len(q.sessions) + len(q.short) + len(q.marks) + len(q.findings) + len(q.changes)
}

func (q *queue) clone() *queue {
	return &queue{
		points: slices.Clone(q.points), sessions: maps.Clone(q.sessions), seen: maps.Clone(q.seen), begun: maps.Clone(q.begun),
		short: maps.Clone(q.short), marks: maps.Clone(q.marks), findings: maps.Clone(q.findings), changes: slices.Clone(q.changes),
	}
}
