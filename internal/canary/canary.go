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
	Write    server.Target    // where messages are sent
	Read     server.Target    // where they are read
	Sentinel *server.Sentinel // asked for the address of Write, and of Read where that has none; nil: they have one
	Stream   string           // the stream that a person named; empty: one of our own
	Shared   bool             // groups of others may get what is sent to Stream, where it stays then
	Rate     float64          // messages a second
	Patience time.Duration    // that a message is listened for before it is lost
	Timeout  time.Duration    // that an answer is waited for before a connection is given up; 0: DefaultTimeout
}

// apart says that messages are read at another server than they are sent to.
func (c Config) apart() bool { return c.Read.String() != c.Write.String() }

// The bounds of Config.Rate, and the usual values.
const (
	MinRate         = 0.1
	MaxRate         = 1000.0
	DefaultRate     = 10.0
	DefaultPatience = 5 * time.Second
	DefaultTimeout  = 5 * time.Second
)

// remembers is how many messages a canary of a rate keeps in mind: those of two minutes.
func remembers(rate float64) int { return min(max(1024, int(rate*120)), 1<<17) }

// A Canary sends messages and reads them back. Run is called once; the other methods may be called from any goroutine.
type Canary struct {
	config Config
	run    string // tells runs apart; immutable
	way    way    // immutable once start has returned
	key    string // guarded by mu

	owed   []delivery        // counted, and not acknowledged because the key has moved; the receiver's
	routes map[string]*route // by part; immutable, each route is its part's

	mu     sync.Mutex
	track  *track             // guarded by mu, as is all below
	held   int64              // the message that the sender is about to send again; 0: none
	lost   int64              // as of the last settling
	links  map[string]link    // by part
	sent   map[string]int64   // commands over connections that are closed, since they were taken
	unread int64              // when the receiver's connection was lost
	cutOff redis.Maybe[int64] // Messenger.CutOff of the receiver's last connection
	final  *stats.Probe       // once it has ended
	probe  stats.Probe        // Reconnects, Restarts, Moves, Overflows, Errors, LastError alone
}

// link is what is known of a part's connections.
type link struct {
	process string            // that served last: a new one is a restart, a failover or a move
	now     *server.Messenger // the latest, of which only what any goroutine may call is used; nil: none
	here    bool              // now is connected to the server that a person named
	waits   time.Time         // for an answer, since then; zero: it does not
}

// New makes a canary.
func New(c Config) *Canary {
	now := time.Now()
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	reads := c.Sentinel
	if c.apart() {
		reads = nil
	}
	return &Canary{config: c, run: strings.ToLower(rand.Text()[:8]), track: newTrack(now, remembers(c.Rate), pace(c.Rate), c.Patience),
		routes: map[string]*route{sender: newRoute(c.Write, c.Sentinel, c.Kind), receiver: newRoute(c.Read, reads, c.Kind)},
		links:  map[string]link{}, sent: map[string]int64{}, probe: stats.Probe{Kind: string(c.Kind), Since: now}}
}

// pace is the time between two messages.
func pace(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }

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
	defer c.routes[sender].close()
	defer c.routes[receiver].close()
	writing, err := c.dial(ctx, sender)
	if err == nil && writing.Replica() && c.config.Kind != PubSub {
		writing.Close()
		err = fmt.Errorf("write to %s: %w: write to its primary, and read from the replica", writing.Target(), ErrUnfit)
	}
	if err == nil && c.config.Stream != "" && c.config.apart() {
		if err = c.way.clean(ctx, writing); err != nil { // to remove a group that is not there tells whether the stream is
			err = fmt.Errorf("write to %s: %w", writing.Target(), err)
			writing.Close()
		}
	}
	if err != nil {
		reading.Close()
		if c.config.Kind == Stream {
			c.cleanAt(ctx, receiver, nil) // where that fails too, it expires
		}
		return err
	}
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var working sync.WaitGroup
	working.Go(func() { c.listen(listening, reading) })
	writing, err = c.write(ctx, writing)
	c.ends()
	if err == nil {
		c.drain()
	}
	c.finish()
	stop()
	working.Wait()
	c.finishKept()
	return errors.Join(err, c.clean(ctx, writing))
}

// mostKeys bounds the names that are tried for one whose slot a node of a cluster has.
const mostKeys = 256

// start makes the reading connection ready before anything is sent. In a cluster it looks for a key of the node that was named; of
// a stream that a person named it looks for the node.
func (c *Canary) start(ctx context.Context) (*server.Messenger, error) {
	m, err := c.dial(ctx, receiver)
	if err != nil {
		return nil, err
	}
	for try := range mostKeys {
		part := ""
		if try > 0 {
			part = ":" + strconv.Itoa(try)
		}
		w, key := newWay(c.config, c.run, part)
		if err = c.open(ctx, w, m); err == nil || full(err) { // then what reads opens it once there is room
			c.mu.Lock()
			c.way, c.key = w, key
			c.track.listen(true, time.Now())
			c.mu.Unlock()
			c.serves(receiver, m)
			return m, nil
		}
		if _, elsewhere := server.RedirectOf(err); !elsewhere {
			break
		}
		if c.config.Stream == "" {
			continue
		}
		if try == mostHops || !c.routes[receiver].follow(m, err) {
			break
		}
		m.Close()
		if m, err = c.dial(ctx, receiver); err != nil {
			return nil, err
		}
		if !c.config.apart() { // it is the sender's too
			c.routes[sender].next = m.Target()
		}
	}
	m.Close()
	return nil, err
}

// full says that the server refuses writes for want of memory.
func full(err error) bool {
	var reply *redis.ReplyError
	return errors.As(err, &reply) && reply.Code == "OOM"
}

// mostHops bounds the nodes that are asked for a stream that a person named; the first one that knows names the right one.
const mostHops = 5

// open makes a reading connection ready.
func (c *Canary) open(ctx context.Context, w way, m *server.Messenger) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	return w.open(ctx, m)
}

// dial connects a part.
func (c *Canary) dial(ctx context.Context, part string) (*server.Messenger, error) {
	c.waits(part, true)
	bounded, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	m, err := c.routes[part].open(bounded, c.config.Stream)
	if err != nil {
		return nil, err
	}
	c.waits(part, false)
	c.connected(part, m)
	if !m.Cluster() { // there whoever answers may not have the key
		c.serves(part, m)
	}
	return m, nil
}

// connected takes a new connection in the place of the one before.
func (c *Canary) connected(part string, m *server.Messenger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.links[part]
	if l.here {
		c.keepSent(l.now.Sent())
	}
	if part == receiver && c.config.Kind == PubSub {
		c.explain(l, m)
	}
	l.now, l.here = m, c.routes[part].at(m)
	c.links[part] = l
}

// keepSent counts what a connection has sent. The caller holds mu.
func (c *Canary) keepSent(sent []redis.Sent) {
	for _, s := range sent {
		c.sent[s.Name] += s.Calls
	}
}

// muchUnread is more than are under way when a subscriber that reads is cut off.
const muchUnread = 10

// explain says why the server has closed the subscriber before, as far as its counters tell: every connection on which
// something waits for its reader has an output buffer of a bounded size. The caller holds mu.
func (c *Canary) explain(l link, m *server.Messenger) {
	before, had := c.cutOff.Get()
	now, has := m.CutOff().Get()
	switch same := l.process != "" && l.process == m.Process(); {
	case !same || c.unread == 0:
	case had && has && now > before:
		c.probe.Overflows++
		c.probe.LastError = fmt.Sprintf("the server closed the subscriber: its output buffer was full (client-output-buffer-limit pubsub), %s behind", plural(c.unread, "message", "messages"))
	case !has && c.unread > muchUnread:
		c.probe.LastError = fmt.Sprintf("the server closed the subscriber, %d messages behind: its output buffer may have been full (client-output-buffer-limit pubsub)", c.unread)
	}
	c.cutOff, c.unread = m.CutOff(), 0
}

// serves notes which process has served a part.
func (c *Canary) serves(part string, m *server.Messenger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, r := c.links[part], c.routes[part]
	process := m.Process()
	if process == "" || process == l.process {
		return
	}
	if l.process != "" && (part == sender || c.config.apart()) {
		if r.moved {
			c.probe.Moves++
		} else {
			c.probe.Restarts++
		}
	}
	l.process, r.moved = process, false
	c.links[part] = l
}

// waits notes since when a part waits for an answer, or that it got one.
func (c *Canary) waits(part string, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.links[part]
	switch {
	case !on:
		l.waits = time.Time{}
	case l.waits.IsZero():
		l.waits = time.Now()
	}
	c.links[part] = l
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

// ends says that no more is sent.
func (c *Canary) ends() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.track.end(time.Now())
}

// finish keeps the counts as they are before the connections are closed.
func (c *Canary) finish() {
	p := c.Probe()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final = &p
}

// finishKept adds to the counts what the last acknowledgements left in the stream.
func (c *Canary) finishKept() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.final.Kept = c.way.kept()
	c.final.Verdict, c.final.Broken = verdict(*c.final)
}

// cleaning bounds what is done after the end.
const cleaning = 3 * time.Second

// clean takes away what was made. m is the sender's connection, nil when it has none.
func (c *Canary) clean(ctx context.Context, m *server.Messenger) error {
	err := c.cleanAt(ctx, sender, m)
	if c.config.Kind == Stream && c.config.apart() {
		err = errors.Join(err, c.cleanAt(ctx, receiver, nil)) // its group was made there
	}
	return err
}

func (c *Canary) cleanAt(ctx context.Context, part string, m *server.Messenger) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	if m == nil && c.config.Kind == PubSub {
		return nil
	}
	var err error
	for range mostHops {
		if m == nil {
			if m, err = c.routes[part].open(ctx, c.config.Stream); err != nil {
				return c.left(err)
			}
		}
		if m.Replica() && c.config.Kind != PubSub {
			m.Close()
			return nil // its primary has told it
		}
		err = c.way.clean(ctx, m)
		followed := c.routes[part].follow(m, err)
		m.Close()
		m = nil
		if !followed {
			break
		}
	}
	if err != nil && !errors.Is(err, ErrAbsent) { // somebody deleted it: nothing is left
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

// failed notes an error.
func (c *Canary) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probe.Errors++
	c.probe.LastError = redis.PrintableCut(err.Error(), 200)
	if errors.Is(err, server.ErrSilent) {
		c.probe.LastError = fmt.Sprintf("no answer within %s: the server stalls, or the network drops what is sent", c.config.Timeout)
	}
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
	p := c.track.probe(now)
	p.Time, p.Kind, p.Since, p.Key = now, c.probe.Kind, c.probe.Since, c.key
	p.Reconnects, p.Restarts, p.Moves, p.Overflows = c.probe.Reconnects, c.probe.Restarts, c.probe.Moves, c.probe.Overflows
	p.Errors, p.LastError = c.probe.Errors, c.probe.LastError
	for _, l := range c.links {
		if !l.waits.IsZero() && now.Sub(l.waits) > silent && (p.SilentAt.IsZero() || l.waits.Before(p.SilentAt)) {
			p.SilentAt = l.waits
		}
	}
	if c.way != nil {
		p.Kept = c.way.kept()
	}
	p.Verdict, p.Broken = verdict(p)
	return p
}

// silent is how long an answer may take before it is told that there is none.
const silent = time.Second

// Own is the client ids of the canary's connections to the server that was named, and what they have sent since the last call. A
// call that is under way is told each time: the server may have counted it.
func (c *Canary) Own() (ids []int64, sent []redis.Sent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if !l.here {
			continue
		}
		c.keepSent(l.now.Sent())
		if id := l.now.ID(); id != 0 {
			ids = append(ids, id)
		}
	}
	for name, calls := range c.sent {
		sent = append(sent, redis.Sent{Name: name, Calls: calls})
	}
	clear(c.sent)
	return ids, sent
}
