package observe

import (
	"errors"
	"math/rand/v2"
	"time"

	"redistop/internal/server"
	"redistop/internal/stats"
)

// Backoff between attempts. A refused login waits longer: each attempt is an entry in the server's
// ACL LOG and may lock an account.
const (
	firstWait  = 500 * time.Millisecond
	lastWait   = 30 * time.Second
	deniedWait = 10 * time.Second
)

// StateOf is how an observer stands to a server by the error of its last attempt.
func StateOf(err error) stats.LinkState {
	switch {
	case errors.Is(err, server.ErrDenied):
		return stats.Denied
	case server.Busy(err):
		return stats.Busy
	case errors.Is(err, server.ErrSilent):
		return stats.Stalled
	}
	return stats.Down
}

// Backoff doubles from firstWait to lastWait, with a tenth of chance so that many observers of one
// server do not come back at the same moment.
func Backoff(state stats.LinkState, failures int) time.Duration {
	wait := min(lastWait, firstWait<<min(failures-1, 10))
	switch state {
	case stats.Denied:
		wait = max(wait, deniedWait)
	case stats.Stalled:
		wait = firstWait // the attempt itself waited, and the server may answer any moment
	}
	return wait - time.Duration(rand.Int64N(int64(wait/10)+1))
}
