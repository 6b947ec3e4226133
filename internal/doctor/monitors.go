package doctor

import (
	"strings"
	"time"

	"redistop/internal/stats"
)

// A monitorSeen is a connection that had MONITOR on at every look since a time.
type monitorSeen struct {
	since time.Time
	input stats.Maybe[int64] // bytes that it has sent
	moved time.Time          // when that last grew, as far as it is counted
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
	for _, c := range w.census.monitors {
		m, ok := before[c.ID]
		if !ok {
			m = monitorSeen{since: seen, moved: seen}
		}
		was, counted := m.input.Get()
		if is, known := c.TotalInputBytes.Get(); !known || !counted || is != was {
			m.moved = seen
		}
		m.input = c.TotalInputBytes
		w.monitors[c.ID] = m
	}
}

// observerName is what redistop calls its connections.
const observerName = "redistop"

// inWindow says that a connection looks as one of another redistop does in a window of MONITOR: it waits in WAIT, behind
// which the end of the window lies in the server already. Everybody can call himself so and send a WAIT without an end:
// the window is then never over, see monitoredFor.
func inWindow(c *stats.ConnectionRow) bool {
	return c.Name == observerName && c.LastCommand == "wait" && strings.Contains(c.Flags, "b")
}

// monitoredFor says that the connection had MONITOR on for so long whenever it was seen. Windows of another redistop may
// be met at many looks in a row, since on an idle server one lasts until the next timer tick; but not for minutes, and
// each of them is asked for anew.
func (w *Window) monitoredFor(c *stats.ConnectionRow) bool {
	m := w.monitors[c.ID]
	least := time.Duration(w.Limit("seconds") * float64(time.Second))
	if silent := w.monitorsAt.Sub(m.moved); inWindow(c) && silent < least {
		least = time.Duration(w.Limit("redistop_seconds") * float64(time.Second))
	}
	return w.monitorsAt.Sub(m.since) >= least
}
