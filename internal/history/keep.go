package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"redistop/internal/stats"
)

// upkeep is what Run remembers between two rounds of it; who has the token owns it.
type upkeep struct{ expired time.Time }

const expireEvery = time.Minute

// keep rolls up, drops what is too old, and keeps the store within its size.
func (s *Store) keep(ctx context.Context) {
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.writing }()
	db := s.opened()
	if db == nil {
		return
	}
	if err := s.keepAlone(ctx, db); err != nil && ctx.Err() == nil {
		s.failed(err)
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
	where      string // holds for rows that are older than the parameter
	keep       time.Duration
}

func (k Keep) ages() []age {
	const rolledKey = "server, step, at"
	return []age{
		{"raw_point", "server, at", "at < ?", k.Raw},
		{"rolled_point", rolledKey, "step = 60 AND at < ?", k.Minute},
		{"rolled_point", rolledKey, "step = 600 AND at < ?", k.TenMinutes},
		{"rolled_point", rolledKey, "step = 3600 AND at < ?", k.Hour},
		{"session", "run, id", "offline_at < ?", k.Sessions},
		{"short_lived", "server, at", "at < ?", k.Sessions},
		{"mark", "server, kind, key, hour", "hour < ?", k.Sessions},
		{"finding", "server, rule, subject, first_seen", "last_seen < ?", k.Findings},
		{"change", "server, at, kind, what", "at < ?", k.Findings},
	}
}

const droppedOnce = 5000 // rows in one transaction

// expire drops what is too old, some rows at a time, so that nobody waits long for the lock.
func (s *Store) expire(ctx context.Context, db *database, now time.Time) error {
	for _, a := range s.options.Keep.ages() {
		for {
			n, err := db.drop(ctx, a, now.Add(-a.keep).UnixMilli(), droppedOnce)
			if err != nil {
				return fmt.Errorf("in %s: %w", a.table, err)
			}
			if n < droppedOnce {
				break
			}
		}
	}
	return nil
}

// drop deletes some of the rows that are older than before, and says how many.
func (d *database) drop(ctx context.Context, a age, before int64, most int) (int64, error) {
	var n int64
	err := d.transaction(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, d.dialect.query("DELETE FROM "+a.table+" WHERE ("+a.key+") IN (SELECT "+a.key+" FROM "+a.table+" WHERE "+a.where+" LIMIT ?)"), before, most)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// bound measures the store.
func (s *Store) bound(ctx context.Context, db *database) error {
	bytes, err := db.size(ctx)
	if err != nil {
		return fmt.Errorf("measure history: %w", err)
	}
	s.mu.Lock()
	s.bytes = stats.Some(bytes)
	s.mu.Unlock()
	return nil
}

func (s *Store) trim(context.Context, *database) error { return errDamaged }

func (d *database) size(ctx context.Context) (int64, error) {
	var pages, size int64
	if err := d.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return 0, err
	}
	err := d.write.QueryRowContext(ctx, "PRAGMA page_size").Scan(&size)
	return pages * size, err
}

func (o Options) pages() int64   { return o.MostBytes / pageSize }
func (o Options) journal() int64 { return o.MostBytes / 8 }
