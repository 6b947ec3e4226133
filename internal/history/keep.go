package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// upkeep is what Run remembers between two rounds of it; who has the token owns it.
type upkeep struct{ expired time.Time }

const (
	expireEvery = 5 * time.Minute
	abandoned   = time.Hour // without a look at a server's connections: nobody watches it any more
)

// keep rolls up, drops what is too old, and keeps the store within its size.
func (s *Store) keep(ctx context.Context) {
	if s.enter(ctx, forever) != nil {
		return
	}
	defer s.leave()
	db := s.opened()
	if db == nil {
		return
	}
	err := s.keepAlone(ctx, db)
	s.suspect(err)
	switch {
	case err == nil:
		s.worked(keeping)
	case ctx.Err() == nil:
		s.failed(keeping, err)
	}
}

func (s *Store) keepAlone(ctx context.Context, db *database) error {
	if err := s.rollUp(ctx, db); err != nil {
		return err
	}
	if now := s.now(); now.Sub(s.upkeep.expired) >= expireEvery {
		if err := s.expire(ctx, db, now); err != nil {
			return fmt.Errorf("drop what is too old: %w", err)
		}
		s.upkeep.expired = now
	}
	return s.bound(ctx, db)
}

// An age is rows of a table that are kept for so long.
type age struct {
	table, key string // key: the columns that name a row
	column     string // the time by which they are old
	where      string // holds for rows that are older than the parameter
	keep       time.Duration
}

// Indexes into Keep.ages.
const (
	ageRaw = iota
	ageMinute
	ageTen
	ageHour
	ageSession
	ageShort
	ageMark
	ageFinding
	ageChange
)

func (k Keep) ages() []age {
	const rolledKey = "server, step, at"
	return []age{
		ageRaw:     {"raw_point", "server, at", "at", "at < ?", k.Raw},
		ageMinute:  {"rolled_point", rolledKey, "at", "step = 60 AND at < ?", k.Minute},
		ageTen:     {"rolled_point", rolledKey, "at", "step = 600 AND at < ?", k.TenMinutes},
		ageHour:    {"rolled_point", rolledKey, "at", "step = 3600 AND at < ?", k.Hour},
		ageSession: {"session", "run, id", "offline_at", "offline_at < ?", k.Sessions},
		ageShort:   {"short_lived", "server, at", "at", "at < ?", k.Sessions},
		ageMark:    {"mark", "server, kind, key, hour", "hour", "hour < ?", k.Sessions},
		ageFinding: {"finding", "server, rule, subject, first_seen", "last_seen", "last_seen < ?", k.Findings},
		ageChange:  {"change", "server, at, kind, what", "at", "at < ?", k.Findings},
	}
}

// expire drops what is too old, and closes the sessions of servers that nobody watches any more.
func (s *Store) expire(ctx context.Context, db *database, now time.Time) error {
	for _, a := range s.options.Keep.ages() {
		if err := db.dropAll(ctx, a, now.Add(-a.keep).UnixMilli(), s.options.rows()); err != nil {
			return fmt.Errorf("in %s: %w", a.table, err)
		}
	}
	return s.closeAbandoned(ctx, db, now)
}

// dropAll deletes all rows that are older than before, server by server as the indexes lie, and some at a time, so
// that nobody waits long for the lock and the log stays small.
func (d *database) dropAll(ctx context.Context, a age, before int64, most int) error {
	ids, err := d.serverIDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for {
			n, err := d.drop(ctx, a, id, before, most)
			if err != nil {
				return err
			}
			if n < int64(most) {
				break
			}
		}
		if a.table != "session" {
			continue
		}
		if _, err := d.write.ExecContext(ctx, d.dialect.query("UPDATE server SET since = ? WHERE id = ? AND since < ?"), before, id, before); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) serverIDs(ctx context.Context) ([]int64, error) {
	rows, err := d.write.QueryContext(ctx, "SELECT id FROM server")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// drop deletes some of the rows of a server that are older than before, and says how many.
func (d *database) drop(ctx context.Context, a age, server, before int64, most int) (n int64, err error) {
	query := d.dialect.query("DELETE FROM " + a.table + " WHERE (" + a.key + ") IN (SELECT " + a.key + " FROM " + a.table +
		" WHERE server = ? AND " + a.where + " LIMIT ?)")
	err = d.transaction(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, query, server, before, most)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// closeAbandoned closes what is open of servers that no watcher has looked at for long. Those that this one watches
// are merely away: it will tell what became of their connections.
func (s *Store) closeAbandoned(ctx context.Context, db *database, now time.Time) error {
	rows, err := db.write.QueryContext(ctx, db.dialect.query("SELECT id, name FROM server WHERE seen < ?"), now.Add(-abandoned).UnixMilli())
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			rows.Close()
			return err
		}
		names[id] = name
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	for id, name := range names {
		if s.tells(name) {
			continue
		}
		err := db.transaction(ctx, func(tx *sql.Tx) error {
			w := &writer{db: db, tx: tx}
			return w.closeOpen(ctx, id)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tells says that this watcher tells of a server's connections.
func (s *Store) tells(server string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.servers[server]
	return w != nil && w.told
}
