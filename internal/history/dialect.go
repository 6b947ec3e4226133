package history

import (
	"regexp"
	"strconv"
	"strings"
)

// A dialect is what SQLite and PostgreSQL say differently.
type dialect struct {
	kind      string
	numbered  bool   // placeholders are $1, not ?
	clustered string // after a table whose rows lie in the order of its primary key
	time      string // unix milliseconds as a time that people read; $1 is the column
	prepare   string // run before the first migration
	lock      string // in a transaction: others that migrate wait for its end; "": a writer is alone anyway
	alone     string // likewise others that write of the servers with the numbers ?
}

var (
	sqliteDialect = dialect{
		kind:      "sqlite",
		clustered: "WITHOUT ROWID",
		prepare:   "SELECT 1",
		time:      "strftime('%Y-%m-%dT%H:%M:%fZ', $1 / 1000.0, 'unixepoch')",
	}
	postgresDialect = dialect{
		kind:     "postgres",
		numbered: true,
		prepare:  createSchema,
		lock:     "SELECT pg_advisory_xact_lock(7240981)",
		alone:    "SELECT pg_advisory_xact_lock(7240982, id) FROM (SELECT id FROM server WHERE id IN (?) ORDER BY id OFFSET 0) mine",
		time:     "to_timestamp($1 / 1000.0)",
	}
)

// createSchema asks for no right where the schema is there, as CREATE SCHEMA IF NOT EXISTS does.
const createSchema = `DO $$ BEGIN
	IF to_regnamespace('redistop') IS NULL THEN CREATE SCHEMA redistop; END IF;
EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL; -- another watcher was first
END $$`

var timeCall = regexp.MustCompile(`TIME\(([\w.]+)\)`)

// schema translates a migration.
func (d *dialect) schema(text string) string {
	text = strings.ReplaceAll(text, "WITHOUT ROWID", d.clustered)
	return timeCall.ReplaceAllString(text, d.time)
}

// query translates the placeholders of a statement, which are all the question marks in it.
func (d *dialect) query(text string) string {
	if !d.numbered {
		return text
	}
	var b strings.Builder
	n := 0
	for {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
		text = after
	}
}
