package observe

import (
	"context"
	"sync/atomic"
	"time"

	"redistop/internal/canary"
	"redistop/internal/doctor"
	"redistop/internal/messaging"
	"redistop/internal/monitor"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Config says what to watch and at which price. Defaults belong to the command line.
type Config struct {
	Target   server.Target
	Interval time.Duration // between two polls; the budget may stretch it
	Budget   float64       // share of the server's main thread that watching may take, 0.01 is 1 %
	ShowOwn  bool          // the observer's own connections and commands stay in the tables
	Sample   bool          // see the command stream in short windows of MONITOR, where that does no harm
	Held     int64         // bytes that the server may hold of that stream for us
	Messages bool          // look at streams, queues and channels, and at a sample of the keys, where the user may
	Probe    bool          // feel by PINGs on a connection of their own how long a client waits
	Doctor   doctor.Options
	Baseline stats.Maybe[float64] // what Baseline measured, usec: it stands in every Snapshot
	Eager    bool                 // poll a second time soon after the first, so that a person sees rates at once
	Beside   Beside               // nil: there is none
	Canary   []canary.Kind        // send messages through these ways, which writes to the server; empty: through none
}

// Beside tells of connections to the same server that the caller runs. What they are and do counts as the observer's own.
// It is called from one goroutine. The samples know them from their first command on where they were made with the
// observer's Target, whose Own they are then in.
type Beside func() Company

// Company is connections beside the observer's.
type Company struct {
	IDs    []int64       // those that there are at present
	Sent   []redis.Sent  // since the call before
	Looked redis.Lookups // the same
}

// attach puts what is beside into a Reading.
func (b Beside) attach(r *stats.Reading) {
	if b == nil {
		return
	}
	c := b()
	r.OwnIDs = append(r.OwnIDs[:len(r.OwnIDs):len(r.OwnIDs)], c.IDs...)
	r.Sent = append(r.Sent[:len(r.Sent):len(r.Sent)], c.Sent...)
	r.Beside = c.Sent
	r.Looked = r.Looked.Plus(c.Looked)
}

// An Observer watches one server until its context ends.
type Observer struct {
	target   server.Target
	interval atomic.Int64  // time.Duration
	changed  chan struct{} // the interval was changed; capacity 1

	source    atomic.Pointer[source] // the connection that is polled; nil while there is none
	sampling  *sampling
	spare     *spare
	readings  chan stats.Reading
	snapshots chan *stats.Snapshot
}

// kept is how many Snapshots wait for a slow reader; then the oldest gives way.
const kept = 16

// Start begins to watch. The channel of Snapshots closes after ctx ends and the connection is closed.
func Start(ctx context.Context, c Config) *Observer {
	if c.Target.Own == nil {
		c.Target.Own = server.NewOwn()
	}
	return start(ctx, c, func(ctx context.Context) (source, error) { return connect(ctx, c) })
}

func start(ctx context.Context, c Config, connect func(context.Context) (source, error)) *Observer {
	o := &Observer{target: c.Target, changed: make(chan struct{}, 1),
		readings: make(chan stats.Reading), snapshots: make(chan *stats.Snapshot, kept)}
	o.interval.Store(int64(c.Interval))
	p := &poller{observer: o, connect: connect, eager: c.Eager, budget: c.Budget}
	go p.run(ctx)
	o.sampling = newSampling(c)
	o.spare = &spare{budget: c.Budget}
	f := &folder{observer: o, sampling: o.sampling, prober: newProber(c), messenger: newMessenger(c, o.spare, o.sampling.sights, o.Interval), budget: c.Budget, aggregate: stats.NewAggregate(stats.Options{ShowOwn: c.ShowOwn}),
		doctor: doctor.New(c.Doctor), addr: c.Target.String(), beside: c.Beside, canaries: newCanaries(c)}
	f.canaries.run(ctx)
	go f.run()
	go o.sampling.sampler.Run(ctx)
	if c.Probe {
		go f.prober.run(ctx)
	}
	if c.Messages {
		go f.messenger.run(ctx)
	}
	return o
}

func connect(ctx context.Context, c Config) (source, error) {
	budget := c.Budget
	if c.Messages {
		budget *= 1 - messagingShare
	}
	p, err := server.Connect(ctx, c.Target, budget)
	if err != nil {
		return nil, err // not a nil *Poller in a source that is not nil
	}
	return p, nil
}

// Snapshots delivers one Snapshot an interval, the latest ones when the reader is late.
func (o *Observer) Snapshots() <-chan *stats.Snapshot { return o.snapshots }

// Interval is the wished time between two polls.
func (o *Observer) Interval() time.Duration { return time.Duration(o.interval.Load()) }

// SetInterval changes the wished time between two polls, from the next one on.
func (o *Observer) SetInterval(d time.Duration) {
	o.interval.Store(int64(d))
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// Kill closes one client connection; see server.Kill.
func (o *Observer) Kill(ctx context.Context, id int64, addr string) error {
	return server.Kill(ctx, o.target, id, addr)
}

// Watch sees every command for the time given, then samples again; 0 ends it now.
func (o *Observer) Watch(d time.Duration) { o.sampling.sampler.Watch(d) }

// SetSampling switches the windows of MONITOR on or off.
func (o *Observer) SetSampling(on bool) { o.sampling.sampler.Enable(on) }

// Spare is the share of the server's main thread that the budget permits and the polls do not need, by what they took so
// far.
func (o *Observer) Spare() float64 { return o.spare.left() }

// Sights are keys that the windows saw used as streams and queues, since the call before.
func (o *Observer) Sights() []messaging.Sight { return o.sampling.sights.take() }

// Waits are what connections wait for, as windows have shown it so far.
func (o *Observer) Waits() []messaging.Wait { return o.sampling.waits.list() }

// Live is the latest commands that windows have shown.
func (o *Observer) Live() *monitor.Live { return o.sampling.live }

// waiting is how long the server has owed an answer; 0: it owes none.
func (o *Observer) waiting() time.Duration {
	src := o.source.Load()
	if src == nil {
		return 0
	}
	return (*src).Waiting()
}

// publish hands a Snapshot to the reader; when the channel is full the oldest one gives way.
func (o *Observer) publish(s *stats.Snapshot) {
	for {
		select {
		case o.snapshots <- s:
			return
		default:
		}
		select {
		case <-o.snapshots:
		default:
		}
	}
}
