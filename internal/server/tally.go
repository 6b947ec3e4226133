package server

import (
	"slices"
	"sync"

	"redistop/internal/redis"
)

// A tally counts the calls of one connection for a reader in another goroutine, who compares them with the server's counters.
// The server counts a call before its answer is read, so a call counts from when it is sent; one that waits, as in a blocking
// pop, is told again each time until it is answered: the server may count it in any of the intervals.
type tally struct {
	mu    sync.Mutex
	done  map[string]int64 // guarded by mu, as is all below; answered, and not told yet
	asked []string         // under way, in order
	told  int              // so many of the first of them were told
}

// newTally begins with what was sent already.
func newTally(sent map[string]int64) *tally { return &tally{done: sent} }

// ask notes calls that are sent now, when none is under way.
func (t *tally) ask(names []string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked, t.told = slices.Clone(names), 0
}

// answered says that the first call under way is over.
func (t *tally) answered() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told > 0 {
		t.told--
	} else {
		t.done[t.asked[0]]++
	}
	t.asked = t.asked[1:]
}

// end says that no answer will come any more. The server may have counted the call all the same.
func (t *tally) end() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range t.asked[t.told:] {
		t.done[name]++
	}
	t.asked, t.told = nil, 0
}

// take tells what is new since the last call, and what is under way.
func (t *tally) take() []redis.Sent {
	t.mu.Lock()
	defer t.mu.Unlock()
	sent := t.done
	for _, name := range t.asked {
		sent[name]++
	}
	t.done, t.told = map[string]int64{}, len(t.asked)
	return sentList(sent)
}
