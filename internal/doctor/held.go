package doctor

import (
	"time"

	"redistop/internal/stats"
)

// A heldBuffer is what has waited in the output buffer of one connection, look after look.
type heldBuffer struct {
	since, last           time.Time
	sinceBytes, lastBytes int64
	deaf                  bool  // nothing of it was read of late
	sinceUsed             int64 // the server's memory when that began
}

const (
	heldFrom = 1 << 20 // bytes; less is everyday
	mostHeld = 10_000
)

// deaf says that a subscriber took nothing off its connection between two passes though something waits for
// it. What waits may be more than omem: Valkey 9 counts a published message, which all subscribers share, nowhere.
func deaf(c *stats.ConnectionRow) bool {
	sent, known := c.OutputBytesPerSecond.Get()
	return known && sent == 0 && c.Subscriptions > 0 && c.OutputBufferBytes > 0
}

// learnHeld follows the output buffers. CLIENT LIST may be older than the Snapshot: one pass counts once.
func (w *Window) learnHeld(s *stats.Snapshot) {
	seen := s.Time
	if s.Observer.ClientsTime != nil {
		seen = *s.Observer.ClientsTime
	}
	if seen.Equal(w.heldAt) {
		return
	}
	w.heldAt = seen
	before := w.held
	w.held = map[int64]heldBuffer{}
	for i := range s.Connections {
		c := &s.Connections[i]
		silent := deaf(c)
		if c.OutputBufferBytes < heldFrom && !silent || len(w.held) >= mostHeld {
			continue
		}
		h, ok := before[c.ID]
		switch used := s.Memory.Used.Or(0); {
		case !ok || c.OutputBufferBytes < h.sinceBytes/10*9: // it is being read
			h = heldBuffer{since: seen, sinceBytes: c.OutputBufferBytes, deaf: silent, sinceUsed: used}
		case silent != h.deaf:
			h.deaf, h.sinceUsed = silent, used
		}
		h.last, h.lastBytes = seen, c.OutputBufferBytes
		w.held[c.ID] = h
	}
}

// seconds is for how long it has not shrunk.
func (h heldBuffer) seconds() float64 { return h.last.Sub(h.since).Seconds() }

// speed is by how many bytes a second it grows.
func (h heldBuffer) speed() float64 {
	if h.seconds() <= 0 {
		return 0
	}
	return float64(h.lastBytes-h.sinceBytes) / h.seconds()
}
