package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/observe"
	"redistop/internal/redis"
)

// What the connections of a survey did is told once, and the connections for as long as they are there.
func TestCompany(t *testing.T) {
	c := newCompany()
	c.holds(7)
	c.holds(9)
	c.book([]redis.Sent{{Name: "type", Calls: 3}}, redis.Lookups{Hits: 3})
	c.book([]redis.Sent{{Name: "type", Calls: 2}, {Name: "pttl", Calls: 1}}, redis.Lookups{Misses: 1})
	want := observe.Company{IDs: []int64{7, 9}, Sent: []redis.Sent{{Name: "pttl", Calls: 1}, {Name: "type", Calls: 5}}, Looked: redis.Lookups{Hits: 3, Misses: 1}}
	if d := cmp.Diff(want, c.take()); d != "" {
		t.Error(d)
	}
	c.leaves(9)
	if d := cmp.Diff(observe.Company{IDs: []int64{7}}, c.take()); d != "" {
		t.Errorf("a second time: %s", d)
	}
}
