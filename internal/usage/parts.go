package usage

import "strings"

// Polls says that the workers of a framework ask for jobs now and then instead of waiting for one.
func (t *Table) Polls(framework string) bool {
	f := t.called(framework)
	return f != nil && f.Polls
}

func (t *Table) called(name string) *Framework {
	for _, f := range t.frameworks {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// A Part is a key of a queue and what it is for.
type Part struct {
	Key
	Role Role
}

// Absent are the keys in which a queue's framework would keep what runs, is delayed or is dead, and that are not among those of the
// queue. A list, set or sorted set without members is no key: where there is none, there are no such jobs. Names that
// hold more than the queue's own cannot be told, and what all queues share is no single one's.
func (t *Table) Absent(q *Queue) (list []Part) {
	f := t.called(q.Framework)
	if f == nil {
		return nil
	}
	there := map[string]bool{}
	for _, keys := range [][]Key{q.InFlight, q.Delayed, q.Dead} {
		for _, k := range keys {
			there[k.Name] = true
		}
	}
	for i := range f.Keys {
		row := &f.Keys[i]
		switch row.Role {
		case InFlight, Delayed, Retry, Dead:
		default:
			continue
		}
		if row.Follows || row.Beside != "" || strings.Contains(row.Key, "<queue>") != (q.Name != "") {
			continue
		}
		name := strings.NewReplacer("<base>", q.Base, "<queue>", q.Name).Replace(row.Key)
		if part.MatchString(strings.NewReplacer("<base>", "", "<queue>", "").Replace(row.Key)) || there[name] {
			continue
		}
		there[name] = true
		list = append(list, Part{Key{q.DB, name, row.Type}, row.Role})
	}
	return list
}
