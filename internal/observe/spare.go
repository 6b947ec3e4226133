package observe

import (
	"sync"
	"time"

	"redistop/internal/stats"
)

// spare knows what the polls leave of the budget, so that a first search through many keys may have it. Its methods
// may be called from any goroutine.
type spare struct {
	budget float64 // of the whole observer; immutable

	mu     sync.Mutex
	paid   float64   // guarded by mu, as is all below: what the polls had taken on their connection, usec
	at     time.Time // when; zero: not known
	shares [4]float64
	n      int // shares that were measured
}

const (
	// reserve is the part of the budget that nobody is lent: one poll is dearer than another.
	reserve = 0.1
	// dearer is how much more than so far the polls may take at the next look.
	dearer = 1.25
)

// note takes what a Reading says of the polls.
func (s *spare) note(r *stats.Reading) {
	if r.Info == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	paid, at := r.Pacing.Paid, r.Time
	if span := at.Sub(s.at).Seconds(); !s.at.IsZero() && span > 0 && paid >= s.paid {
		s.shares[s.n%len(s.shares)] = (paid - s.paid) / 1e6 / span
		s.n++
	}
	s.paid, s.at = paid, at
}

// left is the share of the server's main thread that the polls do not need; 0 until they were measured a few times. It is
// by the dearest of the last polls, so it shrinks at once when they need more, and grows later.
func (s *spare) left() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n < len(s.shares) {
		return 0
	}
	most := 0.0
	for _, share := range s.shares {
		most = max(most, share)
	}
	return max(0, (1-reserve)*s.budget-dearer*most)
}
