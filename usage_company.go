package main

import (
	"maps"
	"slices"
	"sync"

	"redistop/internal/observe"
	"redistop/internal/redis"
)

// company is what the connections that look at keys are and send, for the observer that watches beside them. It may be
// used from any goroutine.
type company struct {
	mu     sync.Mutex
	ids    map[int64]bool   // guarded by mu, as is all below: those that there are
	sent   map[string]int64 // since it was taken
	looked redis.Lookups    // the same
}

func newCompany() *company { return &company{ids: map[int64]bool{}, sent: map[string]int64{}} }

// holds notes a connection, and leaves forgets it.
func (c *company) holds(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[id] = true
}

func (c *company) leaves(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ids, id)
}

// book counts what was sent; see server.ToolOptions.
func (c *company) book(sent []redis.Sent, looked redis.Lookups) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range sent {
		c.sent[s.Name] += s.Calls
	}
	c.looked = c.looked.Plus(looked)
}

// take is an observe.Beside.
func (c *company) take() observe.Company {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := observe.Company{IDs: slices.Sorted(maps.Keys(c.ids)), Looked: c.looked}
	for _, name := range slices.Sorted(maps.Keys(c.sent)) {
		told.Sent = append(told.Sent, redis.Sent{Name: name, Calls: c.sent[name]})
	}
	clear(c.sent)
	c.looked = redis.Lookups{}
	return told
}
