package stats

import "slices"

// rows counts the rows of the tables.
func (m *Messaging) rows() int {
	if m == nil {
		return 0
	}
	n := len(m.Streams) + len(m.Queues) + len(m.Channels)
	for i := range m.Streams {
		for j := range m.Streams[i].Groups {
			n += 1 + len(m.Streams[i].Groups[j].Consumers)
		}
	}
	return n
}

// thinned is a copy with the first rows of each table, which say most.
func (m *Messaging) thinned() *Messaging {
	if m == nil {
		return nil
	}
	t := *m
	t.Omitted += thinTable(&t.Streams) + thinTable(&t.Queues) + thinTable(&t.Channels)
	t.Streams = slices.Clone(t.Streams)
	for i := range t.Streams {
		s := &t.Streams[i]
		thinTable(&s.Groups)
		s.Groups = slices.Clone(s.Groups)
		for j := range s.Groups {
			s.Groups[j].ConsumersMore += thinTable(&s.Groups[j].Consumers)
		}
	}
	return &t
}

// withoutRates is a copy for the time in which the server does not answer.
func (m *Messaging) withoutRates() *Messaging {
	if m == nil {
		return nil
	}
	none := Maybe[float64]{}
	t := *m
	t.Streams = changed(m.Streams, func(r *StreamRow) {
		r.AddedPerSecond = none
		r.Groups = changed(r.Groups, func(g *GroupRow) {
			g.LagPerSecond, g.ReadPerSecond, g.AckedPerSecond, g.DrainSeconds, g.DrainNever = none, none, none, none, false
		})
	})
	t.Queues = changed(m.Queues, func(r *QueueRow) {
		r.DepthPerSecond, r.ArrivedPerSecond, r.ServedPerSecond, r.DrainSeconds, r.DrainNever = none, none, none, none, false
	})
	t.Channels = changed(m.Channels, func(r *ChannelRow) { r.PublishedPerSecond, r.Error = none, none })
	return &t
}
