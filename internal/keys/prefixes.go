package keys

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"redistop/internal/redis"
)

// Prefixes is a tree of the beginnings of keys. The variable parts of keys are one: user:17:cart and
// user:18:cart lie under user:*: (see redis.FoldKey). Its zero value is not ready; see NewPrefixes.
type Prefixes struct {
	Root *Prefix

	separators string
	nodes      int
	pattern    []byte
	quoted     []byte
}

// Prefix is the keys that begin alike.
type Prefix struct {
	Name     string // the whole beginning, with its last separator; of a leaf the whole pattern; raw bytes
	Keys     Tally
	Memory   Tally // bytes
	Expiring Tally
	Types    map[string]int64 // keys
	Children map[string]*Prefix
}

// Rest is where keys are counted that found no place in the tree any more.
const Rest = "(others)"

// The bounds of the tree.
const (
	maxPrefixes = 20_000
	maxSegments = 12
)

// NewPrefixes cuts keys behind any of the characters in separators.
func NewPrefixes(separators string) *Prefixes {
	return &Prefixes{Root: &Prefix{}, separators: separators}
}

// Add counts one key in its prefix and all above it.
func (p *Prefixes) Add(k Key) {
	p.quoted = redis.AppendQuoted(p.quoted[:0], k.Name)
	p.pattern = redis.FoldKey(p.pattern[:0], p.quoted)
	node := p.Root
	node.add(k)
	rest := string(p.pattern)
	whole, at := rest, 0
	for segments := 0; rest != ""; segments++ {
		end := strings.IndexAny(rest, p.separators) + 1
		if end == 0 || segments == maxSegments {
			end = len(rest)
		}
		at += end
		node = p.child(node, rest[:end], whole[:at])
		node.add(k)
		if node.Name == Rest {
			return
		}
		rest = rest[end:]
	}
}

func (p *Prefixes) child(node *Prefix, segment, whole string) *Prefix {
	if c := node.Children[segment]; c != nil {
		return c
	}
	if p.nodes >= maxPrefixes {
		segment, whole = Rest, Rest
		if c := node.Children[segment]; c != nil {
			return c
		}
	}
	if node.Children == nil {
		node.Children = map[string]*Prefix{}
	}
	p.nodes++
	c := &Prefix{Name: string(redis.Unquote(nil, []byte(whole)))}
	node.Children[segment] = c
	return c
}

func (n *Prefix) add(k Key) {
	n.Keys.Add(1)
	n.Memory.Add(float64(k.Memory.Or(0)))
	if k.Expires.Or(false) {
		n.Expiring.Add(1)
	}
	if n.Types == nil {
		n.Types = map[string]int64{}
	}
	name := k.Type
	if _, known := n.Types[name]; !known && len(n.Types) >= maxTypes {
		name = Rest
	}
	n.Types[name]++
}

// Row is a line of the tree.
type Row struct {
	*Prefix
	Depth int
}

// Rows are the lines of the tree from the top: the heaviest first, none deeper than depth, none with less than
// share of the memory and of the keys, no more than most. A prefix that all keys of its parent have stands
// in the parent's place.
func (p *Prefixes) Rows(depth, most int, share float64) []Row {
	var rows []Row
	least := func(n *Prefix) bool {
		return n.Memory.Sum < share*p.Root.Memory.Sum && n.Keys.Sum < share*p.Root.Keys.Sum
	}
	var walk func(n *Prefix, level int)
	walk = func(n *Prefix, level int) {
		for _, c := range heaviest(n.Children) {
			if least(c) || len(rows) >= most {
				continue
			}
			for len(c.Children) == 1 {
				only := heaviest(c.Children)[0]
				if only.Keys.Keys != c.Keys.Keys || only.Name == Rest {
					break
				}
				c = only
			}
			rows = append(rows, Row{Prefix: c, Depth: level})
			if level+1 < depth {
				walk(c, level+1)
			}
		}
	}
	walk(p.Root, 0)
	return rows
}

func heaviest(children map[string]*Prefix) []*Prefix {
	return slices.SortedFunc(maps.Values(children), func(a, b *Prefix) int {
		return cmp.Or(cmp.Compare(b.Memory.Sum, a.Memory.Sum), cmp.Compare(b.Keys.Keys, a.Keys.Keys), cmp.Compare(a.Name, b.Name))
	})
}

// TypeNames are the types of its keys, the most frequent first.
func (n *Prefix) TypeNames() []string {
	return slices.SortedFunc(maps.Keys(n.Types), func(a, b string) int {
		return cmp.Or(cmp.Compare(n.Types[b], n.Types[a]), cmp.Compare(a, b))
	})
}
