package history

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"redistop/internal/stats"
)

var changeInsert = insert{
	table:    "change",
	columns:  []string{"server", "at", "kind", "what", "before", "after"},
	conflict: "(server, at, kind, what) DO NOTHING",
}

func (w *writer) changes(ctx context.Context, all []serverChange) error {
	if len(all) == 0 {
		return nil
	}
	oldest := slices.MinFunc(all, func(a, b serverChange) int { return a.Time.Compare(b.Time) })
	w.company.forget(oldest.Time.Add(-2 * together).UnixMilli())
	rows := make([][]any, 0, len(all))
	for _, c := range all {
		server, err := w.server(ctx, c.server)
		if err != nil {
			return err
		}
		told, err := w.toldBefore(ctx, server, c)
		if err != nil {
			return err
		}
		if told {
			continue
		}
		w.company.own[keyOf(c)] = true
		rows = append(rows, []any{server, c.Time.UnixMilli(), string(c.Kind), clean(c.What), text(c.Before), text(c.After)})
	}
	return w.insert(ctx, changeInsert, rows)
}

// same says that a change was written already.
func (c serverChange) same(o stats.Change) bool {
	return o.Kind == c.Kind && o.What == c.What && o.Time.UnixMilli() == c.Time.UnixMilli()
}

// Changes are those of the time asked for, the newest first.
func (s *Store) Changes(ctx context.Context, q ChangeQuery) ([]stats.Change, error) {
	from, to := span(q.From, q.To, s.now(), 24*time.Hour)
	limit := limited(q.Limit, 500)
	var all []stats.Change
	waiting, err := s.ask(ctx, func(db *database) error {
		where := conditions{}
		where.servers([]string{q.Server})
		where.and("t.at >= ?", from.UnixMilli())
		where.and("t.at <= ?", to.UnixMilli())
		kinds := make([]string, len(q.Kinds))
		for i, k := range q.Kinds {
			kinds[i] = string(k)
		}
		where.in("t.kind", kinds)
		return db.changes(ctx, where, fmt.Sprintf("t.at DESC, t.kind, t.what LIMIT %d", limit), func(_ string, c stats.Change) error {
			all = append(all, c)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	for _, w := range waiting {
		for _, c := range w.changes {
			if c.server == q.Server && !c.Time.Before(from) && !c.Time.After(to) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, c.Kind)) {
				all = append(slices.DeleteFunc(all, c.same), c.Change)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b stats.Change) int { return b.Time.Compare(a.Time) })
	return all[:min(len(all), limit)], nil
}

// changes reads those that meet the conditions; order is what follows ORDER BY.
func (d *database) changes(ctx context.Context, where conditions, order string, each func(string, stats.Change) error) error {
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT s.name, t.at, t.kind, t.what, t.before, t.after FROM change t JOIN server s ON s.id = t.server"+where.text()+" ORDER BY "+order), where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var server string
		var at int64
		var c stats.Change
		var before, after sql.NullString
		if err := rows.Scan(&server, &at, &c.Kind, &c.What, &before, &after); err != nil {
			return err
		}
		c.Time, c.Before, c.After = moment(at), before.String, after.String
		if err := each(server, c); err != nil {
			return err
		}
	}
	return rows.Err()
}
