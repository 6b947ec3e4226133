package history

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// A writer writes one queue in one transaction.
type writer struct {
	db      *database
	tx      *sql.Tx
	company *company
}

// all writes a queue.
func (w *writer) all(ctx context.Context, q *queue) error {
	for _, step := range []func() error{
		func() error { return w.alone(ctx, q) },
		func() error { return w.points(ctx, q.points) },
		func() error { return w.closeLeftOpen(ctx, q.begun) },
		func() error { return w.sessions(ctx, q.sessions) },
		func() error { return w.seen(ctx, q.seen) },
		func() error { return w.short(ctx, q.short) },
		func() error { return w.marks(ctx, q.marks) },
		func() error { return w.findings(ctx, q.findings) },
		func() error { return w.changes(ctx, q.changes) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// server is the number of a server, which it gets when it is first written of.
func (w *writer) server(ctx context.Context, name string) (int64, error) {
	if id, known := w.db.servers[name]; known {
		return id, nil
	}
	id, err := w.number(ctx, "server", []string{"name"}, clean(name))
	if err == nil {
		w.db.servers[name] = id
	}
	return id, err
}

type runKey struct {
	server int64
	runID  string
}

// run is the number of a process of a server.
func (w *writer) run(ctx context.Context, server int64, runID string) (int64, error) {
	key := runKey{server, runID}
	if id, known := w.db.runs[key]; known {
		return id, nil
	}
	id, err := w.number(ctx, "run", []string{"server", "run_id"}, server, clean(runID))
	if err == nil {
		w.db.runs[key] = id
	}
	return id, err
}

// number finds the row with these values, or makes it. Another watcher may do so at the same time: then its is used.
func (w *writer) number(ctx context.Context, table string, columns []string, values ...any) (int64, error) {
	names := strings.Join(columns, ", ")
	find := w.db.dialect.query("SELECT id FROM " + table + " WHERE " + strings.Join(columns, " = ? AND ") + " = ?")
	add := w.db.dialect.query("INSERT INTO " + table + " (id, " + names + ") SELECT COALESCE(MAX(id), 0) + 1" +
		typed(values) + " FROM " + table + " WHERE 1 = 1 ON CONFLICT DO NOTHING")
	for {
		var id int64
		err := w.tx.QueryRowContext(ctx, find, values...).Scan(&id)
		if err != sql.ErrNoRows {
			return id, err
		}
		if _, err := w.tx.ExecContext(ctx, add, values...); err != nil {
			return 0, err
		}
	}
}

// typed are placeholders that say of what type they are, which PostgreSQL cannot tell in a SELECT.
func typed(values []any) string {
	var b strings.Builder
	for _, v := range values {
		if _, isText := v.(string); isText {
			b.WriteString(", CAST(? AS TEXT)")
		} else {
			b.WriteString(", CAST(? AS INTEGER)")
		}
	}
	return b.String()
}

// insert is a statement that adds rows to a table, or brings those that are there up to date.
type insert struct {
	table    string
	columns  []string
	conflict string // what follows ON CONFLICT
}

// mostParameters bounds one statement: beyond some hundred, more bring nothing.
const mostParameters = 900

func (w *writer) insert(ctx context.Context, i insert, rows [][]any) error {
	most := max(1, mostParameters/len(i.columns))
	var whole *sql.Stmt // for chunks of the full size
	for len(rows) > 0 {
		chunk := rows[:min(most, len(rows))]
		rows = rows[len(chunk):]
		args := make([]any, 0, len(chunk)*len(i.columns))
		for _, row := range chunk {
			args = append(args, row...)
		}
		if len(chunk) < most {
			_, err := w.tx.ExecContext(ctx, i.text(w.db.dialect, len(chunk)), args...)
			return err
		}
		if whole == nil {
			stmt, err := w.tx.PrepareContext(ctx, i.text(w.db.dialect, most))
			if err != nil {
				return err
			}
			defer stmt.Close()
			whole = stmt
		}
		if _, err := whole.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func (i insert) text(d *dialect, rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(i.columns)), ", ") + ")"
	return d.query("INSERT INTO " + i.table + " (" + strings.Join(i.columns, ", ") + ") VALUES " +
		strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ") + " ON CONFLICT " + i.conflict)
}

// clean is text that a database takes: UTF-8 without a zero byte, which PostgreSQL refuses.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// text is a text that is NULL when it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return clean(s)
}

func milli(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
