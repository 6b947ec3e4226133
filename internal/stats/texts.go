package stats

// texts by id, one behind the other in memory that is used again: to take one in allocates nothing.
// The text of id 0 is empty.
type texts struct {
	text []byte
	ends []uint32 // where the text of each id ends
}

func (n *texts) reset() { n.text, n.ends = n.text[:0], append(n.ends[:0], 0) }

// add gives the beginning of b the next id.
func (n *texts) add(b []byte) {
	n.text = append(n.text, b[:min(len(b), mostName)]...)
	n.ends = append(n.ends, uint32(len(n.text)))
}

// strings are copies of all texts, by id.
func (n *texts) strings() []string {
	all, begin := string(n.text), uint32(0)
	list := make([]string, len(n.ends))
	for id, end := range n.ends {
		list[id], begin = all[begin:end], end
	}
	return list
}
