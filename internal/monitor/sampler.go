package monitor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// A Sampler opens windows on one server for as long as it runs. Its methods may be called from any
// goroutine; Run is called once.
type Sampler struct {
	target  server.Target
	limits  Limits
	newT    func() *stats.Tally
	tap     func(*redis.MonitorLine)
	only    func(*redis.MonitorLine) bool
	whole   bool
	handed  chan Batch        // one, finished; capacity 1
	free    chan *stats.Tally // tallies to use again
	changed chan struct{}     // the mode, or the first conditions; capacity 1
	asked   atomic.Bool       // somebody waits for a Batch

	mu         sync.Mutex
	conditions Conditions     // guarded by mu
	enabled    bool           // guarded by mu: sample
	until      time.Time      // guarded by mu: full mode ends
	status     Status         // guarded by mu
	stream     *server.Stream // guarded by mu: of the windows
	left       []redis.Sent   // guarded by mu: by streams that are closed
	huge       time.Time      // guarded by mu: when a huge command was seen last
	large      time.Time      // guarded by mu: when the server said last that such commands are to be expected
	known      time.Time      // guarded by mu: since when something is known of the server
	spent      float64        // guarded by mu: price of the windows since the conditions came, in seconds of processor time
	updated    time.Time      // guarded by mu: when they came
	worked     bool           // guarded by mu: a window was read on the present stream, or the last one
	resting    string         // guarded by mu: why no window is opened before rested
	rested     time.Time      // guarded by mu
	own        []string       // guarded by mu: addresses of the observer's other connections
}

// Status is what a person should know of the sampler at any moment.
type Status struct {
	Mode     Mode
	Until    time.Time // full mode ends by itself
	Reason   string    // why no window is opened at present; empty while they are
	Refused  string    // MONITOR itself was refused: the server's words, safe to print
	StreamID int64     // client id of the sampler's connection; 0 when there is none

	// Stopped is why a guard ended the latest full mode early, or let it see nothing at its end; empty when none
	// did. It stays until somebody asks for full mode again.
	Stopped   string
	StoppedAt time.Time
}

// Mode says how the command stream is seen.
type Mode string

// The modes.
const (
	Off    Mode = "poll"
	Sample Mode = "sample"
	Full   Mode = "monitor"
)

// A Batch is what the windows since the previous Batch brought.
type Batch struct {
	Tally   *stats.Tally
	Mode    Mode
	Exact   bool // the windows adjoin: no command between the first and the last is missing
	Gaps    int  // windows in front of which commands may be missing; see Whole
	Windows int
	Open    time.Duration // summed length of the windows
	Span    time.Duration // from the end of the previous Batch to the end of this one
	Seen    int64         // commands
	Dropped int64         // lines that could not be read
}

// Options make a Sampler.
type Options struct {
	Target  server.Target
	Limits  Limits
	Enabled bool                          // sample from the start
	Tally   func() *stats.Tally           // makes the tallies
	Tap     func(*redis.MonitorLine)      // sees every line of every window, in the sampler's goroutine; must not block; nil: nobody listens
	Only    func(*redis.MonitorLine) bool // which lines are counted and reach Tap; called like it; nil: all
	// Whole makes one Batch of a whole run, which Finish hands out; Take has nothing to give then. In full mode
	// nothing is missing from it when it has one Gap, in front of the chain.
	Whole bool
}

// New makes a Sampler that does nothing until Run.
func New(o Options) *Sampler {
	return &Sampler{target: o.Target, limits: o.Limits, newT: o.Tally, tap: o.Tap, only: o.Only, whole: o.Whole, enabled: o.Enabled,
		handed: make(chan Batch, 1), free: make(chan *stats.Tally, 2), changed: make(chan struct{}, 1)}
}

// Update tells what the latest Snapshot says of the server.
func (s *Sampler) Update(c Conditions, ownAddrs []string) {
	s.mu.Lock()
	first := !s.conditions.Known
	if s.status.Mode == Full && s.status.Reason == "" { // the server is slower because of us, not because less is asked of it
		c.Commands = max(c.Commands, s.conditions.Commands)
		c.InputBytes = max(c.InputBytes, s.conditions.InputBytes)
	}
	s.learn(c, time.Now())
	s.conditions, s.own, s.spent, s.updated = c, ownAddrs, 0, time.Now()
	s.mu.Unlock()
	if first {
		s.wake()
	}
}

// learn remembers what one poll tells and the next may not.
func (s *Sampler) learn(c Conditions, now time.Time) {
	if c.Huge {
		s.huge = now
	}
	if c.Large {
		s.large = now
	}
	if c.Known && s.known.IsZero() {
		s.known = now
	}
}

// saw learns from a window itself, between two polls: a load that began since the last one would be seen whole,
// at its whole price, until the next. Once the windows cost more than the interval may, what the last one showed
// is the rate.
func (s *Sampler) saw(commands, bytes int64, length time.Duration) {
	if commands == 0 || length <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Mode == Full { // at any price
		return
	}
	c := &s.conditions
	s.spent += min(length.Seconds(), float64(commands)*CommandPrice(float64(bytes)/float64(commands))) // it has no other time
	if s.spent > s.limits.Duty*c.Interval.Seconds() {
		length = max(length, usual) // a moment says little of a rate
		c.Commands = max(c.Commands, float64(commands)/length.Seconds())
		c.InputBytes = max(c.InputBytes, float64(bytes)/length.Seconds())
	}
}

// Sent takes what windows have sent since the last call, by the server's name of each command.
func (s *Sampler) Sent() []redis.Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.left
	s.left = nil
	if s.stream != nil {
		sent = append(sent, s.stream.Sent()...)
	}
	return sent
}

// holds notes the connection of the windows, nil when there is none.
func (s *Sampler) holds(stream *server.Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream != nil {
		s.left = append(s.left, s.stream.Sent()...)
	}
	if s.stream, s.status.StreamID = stream, 0; stream != nil {
		s.status.StreamID = stream.ID()
		s.worked = false
	}
}

// Enable switches sampling on or off.
func (s *Sampler) Enable(on bool) {
	s.mu.Lock()
	s.enabled = on
	s.mu.Unlock()
	s.wake()
}

// Watch sees every command for the time given, then goes back to sampling. 0 ends it now.
func (s *Sampler) Watch(d time.Duration) {
	s.mu.Lock()
	s.until = time.Now().Add(d)
	if d > 0 {
		s.status.Stopped, s.status.StoppedAt = "", time.Time{}
	}
	s.mu.Unlock()
	s.wake()
}

// Status tells how the sampler stands.
func (s *Sampler) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Take returns what the windows since the last call brought; ok is false when that is nothing. While
// windows adjoin it waits for the end of the one under way, patience at the most, so that a Batch
// ends where the poll does. The Tally belongs to the caller until Release.
func (s *Sampler) Take(patience time.Duration) (b Batch, ok bool) {
	s.asked.Store(true)
	defer s.asked.Store(false)
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case b = <-s.handed:
		return b, true
	case <-t.C:
		return Batch{}, false
	}
}

// Release gives a Tally back to be used again.
func (s *Sampler) Release(t *stats.Tally) {
	if t == nil {
		return
	}
	t.Reset()
	select {
	case s.free <- t:
	default:
	}
}

func (s *Sampler) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *Sampler) worksNow() {
	s.mu.Lock()
	s.worked = true
	s.mu.Unlock()
}

// sawHuge keeps windows shut for a while.
func (s *Sampler) sawHuge(now time.Time) {
	s.mu.Lock()
	s.huge = now
	s.mu.Unlock()
}

// Between two tries of a connection that failed.
const (
	firstWait  = time.Second
	deniedWait = 10 * time.Second
)

// took says whether a window was read on the last connection.
func (s *Sampler) took() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worked
}

// Run samples until the context ends. A connection that fails is opened again after a while; a right
// that is refused is not asked for again, so that it counts one error on the server and no more.
func (s *Sampler) Run(ctx context.Context) {
	w := &watcher{sampler: s, tally: s.newT(), own: map[string]bool{}}
	w.begin()
	defer w.close()
	wait := firstWait
	for ctx.Err() == nil {
		err := w.work(ctx)
		w.close()
		var no refused
		switch {
		case err == nil || ctx.Err() != nil:
			wait = firstWait
		case errors.As(err, &no):
			s.set(func(st *Status) { st.Mode, st.Refused, st.Reason = Off, string(no), "MONITOR is refused" })
			return
		default:
			if errors.Is(err, errDemoted) { // each further WAIT would be one more error
				s.mu.Lock()
				s.conditions.Replica = true
				s.mu.Unlock()
			}
			s.set(func(st *Status) { st.Reason = redis.PrintableCut(err.Error(), 120) })
			if s.took() {
				wait = firstWait
			}
			if errors.Is(err, server.ErrDenied) { // every try is an entry in the server's ACL LOG
				wait = max(wait, deniedWait)
			}
			s.sleep(ctx, wait)
			wait = min(2*wait, 30*time.Second)
		}
	}
}

func (s *Sampler) set(f func(*Status)) {
	s.mu.Lock()
	f(&s.status)
	s.mu.Unlock()
}

// next decides what to do now.
func (s *Sampler) next(now time.Time) (plan, Mode, Conditions) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mode, p := Off, plan{reason: ""}
	s.conditions.Huge = within(now, s.huge, hugeMemory)
	s.conditions.Large = within(now, s.large, hugeMemory) || within(now, s.huge, largeMemory)
	s.conditions.New = !s.whole && within(now, s.known, learning)
	switch {
	case now.Before(s.until):
		mode, p = Full, s.conditions.full(s.limits)
	case s.enabled:
		mode, p = Sample, s.conditions.sample(s.limits)
		if p.reason == "" && now.Before(s.rested) {
			p = plan{reason: s.resting}
		}
		if p.reason == "" && s.spent > s.limits.Duty*max(s.conditions.Interval, now.Sub(s.updated)).Seconds() {
			p = plan{spent: true}
		}
	}
	if s.status.Mode == Full && mode != Full && s.status.Reason != "" && s.status.Stopped == "" && !s.whole {
		s.status.Stopped, s.status.StoppedAt = s.status.Reason, now
	}
	s.status.Mode, s.status.Until, s.status.Reason = mode, s.until, p.reason
	return p, mode, s.conditions
}

// within says whether something was so lately; the zero time is never.
func within(now, at time.Time, lately time.Duration) bool {
	return !at.IsZero() && now.Sub(at) < lately
}

// rest opens no window until what was spent since start keeps to the share after all: a server ends a window
// only between two turns of its event loop, and with large values a turn is long. A pause that shows is told.
func (s *Sampler) rest(start time.Time, spent time.Duration, p plan, interval time.Duration) {
	pause := time.Duration(float64(spent) / p.share)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rested, s.resting = start.Add(pause), ""
	if pause > 2*interval {
		s.resting = fmt.Sprintf("the server was late to end a window: no samples for %.1f s", pause.Seconds())
	}
}

// addOwn adds the addresses of the observer's other connections.
func (s *Sampler) addOwn(set map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.own {
		set[a] = true
	}
}

// sleep waits for d; it says false when the mode was changed or the context ended before.
func (s *Sampler) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.changed:
		return false
	case <-ctx.Done():
		return false
	}
}

// scatter spreads count windows over span: one at a random moment of each equal part, so that no
// rhythm of the application can hide behind ours.
func scatter(count int, span, length time.Duration) []time.Duration {
	at := make([]time.Duration, count)
	part := span / time.Duration(count)
	for i := range at {
		at[i] = time.Duration(i)*part + rand.N(max(1, part-length))
	}
	return at
}
