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
	patient := context.WithoutCancel(ctx) // a message under way is waited for
	gap := pace(c.config.Rate)
	for due := time.Now(); server.Sleep(ctx, time.Until(due)) == nil; due = due.Add(gap) {
		if late := time.Since(due); late > behind {
			due = time.Now()
		}
		if m != nil {
			m = c.stay(ctx, sender, m)
		}
		if m == nil {
			if m = c.again(ctx, sender); m == nil {
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

// stay returns m, or nil after it was closed because Sentinels name another primary.
func (c *Canary) stay(ctx context.Context, part string, m *server.Messenger) *server.Messenger {
	bounded, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	if err := c.routes[part].astray(bounded, m); err != nil {
		c.failed(err)
		m.Close()
		return nil
	}
	return m
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
		err := c.attempt(patient, m, text)
		if err == nil {
			c.mu.Lock()
			c.track.took(text.number, time.Now())
			c.held = 0
			c.mu.Unlock()
			c.serves(sender, m)
			return m, nil
		}
		var reply *redis.ReplyError
		refusal := errors.As(err, &reply)
		moved := m != nil && c.routes[sender].follow(m, err)
		if refusal && !moved && c.hopeless(reply) {
			return m, err
		}
		if m != nil && !moved {
			c.failed(err)
		}
		if refusal && c.config.Kind == PubSub {
			c.mu.Lock()
			c.track.refuse(text.number)
			c.mu.Unlock()
		}
		if m != nil && (!refusal || moved || reply.Code == "READONLY") { // READONLY: it is the primary no more
			m.Close()
			m = nil
		}
		if c.config.Kind == PubSub || !(moved && failures == 1) && rest(ctx, failures, err) != nil {
			c.mu.Lock()
			c.held = 0
			c.mu.Unlock()
			return m, nil
		}
		if m == nil {
			m = c.again(ctx, sender)
		}
	}
}

// attempt sends a message once.
func (c *Canary) attempt(patient context.Context, m *server.Messenger, text message) error {
	if m == nil {
		return errNotConnected
	}
	ctx, cancel := context.WithTimeout(patient, c.config.Timeout)
	defer cancel()
	c.waits(sender, true)
	err := c.way.send(ctx, m, text.text())
	var reply *redis.ReplyError
	if err == nil || errors.As(err, &reply) {
		c.waits(sender, false)
	}
	return err
}

var errNotConnected = errors.New("not connected")

// hopeless says that the first message was refused for a reason that does not pass: a right, a key of another type.
func (c *Canary) hopeless(reply *redis.ReplyError) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.track.counts.Sent > 0 {
		return false
	}
	switch reply.Code {
	case "NOPERM", "WRONGTYPE", "READONLY", "ERR":
		return true
	}
	return false
}

// again connects a part anew, until it succeeds or ctx ends; then it returns nil.
func (c *Canary) again(ctx context.Context, part string) *server.Messenger {
	for failures := 1; ctx.Err() == nil; failures++ {
		m, err := c.dial(ctx, part)
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
		c.deafened(errors.Is(err, server.ErrClosed))
		if failures++; time.Since(began) > longRest {
			failures = 1
		}
		for err != nil {
			moved := c.routes[receiver].follow(m, err)
			m.Close()
			if ctx.Err() != nil {
				return
			}
			if !moved {
				c.failed(err)
			}
			if !(moved && failures == 1) && rest(ctx, failures, err) != nil {
				return
			}
			if m = c.again(ctx, receiver); m == nil {
				return
			}
			if err = c.reopen(ctx, m); err != nil {
				failures++
			}
		}
		c.serves(receiver, m)
		c.mu.Lock()
		c.track.listen(true, time.Now())
		c.mu.Unlock()
	}
}

// reopen makes another reading connection ready, and acknowledges what could not be where the key was before.
func (c *Canary) reopen(ctx context.Context, m *server.Messenger) error {
	if err := c.open(ctx, c.way, m); err != nil || c.owed == nil {
		return err
	}
	ds := c.owed
	c.owed = nil
	return c.done(ctx, m, ds)
}

// done acknowledges what was counted.
func (c *Canary) done(ctx context.Context, m *server.Messenger, ds []delivery) error {
	bounded, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	err := c.way.done(bounded, m, ds)
	if _, elsewhere := server.RedirectOf(err); elsewhere {
		c.owed = ds
	}
	return err
}

// deafened notes that nobody listens, and what was not heard of where the server ended it.
func (c *Canary) deafened(closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.track.listen(false, time.Now())
	if closed {
		c.unread = c.track.unread()
	}
}

// errDeaf is a connection on which nothing comes, though messages were sent and lost: a subscription that the server, or what
// stands between, has forgotten.
var errDeaf = errors.New("nothing comes any more on this connection")

// hear reads from one connection until it is of no further use.
func (c *Canary) hear(ctx context.Context, m *server.Messenger) error {
	for quiet := time.Now(); ; {
		ds, err := c.receive(ctx, m)
		if err != nil {
			return err
		}
		if err := c.routes[receiver].astray(ctx, m); err != nil {
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
		if err = c.done(ctx, m, ds); err != nil {
			return err
		}
	}
}

// receive waits for messages for as long as one call does, and for the server's answer for the timeout more.
func (c *Canary) receive(ctx context.Context, m *server.Messenger) ([]delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, listens+c.config.Timeout)
	defer cancel()
	defer time.AfterFunc(listens, func() { c.waits(receiver, true) }).Stop()
	ds, err := c.way.receive(ctx, m)
	var reply *redis.ReplyError
	if err == nil || errors.As(err, &reply) {
		c.waits(receiver, false)
	}
	return ds, err
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
