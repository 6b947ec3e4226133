package web

import (
	"cmp"
	"time"

	"redistop/internal/stats"
)

// Unreachable is the rule of the one finding that is not a doctor's: the server does not answer.
const Unreachable = "unreachable"

// pauses is how long a server that is connected may keep us waiting: a long command is no outage, and who was connected
// to it a moment ago still is.
const pauses = 10 * time.Second

// outage says that a server gives no answer, and has not for so long that what it last told is not taken for the present.
func outage(s *stats.Snapshot) bool {
	switch s.Link.State {
	case stats.Up, stats.Loading:
		return false
	case stats.Stalled, stats.Busy:
		return s.Stale && s.Time.Sub(s.Link.Since) >= pauses
	}
	return true
}

// silence is the finding that a server has been out for a while. One that is tried for the first time is not known to be.
func silence(s *stats.Snapshot, least time.Duration) []stats.Finding {
	state := s.Link.State
	if state == stats.Connecting || !outage(s) || s.Time.Sub(s.Link.Since) < least {
		return nil
	}
	return []stats.Finding{{
		Rule: Unreachable, Severity: stats.Critical, Confidence: stats.Certain, Title: "the server does not answer: " + string(state),
		Evidence: []stats.Evidence{{What: "state", Value: cmp.Or(s.Link.Message, string(state)), Source: "redistop"}},
		Impact:   "Nobody knows how it is.", Remedy: []string{cmp.Or(s.Link.Hint, "Look whether it runs and can be reached from here.")},
		FirstSeen: s.Link.Since, LastSeen: s.Time,
	}}
}

// standing are the findings of a moment, the one that its server does not answer before those of when it last did.
func (m *moment) standing() []stats.Finding {
	if out := silence(m.snapshot, 0); out != nil {
		return append(out, m.snapshot.Findings...)
	}
	return m.snapshot.Findings
}
