package usage

// A Register is a key by which a framework names queues. A queue without jobs has no list; this key is there all the same.
type Register struct {
	Key
	Framework string
	Base      string // the prefix
	Queue     string // that the key itself names; "": the members of the set do

	row *Row
}

// register is what a key of this sighting names; queues are those in its own name.
func (s *sighting) register(row *Row, k Key, queues []string) (r Register, ok bool) {
	r = Register{Key: k, Framework: s.name(), Base: s.base, row: row}
	if row.Members == "" && len(queues) > 0 {
		r.Queue = queues[0]
	}
	return r, row.Waits != "" && (row.Members != "" || r.Queue != "")
}

// Named is the queue that a member of the set names.
func (r *Register) Named(member string) (queue string, ok bool) {
	m, ok := r.row.member.match(member)
	return m.queue, ok && (m.base == "" || m.base == r.Base)
}

// Waits is the list in which the jobs of a queue wait.
func (r *Register) Waits(queue string) string { return fill(r.row.Waits, r.Base, queue, "") }
