package history

import (
	"slices"
	"strings"
)

// conditions of a WHERE, all of which must hold.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) and(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// in is left out where nothing is named.
func (c *conditions) in(column string, values []string) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	c.and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// servers by their numbers, which the indexes begin with.
func (c *conditions) servers(names []string) {
	if len(names) == 0 {
		return
	}
	args := make([]any, len(names))
	for i, name := range names {
		args[i] = name
	}
	c.and("t.server IN (SELECT id FROM server WHERE name IN (?"+strings.Repeat(", ?", len(names)-1)+"))", args...)
}

func (c *conditions) text() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// wanted says whether a server is among those asked for.
func wanted(servers []string, name string) bool {
	return len(servers) == 0 || slices.Contains(servers, name)
}

// limited is how many rows to answer with.
func limited(limit, usual int) int {
	if limit <= 0 {
		return usual
	}
	return min(limit, 10_000)
}
