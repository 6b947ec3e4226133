package doctor

import (
	"strings"

	"redistop/internal/stats"
)

// A census is the connections of one table sorted by what rules ask for at every look, so that a table of
// many thousands is gone through once and not by each of them. Rows are in none of the lists twice.
type census struct {
	table     []stats.ConnectionRow
	clients   []*stats.ConnectionRow // without the link to the primary, replicas and our own; of these:
	blocked   []*stats.ConnectionRow // flag b
	nameless  []*stats.ConnectionRow
	abandoned []*stats.ConnectionRow
	monitors  []*stats.ConnectionRow // flag O

	owned map[string]stats.Identity // see owners
	leaks []leak                    // see leaking; nil until somebody asks
}

// take sorts a table unless it is the one that is sorted already.
func (c *census) take(table []stats.ConnectionRow) {
	if c.table != nil && sameTable(c.table, table) {
		return
	}
	*c = census{table: table, clients: c.clients[:0], blocked: c.blocked[:0], nameless: c.nameless[:0], abandoned: c.abandoned[:0], monitors: c.monitors[:0]}
	for i := range table {
		row := &table[i]
		if row.Own || hasFlag(row, "MS") {
			continue
		}
		c.clients = append(c.clients, row)
		if row.Name == "" {
			c.nameless = append(c.nameless, row)
		}
		if hasFlag(row, "b") {
			c.blocked = append(c.blocked, row)
		}
		if hasFlag(row, "O") {
			c.monitors = append(c.monitors, row)
		}
		if abandoned(row) {
			c.abandoned = append(c.abandoned, row)
		}
	}
}

// hasFlag says whether a connection has one of these flags.
func hasFlag(c *stats.ConnectionRow, flags string) bool {
	if c.Flags == "N" { // none: nearly all are so, and none of the rules asks for it
		return false
	}
	for i := range len(c.Flags) {
		if strings.IndexByte(flags, c.Flags[i]) >= 0 {
			return true
		}
	}
	return false
}

// connections returns those that clients have: without the link to the primary, replicas and our own.
func (w *Window) connections(pass func(*stats.ConnectionRow) bool) []*stats.ConnectionRow {
	return selected(w.census.clients, pass)
}

func selected(list []*stats.ConnectionRow, pass func(*stats.ConnectionRow) bool) []*stats.ConnectionRow {
	var result []*stats.ConnectionRow
	for _, c := range list {
		if pass(c) {
			result = append(result, c)
		}
	}
	return result
}
