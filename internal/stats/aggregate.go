package stats

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// Options say what an Aggregate shows.
type Options struct {
	ShowOwn bool // the observer's own connections and calls stay in tables and rates
}

// An Aggregate folds the Readings of one server, in their order, into Snapshots. One goroutine owns
// it. What it keeps is bounded by what the server shows: its last INFO, its connections, its
// commands, and a few hundred entries of each log.
type Aggregate struct {
	showOwn bool
	last    *Snapshot // nil before the first Reading
	silent  bool      // last repeats an older one and has no rates

	info     *redis.Info // the last one; nil before
	at       instant
	restarts int

	commands   map[string]redis.CommandStat // of info
	errors     map[string]int64             // of info
	histograms map[string]redis.Histogram   // the last ones read
	memory     *redis.MemoryStats           // the last one read
	health     health                       // the last replies to what is not asked every time
	ledger     *ledger
	looked     redis.Lookups // the observer's, that the server has not counted yet
	clients    *clientTable
	arrivals   arrivals
	slow       *slowLogs
	names      *interner

	identities *Identities // of the last pass over the connections; nil before
	horizon    horizon
	ownBlocked int64 // of the observer's connections, blocked at the last pass: a window of MONITOR is a WAIT
	dropped    int64 // lines of MONITOR
}

// NewAggregate starts with nothing known.
func NewAggregate(o Options) *Aggregate {
	a := &Aggregate{showOwn: o.ShowOwn, names: newInterner()}
	a.ledger = newLedger()
	a.slow = newSlowLogs(o.ShowOwn, a.names)
	a.forget()
	return a
}

// forget drops what counted in a server process that is gone.
func (a *Aggregate) forget() {
	a.commands, a.errors, a.histograms, a.memory, a.health = nil, nil, nil, nil, health{}
	a.clients = newClientTable(a.showOwn)
	a.arrivals.restart()
	a.slow.restart()
	a.identities, a.horizon = nil, horizon{}
}

// Observe folds one Reading and returns the new Snapshot, which nobody changes any more. The Sent of
// every Reading counts once, also of those without Info.
func (a *Aggregate) Observe(r Reading) *Snapshot {
	a.ledger.sent(r.Sent, r.Beside)
	a.looked = a.looked.Plus(r.Looked)
	a.dropped = sketch.Add(a.dropped, max(0, r.Sampling.Dropped))
	var s *Snapshot
	if r.Info == nil {
		s = a.repeat(r)
	} else {
		s = a.fold(r)
	}
	s.Canary = r.Canary
	a.silent = r.Info == nil
	a.last = s
	return s
}

// fold makes a Snapshot of a Reading that brought INFO.
func (a *Aggregate) fold(r Reading) *Snapshot {
	a.names.turn()
	at := newInstant(r)
	iv := a.advance(r.Info, at)

	growths := iv.commandGrowths(a.commands)
	own := a.ledger.settle(iv, growths)

	s := &Snapshot{Time: r.Time.Round(0), Link: r.Link, Missing: r.Missing}
	if iv.exists() {
		s.IntervalSeconds = Some(iv.elapsed.Seconds())
	}
	s.Server = a.server(r)
	s.CPU = iv.cpu(growths)
	if r.Memory != nil {
		a.memory = r.Memory
	}
	s.Memory = newMemory(r.Info, a.memory)
	s.Persistence = newPersistence(r.Info, r.Time)
	s.Replication = newReplication(r.Info, a.names)
	s.Keyspace = newKeyspace(r.Info)
	s.PubSub = newPubSub(r.Info)
	s.Connected = newConnected(iv)
	a.leaveOutOwnBlocked(r, &s.Connected)
	s.Throughput = iv.throughput(own.calls, a.ownLookups(iv), a.showOwn)
	s.Errors = a.errorRows(iv)
	s.Commands = a.commandRows(iv, growths)
	a.foldHistograms(r.Histograms, iv, growths, s)
	a.foldClients(r, s)
	a.foldSamples(r, iv, growths, s)
	a.foldSlow(r, s)
	s.Housekeeping = newHousekeeping(iv)
	a.foldHealth(r, s)
	s.Messaging = r.Messaging
	a.observer(r, iv, own, s)

	a.info, a.at = r.Info, at
	a.remember(r.Info)
	return s
}

// advance measures the way from the last INFO to this one.
func (a *Aggregate) advance(info *redis.Info, at instant) interval {
	if a.info == nil {
		return interval{after: info}
	}
	if restarted(a.info, info) {
		a.restarts++
		a.forget()
		a.ledger.reset()
		return interval{after: info}
	}
	iv := newInterval(a.info, info, at.since(a.at).elapsed())
	if iv.reset {
		a.ledger.reset()
		a.arrivals.restart()
	}
	return iv
}

// remember keeps what the next interval starts from.
func (a *Aggregate) remember(info *redis.Info) {
	if a.commands == nil {
		a.commands, a.errors = map[string]redis.CommandStat{}, map[string]int64{}
	}
	clear(a.commands)
	for _, c := range info.Commands {
		a.commands[c.Name] = c
	}
	clear(a.errors)
	for _, e := range info.Errors {
		a.errors[e.Code] = e.Count
	}
}

// foldClients shows the connections of this Reading, or those of the last pass where it has none.
func (a *Aggregate) foldClients(r Reading, s *Snapshot) {
	if r.Clients != nil {
		a.clients.pass(r.Clients, r.OwnIDs)
		s.Connected.CameAndWent = a.arrivals.pass(r.Clients, r.OwnIDs)
	}
	s.Connected.TotalCameAndWent = a.arrivals.total()
	s.Connected.CameSince = a.arrivals.since(s.Connected.TotalReceived)
	a.clients.show(s)
}

func (a *Aggregate) foldSlow(r Reading, s *Snapshot) {
	if r.Clients != nil {
		a.slow.own.learn(r.Clients, r.OwnIDs)
	}
	a.slow.own.sends(r.Sent)
	s.Slowlog, s.SlowLost = a.slow.read(r.Slow)
}

// repeat tells the last known facts again, without anything that is true of an interval only.
func (a *Aggregate) repeat(r Reading) *Snapshot {
	s := &Snapshot{Server: Server{Addr: r.Addr}}
	switch {
	case a.last == nil:
	case a.silent:
		*s = *a.last
	default:
		s = withoutRates(a.last)
	}
	a.keepSamples(r, interval{}, nil)
	s.Time, s.Link, s.Stale = r.Time.Round(0), r.Link, true
	s.Latency = r.Latency
	if r.Missing != nil {
		s.Missing = r.Missing
	}
	s.Observer.pace(r.Pacing)
	s.Observer.sampling(r, a.dropped)
	return s
}

// serverAge is the time from a server's timestamp in seconds to now, in seconds, by the server's own clock where it
// tells one.
func serverAge(info *redis.Info, unix int64, observed time.Time) int64 {
	now := observed.Unix()
	if usec, ok := info.Int("server_time_usec").Get(); ok {
		now = usec / 1e6
	}
	return max(0, sketch.Add(now, -max(0, unix)))
}
