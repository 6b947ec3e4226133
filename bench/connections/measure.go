package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

// watch says how redistop is run.
type watch struct {
	redistop string
	interval time.Duration
	budget   string
	lasts    time.Duration
}

// firstTimeout is for the first Snapshot, and the second.
const firstTimeout = 20 * time.Second

// measure starts a server with so many idle connections and watches it.
func measure(ctx context.Context, binary redistest.Binary, connections int, w watch) (line, error) {
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary, TCP: true, Config: []string{"maxclients 26000"}})
	if err != nil {
		return line{}, err
	}
	defer s.Stop()
	everybody, err := gather(s.Addr(), connections)
	if err != nil {
		return line{}, err
	}
	defer everybody.leave()
	if err := sleep(ctx, 2*time.Second); err != nil { // the server tidies up after so many new ones
		return line{}, err
	}
	l := line{connections: connections, lasts: w.lasts}
	if l.alone, err = observe(ctx, s, w.lasts); err != nil {
		return line{}, err
	}
	got := newSnapshots()
	started := time.Now()
	watcher, err := lab.Start(got, w.redistop, "top", "--json", "--interval", w.interval.String(), "--budget", w.budget, s.Addr())
	if err != nil {
		return line{}, err
	}
	defer watcher.Stop()
	for range 2 { // the first interval is left out
		select {
		case <-got.came:
		case <-time.After(firstTimeout):
			return line{}, errors.Join(errors.New("wait for snapshot: none came"), watcher.Check())
		case <-ctx.Done():
			return line{}, context.Cause(ctx)
		}
	}
	from := time.Now()
	if l.with, err = observe(ctx, s, w.lasts); err != nil {
		return line{}, err
	}
	all, err := got.all()
	if err := errors.Join(err, watcher.Check()); err != nil {
		return line{}, err
	}
	l.read(all, from, started)
	l.budget, err = budgetOf(w.budget)
	return l, err
}

// cost is what a server did in one measurement.
type cost struct {
	usec float64       // its own count of all commands but PING
	cpu  time.Duration // of its process
	wait time.Duration // the longest that the prober had to wait
}

// observe counts for some time what the server does, and then for as long how long a client waits:
// a client that asks 200 times a second would drown what the process takes for us.
func observe(ctx context.Context, s *redistest.Server, lasts time.Duration) (cost, error) {
	c, err := count(ctx, s, lasts)
	if err != nil {
		return cost{}, err
	}
	p, err := startProber(s.Addr())
	if err != nil {
		return cost{}, err
	}
	err = sleep(ctx, lasts)
	worst, probeErr := p.stop()
	c.wait = worst
	return c, errors.Join(err, probeErr)
}

// count reads the counters at both ends. Its own one INFO is in both measurements of a line.
func count(ctx context.Context, s *redistest.Server, lasts time.Duration) (cost, error) {
	client, err := lab.Dial("unix", s.Socket())
	if err != nil {
		return cost{}, err
	}
	defer client.Close()
	before, err := read(client, s.PID())
	if err != nil {
		return cost{}, err
	}
	if err := sleep(ctx, lasts); err != nil {
		return cost{}, err
	}
	after, err := read(client, s.PID())
	return cost{usec: after.usec - before.usec, cpu: after.cpu - before.cpu}, err
}

func read(client *lab.Client, pid int) (cost, error) {
	info, err := client.Info("commandstats")
	if err != nil {
		return cost{}, err
	}
	var c cost
	for _, row := range info.Commands {
		if row.Name != "ping" {
			c.usec += float64(row.Usec)
		}
	}
	c.cpu, err = lab.CPUTime(pid)
	return c, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func budgetOf(text string) (float64, error) {
	var share float64
	if _, err := fmt.Sscanf(text, "%f%%", &share); err != nil || !strings.HasSuffix(text, "%") {
		return 0, fmt.Errorf("read -budget %q: not a share such as 1%%", text)
	}
	return share / 100, nil
}
