package observe

import (
	"sync"
	"time"
)

// A watchman sees how late this process is run while something is waited for: what an answer seems to take
// is up to that much our own fault. It sets a timer and sees how late it comes; the end of the wait counts
// as one more look. Its methods may be called from any goroutine.
type watchman struct {
	mu    sync.Mutex
	timer *time.Timer   // guarded by mu, as is all
	since time.Time     // the wait began; zero: nothing is waited for
	due   time.Time     // the next look
	worst time.Duration // of this wait
}

// Between two looks: an eighth of the wait so far, so that a long wait costs us little.
const (
	firstLook = 2 * time.Millisecond
	lastLook  = 50 * time.Millisecond
)

// begin starts a wait.
func (w *watchman) begin(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.due, w.worst = now, now.Add(firstLook), 0
	if w.timer == nil {
		w.timer = time.AfterFunc(firstLook, w.look)
		return
	}
	w.timer.Reset(firstLook)
}

func (w *watchman) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.since.IsZero() || now.Before(w.due) { // a look that the next wait overtook
		return
	}
	w.worst = max(w.worst, now.Sub(w.due))
	step := min(max(firstLook, now.Sub(w.since)/8), lastLook)
	w.due = now.Add(step)
	w.timer.Reset(step)
}

// end closes the wait and returns how late we were run at worst in it.
func (w *watchman) end(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.since = time.Time{}
	return max(w.worst, now.Sub(w.due))
}

// soFar is the same of a wait that goes on.
func (w *watchman) soFar() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return 0
	}
	return w.worst
}
