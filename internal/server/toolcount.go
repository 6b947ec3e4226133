package server

import (
	"context"
	"time"

	"redistop/internal/redis"
)

// A Step is the size of one call of a command that is asked for many keys or elements: as many as
// the server gives within targetUsec, by its own count.
type Step struct {
	size    int
	least   int // where a call costs much before its first element, smaller ones would make it worse
	most    int
	perUnit float64 // usec
	units   float64 // asked for since the last count
	bytes   float64 // of one unit in replies, as last seen; 0: unknown
}

// firstPerUnit is what a key or an element takes before it was measured, in usec.
const firstPerUnit = 1.0

// Step returns the step of a command. It begins small.
func (t *Tool) Step(command string, first, most int) *Step {
	s := t.steps[command]
	if s == nil {
		s = &Step{size: first, least: 1, most: most, perUnit: min(firstPerUnit, targetUsec/float64(first))}
		t.steps[command] = s
	}
	return s
}

// Size is how much to ask for now.
func (s *Step) Size() int { return s.size }

// AtLeast keeps steps from becoming smaller than so many because of their price.
func (s *Step) AtLeast(n int) { s.least = n }

// Saw tells how long the reply to one step was, in bytes, and how long it may be.
func (s *Step) Saw(bytes, room int64) {
	s.bytes = float64(bytes) / float64(s.size)
	if bytes > room {
		s.size = max(1, int(float64(room)/s.bytes))
	}
}

// Ask makes the next step of this size, once the caller wants just that.
func (s *Step) Ask(size int) { s.size = max(1, min(size, s.most)) }

// learn fits the size to what a step took.
func (s *Step) learn(usec float64, room int64) {
	if s.units == 0 {
		return
	}
	s.perUnit = max(usec/s.units, 1e-5)
	s.units = 0
	want := max(float64(s.least), targetUsec/s.perUnit)
	if s.bytes > 0 {
		want = min(want, float64(room)/s.bytes)
	}
	s.size = max(1, min(s.most, int(want), 2*s.size))
}

// ReplyRoom is the longest reply that is wanted, in bytes: 64 kB are ready at once, and more would not make
// anything faster.
const ReplyRoom = 64 << 10

// Room is how long a reply should be at most, in bytes: near maxmemory a long one could evict keys.
func (t *Tool) Room() int64 { return min(ReplyRoom, roomIn(t.info)) }

// The counts: soon in the beginning, since the prices are guesses until then.
const (
	earlyAsks  = 8
	earlyTimes = 4
	countEvery = time.Second
	// lookEvery says at which of the counts the memory is looked at too.
	lookEvery = 5
)

func (t *Tool) countWhenDue(ctx context.Context) error {
	early := t.counts <= earlyTimes && t.asks >= earlyAsks
	if !early && time.Since(t.counted) < countEvery {
		return nil
	}
	return t.count(ctx)
}

// count asks the server what our commands took, pays for it, and fits the steps to it.
func (t *Tool) count(ctx context.Context) error {
	if t.blind != "" {
		return nil
	}
	if t.info.Int("maxmemory").Or(0) > 0 && t.counts%lookEvery == lookEvery-1 {
		v, err := t.conn.Do(ctx, "INFO", "default")
		if lost(err) {
			return err
		}
		if err == nil {
			t.info = redis.ParseInfo(v.Text)
		}
	}
	sent := t.conn.takeSent()
	v, err := t.conn.Do(ctx, "INFO", "commandstats")
	if lost(err) || t.prev == nil && err != nil && fatal(err) {
		return err
	}
	t.counted = time.Now()
	t.counts++
	if err != nil && fatal(err) { // for a moment: the next count covers this one
		for name, calls := range sent {
			t.conn.sent[name] += calls
		}
		return nil
	}
	now := redis.ParseInfo(v.Text)
	if len(now.Commands) == 0 {
		t.blind = "the server does not say what commands take"
		if err != nil {
			t.blind = redis.PrintableCut(err.Error(), 120)
		}
		return nil
	}
	if t.prev != nil {
		t.settle(now, sent)
	}
	t.purse.take(t.purse.price["info"]) // this one is counted the next time
	t.prev, t.asks = now, 0
	return nil
}

// settle pays by the server's count. A command that others use as well is paid at its mean price, except
// one whose calls differ much: of that we pay all, or what we waited for it where that is less.
func (t *Tool) settle(now *redis.Info, sent map[string]int64) {
	before, after := statsByName(t.prev), statsByName(now)
	t.purse.earn(time.Now(), time.Second)
	t.purse.settle(t.prev, now, sent, 0, 0)
	for name, calls := range sent {
		t.cost.Usec += t.purse.price[name] * float64(calls)
	}
	for name, s := range t.steps {
		calls, usec := after[name].Calls-before[name].Calls, float64(after[name].Usec-before[name].Usec)
		if sent[name] == 0 || calls <= 0 || usec < 0 {
			continue
		}
		ours := usec / float64(calls) * float64(sent[name])
		if calls > sent[name] {
			most := max(ours, min(usec, float64(t.waited[name].Microseconds())))
			t.purse.have = max(-t.purse.ceiling, t.purse.have-(most-ours))
			t.cost.Usec += most - ours
			ours = most
		}
		s.learn(ours, t.Room())
	}
	clear(t.waited)
}

// Cost is what was taken so far; Finish counts the last of it.
func (t *Tool) Cost() Cost {
	c := t.cost
	c.Elapsed, c.Guessed = time.Since(t.opened), t.blind
	return c
}

// Finish is Cost after a last count, even when ctx has ended.
func (t *Tool) Finish(ctx context.Context) Cost {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	c := t.Cost() // of the time up to here
	if !t.dead {
		t.count(ctx) // what cannot be counted any more is left out
	}
	c.Usec, c.Guessed = t.cost.Usec, t.blind
	return c
}
