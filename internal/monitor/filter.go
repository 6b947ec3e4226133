package monitor

import (
	"bytes"
	"net/netip"

	"redistop/internal/redis"
)

// A Filter says which commands of the stream are wanted; ParseFilter makes one. The zero Filter lets all
// of them through. Match keeps a memory for its work, which copies of a Filter share: a Filter and its
// copies belong to one goroutine at a time.
type Filter struct {
	terms []term
	work  *matching
}

// A term is one condition. It holds when any of its values does.
type term struct {
	field  field
	negate bool

	globs      []glob   // client name, command, key
	families   []bool   // of globs: the family of a command is meant, with all its subcommands
	words      [][]byte // text: lower case
	categories []string
	dbs        []int
	networks   []netip.Prefix // client: addresses and networks
	addrs      []string       // client: as the server writes it, "10.0.0.1:5123", "unix", "lua"
}

type field int

const (
	fieldText field = iota
	fieldClient
	fieldName
	fieldCommand
	fieldCategory
	fieldKey
	fieldDB
)

// Empty says that everything passes.
func (f *Filter) Empty() bool { return len(f.terms) == 0 }

// NeedsNames says that the Filter asks for the names of connections.
func (f *Filter) NeedsNames() bool {
	for i := range f.terms {
		if f.terms[i].field == fieldName {
			return true
		}
	}
	return false
}

// Match says whether a command passes. name tells the name of the connection with an address, "" where it
// is not known; nil knows none. It allocates nothing, unless an argument with escapes is longer than any
// before.
func (f *Filter) Match(l *redis.MonitorLine, name func(addr []byte) string) bool {
	if len(f.terms) == 0 {
		return true
	}
	m := f.work
	m.line, m.name, m.looked = l, name, false
	for i := range f.terms {
		if t := &f.terms[i]; m.holds(t) == t.negate {
			return false
		}
	}
	return true
}

// matching is what is known of the command that is looked at.
type matching struct {
	line   *redis.MonitorLine
	name   func([]byte) string
	looked bool               // command and info are of line
	info   *redis.CommandInfo // nil: not in the table
	first  []byte             // the command's name as written
	key    *term
	found  bool              // a key of key
	test   func([]byte) bool // tests one key; made once, since making it allocates
	text   []byte            // of an argument with escapes
}

func newMatching() *matching {
	m := new(matching)
	m.test = m.testKey
	return m
}

func (m *matching) holds(t *term) bool {
	switch t.field {
	case fieldClient:
		return t.holdsClient(m.line.Addr)
	case fieldName:
		if m.name == nil {
			return false
		}
		name := m.name(m.line.Addr)
		return anyGlob(t.globs, name)
	case fieldCommand:
		return m.holdsCommand(t)
	case fieldCategory:
		m.look()
		return m.info != nil && m.inCategory(t)
	case fieldKey:
		m.look()
		if m.info == nil {
			return false
		}
		m.key, m.found = t, false
		m.info.EachKey(m.line.Args, m.test)
		return m.found
	case fieldDB:
		for _, db := range t.dbs {
			if db == m.line.DB {
				return true
			}
		}
		return false
	}
	return m.holdsText(t)
}

// look finds the command once a line.
func (m *matching) look() {
	if m.looked {
		return
	}
	m.looked = true
	m.first, _, _ = redis.NextArg(m.line.Args)
	m.info, _ = redis.LookupArgs(m.line.Args)
}

func (m *matching) holdsCommand(t *term) bool {
	m.look()
	for i := range t.globs {
		switch {
		case m.info == nil && t.globs[i].matchLower(m.first):
			return true
		case m.info == nil:
		case t.families[i]:
			if t.globs[i].match(family(m.info.Name)) {
				return true
			}
		case t.globs[i].match(m.info.Name):
			return true
		}
	}
	return false
}

// family is the container of a subcommand, "config" for "config|get".
func family(command string) string {
	for i := range len(command) {
		if command[i] == '|' {
			return command[:i]
		}
	}
	return command
}

func (m *matching) inCategory(t *term) bool {
	for _, c := range t.categories {
		if m.info.Has(c) {
			return true
		}
	}
	return false
}

// testKey tests one key; false ends the search.
func (m *matching) testKey(quoted []byte) bool {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		m.text = redis.Unquote(m.text[:0], quoted)
		quoted = m.text
	}
	for i := range m.key.globs {
		if m.key.globs[i].matchBytes(quoted) {
			m.found = true
			return false
		}
	}
	return true
}

// holdsText looks for words in the command and its arguments as the client sent them, upper and lower case
// alike.
func (m *matching) holdsText(t *term) bool {
	text := m.line.Args
	if bytes.IndexByte(text, '\\') >= 0 {
		m.text = redis.Unquote(m.text[:0], text)
		text = m.text
	}
	for _, w := range t.words {
		if containsFold(text, w) {
			return true
		}
	}
	return false
}

// containsFold looks for a lower-case ASCII word; bytes beyond ASCII are as they are.
func containsFold(text, lower []byte) bool {
	for i := 0; i+len(lower) <= len(text); i++ {
		n := 0
		for n < len(lower) && lowered(text[i+n]) == lower[n] {
			n++
		}
		if n == len(lower) {
			return true
		}
	}
	return false
}

func lowered(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
