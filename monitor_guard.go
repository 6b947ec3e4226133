package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"redistop/internal/monitor"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// A monitorGuard polls a server beside its MONITOR: before, so that none is opened where it could do harm,
// and meanwhile, so that it ends where it begins to. begin comes first; run is a goroutine of its own, and
// what it writes may be read when it has returned.
type monitorGuard struct {
	target     server.Target
	mode       monitor.Mode
	limits     monitor.Limits
	interval   time.Duration // over which windows are spread
	identities atomic.Pointer[stats.Identities]

	poller     *server.Poller // nil: the connection is lost
	ownAddrs   []string
	conditions monitor.Conditions

	first, last     *redis.Info
	firstAt, lastAt time.Time
	sent            map[string]int64 // by us, since first
	held            int64            // most that the server was seen to hold of the stream for us
	paused          []string         // why there were no windows at times
}

// Bounds of a guard.
const (
	guardInterval = time.Second
	guardPatience = 3 * time.Second
	mostPauses    = 5 // different reasons that are kept
)

// begin connects and polls once. An error says that the server cannot be reached, or must not be looked at.
func (g *monitorGuard) begin(ctx context.Context) (err error) {
	g.sent = map[string]int64{}
	if g.poller, err = server.Connect(ctx, g.target, g.limits.Duty); err != nil {
		return serverError(err)
	}
	r, err := g.poller.Poll(ctx, guardInterval)
	if err != nil {
		return serverError(err)
	}
	if r.Info == nil { // busy or loading
		return guarded(r.Link.Message, r.Link.Hint)
	}
	g.learn(r, 0)
	g.first, g.firstAt = r.Info, r.Time
	clear(g.sent)
	if reason := g.conditions.Forbidden(g.mode, g.limits); reason != "" {
		return guarded(reason, "")
	}
	return nil
}

// guarded is the error of a guard that says no.
func guarded(reason, hint string) error {
	return &failure{code: exitGuarded, err: fmt.Errorf("monitor: not now: %s", reason), hint: hint}
}

// errHeld ends full mode when the server holds too much for us.
var errHeld = errors.New("a guard ended it")

// run polls until ctx ends, and tells the sampler what it finds. stop is called when a guard ended full mode.
func (g *monitorGuard) run(ctx context.Context, sampler *monitor.Sampler, stop context.CancelCauseFunc) {
	tick := time.NewTicker(guardInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		g.poll(sampler.Status().StreamID)
		sampler.Update(g.conditions, g.ownAddrs)
		status := sampler.Status()
		g.pause(status.Reason)
		if status.Stopped != "" {
			stop(errHeld)
			return
		}
	}
}

func (g *monitorGuard) pause(reason string) {
	if reason != "" && len(g.paused) < mostPauses && !slices.Contains(g.paused, reason) {
		g.paused = append(g.paused, reason)
	}
}

// poll asks once; streamID is the client id of the sampler's connection. While the server does not answer
// nothing is known of it, and no window is opened.
func (g *monitorGuard) poll(streamID int64) {
	ctx, stop := context.WithTimeout(context.Background(), guardPatience)
	defer stop()
	g.conditions = monitor.Conditions{Interval: g.interval}
	if g.poller == nil {
		var err error
		if g.poller, err = server.Connect(ctx, g.target, g.limits.Duty); err != nil {
			g.poller = nil
			return
		}
	}
	r, err := g.poller.Poll(ctx, guardInterval)
	if r.Info != nil {
		g.learn(r, streamID)
	}
	if err != nil {
		g.close()
	}
}

// learn takes a Reading in.
func (g *monitorGuard) learn(r stats.Reading, streamID int64) {
	g.conditions = monitor.ConditionsOf(r, g.last, r.Time.Sub(g.lastAt), g.interval)
	g.last, g.lastAt = r.Info, r.Time
	for _, s := range r.Sent {
		g.sent[s.Name] += s.Calls
	}
	g.ownAddrs = g.ownAddrs[:0:0]
	if addr := g.poller.Addr(); addr != "" {
		g.ownAddrs = append(g.ownAddrs, addr)
	}
	if r.Clients == nil {
		return
	}
	own := append(r.OwnIDs, streamID)
	g.identities.Store(stats.NewIdentities(r.Clients.Clients, own))
	for _, c := range r.Clients.Clients {
		if c.ID == streamID {
			g.held = max(g.held, c.OutputBuffer)
		}
		if slices.Contains(own, c.ID) && c.IP() != redis.UnixIP {
			g.ownAddrs = append(g.ownAddrs, c.Addr)
		}
	}
}

// name tells the name of the connection with an address; it may be called from any goroutine.
func (g *monitorGuard) name(addr []byte) string { return g.identities.Load().Name(addr) }

func (g *monitorGuard) close() {
	if g.poller != nil {
		g.poller.Close()
		g.poller = nil
	}
}

// during is what the server's counters say of the time of a MONITOR, and how many commands MONITOR showed or
// would have shown in it. sent is what the sampler sent. It is nil when the counters are not known or started
// anew.
func (g *monitorGuard) during(sent []redis.Sent) (*serverDuring, stats.Counted) {
	elapsed := g.lastAt.Sub(g.firstAt)
	before, known := g.first.Int("total_commands_processed").Get()
	after, still := g.last.Int("total_commands_processed").Get()
	if elapsed <= 0 || !known || !still || after < before {
		return nil, stats.Counted{}
	}
	for _, s := range sent {
		g.sent[s.Name] += s.Calls
	}
	d := &serverDuring{MostHeld: g.held, During: float64(after-before) / elapsed.Seconds()}
	if n, ok := g.first.Int("instantaneous_ops_per_sec").Get(); ok {
		d.Before = stats.Some(float64(n))
	}
	c := stats.Counted{Elapsed: elapsed}
	c.Commands, d.Hidden = splitCalls(g.first, g.last, g.sent)
	return d, c
}

// splitCalls tells the calls between two INFOs that MONITOR shows from those that it does not, most first,
// both without ours. Before 7.0 servers count subcommands together, so that of CONFIG and its like, most of
// which are ADMIN, nothing is known. CLIENT LIST is left out: the guard that asks for what is held counts nowhere.
func splitCalls(first, last *redis.Info, sent map[string]int64) (shown int64, hidden []hiddenCommand) {
	before := map[string]int64{}
	for _, c := range first.Commands {
		before[c.Name] = c.Calls
	}
	for _, c := range last.Commands {
		calls := c.Calls - before[c.Name] - sent[c.Name]
		name, sub, _ := strings.Cut(c.Name, "|")
		info, known := redis.LookupSubcommand([]byte(name), []byte(sub))
		admin := known && info.Flags&redis.FlagAdmin != 0
		switch {
		case calls <= 0 || known && info.Container() || c.Name == "client|list":
		case admin:
			hidden = append(hidden, hiddenCommand{Name: info.Name, Calls: calls})
		default:
			shown += calls
		}
	}
	slices.SortStableFunc(hidden, func(a, b hiddenCommand) int { return cmp.Compare(b.Calls, a.Calls) })
	return shown, hidden
}
