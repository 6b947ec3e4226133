package main

import (
	"context"
	"errors"
	"time"

	"redistop/internal/doctor"
	"redistop/internal/keys"
	"redistop/internal/observe"
	"redistop/internal/server"
	"redistop/internal/stats"
	"redistop/internal/usage"
)

// seenServer is what commands and clients were like.
type seenServer struct {
	snap *stats.Snapshot // the latest answer; nil: there was none
	link stats.Link
}

// watch looks at commands and clients for the time asked, while keys are looked at, and then delivers once. A server
// that is not reached at the first attempt, or lets us not in, ends it at once.
func (u *usageLook) watch(ctx context.Context, target server.Target, beside *company) <-chan seenServer {
	result := make(chan seenServer, 1)
	ctx, stop := context.WithTimeout(ctx, u.length+loginTime)
	observer := observe.Start(ctx, observe.Config{Target: target, Interval: time.Second, Budget: u.budget, Eager: true, Sample: !u.noSample, Held: u.held, Messages: true, Beside: beside.take})
	until := time.Now().Add(u.length)
	go func() {
		defer stop()
		var w seenServer
		for s := range observer.Snapshots() {
			if ctx.Err() != nil {
				continue // it closes when the connection is closed
			}
			w.link = s.Link
			if s.Link.State == stats.Up && !s.Stale && len(s.Commands) > 0 {
				w.snap = s
			}
			failed := w.snap == nil && (s.Link.State == stats.Down || s.Link.State == stats.Denied)
			if failed || w.snap != nil && !s.Time.Before(until) {
				stop()
			}
		}
		result <- w
	}()
	return result
}

// A usagePass is a look at a sample of the keys.
type usagePass struct {
	look     *usageLook
	table    *usage.Table
	gatherer *usage.Gatherer
	company  *company
	alone    bool // one database was asked for

	began    time.Time
	total    int64
	complete bool
	refusal  error // why no keys could be looked at
	cost     scanCost
}

// run looks at each database that has keys, at as large a part of each.
func (p *usagePass) run(ctx context.Context, target server.Target) error {
	first, err := p.open(ctx, target)
	if err != nil {
		return err
	}
	defer p.company.leaves(first.ID())
	info := first.Info()
	dbs := map[int]int64{}
	for _, k := range info.Keyspace {
		if !p.alone || k.DB == target.DB {
			dbs[k.DB] = k.Keys
			p.total += k.Keys
		}
	}
	if info.Int("cluster_enabled").Or(0) == 1 {
		note("cluster mode: this is one node, with its own keys alone")
	}
	p.complete = true
	for _, k := range info.Keyspace {
		if dbs[k.DB] == 0 || ctx.Err() != nil {
			continue
		}
		tool := first
		if k.DB != target.DB {
			at := target
			at.DB = k.DB
			if tool, err = p.open(ctx, at); err != nil {
				return errors.Join(err, first.Close())
			}
		}
		err := p.database(ctx, tool, k.DB, max(leastSample, int(float64(p.look.size)*float64(k.Keys)/float64(p.total))))
		p.add(tool.Finish(context.WithoutCancel(ctx)))
		if tool != first {
			p.company.leaves(tool.ID())
			err = errors.Join(err, tool.Close())
		}
		if err != nil {
			return errors.Join(err, first.Close())
		}
	}
	return first.Close()
}

// open connects, as one of the company of who watches.
func (p *usagePass) open(ctx context.Context, target server.Target) (*server.Tool, error) {
	tool, err := server.OpenTool(ctx, target, server.ToolOptions{Budget: p.look.budget, Booked: p.company.book})
	if err != nil {
		return nil, serverError(err)
	}
	p.company.holds(tool.ID())
	return tool, nil
}

// leastSample is what is looked at in a small database beside a large one.
const leastSample = 100

// database looks at a sample of one database, and asks for the names that a sample will hardly meet.
func (p *usagePass) database(ctx context.Context, tool *server.Tool, db, size int) error {
	survey := keys.Survey{Search: keys.Search{DB: db}, Size: size, Want: wanted(keys.CountsElements(tool))}
	progress := &sampleProgress{size: size}
	bar := newScanBar(tool, progress)
	sample, err := survey.Look(ctx, tool, func(k keys.Key) { p.gatherer.Add(sighted(db, k)) }, func(scan *keys.Scan, so keys.Sample) {
		progress.scan, progress.looked = scan, so.Keys
		bar.draw(thousands(so.Keys) + " keys")
	})
	bar.clear()
	p.complete = p.complete && sample.Complete
	switch {
	case refused(err):
		p.refusal, p.complete = err, false
		return nil
	case errors.Is(err, context.Canceled):
		return nil
	case err != nil:
		return keysError(err, ruleKeys)
	case sample.Complete:
		return nil
	}
	return p.wellKnown(ctx, tool, db)
}

// wellKnown asks for the types of names that frameworks are known by.
func (p *usagePass) wellKnown(ctx context.Context, tool *server.Tool, db int) error {
	described, err := keys.Describe(ctx, tool, p.table.WellKnown(p.gatherer.Survey(time.Time{}, 0, false), mostAsked), keys.Want{Type: true})
	if err != nil {
		return keysError(err, ruleKeys)
	}
	for _, k := range described {
		if !k.Gone && k.Type != "" {
			p.gatherer.Know(sighted(db, k))
		}
	}
	return nil
}

// mostAsked are the names that are asked for beside a sample.
const mostAsked = 500

func sighted(db int, k keys.Key) usage.Sighted {
	return usage.Sighted{DB: db, Name: k.Name, Type: k.Type, Expires: k.Expires, TTL: k.TTL, Size: k.Elements}
}

// add counts what a tool cost.
func (p *usagePass) add(c server.Cost) {
	more := costOf(c, keys.Progress{})
	p.cost.Seconds += more.Seconds
	p.cost.Usec += more.Usec
	if p.cost.Seconds > 0 {
		p.cost.Share = p.cost.Usec / 1e6 / p.cost.Seconds
	}
	if more.Guessed != "" {
		p.cost.Guessed = more.Guessed
	}
}

// watched counts what it cost to watch commands and clients beside the look at the keys.
func (p *usagePass) watched(o stats.Observer) {
	p.cost.Usec += float64(o.TotalUsec - o.BesideUsec)
	p.cost.Seconds = max(p.cost.Seconds, time.Since(p.began).Seconds())
	p.cost.Share = p.cost.Usec / 1e6 / p.cost.Seconds
}

// survey is what was seen; nil where nothing could be looked at.
func (p *usagePass) survey() *stats.KeySurvey {
	if p.refusal != nil {
		return nil
	}
	s := p.gatherer.Survey(time.Now(), p.total, p.complete)
	p.cost.Looked = s.Sampled
	return s
}

// abuses are what the doctor says of how a server is used.
func abuses(snap *stats.Snapshot) []stats.Finding {
	return doctor.New(doctor.Options{Rules: doctor.RulesOfUse()}).Observe(snap)
}
