package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"redistop/internal/stats"
)

// ClientList is the answer of /api/v1/servers/{name}/clients.
type ClientList struct {
	Server      string                `json:"server"`
	Time        *time.Time            `json:"time,omitempty"`  // when these connections were seen; absent: never
	Stale       bool                  `json:"stale,omitempty"` // the server does not answer: these are the last known
	Known       int                   `json:"known"`           // connections that could be asked about
	Matched     int                   `json:"matched"`         // of them those that the filter lets through
	Connections []stats.ConnectionRow `json:"connections"`
}

// The bounds of limit.
const (
	fewConnections  = 100
	mostConnections = 10_000
)

func (s *Server) clients(w http.ResponseWriter, r *http.Request) {
	m, ok := s.named(w, r)
	if !ok {
		return
	}
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	limit := fewConnections
	if text := query.Get("limit"); text != "" {
		limit, _ = strconv.Atoi(text) // query has looked at it
	}
	if limit < 1 || limit > mostConnections {
		problem(w, http.StatusBadRequest, codeBadRequest, "parameter limit: not a number from 1 to 10000", "")
		return
	}
	all := m.snapshot.Connections
	rows := matching(all, query.Get("filter"))
	list := ClientList{
		Server: m.Name, Time: m.snapshot.Observer.ClientsTime, Stale: m.snapshot.Stale,
		Known: len(all), Matched: len(rows),
	}
	list.Connections = sorted(rows, query.Get("sort"))
	list.Connections = list.Connections[:min(limit, len(rows))]
	sendValue(w, r, s.board.tag(m.seq), list)
}

// matching are the rows that have text in one of their words. It shares rows' memory only where it
// leaves none out.
func matching(rows []stats.ConnectionRow, text string) []stats.ConnectionRow {
	if text == "" {
		return rows
	}
	text = strings.ToLower(text)
	found := []stats.ConnectionRow{}
	for i := range rows {
		r := &rows[i]
		for _, word := range [...]string{r.Addr, r.Name, r.User, r.Library, r.LastCommand} {
			if strings.Contains(strings.ToLower(word), text) {
				found = append(found, *r)
				break
			}
		}
	}
	return found
}

// order compares two rows by one field; known says whether a row has it.
type order struct {
	name    string
	compare func(a, b *stats.ConnectionRow) int
	known   func(*stats.ConnectionRow) bool // nil: always
}

// orders are the fields that connections can be sorted by.
var orders = []order{
	{"id", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.ID, b.ID) }, nil},
	{"addr", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.Addr, b.Addr) }, nil},
	{"name", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.Name, b.Name) }, func(r *stats.ConnectionRow) bool { return r.Name != "" }},
	{"user", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.User, b.User) }, func(r *stats.ConnectionRow) bool { return r.User != "" }},
	{"age_seconds", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.AgeSeconds, b.AgeSeconds) }, nil},
	{"idle_seconds", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.IdleSeconds, b.IdleSeconds) }, nil},
	{"output_buffer_bytes", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.OutputBufferBytes, b.OutputBufferBytes) }, nil},
	{"memory_bytes", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.MemoryBytes.Or(0), b.MemoryBytes.Or(0)) },
		func(r *stats.ConnectionRow) bool { return r.MemoryBytes.Known() }},
	{"commands", func(a, b *stats.ConnectionRow) int { return cmp.Compare(a.Commands.Or(0), b.Commands.Or(0)) },
		func(r *stats.ConnectionRow) bool { return r.Commands.Known() }},
	{"commands_per_second", func(a, b *stats.ConnectionRow) int {
		return cmp.Compare(a.CommandsPerSecond.Or(0), b.CommandsPerSecond.Or(0))
	}, func(r *stats.ConnectionRow) bool { return r.CommandsPerSecond.Known() }},
}

// sortNames are the values of the parameter sort.
func sortNames() []string {
	var names []string
	for _, o := range orders {
		names = append(names, o.name, "-"+o.name)
	}
	return names
}

// sorted is a sorted copy of rows; rows themselves where by is "". It is never nil.
func sorted(rows []stats.ConnectionRow, by string) []stats.ConnectionRow {
	if rows == nil {
		return []stats.ConnectionRow{}
	}
	name, falling := strings.CutPrefix(by, "-")
	i := slices.IndexFunc(orders, func(o order) bool { return o.name == name })
	if i < 0 {
		return rows
	}
	o := orders[i]
	copied := slices.Clone(rows)
	slices.SortStableFunc(copied, func(a, b stats.ConnectionRow) int {
		if o.known != nil {
			switch knowA, knowB := o.known(&a), o.known(&b); {
			case knowA != knowB && knowA:
				return -1
			case knowA != knowB:
				return 1
			}
		}
		if falling {
			return o.compare(&b, &a)
		}
		return o.compare(&a, &b)
	})
	return copied
}
