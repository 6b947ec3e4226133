package canary

import (
	"context"
	"errors"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// The pauses between attempts: short at first, as a client's that wants to be back soon.
const (
	firstRest  = 50 * time.Millisecond
	longRest   = 2 * time.Second
	deniedRest = 10 * time.Second // every attempt is an entry in the server's ACL LOG
	// behind is how far the sender may be late and still catch up.
	behind = 100 * time.Millisecond
)

// rest waits before the next attempt, longer after each failure in a row.
func rest(ctx context.Context, failures int, err error) error {
	d := longRest
	if failures < 6 {
		d = firstRest << (failures - 1)
	}
	if errors.Is(err, server.ErrDenied) {
		d = deniedRest
	}
	return server.Sleep(ctx, d)
}

// write sends until ctx ends, or until the very first message is refused for good. It returns its connection, nil when it
// has none.
func (c *Canary) write(ctx context.Context, m *server.Messenger) (*server.Messenger, error) {
	gap := time.Duration(float64(time.Second) / c.config.Rate)
	patient := context.WithoutCancel(ctx) // a message under way is waited for
	for due := time.Now(); server.Sleep(ctx, time.Until(due)) == nil; due = due.Add(gap) {
		if late := time.Since(due); late > behind {
			due = time.Now()
		}
		if m == nil {
			if m = c.again(ctx, c.config.Write, sender); m == nil {
				break
			}
		}
		if !c.roomy() {
			continue
		}
		c.mu.Lock()
		now := time.Now()
		text := message{run: c.run, number: c.track.begin(now), sent: now}
		c.held = text.number
		c.mu.Unlock()
		var err error
		if m, err = c.deliver(ctx, patient, m, text); err != nil {
			return m, err
		}
	}
	return m, nil
}

// roomy says whether another message may be sent: where the server keeps them, no more than are remembered.
func (c *Canary) roomy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.config.Kind == PubSub || c.track.room()
}

// deliver sends one message until the server has taken it. Over Pub/Sub it is sent once.
func (c *Canary) deliver(ctx, patient context.Context, m *server.Messenger, text message) (*server.Messenger, error) {
	for failures := 1; ; failures++ {
		err := errNotConnected
		if m != nil {
			bounded, cancel := context.WithTimeout(patient, answers)
			err = c.way.send(bounded, m, text.text())
			cancel()
			c.book(m)
		}
		if err == nil {
			c.mu.Lock()
			c.track.took(text.number, time.Now())
			c.held = 0
			c.mu.Unlock()
			return m, nil
		}
		var reply *redis.ReplyError
		refusal := errors.As(err, &reply)
		if refusal && c.hopeless(reply) {
			return m, err
		}
		if m != nil {
			c.failed(err)
		}
		if refusal && c.config.Kind == PubSub {
			c.mu.Lock()
			c.track.refuse(text.number)
			c.mu.Unlock()
		}
		if !refusal && m != nil {
			m.Close()
			m = nil
		}
		if c.config.Kind == PubSub || rest(ctx, failures, err) != nil {
			c.mu.Lock()
			c.held = 0
			c.mu.Unlock()
			return m, nil
		}
		if m == nil {
			m = c.again(ctx, c.config.Write, sender)
		}
	}
}

// answers bounds the wait for one answer: a stopped server is noticed.
const answers = 10 * time.Second

var errNotConnected = errors.New("not connected")

// hopeless says that the first message was refused for a reason that does not pass: a right, a key of another type or node.
func (c *Canary) hopeless(reply *redis.ReplyError) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.track.counts.Sent > 0 {
		return false
	}
	switch reply.Code {
	case "NOPERM", "WRONGTYPE", "MOVED", "READONLY", "ERR":
		return true
	}
	return false
}

// again connects a part anew, until it succeeds or ctx ends; then it returns nil.
func (c *Canary) again(ctx context.Context, t server.Target, part string) *server.Messenger {
	for failures := 1; ctx.Err() == nil; failures++ {
		m, err := c.dial(ctx, t, part)
		if err == nil {
			c.mu.Lock()
			c.probe.Reconnects++
			c.mu.Unlock()
			return m
		}
		if ctx.Err() != nil {
			return nil
		}
		c.failed(err)
		if rest(ctx, failures, err) != nil {
			return nil
		}
	}
	return nil
}

// listen reads until ctx ends, over one connection after another.
func (c *Canary) listen(ctx context.Context, m *server.Messenger) {
	for failures := 0; ; {
		began := time.Now()
		err := c.hear(ctx, m)
		m.Close()
		c.book(m)
		c.tell(false)
		if ctx.Err() != nil {
			return
		}
		c.failed(err)
		if failures++; time.Since(began) > longRest {
			failures = 1
		}
		if rest(ctx, failures, err) != nil {
			return
		}
		for m = c.again(ctx, c.config.Read, receiver); m != nil; m = c.again(ctx, c.config.Read, receiver) {
			if err = c.way.open(ctx, m); err == nil {
				break
			}
			m.Close()
			c.failed(err)
			if failures++; rest(ctx, failures, err) != nil {
				return
			}
		}
		if m == nil {
			return
		}
		c.tell(true)
	}
}

// tell notes whether somebody listens.
func (c *Canary) tell(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.track.listen(on, time.Now())
}

// errDeaf is a connection on which nothing comes, though messages were sent and lost: a subscription that the server, or what
// stands between, has forgotten.
var errDeaf = errors.New("nothing comes any more on this connection")

// hear reads from one connection until it is of no further use.
func (c *Canary) hear(ctx context.Context, m *server.Messenger) error {
	quiet := time.Now()
	for {
		bounded, cancel := context.WithTimeout(ctx, answers)
		ds, err := c.way.receive(bounded, m)
		cancel()
		c.book(m)
		if err != nil {
			return err
		}
		now := time.Now()
		if len(ds) == 0 {
			if c.deaf(quiet, now) {
				return errDeaf
			}
			continue
		}
		quiet = now
		c.count(ds, now)
		bounded, cancel = context.WithTimeout(ctx, answers)
		err = c.way.done(bounded, m, ds)
		cancel()
		if err != nil {
			return err
		}
	}
}

// deaf says that messages were lost while nothing was heard for twice the patience.
func (c *Canary) deaf(quiet, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.track.settle(now, c.held)
	more := c.track.counts.Lost > c.lost
	c.lost = c.track.counts.Lost
	return more && now.Sub(quiet) > 2*c.config.Patience
}

// count notes what has arrived.
func (c *Canary) count(ds []delivery, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range ds {
		if m, ok := parse(d.text); ok && m.run == c.run {
			c.track.receive(m, now)
		}
	}
	c.track.settle(now, c.held)
	c.lost = c.track.counts.Lost
}
