package server

import (
	"sync"
	"time"
)

// Own is the connections that one observer and whoever works beside it open to a server, by their local address: so MONITOR calls
// them too, where nothing on the way changes addresses. It knows them before they send anything, while CLIENT LIST
// tells of them a poll later; where addresses are changed that still does. It may be used from any goroutine.
type Own struct {
	mu     sync.RWMutex
	closed map[string]time.Time // guarded by mu; by address: when it was closed, or the zero time
}

// lastLines is how long after a connection was closed MONITOR may still show what it sent. Then its port may be another's.
const lastLines = time.Second

// NewOwn knows no connection yet. A Target that holds it reports those to it that are made with it.
func NewOwn() *Own { return &Own{closed: map[string]time.Time{}} }

// Has says whether an address is that of one of these connections.
func (o *Own) Has(addr []byte) bool {
	if o == nil {
		return false
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	at, known := o.closed[string(addr)]
	return known && (at.IsZero() || time.Since(at) < lastLines)
}

// OftenAsked says whether a command is one that we send often while we look for keys, and applications seldom send. On a
// unix socket, where all connections have one address in MONITOR, that is all there is to know ours by.
func OftenAsked(name string) bool {
	switch name {
	case "scan", "type", "pttl":
		return true
	}
	return false
}

func (o *Own) opened(addr string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for a, at := range o.closed {
		if !at.IsZero() && time.Since(at) >= lastLines {
			delete(o.closed, a)
		}
	}
	o.closed[addr] = time.Time{}
}

func (o *Own) ended(addr string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if at, known := o.closed[addr]; known && at.IsZero() {
		o.closed[addr] = time.Now()
	}
}
