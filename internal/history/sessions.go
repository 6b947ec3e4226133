package history

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"net"
	"slices"

	"redistop/internal/stats"
)

var sessionInsert = insert{
	table: "session",
	columns: []string{
		"run", "id", "server", "addr", "ip", "name", "user_name", "library", "db", "internal", "online_since", "last_interaction",
		"last_seen", "offline_at", "reason", "reason_likely", "last_command", "commands", "input_bytes", "output_bytes",
	},
	conflict: `(run, id) DO UPDATE SET addr = excluded.addr, ip = excluded.ip, name = excluded.name, user_name = excluded.user_name,
		library = excluded.library, db = excluded.db, internal = excluded.internal, online_since = excluded.online_since,
		last_interaction = excluded.last_interaction, last_seen = excluded.last_seen, offline_at = excluded.offline_at,
		reason = excluded.reason, reason_likely = excluded.reason_likely, last_command = excluded.last_command,
		commands = excluded.commands, input_bytes = excluded.input_bytes, output_bytes = excluded.output_bytes
		WHERE excluded.last_seen >= session.last_seen`,
}

func (w *writer) sessions(ctx context.Context, all map[sessionKey]stats.Session) error {
	rows := make([][]any, 0, len(all))
	byRun := func(a, b sessionKey) int { return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.run, b.run)) }
	for _, key := range slices.SortedFunc(maps.Keys(all), byRun) { // so that numbers are given in one order in every store
		s := all[key]
		server, err := w.server(ctx, key.server)
		if err != nil {
			return err
		}
		run, err := w.run(ctx, server, key.run)
		if err != nil {
			return err
		}
		var ip any
		if s.IP != hostOf(s.Addr) {
			ip = clean(s.IP)
		}
		rows = append(rows, []any{
			run, s.ID, server, clean(s.Addr), ip, text(s.Name), text(s.User), text(s.Library), s.DB, flag(s.Internal),
			s.OnlineSince.UnixMilli(), s.LastInteraction.UnixMilli(), s.LastSeen.UnixMilli(), milli(s.OfflineAt), text(string(s.Reason)),
			flag(s.ReasonLikely), text(s.LastCommand), number(s.Commands), number(s.InputBytes), number(s.OutputBytes),
		})
	}
	// Neighbours in the table are written together.
	slices.SortFunc(rows, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[0].(int64), b[0].(int64)), cmp.Compare(a[1].(int64), b[1].(int64)))
	})
	return w.insert(ctx, sessionInsert, rows)
}

func number(m stats.Maybe[int64]) any {
	if v, ok := m.Get(); ok {
		return v
	}
	return nil
}

// hostOf is the host of "10.0.0.1:6379" or "[::1]:6379"; "" where there is none, as of a unix socket.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	return host
}

// leftOpen are sessions that nobody closed: they were last seen in the last look that the watcher of then had.
const leftOpen = `UPDATE session SET offline_at = CASE WHEN last_seen > ? THEN last_seen ELSE ? END,
	last_seen = CASE WHEN last_seen > ? THEN last_seen ELSE ? END, reason = 'unknown' WHERE server = ? AND offline_at IS NULL`

// closeLeftOpen closes what an earlier watcher left open. Those that are still there follow among the sessions.
func (w *writer) closeLeftOpen(ctx context.Context, begun map[string]bool) error {
	for name := range begun {
		server, err := w.server(ctx, name)
		if err != nil {
			return err
		}
		if err := w.closeOpen(ctx, server); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) closeOpen(ctx context.Context, server int64) error {
	var seen sql.NullInt64
	if err := w.tx.QueryRowContext(ctx, w.db.dialect.query("SELECT seen FROM server WHERE id = ?"), server).Scan(&seen); err != nil {
		return err
	}
	at := seen.Int64
	_, err := w.tx.ExecContext(ctx, w.db.dialect.query(leftOpen), at, at, at, at, server)
	return err
}

// seen notes the latest look at each server's connections: until then those online were seen.
func (w *writer) seen(ctx context.Context, all map[string]int64) error {
	for name, at := range all {
		server, err := w.server(ctx, name)
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, w.db.dialect.query("UPDATE server SET seen = ?, since = COALESCE(since, ?) WHERE id = ? AND (seen IS NULL OR seen < ?)"), at, at, server, at); err != nil {
			return err
		}
	}
	return nil
}

var shortInsert = insert{
	table:    "short_lived",
	columns:  []string{"server", "at", "n"},
	conflict: "(server, at) DO UPDATE SET n = excluded.n WHERE excluded.n > short_lived.n",
}

func (w *writer) short(ctx context.Context, all map[shortKey]int64) error {
	rows := make([][]any, 0, len(all))
	for key, n := range all {
		server, err := w.server(ctx, key.server)
		if err != nil {
			return err
		}
		rows = append(rows, []any{server, key.minute, n})
	}
	return w.insert(ctx, shortInsert, rows)
}
