package main

import (
	"context"
	"sync"
	"time"

	"redistop/internal/messaging"
	"redistop/internal/observe"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// bystander watches commands and clients beside a search for messages: how quickly jobs come, and who waits for them.
type bystander struct {
	observer *observe.Observer
	done     chan struct{}

	mu     sync.Mutex
	latest *stats.Snapshot // guarded by mu; nil: there was no answer
	usec   int64           // guarded by mu: of the server's time that the observer alone took
}

// standBy watches until ctx ends. company is what the search sends meanwhile.
func (m *messagingView) standBy(ctx context.Context, target server.Target, company *company) *bystander {
	b := &bystander{done: make(chan struct{})}
	b.observer = observe.Start(ctx, observe.Config{Target: target, Interval: min(m.interval, time.Second), Budget: m.budget, Eager: true, Sample: !m.noSample,
		Held: heldForMessages, Beside: company.take})
	go func() {
		defer close(b.done)
		for s := range b.observer.Snapshots() {
			usec := s.Observer.TotalUsec - s.Observer.BesideUsec
			if s.Link.State != stats.Up || s.Stale {
				s = nil // what is shown beside a queue is of the present
			}
			b.mu.Lock()
			b.latest, b.usec = s, usec
			b.mu.Unlock()
		}
	}()
	return b
}

// heldForMessages is what the server may hold of the command stream for us.
const heldForMessages = 8 << 20

// seen is the latest answer, nil where there is none, and what connections wait for.
func (b *bystander) seen() (*stats.Snapshot, []messaging.Wait) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest, b.observer.Waits()
}

// add counts what the observer took to what a search took.
func (b *bystander) add(cost *server.Cost) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cost.Usec += float64(b.usec)
}

// follow has a watcher look at what is waited for at present.
func (b *bystander) follow(w *messaging.Watcher) {
	if snap, waits := b.seen(); snap != nil {
		w.Follow(messaging.Awaited(waits, snap.Connections))
	}
}

// enrich joins what is known to what the watcher tells.
func (b *bystander) enrich(found *stats.Messaging) *stats.Messaging {
	snap, waits := b.seen()
	if snap == nil {
		return found
	}
	return messaging.Enrich(found, snap, waits)
}
