package observe

import (
	"maps"
	"sync"
	"time"

	"redistop/internal/messaging"
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// waits remembers of each connection what it waited for last, since a worker says it once and then waits for long. It
// may be used from any goroutine.
type waits struct {
	mu     sync.Mutex
	byAddr map[string]seenWait // guarded by mu
}

type seenWait struct {
	messaging.Wait
	at time.Time
}

// mostWaits bounds the connections of which it is remembered.
const mostWaits = 4096

func newWaits() *waits { return &waits{byAddr: map[string]seenWait{}} }

// tap takes one command of a window.
func (w *waits) tap(line *redis.MonitorLine) {
	wait, ok := messaging.WaitOf(line)
	if !ok {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.byAddr[wait.Addr]; known || len(w.byAddr) < mostWaits {
		w.byAddr[wait.Addr] = seenWait{wait, time.Now()}
	}
}

// keep forgets connections that are gone, where all that there are were listed.
func (w *waits) keep(p *stats.ClientReading) {
	if p == nil || !p.Complete {
		return
	}
	there := make(map[string]bool, len(p.Clients))
	for i := range p.Clients {
		there[p.Clients[i].Addr] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.byAddr, func(addr string, s seenWait) bool { return !there[addr] && s.at.Before(p.Started) })
}

// list is what is known.
func (w *waits) list() []messaging.Wait {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]messaging.Wait, 0, len(w.byAddr))
	for _, s := range w.byAddr {
		list = append(list, s.Wait)
	}
	return list
}
