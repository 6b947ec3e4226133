package history

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// Two watchers of one server see the same change and the same finding, each at its own time and in its own words: the
// titles of findings have numbers in them. Told once is what the other has told already. A watcher is not compared with
// itself: what it saw twice happened twice.
const (
	// together is how far apart two watchers may see one change: what is asked seldom, as the configuration, takes longest.
	together = 2 * time.Minute
	// unheard is how long the other may not have written of a finding that still stands: it writes every few seconds.
	unheard = 30 * time.Second
)

// company is what a Store knows of the others that write of its servers. It is confined to who has the token.
type company struct {
	began    int64                    // changes that are older were told by nobody beside us
	own      map[changeKey]bool       // written by us
	theirs   map[changeKey]changeKey  // ours, and which of theirs it is
	taken    map[changeKey]bool       // the values of theirs
	findings map[findingKey]joinedKey // all that we wrote
}

type changeKey struct {
	server, kind, what string
	at                 int64
}

// A joinedKey says as what a finding of ours is written.
type joinedKey struct {
	first    int64 // first_seen of the row, which may be another's
	lastSeen int64
}

func newCompany(now time.Time) *company {
	return &company{
		began: now.UnixMilli(), own: map[changeKey]bool{}, theirs: map[changeKey]changeKey{}, taken: map[changeKey]bool{},
		findings: map[findingKey]joinedKey{},
	}
}

// forget drops what no writing can ask for any more: a queue that could not be written comes again, nothing older does.
func (c *company) forget(before int64) {
	for key := range c.own {
		if key.at < before {
			delete(c.own, key)
		}
	}
	for key, their := range c.theirs {
		if key.at < before {
			delete(c.theirs, key)
			delete(c.taken, their)
		}
	}
}

func (c *company) forgetFindings(now map[findingKey]stats.Finding) {
	before := int64(math.MaxInt64)
	for _, f := range now {
		before = min(before, f.LastSeen.Add(-together).UnixMilli())
	}
	for key, joined := range c.findings {
		if joined.lastSeen < before {
			delete(c.findings, key)
		}
	}
}

func keyOf(c serverChange) changeKey {
	return changeKey{c.server, string(c.Kind), c.What, c.Time.UnixMilli()}
}

// alone has others wait who write of the same servers, until the end of the transaction: so that what is told once is
// not told by both at the same moment, and that neither waits for rows of the other while that waits for its.
func (w *writer) alone(ctx context.Context, q *queue) error {
	var numbers []any
	for _, name := range q.names() {
		n, err := w.server(ctx, name)
		if err != nil {
			return err
		}
		numbers = append(numbers, n)
	}
	if w.db.dialect.alone == "" {
		return nil
	}
	for chunk := range slices.Chunk(numbers, mostParameters) { // ascending: all take them in one order
		in := strings.TrimSuffix(strings.Repeat("?, ", len(chunk)), ", ")
		if _, err := w.tx.ExecContext(ctx, w.db.dialect.query(strings.Replace(w.db.dialect.alone, "?", in, 1)), chunk...); err != nil {
			return err
		}
	}
	return nil
}

// toldBefore says that another watcher has told of a change.
func (w *writer) toldBefore(ctx context.Context, server int64, c serverChange) (bool, error) {
	key := keyOf(c)
	if c.Kind == stats.ChangeWatched || c.Kind == stats.ChangeAction || w.company.own[key] {
		return false, nil // of a watcher itself, or of what somebody did through it
	}
	if _, known := w.company.theirs[key]; known {
		return true, nil
	}
	if joined, known := w.company.findings[c.finding]; known && joined.first != c.finding.first && c.opens() {
		return true, nil // it stood before we came
	}
	rows, err := w.tx.QueryContext(ctx, w.db.dialect.query("SELECT at, before, after FROM change WHERE server = ? AND at BETWEEN ? AND ? AND kind = ? AND what = ?"),
		server, max(key.at-together.Milliseconds(), w.company.began), key.at+together.Milliseconds(), key.kind, clean(key.what))
	if err != nil {
		return false, err
	}
	defer rows.Close()
	near := changeKey{at: -1}
	for rows.Next() {
		var other stats.Change
		var before, after sql.NullString
		their := changeKey{server: key.server, kind: key.kind, what: key.what}
		if err := rows.Scan(&their.at, &before, &after); err != nil {
			return false, err
		}
		other.Kind, other.Before, other.After = c.Kind, before.String, after.String
		if w.company.own[their] || w.company.taken[their] || !sameWords(c.Change, other) {
			continue
		}
		if near.at < 0 || distance(their.at, key.at) < distance(near.at, key.at) {
			near = their
		}
	}
	if near.at >= 0 {
		w.company.theirs[key], w.company.taken[near] = near, true
	}
	return near.at >= 0, rows.Err()
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// sameWords compares what two watchers say of a change. What follows a colon in a state or a finding is in each one's own words.
func sameWords(a, b stats.Change) bool {
	if a.Kind != stats.ChangeState && a.Kind != stats.ChangeFinding {
		return clean(a.Before) == b.Before && clean(a.After) == b.After
	}
	word := func(s string) string { w, _, _ := strings.Cut(s, ":"); return w }
	return word(a.Before) == word(b.Before) && word(a.After) == word(b.After)
}

// opens says that a change tells of a finding that begins.
func (c serverChange) opens() bool { return c.Kind == stats.ChangeFinding && c.Before == "" }

// join finds out as what a finding is written: as another's where that stands at the same time.
func (w *writer) join(ctx context.Context, server int64, key findingKey, f stats.Finding) (first int64, err error) {
	joined, known := w.company.findings[key]
	if !known {
		if joined.first, err = w.standing(ctx, server, key, f); err != nil {
			return 0, err
		}
	}
	joined.lastSeen = f.LastSeen.UnixMilli()
	w.company.findings[key] = joined
	return joined.first, nil
}

func (w *writer) standing(ctx context.Context, server int64, key findingKey, f stats.Finding) (int64, error) {
	rows, err := w.tx.QueryContext(ctx, w.db.dialect.query(`SELECT first_seen, last_seen, resolved FROM finding
		WHERE server = ? AND rule = ? AND subject = ? AND first_seen <= ? AND last_seen >= ? ORDER BY first_seen`),
		server, key.rule, clean(key.subject), f.LastSeen.UnixMilli(), key.first-unheard.Milliseconds())
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	standing, latest := key.first, int64(math.MinInt64)
	for rows.Next() {
		var first, last int64
		var resolved sql.NullInt64
		if err := rows.Scan(&first, &last, &resolved); err != nil {
			return 0, err
		}
		if first == key.first {
			return first, nil
		}
		if (!resolved.Valid || resolved.Int64 > key.first) && last > latest && !w.company.has(key, first) {
			standing, latest = first, last
		}
	}
	return standing, rows.Err()
}

// has says that a row is one of ours: of the same subject at another time.
func (c *company) has(key findingKey, first int64) bool {
	for k, joined := range c.findings {
		if joined.first == first && k.server == key.server && k.rule == key.rule && k.subject == key.subject {
			return true
		}
	}
	return false
}
