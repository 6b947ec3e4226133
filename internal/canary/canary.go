package canary

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Config says which pipeline to prove.
type Config struct {
	Kind     Kind
	Write    server.Target // where messages are sent
	Read     server.Target // where they are read
	Stream   string        // the stream that a person named; empty: one of our own
	Rate     float64       // messages a second
	Patience time.Duration // that a message is listened for before it is lost
}

// The bounds of Config.Rate, and the usual values.
const (
	MinRate         = 0.1
	MaxRate         = 1000.0
	DefaultRate     = 10.0
	DefaultPatience = 5 * time.Second
)

// remembers is how many messages a canary of a rate keeps in mind: those of two minutes.
func remembers(rate float64) int { return min(max(1024, int(rate*120)), 1<<17) }

// A Canary sends messages and reads them back. Run is called once; the other methods may be called from any goroutine.
type Canary struct {
	config Config
	run    string // tells runs apart; immutable
	way    way    // immutable once start has returned
	key    string // guarded by mu

	mu        sync.Mutex
	track     *track            // guarded by mu, as is all below
	held      int64             // the message that the sender is about to send again; 0: none
	lost      int64             // as of the last settling
	processes map[string]string // that answered last, by part: a new one is a restart or a failover
	ids       map[string]int64  // client ids by part
	sent      map[string]int64  // commands since they were taken
	final     *stats.Probe      // once it has ended
	probe     stats.Probe       // Reconnects, Restarts, Errors, LastError alone
}

// New makes a canary.
func New(c Config) *Canary {
	now := time.Now()
	return &Canary{config: c, run: strings.ToLower(rand.Text()[:8]), track: newTrack(now, remembers(c.Rate), c.Patience),
		processes: map[string]string{}, ids: map[string]int64{}, sent: map[string]int64{}, probe: stats.Probe{Kind: string(c.Kind), Since: now}}
}

// The parts of a canary.
const (
	sender   = "sender"
	receiver = "receiver"
)

// Run sends and reads until ctx ends, waits for what is under way, and takes away what it made. It returns an error when it
// could not begin, or when something of it is left. Once it has begun it outlives whatever happens to the server.
func (c *Canary) Run(ctx context.Context) error {
	reading, err := c.start(ctx)
	if err != nil {
		return err
	}
	return c.proceed(ctx, reading)
}

// proceed is Run with a reading connection that is ready.
func (c *Canary) proceed(ctx context.Context, reading *server.Messenger) error {
	writing, err := c.dial(ctx, c.config.Write, sender)
	if err == nil && writing.Replica() && c.config.Kind != PubSub {
		writing.Close()
		err = fmt.Errorf("write to %s: %w: write to its primary, and read from the replica", c.config.Write, ErrUnfit)
	}
	if err == nil && c.config.Stream != "" && c.config.Read.String() != c.config.Write.String() {
		if err = c.way.clean(ctx, writing); err != nil { // to remove a group that is not there tells whether the stream is
			err = fmt.Errorf("write to %s: %w", c.config.Write, err)
			writing.Close()
		}
	}
	if err != nil {
		reading.Close()
		if c.config.Kind == Stream {
			c.cleanAt(ctx, c.config.Read, nil) // where that fails too, it expires
		}
		return err
	}
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var working sync.WaitGroup
	working.Go(func() { c.listen(listening, reading) })
	writing, err = c.write(ctx, writing)
	if err == nil {
		c.drain()
	}
	c.finish()
	stop()
	working.Wait()
	return errors.Join(err, c.clean(ctx, writing))
}

// mostKeys bounds the names that are tried for one whose slot a node of a cluster has.
const mostKeys = 256

// start makes the reading connection ready before anything is sent.
func (c *Canary) start(ctx context.Context) (*server.Messenger, error) {
	m, err := c.dial(ctx, c.config.Read, receiver)
	if err != nil {
		return nil, err
	}
	for try := range mostKeys {
		part := ""
		if try > 0 {
			part = ":" + strconv.Itoa(try)
		}
		w, key := newWay(c.config.Kind, c.run, part, c.config.Stream, remembers(c.config.Rate))
		err = w.open(ctx, m)
		if err == nil {
			c.mu.Lock()
			c.way, c.key = w, key
			c.track.listen(true, time.Now())
			c.mu.Unlock()
			return m, nil
		}
		var reply *redis.ReplyError
		if c.config.Stream != "" || !errors.As(err, &reply) || reply.Code != "MOVED" {
			break
		}
	}
	m.Close()
	return nil, err
}

// dial connects a part, and notes which process answers.
func (c *Canary) dial(ctx context.Context, t server.Target, part string) (*server.Messenger, error) {
	m, err := server.OpenMessenger(ctx, t, c.config.Stream)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[part] = m.ID()
	if process := m.Process(); process != "" {
		before := c.processes[part]
		if before != "" && before != process && (part == sender || c.config.Read.String() != c.config.Write.String()) {
			c.probe.Restarts++
		}
		c.processes[part] = process
	}
	return m, nil
}

// drain waits until nothing is under way, or was listened for long enough, or the server has been away for as long.
func (c *Canary) drain() {
	const step = 20 * time.Millisecond
	for end := time.Now().Add(c.config.Patience + 2*time.Second); time.Now().Before(end); time.Sleep(step) {
		c.mu.Lock()
		c.held = 0
		c.track.settle(time.Now(), 0)
		waiting := c.track.waiting()
		c.mu.Unlock()
		if waiting == 0 {
			return
		}
	}
}

// finish keeps the counts as they are before the connections are closed.
func (c *Canary) finish() {
	p := c.Probe()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final = &p
}

// cleaning bounds what is done after the end.
const cleaning = 3 * time.Second

// clean takes away what was made. m is the sender's connection, nil when it has none.
func (c *Canary) clean(ctx context.Context, m *server.Messenger) error {
	err := c.cleanAt(ctx, c.config.Write, m)
	if c.config.Kind == Stream && c.config.Read.String() != c.config.Write.String() {
		err = errors.Join(err, c.cleanAt(ctx, c.config.Read, nil)) // its group was made there
	}
	return err
}

func (c *Canary) cleanAt(ctx context.Context, t server.Target, m *server.Messenger) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	var err error
	if m == nil && c.config.Kind != PubSub {
		if m, err = server.OpenMessenger(ctx, t, c.config.Stream); err != nil {
			return c.left(err)
		}
	}
	if m == nil {
		return nil
	}
	defer m.Close()
	if m.Replica() && c.config.Kind != PubSub {
		return nil // its primary has told it
	}
	if err = c.way.clean(ctx, m); err != nil && !errors.Is(err, ErrAbsent) { // somebody deleted it: nothing is left
		return c.left(err)
	}
	return nil
}

// left says what could not be taken away.
func (c *Canary) left(err error) error {
	key := redis.Argument(c.key)
	if c.config.Stream != "" {
		return fmt.Errorf("take the group %s%s off %s: %w", server.CanaryPrefix, c.run, key, err)
	}
	return fmt.Errorf("remove %s, which expires within %s by itself: %w", key, leaves, err)
}

// book counts what a connection has sent.
func (c *Canary) book(m *server.Messenger) {
	sent := m.Sent()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range sent {
		c.sent[s.Name] += s.Calls
	}
}

// failed notes an error.
func (c *Canary) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probe.Errors++
	c.probe.LastError = redis.PrintableCut(err.Error(), 200)
}

// Probe is what was counted until now, or until the end.
func (c *Canary) Probe() stats.Probe {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.final != nil {
		return *c.final
	}
	now := time.Now()
	c.track.settle(now, c.held)
	p := c.track.probe()
	p.Time, p.Kind, p.Since, p.Key = now, c.probe.Kind, c.probe.Since, c.key
	p.Reconnects, p.Restarts, p.Errors, p.LastError = c.probe.Reconnects, c.probe.Restarts, c.probe.Errors, c.probe.LastError
	p.Verdict, p.Broken = verdict(p)
	return p
}

// Own is the client ids of the canary's connections, and what they have sent since the last call.
func (c *Canary) Own() (ids []int64, sent []redis.Sent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.ids {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	for name, calls := range c.sent {
		sent = append(sent, redis.Sent{Name: name, Calls: calls})
	}
	clear(c.sent)
	return ids, sent
}
