package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"redistop/internal/presence"
	"redistop/internal/stats"
)

var markInsert = insert{
	table:   "mark",
	columns: []string{"server", "kind", "key", "hour", "first_seen", "last_spoke", "sessions"},
	conflict: `(server, kind, key, hour) DO UPDATE SET
		first_seen = CASE WHEN excluded.first_seen < mark.first_seen THEN excluded.first_seen ELSE mark.first_seen END,
		last_spoke = CASE WHEN excluded.last_spoke > mark.last_spoke THEN excluded.last_spoke ELSE mark.last_spoke END,
		sessions = CASE WHEN excluded.sessions > mark.sessions THEN excluded.sessions ELSE mark.sessions END`,
}

func (w *writer) marks(ctx context.Context, all map[markKey]presence.Mark) error {
	rows := make([][]any, 0, len(all))
	for key, m := range all {
		server, err := w.server(ctx, key.server)
		if err != nil {
			return err
		}
		var first any
		if !m.FirstSeen.IsZero() {
			first = m.FirstSeen.UnixMilli()
		}
		rows = append(rows, []any{server, m.By, clean(m.Key), key.hour, first, m.LastSpoke.UnixMilli(), m.Sessions})
	}
	return w.insert(ctx, markInsert, rows)
}

type groupKey struct{ server, by, key string }

// A group gathers the marks and the online sessions of one row.
type group struct {
	row    stats.ActivityRow
	hours  map[int64]int64 // sessions that were new in each hour with a mark
	begun  time.Time       // the first hour of all with a mark; zero: there is none
	exact  time.Time       // the earliest that is told within it; zero: only the hour is known
	online time.Time       // since when the oldest is that is online; zero: none is
}

// groups are rows of activity under construction.
type groups struct {
	since time.Time
	rows  map[groupKey]*group
}

func (g *groups) of(key groupKey) *group {
	of := g.rows[key]
	if of == nil {
		of = &group{row: stats.ActivityRow{By: key.by, Key: key.key}, hours: map[int64]int64{}}
		g.rows[key] = of
	}
	return of
}

// Activity tells who spoke in the time asked for, and when, the latest first. To connect is to speak.
func (s *Store) Activity(ctx context.Context, q ActivityQuery) ([]ServerActivity, error) {
	now := s.now()
	g := &groups{since: q.Since, rows: map[groupKey]*group{}}
	if q.Since.IsZero() {
		g.since = now.Add(-24 * time.Hour)
	}
	by := q.By
	if len(by) == 0 {
		by = []string{presence.ByName, presence.ByIP, presence.ByUser}
	}
	waiting, err := s.ask(ctx, func(db *database) error {
		clear(g.rows)
		if err := db.marked(ctx, g, q.Servers, by); err != nil {
			return err
		}
		if err := db.firstSeen(ctx, g, q.Servers, by); err != nil {
			return err
		}
		return db.online(ctx, q.Servers, func(server string, session stats.Session) { g.session(server, by, session) })
	})
	if err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	for _, queued := range waiting {
		g.waiting(queued, q.Servers, by)
	}
	return g.answer(now), nil
}

// marked reads the marks of the time asked for.
func (d *database) marked(ctx context.Context, g *groups, servers, by []string) error {
	where := conditions{}
	where.servers(servers)
	where.in("t.kind", by)
	where.and("t.hour > ?", g.since.Add(-time.Hour).UnixMilli())
	where.and("t.last_spoke >= ?", g.since.UnixMilli())
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT s.name, t.kind, t.key, t.hour, t.last_spoke, t.sessions FROM mark t JOIN server s ON s.id = t.server"+where.text()), where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key groupKey
		var hour, spoke, sessions int64
		if err := rows.Scan(&key.server, &key.by, &key.key, &hour, &spoke, &sessions); err != nil {
			return err
		}
		g.of(key).mark(hour, moment(spoke), sessions)
	}
	return rows.Err()
}

func (of *group) mark(hour int64, spoke time.Time, sessions int64) {
	of.hours[hour] = max(of.hours[hour], sessions)
	if spoke.After(of.row.LastSpoke) {
		of.row.LastSpoke = spoke
	}
}

// first takes an hour with a mark, and the earliest that the mark tells of; zero: it tells of none.
func (of *group) first(hour, exact time.Time) {
	switch {
	case of.begun.IsZero() || hour.Before(of.begun):
		of.begun, of.exact = hour, exact
	case hour.Equal(of.begun) && !exact.IsZero() && exact.Before(of.exact):
		of.exact = exact
	}
}

// firstSeen is the earliest that is known of one; zero where that is only to an hour.
func (of *group) firstSeen() time.Time {
	switch online := of.online; {
	case of.begun.IsZero():
		return online
	case !online.IsZero() && online.Before(of.begun):
		return online // longer than marks are kept
	case of.exact.IsZero(), online.IsZero(), of.exact.Before(online):
		return of.exact
	default:
		return online
	}
}

// firstSeen looks further back than the time asked for.
func (d *database) firstSeen(ctx context.Context, g *groups, servers, by []string) error {
	where := conditions{}
	where.servers(servers)
	where.in("t.kind", by)
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT s.name, t.kind, t.key, MIN(t.hour), MIN(t.first_seen) FROM mark t JOIN server s ON s.id = t.server"+where.text()+" GROUP BY s.name, t.kind, t.key"), where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key groupKey
		var hour int64
		var first sql.NullInt64
		if err := rows.Scan(&key.server, &key.by, &key.key, &hour, &first); err != nil {
			return err
		}
		exact := time.Time{}
		if first.Valid && first.Int64 < hour+time.Hour.Milliseconds() { // else the mark of that hour has none
			exact = moment(first.Int64)
		}
		g.of(key).first(moment(hour), exact)
	}
	return rows.Err()
}

// session counts one that is online. Those that came before the time asked for are new in no mark of it.
func (g *groups) session(server string, by []string, s stats.Session) {
	if s.Internal {
		return
	}
	for _, kind := range by {
		key := map[string]string{presence.ByName: s.Name, presence.ByIP: s.IP, presence.ByUser: s.User}[kind]
		of := g.of(groupKey{server, kind, key})
		of.row.Online++
		if s.OnlineSince.Before(g.since.Truncate(time.Hour)) {
			of.row.Sessions++
		}
		if of.online.IsZero() || s.OnlineSince.Before(of.online) {
			of.online = s.OnlineSince
		}
		if s.LastInteraction.After(of.row.LastSpoke) {
			of.row.LastSpoke = s.LastInteraction
		}
	}
}

// waiting adds what is not written yet.
func (g *groups) waiting(q *queue, servers, by []string) {
	for key, m := range q.marks {
		if wanted(servers, key.server) && slices.Contains(by, m.By) && !m.LastSpoke.Before(g.since) {
			of := g.of(groupKey{key.server, m.By, m.Key})
			of.mark(key.hour, m.LastSpoke, m.Sessions)
			of.first(moment(key.hour), m.FirstSeen)
		}
	}
}

// answer is the rows. Silent are those that spoke in the time asked for and not in the last hour.
func (g *groups) answer(now time.Time) []ServerActivity {
	var all []ServerActivity
	for key, of := range g.rows {
		row := of.row
		for hour, sessions := range of.hours {
			row.Sessions += sessions
			row.Hours = append(row.Hours, moment(hour))
		}
		if row.LastSpoke.Before(g.since) {
			continue
		}
		row.FirstSeen = of.firstSeen()
		slices.SortFunc(row.Hours, time.Time.Compare)
		row.Silent = !row.LastSpoke.Before(g.since) && row.LastSpoke.Before(now.Add(-time.Hour))
		all = append(all, ServerActivity{key.server, row})
	}
	slices.SortFunc(all, func(a, b ServerActivity) int {
		if c := b.LastSpoke.Compare(a.LastSpoke); c != 0 {
			return c
		}
		return strings.Compare(a.Server+"\x00"+a.By+"\x00"+a.Key, b.Server+"\x00"+b.By+"\x00"+b.Key)
	})
	return all
}
