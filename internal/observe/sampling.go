package observe

import (
	"cmp"
	"sync/atomic"
	"time"

	"redistop/internal/monitor"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// sampling runs beside the polls and puts what its windows saw into their Readings. It belongs to the
// folder's goroutine but for identities, which the sampler's reads.
type sampling struct {
	sampler    *monitor.Sampler
	live       *monitor.Live
	waits      *waits
	sights     *sights
	user       string // that we log in as
	identities atomic.Pointer[stats.Identities]
	before     *redis.Info // the latest, and when it came
	beforeAt   time.Time
	lossSum    float64 // of throughput, decaying with lossTime: the price
	lossTime   float64 // seconds
}

func newSampling(c Config) *sampling {
	s := &sampling{user: cmp.Or(c.Target.Username, "default")}
	tally := stats.TallyOptions{Identities: s.identities.Load}
	if !c.ShowOwn {
		tally.Own = c.Target.Own.Has
		if c.Target.Network == "unix" {
			tally.OwnCommand = server.OftenAsked
		}
	}
	s.live = monitor.NewLive(func(addr []byte) string { return s.identities.Load().Name(addr) })
	s.waits = newWaits()
	s.sights = newSights()
	s.sampler = monitor.New(monitor.Options{
		Target: c.Target, Enabled: c.Sample, Tap: s.tap,
		Limits: monitor.Limits{Duty: c.Budget, Held: c.Held},
		Tally:  func() *stats.Tally { return stats.NewTally(tally) },
	})
	return s
}

// tap sees every command of every window.
func (s *sampling) tap(line *redis.MonitorLine) {
	s.live.Tap(line)
	s.waits.tap(line)
	s.sights.tap(line)
}

// boundary is how long a poll waits for the window under way to end, so that both end together. A server
// without anything to do looks only every 100 ms (its hz is 10) whether a window is over.
const boundary = 2*monitor.LongestWindow + 100*time.Millisecond

// attach puts what the windows brought into a Reading. last is the Snapshot before it.
func (s *sampling) attach(r *stats.Reading, last *stats.Snapshot) {
	st := s.sampler.Status()
	if st.StreamID != 0 {
		r.OwnIDs = append(r.OwnIDs[:len(r.OwnIDs):len(r.OwnIDs)], st.StreamID)
	}
	r.Sent = append(r.Sent[:len(r.Sent):len(r.Sent)], s.sampler.Sent()...)
	r.Sampling = stats.Sampling{Mode: stats.SamplingMode(st.Mode), Paused: st.Reason, Stopped: st.Stopped, StoppedAt: st.StoppedAt}
	if !st.Until.IsZero() && st.Mode == monitor.Full {
		r.Sampling.Until = st.Until
	}
	if st.Refused != "" {
		r.Missing = append(r.Missing[:len(r.Missing):len(r.Missing)], stats.Missing{Part: "samples", Command: "MONITOR",
			Reason: "the server refuses it: " + st.Refused, Remedy: "ACL SETUSER " + redis.Argument(s.user) + " +monitor +wait"})
	}
	var patience time.Duration
	if st.Mode != monitor.Off && st.Reason == "" {
		patience = boundary
	}
	b, ok := s.sampler.Take(patience)
	if !ok {
		return
	}
	r.Samples = b.Tally
	r.Sampling.Mode = stats.SamplingMode(b.Mode)
	r.Sampling.Complete = b.Exact && b.Dropped == 0
	r.Sampling.Dropped = b.Dropped
	if b.Span > 0 {
		r.Sampling.Duty = min(1, b.Open.Seconds()/b.Span.Seconds())
	}
	r.Sampling.Price = s.price(b, last)
	r.Sampling.Slack = b.Mode == monitor.Sample && slack(last)
}

// A server that has time left loses no throughput to a window; the rates inside and outside differ all the
// same, by chance. saturated is the share of the main thread from which on it has none left.
const saturated = 0.8

// price compares the rate inside the windows with the rate outside them, on a server that is saturated:
// what is missing inside was lost. It is a mean over about a minute, since a few milliseconds say little.
// On any other server it is the processor time alone, at the dearest that a command was measured at: what was
// seen in the windows, which cannot have taken more than they lasted.
func (s *sampling) price(b monitor.Batch, last *stats.Snapshot) stats.Price {
	const memory = 60.0 // seconds
	span, open := b.Span.Seconds(), b.Open.Seconds()
	rate, known := last.Throughput.CommandsPerSecond.Get()
	if !known || span <= 0 || rate <= 0 {
		return stats.Price{}
	}
	size := last.Throughput.InputBytesPerSecond.Or(0) / rate
	p := stats.Price{ServerCPUShare: stats.Some(min(1, open/span, float64(b.Seen)/span*monitor.CommandPrice(size)))}
	busy := last.CPU.MainThread.Or(last.CPU.Total.Or(0)) >= saturated
	keep := max(0, 1-span/memory)
	s.lossSum, s.lossTime = s.lossSum*keep, s.lossTime*keep
	if busy && b.Mode == monitor.Sample && open > 0 && open < span/2 {
		inside := float64(b.Seen) / open
		outside := (rate*span - float64(b.Seen)) / (span - open)
		s.lossSum += open * (1 - inside/max(outside, 1))
		s.lossTime += span
	}
	if s.lossTime > memory/10 {
		p.ThroughputShare = stats.Some(min(1, max(0, s.lossSum/s.lossTime)))
	}
	return p
}

// slack says whether the server has time left also while it writes out every command for us.
func slack(last *stats.Snapshot) bool {
	rate, known := last.Throughput.CommandsPerSecond.Get()
	busy, told := last.CPU.MainThread.Get()
	if !told {
		busy, told = last.CPU.Total.Get()
	}
	if !known || !told || rate <= 0 {
		return false
	}
	return busy+rate*monitor.CommandPrice(last.Throughput.InputBytesPerSecond.Or(0)/rate) < saturated
}

// learn tells the sampler what the latest Snapshot says.
func (s *sampling) learn(r stats.Reading, snap *stats.Snapshot, identities *stats.Identities, interval time.Duration) {
	s.identities.Store(identities)
	s.waits.keep(r.Clients)
	s.sampler.Release(r.Samples)
	c := monitor.Conditions{Interval: interval}
	if r.Info != nil {
		c = monitor.ConditionsOf(r, s.before, r.Time.Sub(s.beforeAt), interval)
		s.before, s.beforeAt = r.Info, r.Time
		c.Known = snap.Throughput.CommandsPerSecond.Known() // the server's own averages say too little to begin with
	}
	s.sampler.Update(c, ownAddrs(r))
}

// ownAddrs are the addresses of our own connections, where CLIENT LIST shows them.
func ownAddrs(r stats.Reading) []string {
	if r.Clients == nil {
		return nil
	}
	var list []string
	for _, c := range r.Clients.Clients {
		for _, id := range r.OwnIDs {
			if c.ID == id && c.IP() != redis.UnixIP {
				list = append(list, c.Addr)
			}
		}
	}
	return list
}
