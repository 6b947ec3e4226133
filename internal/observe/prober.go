package observe

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// A prober feels how long the server lets a client wait: it sends a PING every now and then at random
// moments on a connection of its own, never more than one at a time, and none while the server loads, is
// busy or cannot be reached. Its methods may be called from any goroutine; run is called once.
type prober struct {
	target   server.Target
	connect  func(context.Context) (pinger, error)
	gap      time.Duration // mean between two PINGs
	baseline stats.Maybe[float64]
	watch    watchman
	changed  chan struct{} // welcome was changed; capacity 1

	mu      sync.Mutex
	welcome bool             // guarded by mu, as is all below: the server answers questions at present
	id      int64            // of the connection; 0: there is none
	remote  bool             // it leads to another host
	sent    map[string]int64 // since it was taken
	begun   time.Time        // the PING under way was sent; zero: there is none
	answers []answer         // since they were taken
	here    time.Duration    // how late we were run since then, at worst
	taken   time.Time
	refused *stats.Missing // PING itself
	logged  bool           // the server's slow log would keep every PING
}

// pinger is the part of server.Pinger that is used here; tests bring their own.
type pinger interface {
	Ping(context.Context) error
	ID() int64
	Remote() bool
	Sent() []redis.Sent
	Close() error
}

const (
	shortestGap = 50 * time.Millisecond // 20 PINGs a second
	longestGap  = time.Minute
	pingPrice   = 5.0  // usec, the dearer of what servers were measured at
	pingShare   = 0.05 // of the budget
	quickest    = 100  // usec: no PING takes longer to execute
	mostAnswers = 4096 // that are kept between two takes

	refusedRest = time.Second // after an error reply, then twice that
	longestRest = time.Minute
)

func newProber(c Config) *prober {
	affordable := pingPrice / (pingShare * c.Budget) // usec
	gap := time.Duration(min(affordable, float64(longestGap.Microseconds()))) * time.Microsecond
	p := &prober{target: c.Target, gap: max(shortestGap, gap), baseline: c.Baseline,
		changed: make(chan struct{}, 1), sent: map[string]int64{}, taken: time.Now()}
	p.connect = func(ctx context.Context) (pinger, error) {
		conn, err := server.ConnectPinger(ctx, p.target)
		if err != nil {
			return nil, err // not a nil *Pinger in a pinger that is not nil
		}
		return conn, nil
	}
	return p
}

// tell lets the prober know how the observer stands to the server, and of its configuration what is known.
func (p *prober) tell(state stats.LinkState, config map[string]string) {
	p.mu.Lock()
	p.logged = logsEverything(config)
	p.welcome = !p.logged && (state == stats.Up || state == stats.Stalled && p.id != 0)
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// logsEverything says that the slow log keeps commands as quick as a PING: ours would push out others'.
func logsEverything(config map[string]string) bool {
	usec, err := strconv.Atoi(config["slowlog-log-slower-than"])
	return err == nil && usec >= 0 && usec < quickest
}

// run probes until the context ends, or the right to PING turns out to be missing.
func (p *prober) run(ctx context.Context) {
	for failures := 0; p.awaitWelcome(ctx); {
		conn, err := p.connect(ctx)
		var answered bool
		if err == nil {
			if answered, err = p.work(ctx, conn); p.refusal(err) {
				return
			}
		}
		if failures++; answered {
			failures = 1
		}
		state := stats.Down
		if errors.Is(err, server.ErrDenied) { // every attempt is an entry in the server's ACL LOG
			state = stats.Denied
		}
		if !sleep(ctx, Backoff(state, failures)) {
			return
		}
	}
}

// awaitWelcome waits until the server answers questions; it says false when the context ended.
func (p *prober) awaitWelcome(ctx context.Context) bool {
	for {
		p.mu.Lock()
		welcome := p.welcome
		p.mu.Unlock()
		if welcome {
			return ctx.Err() == nil
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return false
		}
	}
}

// work pings on one connection until it is lost. answered says that it ever was of use.
func (p *prober) work(ctx context.Context, conn pinger) (answered bool, err error) {
	p.holds(conn)
	defer func() {
		conn.Close()
		p.book(conn)
		p.holds(nil)
	}()
	rest := refusedRest
	for p.awaitWelcome(ctx) {
		pause := p.gap/2 + rand.N(p.gap)
		due := time.Now().Add(pause)
		if !sleep(ctx, pause) {
			return answered, ctx.Err()
		}
		err := p.ping(ctx, conn, due)
		var reply *redis.ReplyError
		switch {
		case err == nil:
			answered, rest = true, refusedRest
		case !errors.As(err, &reply) || lacking(reply):
			return answered, err
		default: // loading, busy, cannot write to its disk: it says so to every PING, and counts an error each time
			if !sleep(ctx, rest) {
				return answered, ctx.Err()
			}
			rest = min(2*rest, longestRest)
		}
	}
	return answered, ctx.Err()
}

// ping sends one and notes what came of it.
func (p *prober) ping(ctx context.Context, conn pinger, due time.Time) error {
	begun := time.Now()
	p.mu.Lock()
	p.begun, p.here = begun, max(p.here, begun.Sub(due))
	p.mu.Unlock()
	p.watch.begin(begun)
	err := conn.Ping(ctx)
	now := time.Now()
	late := p.watch.end(now)
	p.book(conn)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = time.Time{}
	var reply *redis.ReplyError
	if err == nil || errors.As(err, &reply) {
		p.here = max(p.here, late)
		if len(p.answers) < mostAnswers {
			p.answers = append(p.answers, answer{sent: begun, took: now.Sub(begun)})
		}
	}
	return err
}

// holds notes the connection, nil when there is none.
func (p *prober) holds(conn pinger) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.id, p.remote = 0, false
	if conn != nil {
		p.id, p.remote = conn.ID(), conn.Remote()
	}
}

// book counts what was sent.
func (p *prober) book(conn pinger) {
	sent := conn.Sent()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range sent {
		p.sent[s.Name] += s.Calls
	}
}

// lacking says that every further PING would be refused as this one was.
func lacking(r *redis.ReplyError) bool { return r.Code == "NOPERM" || r.Code == "ERR" }

// refusal notes that the right to PING is missing, if that is what the error says.
func (p *prober) refusal(err error) bool {
	var reply *redis.ReplyError
	if !errors.As(err, &reply) || !lacking(reply) {
		return false
	}
	m := &stats.Missing{Part: "probe", Command: "PING", Reason: redis.PrintableCut(err.Error(), 120)}
	if user := cmp.Or(p.target.Username, "default"); reply.Code == "NOPERM" {
		m.Reason = "user " + redis.PrintableCut(user, 40) + " may not run PING"
		m.Remedy = "ACL SETUSER " + redis.Argument(user) + " +ping"
	}
	p.mu.Lock()
	p.refused = m
	p.mu.Unlock()
	return true
}

// attach puts what was felt since the last call into a Reading.
func (p *prober) attach(r *stats.Reading) {
	soFar := p.watch.soFar()
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	r.Latency = latency(p.answers, p.taken, p.gap)
	if !p.begun.IsZero() {
		r.Latency.MaxUsec = stats.Some(max(r.Latency.MaxUsec.Or(0), usec(now.Sub(p.begun))))
		p.here = max(p.here, soFar)
	}
	if r.Latency.MaxUsec.Known() {
		r.Latency.HereMaxUsec = stats.Some(usec(p.here))
		r.Latency.Remote = p.remote
	}
	r.Latency.BaselineUsec = p.baseline
	p.answers, p.here, p.taken = p.answers[:0], 0, now
	if p.id != 0 {
		r.OwnIDs = append(r.OwnIDs[:len(r.OwnIDs):len(r.OwnIDs)], p.id)
	}
	r.Sent = appendSent(r.Sent, p.sent)
	switch missing := r.Missing[:len(r.Missing):len(r.Missing)]; {
	case p.refused != nil:
		r.Missing = append(missing, *p.refused)
	case p.logged:
		r.Missing = append(missing, stats.Missing{Part: "probe", Command: "PING", Reason: "the slow log keeps commands this quick: PINGs would fill it",
			Remedy: "CONFIG SET slowlog-log-slower-than 10000"})
	}
}

// appendSent adds what was sent on another connection to a copy of the list, and begins to count anew.
func appendSent(list []redis.Sent, sent map[string]int64) []redis.Sent {
	list = list[:len(list):len(list)]
	for name, calls := range sent {
		list = append(list, redis.Sent{Name: name, Calls: calls})
	}
	clear(sent)
	return list
}

// sleep waits; it says false when the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
