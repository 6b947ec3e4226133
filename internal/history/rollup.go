package history

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// A bucket is one rolled point of a server.
type bucket struct {
	server string
	tier   int
	at     int64 // unix milliseconds of its start
}

const (
	late       = 10_000 // milliseconds after its end until a bucket is rolled up: its last Snapshot is written by then
	rolledOnce = 500    // buckets in one transaction
)

// stain marks the buckets of a point: what they hold is not what they should. Its caller has the token.
func (s *Store) stain(server string, at int64) { s.stainTier(server, 1, at) }

func (s *Store) stainTier(server string, tier int, at int64) {
	if tier < len(tiers) {
		s.dirty[bucket{server, tier, floor(at, tiers[tier].step)}] = true
	}
}

// floor is the greatest multiple of step that is not above v.
func floor(v, step int64) int64 {
	down := v - v%step
	if down > v {
		down -= step
	}
	return down
}

// rollUp computes the stained buckets that are over from the finer tier. To do so twice, or by two watchers, changes nothing.
func (s *Store) rollUp(ctx context.Context, db *database) error {
	now := s.now().UnixMilli()
	for t := 1; t < len(tiers); t++ {
		var due []bucket
		for b := range s.dirty {
			if b.tier == t && b.at+tiers[t].step+late <= now {
				due = append(due, b)
			}
		}
		slices.SortFunc(due, func(a, b bucket) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.server, b.server)) })
		for chunk := range slices.Chunk(due, min(rolledOnce, s.options.rows())) {
			if err := s.rollChunk(ctx, db, t, chunk); err != nil {
				return fmt.Errorf("roll up history: %w", err)
			}
		}
	}
	return nil
}

func (s *Store) rollChunk(ctx context.Context, db *database, t int, chunk []bucket) error {
	err := db.transaction(ctx, func(tx *sql.Tx) error {
		w := &writer{db: db, tx: tx}
		for _, b := range chunk {
			if err := w.roll(ctx, b, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range chunk {
		delete(s.dirty, b)
		s.stainTier(b.server, t+1, b.at)
	}
	return nil
}

func (w *writer) roll(ctx context.Context, b bucket, t int) error {
	total := newSum()
	err := w.db.points(ctx, w.tx, b.server, tiers[t-1], b.at, b.at+tiers[t].step-1, allIndexes(), mostRead, func(p *point) error {
		total.add(p)
		return nil
	})
	if err != nil || total.n == 0 {
		return err
	}
	server, err := w.server(ctx, b.server)
	if err != nil {
		return err
	}
	return w.rolled(ctx, server, tiers[t].step, []point{total.point(b.at)})
}

// look stains what an earlier watcher left unrolled: buckets that hold less than the finer tier tells.
func (s *Store) look(ctx context.Context) error {
	if s.options.ReadOnly {
		return nil
	}
	db := s.opened()
	if db == nil {
		return nil
	}
	for t := 1; t < len(tiers); t++ {
		finer, args := "SELECT server, at / ? AS part, COUNT(*) AS n FROM raw_point GROUP BY 1, 2", []any{tiers[t].step}
		if t > 1 {
			finer = "SELECT server, at / ? AS part, SUM(n) AS n FROM rolled_point WHERE step = ? GROUP BY 1, 2"
			args = append(args, tiers[t-1].step/1000)
		}
		query := "SELECT s.name, f.part FROM (" + finer + ") f JOIN server s ON s.id = f.server LEFT JOIN rolled_point r" +
			" ON r.server = f.server AND r.step = ? AND r.at = f.part * ? WHERE r.n IS NULL OR r.n < f.n"
		args = append(args, tiers[t].step/1000, tiers[t].step)
		if err := s.stainFound(ctx, db, t, query, args); err != nil {
			return fmt.Errorf("look through history: %w", err)
		}
	}
	return nil
}

func (s *Store) stainFound(ctx context.Context, db *database, t int, query string, args []any) error {
	rows, err := db.read.QueryContext(ctx, db.dialect.query(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var server string
		var part int64
		if err := rows.Scan(&server, &part); err != nil {
			return err
		}
		s.stainTier(server, t, part*tiers[t].step)
	}
	return rows.Err()
}

func (s *Store) opened() *database {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db
}
