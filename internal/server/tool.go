package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"redistop/internal/redis"
)

// ToolOptions says what a Tool may do.
type ToolOptions struct {
	Budget   float64                           // share of the server's main thread that it may take: 0.01 is 1 %
	Values   bool                              // read values
	Actions  bool                              // delete keys: a person confirmed it
	Messages bool                              // look at streams, queues and channels, and at nothing else
	Pending  bool                              // look at what a group has not acknowledged, and with Actions claim and acknowledge it, and nothing else
	Booked   func([]redis.Sent, redis.Lookups) // told what was sent after each write, by the Tool's goroutine; nil: nobody is
	Cut      int64                             // bytes kept of one string of a reply, what is behind is read over; 0: 32 MiB
}

// A Tool asks many small questions about keys on behalf of a person, or of who looks at messages, at a pace that takes no more of
// the server than its budget, by the server's own count. It is owned by one goroutine, and of no
// further use after an error that is not a *redis.ReplyError.
type Tool struct {
	conn    *Conn
	info    *redis.Info // as of the last look at everything
	caps    Capabilities
	purse   *purse
	opened  time.Time
	cost    Cost
	prev    *redis.Info              // the last count of commands
	steps   map[string]*Step         // by command
	waited  map[string]time.Duration // for answers since the last count, by command
	counted time.Time
	asks    int // writes since then
	booked  func([]redis.Sent, redis.Lookups)
	dead    bool                // the connection is of no further use
	counts  int                 // how many counts there were
	blind   string              // why the server's counters cannot be read; empty: they can
	refused []string            // commands that the server has and does not let us send
	Stalls  func(reason string) // told when the server refuses for a while; nil: nobody is
}

// Cost is what a Tool has taken.
type Cost struct {
	Usec    float64 // of the server's main thread, by its own count of our commands
	Elapsed time.Duration
	Guessed string // why Usec is the time we waited for answers instead, which is more; empty: it is counted
}

// Share is the part of the server's main thread that was taken.
func (c Cost) Share() float64 {
	if c.Elapsed <= 0 {
		return 0
	}
	return c.Usec / float64(c.Elapsed.Microseconds())
}

// The commands that the tools use beside "info" and those of greeting, by what they are for.
var (
	keyCommands    = []string{"scan", "type", "pttl", "memory|usage", "strlen", "hlen", "scard", "zcard", "llen", "xlen", "client|no-touch"}
	valueCommands  = []string{"getrange", "hscan", "sscan", "zscan", "zrange", "lrange", "xrange"}
	deleteCommands = []string{"unlink"}

	pendingCommands = []string{"xpending", "xinfo|consumers"}
	claimCommands   = []string{"eval", "xclaim", "xrange", "xack", "xgroup|createconsumer", "xgroup|delconsumer"} // all but the first inside of it
	canaryCommands  = []string{"publish", "subscribe", "rpush", "blpop", "expire", "unlink", "xadd", "xgroup|create", "xgroup|destroy", "xreadgroup", "xread", "xack", "xdel", "cluster|slots", "asking", "readonly"}
)

// toolReply bounds a reply with values: a string of 512 MB, the longest that servers permit by
// default, is read over and not kept.
const toolReply = 1 << 30

// OpenTool connects, learns what the server is, and asks it to leave the keys as hot as they are.
func OpenTool(ctx context.Context, target Target, o ToolOptions) (*Tool, error) {
	if o.Cut <= 0 {
		o.Cut = maxBulk
	}
	c, err := dial(ctx, target, redis.Limits{Bulk: o.Cut, Total: toolReply, Depth: maxDepth, Elems: maxElems})
	if err != nil {
		return nil, err
	}
	c.may = consent{keys: !o.Messages && !o.Pending, messages: o.Messages, pending: o.Pending, values: o.Values, actions: o.Actions}
	now := time.Now()
	t := &Tool{conn: c, purse: newPurse(o.Budget, now), opened: now, booked: o.Booked, steps: map[string]*Step{}, waited: map[string]time.Duration{}}
	if o.Messages { // it goes on for as long as redistop watches, with commands so small that the server counts the lesser part of each
		t.purse.perCall = perSmallCall
	}
	if err := t.learn(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("ask %s: %w", target, err)
	}
	return t, nil
}

func (t *Tool) learn(ctx context.Context) error {
	t.info = redis.ParseInfo()
	if err := t.count(ctx); err != nil {
		return denied(err)
	}
	if t.blind == "" {
		v, err := t.conn.Do(ctx, "INFO", "default")
		if err != nil {
			return denied(err)
		}
		t.info = redis.ParseInfo(v.Text)
	}
	all := append(append(append([]string{}, keyCommands...), valueCommands...), deleteCommands...)
	var err error
	switch {
	case t.conn.may.messages:
		all = messageCommands()
	case t.conn.may.pending:
		all = slices.Concat(pendingCommands, claimCommands, []string{"xinfo", "xgroup"})
	}
	if t.caps, err = probe(ctx, t.conn, t.info, false, all...); err != nil {
		return err
	}
	if t.conn.may.messages {
		if err := t.rehearse(ctx); err != nil {
			return err
		}
	}
	if t.caps.Has("client|no-touch") {
		if _, err := t.conn.Do(ctx, "CLIENT", "NO-TOUCH", "ON"); err != nil {
			if lost(err) {
				return err
			}
			t.caps.known["client|no-touch"] = false
		}
	}
	return nil
}

// Info is what the server said of itself last.
func (t *Tool) Info() *redis.Info { return t.info }

// Has says whether the server has a command ("memory|usage") and is not known to refuse it.
func (t *Tool) Has(command string) bool { return t.caps.Has(command) }

// Close ends the connection.
func (t *Tool) Close() error { return t.conn.Close() }

// Allow changes the budget from now on.
func (t *Tool) Allow(budget float64) {
	if budget == t.purse.budget {
		return
	}
	t.purse.earn(time.Now(), time.Second) // what was earned so far was earned at the old rate
	t.purse.budget = budget
}

// Ask sends one command when the budget permits it. An error reply is a *redis.ReplyError.
func (t *Tool) Ask(ctx context.Context, args ...string) (redis.Value, error) {
	v, err := t.AskAll(ctx, [][]string{args})
	if err != nil {
		return redis.Value{}, err
	}
	return v[0], v[0].Err()
}

// AskAll sends small commands, a few in one write, and returns their replies in order; an error reply is a
// Value like any other. Beside an error stand the replies that came before it. A server that refuses
// everything for a moment is asked again.
func (t *Tool) AskAll(ctx context.Context, commands [][]string) ([]redis.Value, error) {
	values := make([]redis.Value, 0, len(commands))
	for len(commands) > 0 {
		n, usec := t.oneWrite(commands)
		if err := t.afford(ctx, usec); err != nil {
			return values, err
		}
		got, err := t.persist(ctx, commands[:n])
		if err != nil {
			return values, err
		}
		values, commands = append(values, got...), commands[n:]
		if err := t.countWhenDue(ctx); err != nil {
			return values, err
		}
	}
	return values, nil
}

const (
	// target is how long the server should be held by one write of ours, in usec: long enough that
	// the way there and back is not all of the time, far below the 1 ms that others would feel.
	targetUsec = 250.0
	writeBytes = 32 << 10
)

// oneWrite is how many of the commands go into one write, and what they will take, in usec.
func (t *Tool) oneWrite(commands [][]string) (n int, usec float64) {
	bytes := 0
	for _, args := range commands[:min(len(commands), maxPipeline)] {
		price := t.predict(args)
		for _, a := range args {
			bytes += len(a) + 16
		}
		if n > 0 && (usec+price > targetUsec || bytes > writeBytes) {
			break
		}
		n++
		usec += price
	}
	return n, usec
}

// perSmallCall is what reading a small command in a pipeline and answering it take the server beside what it counts
// for it, in usec.
const perSmallCall = 1.5

// smallUsec is what a small question takes before it was measured.
const smallUsec = 4.0

// predict is what a command will take. Whether it may be sent is not asked here.
func (t *Tool) predict(args []string) float64 {
	name, err := check(args, t.conn.may)
	if err != nil {
		return 0
	}
	if s := t.steps[name]; s != nil {
		return s.perUnit*float64(s.size) + t.purse.perCall
	}
	if usec, ok := t.purse.price[name]; ok {
		return usec + t.purse.perCall
	}
	return smallUsec
}

// afford waits until the budget covers so many usec, and puts them aside. What was put aside on a guess
// is settled while it waits: guesses that are too high would else keep it waiting for ever.
func (t *Tool) afford(ctx context.Context, usec float64) error {
	for {
		t.purse.earn(time.Now(), time.Second)
		settled := t.asks == 0 // nothing but the last INFO is put aside, which may be more than the purse holds
		if t.purse.affords(usec) || settled && t.purse.have >= t.purse.ceiling {
			t.purse.take(usec)
			return nil
		}
		if !settled && time.Since(t.counted) >= countEvery {
			if err := t.count(ctx); err != nil {
				return err
			}
			continue
		}
		short := usec - (t.purse.have - t.purse.aside)
		wait := time.Duration(short / t.purse.budget * float64(time.Microsecond))
		if err := Sleep(ctx, min(max(wait, time.Millisecond), time.Second)); err != nil {
			return err
		}
	}
}

// Sleep waits, or returns earlier with the reason why ctx has ended.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The patience with a server that refuses everything while it loads or a script runs too long.
const (
	refusedPause = time.Second
	refusedMost  = 60
)

// persist sends commands until none of them is refused for a reason that passes.
func (t *Tool) persist(ctx context.Context, commands [][]string) ([]redis.Value, error) {
	values, err := t.send(ctx, commands)
	for try := 0; err == nil && try < refusedMost; try++ {
		var again [][]string
		var at []int
		for i, v := range values {
			var reply *redis.ReplyError
			if errors.As(v.Err(), &reply) && (passing(reply) || reply.Code == "TRYAGAIN") {
				again, at = append(again, commands[i]), append(at, i)
			}
		}
		if len(again) == 0 {
			break
		}
		if t.Stalls != nil {
			t.Stalls(redis.PrintableCut(values[at[0]].Text, 120))
		}
		if err = Sleep(ctx, refusedPause); err != nil {
			break
		}
		var got []redis.Value
		if got, err = t.send(ctx, again); err == nil {
			for i, v := range got {
				values[at[i]] = v
			}
		}
	}
	return values, err
}

// grace is how long an answer that is under way is waited for when ctx ends, so that what was done is known.
const grace = 2 * time.Second

func (t *Tool) send(ctx context.Context, commands [][]string) ([]redis.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel()
		case <-patient.Done():
		}
	})()
	began := time.Now()
	values, err := t.conn.exchange(patient, commands...)
	took := time.Since(began)
	t.book()
	t.asks++
	if err != nil {
		t.dead = true
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	name, _ := check(commands[0], t.conn.may)
	t.waited[name] += took
	if s := t.steps[name]; s != nil {
		s.units += float64(s.size)
	}
	if t.blind != "" {
		t.pay(float64(took.Microseconds()))
		t.asks = 0
	}
	return values, nil
}

func (t *Tool) pay(usec float64) {
	t.purse.have = max(-t.purse.ceiling, t.purse.have-usec)
	t.purse.aside = 0
	t.cost.Usec += usec
}
