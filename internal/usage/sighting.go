package usage

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// An item is one kind of key that was seen: a layout of a survey, or a single key.
type item struct {
	db    int
	kind  string // its type
	names []string
	stays bool // most of its keys are known to have no TTL
	more  bool // it stands for more keys than names has
}

// A sighting is a framework under one prefix in one database.
type sighting struct {
	framework *Framework
	base      string
	usual     bool
	db        int
	rows      map[*Row][]int // the items that match each row
	queues    map[int][]string
	told      int            // points from clients, channels and groups
	evidence  []string       // words for them
	whole     bool           // all keys were seen
	lacks     bool           // a key that its framework always writes is not there
	partial   map[int]bool   // items that stand for more keys than they name
	byQueue   map[string]int // what explains found out
	also      string         // another framework that would leave the same
}

// reading is one name as one framework's key.
type reading struct {
	entry
	match
}

// readings are how a name of a type can be understood: at most one row of each framework, the most precise.
func (t *Table) readings(name, kind string, beside map[string]bool) []reading {
	var all []reading
	for _, e := range t.byType[kind] {
		m, ok := e.row.name.match(name)
		if !ok || e.row.Beside != "" && !beside[fill(e.row.Beside, m.base, m.queue, "")] && !beside[name] {
			continue
		}
		if m.queue == "" {
			m.queue = e.row.Queue
		}
		if n := len(all); n > 0 && all[n-1].framework == e.framework {
			if all[n-1].row.name.fixed < e.row.name.fixed {
				all[n-1] = reading{e, m}
			}
			continue
		}
		all = append(all, reading{e, m})
	}
	return all
}

// besides are the names among the items that rows ask for beside their own.
func (t *Table) besides(items []item) map[string]bool {
	found := map[string]bool{}
	for _, f := range t.frameworks {
		for i := range f.Keys {
			if f.Keys[i].Beside == "" {
				continue
			}
			for _, it := range items {
				for _, name := range it.names {
					if _, ok := f.Keys[i].beside.match(name); ok {
						found[name] = true
					}
				}
			}
		}
	}
	return found
}

type place struct {
	framework int
	db        int
	base      string
}

// sight finds every framework that could have written some of the items, of which some were named by a framework's own key.
func (t *Table) sight(items []item, named map[string]bool) map[place]*sighting {
	all := map[place]*sighting{}
	beside := t.besides(items)
	maps.Copy(beside, named)
	for i, it := range items {
		for _, name := range it.names {
			for _, r := range t.readings(name, it.kind, beside) {
				if r.row.Expires && it.stays {
					continue
				}
				at := place{r.framework.order, it.db, r.base}
				s := all[at]
				if s == nil {
					s = &sighting{framework: r.framework, base: r.base, usual: r.usual, db: it.db, rows: map[*Row][]int{}, queues: map[int][]string{}, partial: map[int]bool{}}
					all[at] = s
				}
				if it.more {
					s.partial[i] = true
				}
				if !slices.Contains(s.rows[r.row], i) {
					s.rows[r.row] = append(s.rows[r.row], i)
				}
				if r.queue != "" && !slices.Contains(s.queues[i], r.queue) {
					s.queues[i] = append(s.queues[i], r.queue)
				}
			}
		}
	}
	return all
}

// miss notes which sightings lack a key that their framework always writes. It wants to have seen all keys.
func miss(all map[place]*sighting) {
	for _, s := range all {
		s.whole = true
		for i := range s.framework.Keys {
			row := &s.framework.Keys[i]
			s.lacks = s.lacks || row.Always && len(s.rows[row]) == 0
		}
	}
}

// worth is what the rows say together, of items that nobody claims yet. Of two that explain as much, one that lacks a
// key is less.
func (s *sighting) worth(claimed map[int]bool) int {
	sum := s.told
	if s.lacks {
		sum--
	}
	for row, items := range s.rows {
		if row.Follows || !slices.ContainsFunc(items, func(i int) bool { return !claimed[i] }) {
			continue
		}
		p := points[row.Weight]
		if !s.usual {
			p /= 2
		}
		sum += p
	}
	return sum
}

// items that its rows match.
func (s *sighting) items() []int {
	var all []int
	for _, items := range s.rows {
		all = append(all, items...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// settle decides who wrote what: the sighting that explains most takes its items, the next is judged by what is
// left. owners has the sighting of each claimed item.
func settle(all map[place]*sighting) (found []*sighting, owners map[int]*sighting) {
	owners = map[int]*sighting{}
	claimed := map[int]bool{}
	left := slices.SortedFunc(maps.Values(all), func(a, b *sighting) int {
		return cmp.Or(cmp.Compare(a.framework.order, b.framework.order), cmp.Compare(a.db, b.db), strings.Compare(a.base, b.base))
	})
	for len(left) > 0 {
		best, most := -1, enough-1
		for i, s := range left {
			if w := s.worth(claimed); w > most {
				best, most = i, w
			}
		}
		if best < 0 {
			break
		}
		s := left[best]
		left = slices.Delete(left, best, best+1)
		s.also = rival(s, most, left, claimed)
		for _, i := range s.items() {
			if !claimed[i] && !s.theirs(i, left) {
				claimed[i], owners[i] = true, s
			}
		}
		found = append(found, s)
	}
	return found, owners
}

// rival names another framework that explains the same items as well, "" where there is none.
func rival(s *sighting, worth int, left []*sighting, claimed map[int]bool) string {
	mine := s.items()
	for _, o := range left {
		if o.framework != s.framework && len(mine) > 0 && o.worth(claimed) == worth && slices.Equal(mine, o.items()) {
			return o.framework.Name
		}
	}
	return ""
}

// name is what the framework is called, with the one that cannot be told from it.
func (s *sighting) name() string {
	switch {
	case s.framework.Unnamed:
		return ""
	case s.also != "":
		return s.framework.Name + " or " + s.also
	}
	return s.framework.Name
}
