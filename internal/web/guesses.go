package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// freeGuesses is how many wrong logins one address may send at once; then one every guessPause.
	freeGuesses = 10
	guessPause  = 2 * time.Second
	// trusted is how long a program's right login keeps its address from being slowed: others behind the same
	// address must not be able to lock it out.
	trusted = time.Hour
)

// Guesses slows down who guesses logins: an address that has sent too many wrong ones is not listened to for a
// moment, and others are. Sessions that live are not asked for a login, so they go on.
type guesses struct {
	mu            sync.Mutex // as in limiter, what has not asked for longest is forgotten
	recent, older map[netip.Addr]*guesser
}

type guesser struct {
	wrong *rate.Limiter
	right time.Time // of a program's latest; guarded by guesses.mu
}

func newGuesses() *guesses { return &guesses{recent: map[netip.Addr]*guesser{}} }

// try looks at a login. program says that it came with a request of its own, by no form. heard is false where it
// was not looked at.
func (g *guesses) try(from netip.Addr, program bool, now time.Time, check func() bool) (right, heard bool) {
	one, known := g.of(network(from), now)
	var taken *rate.Reservation
	if !program || !known {
		if taken = one.wrong.ReserveN(now, 1); taken.DelayFrom(now) > 0 {
			taken.CancelAt(now)
			return false, false
		}
	}
	if !check() {
		return false, true
	}
	if taken != nil {
		taken.CancelAt(now) // only wrong ones count
	}
	if program {
		g.mu.Lock()
		one.right = now
		g.mu.Unlock()
	}
	return true, true
}

// of is the guesser of an address, and whether a program there was right of late.
func (g *guesses) of(from netip.Addr, now time.Time) (one *guesser, known bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one = g.recent[from]
	if one == nil {
		if one = g.older[from]; one == nil {
			one = &guesser{wrong: rate.NewLimiter(rate.Every(guessPause), freeGuesses)}
		}
		if len(g.recent) >= mostAddresses {
			g.older, g.recent = g.recent, map[netip.Addr]*guesser{}
		}
		g.recent[from] = one
	}
	return one, !one.right.IsZero() && now.Sub(one.right) < trusted
}
