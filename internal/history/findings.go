package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"redistop/internal/stats"
)

type findingID struct {
	rule, subject string
	first         int64
}

func idOf(f stats.Finding) findingID {
	return findingID{f.Rule, f.Subject, f.FirstSeen.UnixMilli()}
}

func findingsByID(s *stats.Snapshot) map[findingID]stats.Finding {
	m := map[findingID]stats.Finding{}
	if s != nil {
		for _, f := range s.Findings {
			m[idOf(f)] = f
		}
	}
	return m
}

// movedFindings are those of which after tells more than before.
func movedFindings(before, after *stats.Snapshot) []stats.Finding {
	if len(after.Findings) == 0 {
		return nil
	}
	known := findingsByID(before)
	var moved []stats.Finding
	for _, f := range after.Findings {
		old, there := known[idOf(f)]
		if !there || !old.LastSeen.Equal(f.LastSeen) || (old.Resolved == nil) != (f.Resolved == nil) || old.Severity != f.Severity || old.Title != f.Title {
			moved = append(moved, f)
		}
	}
	return moved
}

// findingChanges tells what opened and what was resolved. A finding that is left out after it was resolved is no news.
func findingChanges(before, after *stats.Snapshot) []stats.Change {
	if len(after.Findings) == 0 && (before == nil || len(before.Findings) == 0) {
		return nil
	}
	known, now := findingsByID(before), findingsByID(after)
	var changes []stats.Change
	for _, f := range after.Findings {
		old, there := known[idOf(f)]
		open := there && old.Resolved == nil
		what := f.Rule
		if f.Subject != "" {
			what += ": " + f.Subject
		}
		switch {
		case !open && f.Resolved == nil:
			changes = append(changes, stats.Change{Time: after.Time, Kind: stats.ChangeFinding, What: what, After: string(f.Severity) + ": " + f.Title})
		case open && f.Resolved != nil:
			changes = append(changes, stats.Change{Time: after.Time, Kind: stats.ChangeFinding, What: what, Before: string(old.Severity) + ": " + old.Title, After: "resolved"})
		case open && old.Severity != f.Severity:
			changes = append(changes, stats.Change{Time: after.Time, Kind: stats.ChangeFinding, What: what, Before: string(old.Severity), After: string(f.Severity) + ": " + f.Title})
		}
	}
	if before == nil || after.Stale {
		return changes
	}
	for _, f := range before.Findings {
		if _, there := now[idOf(f)]; !there && f.Resolved == nil {
			changes = append(changes, stats.Change{Time: after.Time, Kind: stats.ChangeFinding, What: f.Rule, Before: string(f.Severity) + ": " + f.Title, After: "resolved"})
		}
	}
	return changes
}

var findingInsert = insert{
	table:   "finding",
	columns: []string{"server", "rule", "subject", "first_seen", "last_seen", "resolved", "severity", "title", "body"},
	conflict: `(server, rule, subject, first_seen) DO UPDATE SET last_seen = excluded.last_seen, resolved = excluded.resolved,
		severity = excluded.severity, title = excluded.title, body = excluded.body WHERE excluded.last_seen >= finding.last_seen`,
}

func (w *writer) findings(ctx context.Context, all map[findingKey]stats.Finding) error {
	rows := make([][]any, 0, len(all))
	for key, f := range all {
		server, err := w.server(ctx, key.server)
		if err != nil {
			return err
		}
		body, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("encode finding %s: %w", f.Rule, err)
		}
		rows = append(rows, []any{server, f.Rule, clean(f.Subject), key.first, f.LastSeen.UnixMilli(), milli(f.Resolved), string(f.Severity), clean(f.Title), clean(string(body))})
	}
	return w.insert(ctx, findingInsert, rows)
}

// Findings are those that lasted at some time within the time asked for, the latest begun first, 10,000 at most.
func (s *Store) Findings(ctx context.Context, q FindingQuery) ([]ServerFinding, error) {
	from, to := span(q.From, q.To, s.now(), 24*time.Hour)
	var all []ServerFinding
	waiting, err := s.ask(ctx, func(db *database) error {
		where := conditions{}
		where.servers(q.Servers)
		where.and("t.first_seen <= ?", to.UnixMilli())
		where.and("t.last_seen >= ?", from.UnixMilli())
		return db.findings(ctx, where, "t.first_seen DESC LIMIT 10000", func(f ServerFinding) error {
			all = append(all, f)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read findings: %w", err)
	}
	for _, q2 := range waiting {
		for key, f := range q2.findings {
			all = slices.DeleteFunc(all, func(old ServerFinding) bool {
				return old.Server == key.server && idOf(old.Finding) == idOf(f)
			})
			if wanted(q.Servers, key.server) && !f.FirstSeen.After(to) && !f.LastSeen.Before(from) {
				all = append(all, ServerFinding{key.server, f})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b ServerFinding) int { return b.FirstSeen.Compare(a.FirstSeen) })
	return all, nil
}

// findings reads those that meet the conditions; order is what follows ORDER BY.
func (d *database) findings(ctx context.Context, where conditions, order string, each func(ServerFinding) error) error {
	rows, err := d.read.QueryContext(ctx, d.dialect.query("SELECT s.name, t.body FROM finding t JOIN server s ON s.id = t.server"+where.text()+" ORDER BY "+order), where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f ServerFinding
		var body []byte
		if err := rows.Scan(&f.Server, &body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &f.Finding); err != nil {
			return fmt.Errorf("decode finding: %w", err)
		}
		if err := each(f); err != nil {
			return err
		}
	}
	return rows.Err()
}
