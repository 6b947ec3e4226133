package history

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
func findingChanges(before, after *stats.Snapshot) []serverChange {
	if len(after.Findings) == 0 && (before == nil || len(before.Findings) == 0) {
		return nil
	}
	known, current, now := findingsByID(before), findingsByID(after), after.Time
	var changes []serverChange
	tell := func(f stats.Finding, before, after string) {
		what := f.Rule
		if f.Subject != "" {
			what += ": " + f.Subject
		}
		changes = append(changes, serverChange{
			Change:  stats.Change{Time: now, Kind: stats.ChangeFinding, What: what, Before: before, After: after},
			finding: findingKey{rule: f.Rule, subject: f.Subject, first: f.FirstSeen.UnixMilli()},
		})
	}
	for _, f := range after.Findings {
		old, there := known[idOf(f)]
		open := there && old.Resolved == nil
		switch {
		case !open && f.Resolved == nil:
			tell(f, "", string(f.Severity)+": "+f.Title)
		case open && f.Resolved != nil:
			tell(f, string(old.Severity)+": "+old.Title, "resolved")
		case open && old.Severity != f.Severity:
			tell(f, string(old.Severity), string(f.Severity)+": "+f.Title)
		}
	}
	if before == nil || after.Stale {
		return changes
	}
	for _, f := range before.Findings {
		if _, there := current[idOf(f)]; !there && f.Resolved == nil {
			tell(f, string(f.Severity)+": "+f.Title, "resolved")
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
	if len(all) == 0 {
		return nil
	}
	w.company.forgetFindings(all)
	rows := make([][]any, 0, len(all))
	for _, key := range slices.SortedFunc(maps.Keys(all), func(a, b findingKey) int { return cmp.Compare(a.first, b.first) }) {
		f := all[key]
		server, err := w.server(ctx, key.server)
		if err != nil {
			return err
		}
		first, err := w.join(ctx, server, key, f)
		if err != nil {
			return err
		}
		if first != key.first {
			f.FirstSeen = moment(first)
		}
		body, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("encode finding %s: %w", f.Rule, err)
		}
		rows = append(rows, []any{server, f.Rule, clean(f.Subject), first, f.LastSeen.UnixMilli(), milli(f.Resolved), string(f.Severity), clean(f.Title), clean(string(body))})
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
