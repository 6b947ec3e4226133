package doctor

import (
	"strings"
	"time"

	"redistop/internal/stats"
)

// A monitorSeen is a connection that had MONITOR on at every look since a time.
type monitorSeen struct {
	since  time.Time
	input  stats.Maybe[int64] // bytes that it has sent
	others int64              // MONITORs that others than we had sent by then, as far as that is known; the most so far
	moved  time.Time          // when one of these last grew, as far as they are counted
}

// learnMonitors follows who has MONITOR on. CLIENT LIST may be older than the Snapshot: one pass counts once.
func (w *Window) learnMonitors(s *stats.Snapshot) {
	seen := s.Time
	if s.Observer.ClientsTime != nil {
		seen = *s.Observer.ClientsTime
	}
	if seen.Equal(w.monitorsAt) {
		return
	}
	w.monitorsAt = seen
	before := w.monitors
	w.monitors = map[int64]monitorSeen{}
	others, counted := foreignMonitors(s)
	for _, c := range w.census.monitors {
		m, ok := before[c.ID]
		if !ok {
			m = monitorSeen{since: seen, moved: seen, others: others}
		}
		if m.asks(c, others, counted) {
			m.moved = seen
		}
		m.input, m.others = c.TotalInputBytes, max(m.others, others)
		w.monitors[c.ID] = m
	}
}

// asks says whether a connection may have sent something since the look before: by the bytes that it has sent, where the
// server counts them by connection, else by the MONITORs that somebody has sent.
func (m monitorSeen) asks(c *stats.ConnectionRow, others int64, counted bool) bool {
	was, known := m.input.Get()
	is, stillKnown := c.TotalInputBytes.Get()
	switch {
	case known && stillKnown:
		return is != was
	case counted:
		return others > m.others
	}
	return true
}

// foreignMonitors is how many MONITORs others than we have sent; known is false where the server does not tell what is
// called. Ours are counted when they are written, which may be a moment before the server counts them: then it is too few.
func foreignMonitors(s *stats.Snapshot) (n int64, known bool) {
	for i := range s.Commands {
		if row := &s.Commands[i]; row.Name == "monitor" {
			return row.Calls - row.OwnCalls, true
		}
	}
	return 0, len(s.Commands) > 0
}

// observerName is what redistop calls its connections.
const observerName = "redistop"

// inWindow says that a connection looks as one of another redistop does in a window of MONITOR: it waits in WAIT, behind
// which the end of the window lies in the server already. On a quiet server the windows adjoin, and one may be met at
// every look for as long as that redistop runs.
func inWindow(c *stats.ConnectionRow) bool {
	return c.Name == observerName && c.LastCommand == "wait" && strings.Contains(c.Flags, "b")
}

// leftOn says that a connection had MONITOR on for so long whenever it was seen, and is not in the windows of another
// redistop. Everybody can call himself so and send a WAIT without an end; each window, however, is asked for anew.
func (w *Window) leftOn(c *stats.ConnectionRow) bool {
	m := w.monitors[c.ID]
	least := time.Duration(w.Limit("seconds") * float64(time.Second))
	if inWindow(c) && w.monitorsAt.Sub(m.moved) < least {
		return false
	}
	return w.monitorsAt.Sub(m.since) >= least
}
