package stats

import "strings"

// interner gives equal strings one copy. Names, addresses and commands repeat in every Reading, and
// as parsed they may be slices of a reply of megabytes, which a kept Snapshot must not keep alive.
// It remembers the strings of the last two turns, so it is bounded by what the server shows.
type interner struct {
	now, before map[string]string
}

func newInterner() *interner {
	return &interner{now: map[string]string{}, before: map[string]string{}}
}

// turn forgets what was not asked for since the turn before.
func (n *interner) turn() {
	n.now, n.before = n.before, n.now
	clear(n.now)
}

// text is a copy of s of its own, the same for equal strings.
func (n *interner) text(s string) string {
	if s == "" {
		return ""
	}
	if kept, ok := n.now[s]; ok {
		return kept
	}
	kept, ok := n.before[s]
	if !ok {
		kept = strings.Clone(s)
	}
	n.now[kept] = kept
	return kept
}
