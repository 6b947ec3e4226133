package usage

import "slices"

// Two frameworks that share a prefix may each have queues under it: Bull and BullMQ in one server. All keys of the one
// that explains most are not therefore its own; each queue is judged for itself.

// theirs says whether another sighting under the same prefix explains the queue of an item better than s does.
func (s *sighting) theirs(i int, left []*sighting) bool {
	queues := s.queues[i]
	if len(queues) != 1 { // of a layout that several queues have, nothing tells
		return false
	}
	for _, o := range left {
		if o.framework != s.framework && o.base == s.base && o.db == s.db && slices.Contains(o.queues[i], queues[0]) && o.explains(queues[0]) > s.explains(queues[0]) {
			return true
		}
	}
	return false
}

// explains is what the rows of one queue say together.
func (s *sighting) explains(queue string) int {
	if worth, known := s.byQueue[queue]; known {
		return worth
	}
	sum := 0
	for row, items := range s.rows {
		has := slices.ContainsFunc(items, func(i int) bool { return slices.Contains(s.queues[i], queue) })
		switch {
		case has && !row.Follows:
			sum += points[row.Weight]
		case !has && row.Always && s.whole && !slices.ContainsFunc(items, func(i int) bool { return s.partial[i] }):
			sum-- // its framework always writes such a key
		}
	}
	for i := range s.framework.Keys {
		if row := &s.framework.Keys[i]; row.Always && s.whole && len(s.rows[row]) == 0 {
			sum--
		}
	}
	if s.byQueue == nil {
		s.byQueue = map[string]int{}
	}
	s.byQueue[queue] = sum
	return sum
}
