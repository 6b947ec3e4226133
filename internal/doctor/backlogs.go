package doctor

import (
	"fmt"
	"time"

	"redistop/internal/stats"
)

// A backlog is what waits in a queue or for a group, look after look.
type backlog struct {
	since, last   time.Time
	sinceN, lastN int64
	peak          int64
}

// backlogs are those that do not become less, by what they are of.
type backlogs struct {
	at   time.Time // of the newest look
	held map[string]backlog
}

const mostBacklogs = 2000

// groupMark and queueMark say what a backlog is of.
func groupMark(s *stats.StreamRow, g *stats.GroupRow) string {
	return fmt.Sprintf("group %d %q %q", s.DB, s.Key, g.Name)
}

func queueMark(q *stats.QueueRow) string { return fmt.Sprintf("queue %d %q %q", q.DB, q.Key, q.Name) }

// learn follows what waits. A look may be shown by several Snapshots: it counts once.
func (b *backlogs) learn(m *stats.Messaging) {
	if m == nil || m.Time.Equal(b.at) {
		return
	}
	b.at = m.Time
	before := b.held
	b.held = map[string]backlog{}
	keep := func(mark string, n int64) {
		h, ok := before[mark]
		if n == 0 || len(b.held) >= mostBacklogs {
			return
		}
		if !ok || n < h.sinceN/10*9 || n < h.peak/2 { // it is worked off
			h = backlog{since: m.Time, sinceN: n}
		}
		h.last, h.lastN, h.peak = m.Time, n, max(h.peak, n)
		b.held[mark] = h
	}
	for i := range m.Streams {
		s := &m.Streams[i]
		for j := range s.Groups {
			keep(groupMark(s, &s.Groups[j]), s.Groups[j].Lag.Or(0))
		}
	}
	for i := range m.Queues {
		keep(queueMark(&m.Queues[i]), m.Queues[i].Depth)
	}
}

// seconds is for how long it has not become less.
func (h backlog) seconds() float64 { return h.last.Sub(h.since).Seconds() }

// speed is by how many a second it grows.
func (h backlog) speed() float64 {
	if h.seconds() <= 0 {
		return 0
	}
	return float64(h.lastN-h.sinceN) / h.seconds()
}
