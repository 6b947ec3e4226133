package usage

import (
	"cmp"
	"slices"
	"strings"
)

// A Key is a key by what SCAN and TYPE tell of it.
type Key struct {
	DB         int
	Name, Type string
}

// A Queue is the keys of one queue of a framework.
type Queue struct {
	DB        int
	Framework string
	Base      string // the prefix
	Name      string // in the framework's words; "": the keys that all its queues share, such as Sidekiq's retry
	Waiting   []Key  // more than one where it has priorities, or renames the list while it is paused
	InFlight  []Key
	Delayed   []Key // to be run later, the first time or again
	Dead      []Key
	Events    []Key   // streams in which the framework tells what happens; a Queue may have nothing else
	Oldest    *Oldest // where the time of the oldest waiting job stands; nil: it is not stored
}

// Queues finds the frameworks' queues among keys and says what each key is for. A key that is none of them, or that
// only helps a queue (a lock, a counter, a job), is in no Queue: RoleOf tells. What belongs to no framework is left
// to the caller. whole says that there are no other lists, sets and hashes: one that is not among them is missing.
func (t *Table) Queues(keys []Key, whole bool) []Queue {
	queues, _ := t.Arrange(keys, nil, whole)
	return queues
}

// Arrange is Queues, with the keys by which these frameworks name their queues. named are lists that such a key has named:
// what else such a list could be does not matter then.
func (t *Table) Arrange(keys []Key, named map[string]bool, whole bool) (queues []Queue, registers []Register) {
	items := make([]item, len(keys))
	for i, k := range keys {
		items[i] = item{db: k.DB, kind: k.Type, names: []string{k.Name}}
	}
	sightings := t.sight(items, named)
	if whole {
		miss(sightings)
	}
	found, owners := settle(sightings)
	for _, s := range found {
		if s.framework.Unnamed {
			continue
		}
		of := map[string]*Queue{}
		for row, at := range s.rows {
			for _, i := range at {
				if owners[i] != s {
					continue
				}
				s.put(of, row, keys[i], s.queues[i])
				if r, ok := s.register(row, keys[i], s.queues[i]); ok {
					registers = append(registers, r)
				}
			}
		}
		for _, q := range of {
			q.sort()
			queues = append(queues, *q)
		}
	}
	slices.SortFunc(queues, func(a, b Queue) int {
		return cmp.Or(cmp.Compare(a.DB, b.DB), strings.Compare(a.Framework, b.Framework), strings.Compare(a.Base, b.Base), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(registers, func(a, b Register) int {
		return cmp.Or(cmp.Compare(a.DB, b.DB), strings.Compare(a.Key.Name, b.Key.Name))
	})
	return queues, registers
}

// put adds a key to its queue, where it has a part in one.
func (s *sighting) put(of map[string]*Queue, row *Row, k Key, names []string) {
	switch row.Role {
	case Waiting, InFlight, Delayed, Retry, Dead, Events:
	default:
		return
	}
	name := ""
	if len(names) > 0 {
		name = names[0]
	}
	q := of[name]
	if q == nil {
		q = &Queue{DB: s.db, Framework: s.name(), Base: s.base, Name: name, Oldest: s.framework.Oldest}
		of[name] = q
	}
	switch row.Role {
	case Waiting:
		q.Waiting = append(q.Waiting, k)
	case InFlight:
		q.InFlight = append(q.InFlight, k)
	case Delayed, Retry:
		q.Delayed = append(q.Delayed, k)
	case Dead:
		q.Dead = append(q.Dead, k)
	case Events:
		q.Events = append(q.Events, k)
	}
}

func (q *Queue) sort() {
	for _, keys := range [][]Key{q.Waiting, q.InFlight, q.Delayed, q.Dead, q.Events} {
		slices.SortFunc(keys, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	}
}

// RoleOf is what a key would be in a framework's queue, by its name and type alone: cheap, and only a hint that it
// is worth keeping until Queues has seen its companions. "" where no framework writes such a key.
func (t *Table) RoleOf(name, kind string) Role {
	role, _ := t.WriterOf(name, kind)
	return role
}

// WriterOf is RoleOf with the framework that would write it, for roles that a name alone makes sure: strong ones under a usual
// prefix. Else the framework is "".
func (t *Table) WriterOf(name, kind string) (role Role, framework string) {
	most := 0
	for _, e := range t.byType[kind] {
		if e.row.Beside != "" {
			continue
		}
		if m, ok := e.row.name.match(name); ok {
			p := points[e.row.Weight]
			if !m.usual {
				p /= 2
			}
			if p > most {
				role, most, framework = e.row.Role, p, ""
				if p >= enough && !e.framework.Unnamed {
					framework = e.framework.Name
				}
			}
		}
	}
	return role, framework
}
