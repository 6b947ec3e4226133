// Command presence measures how truly redistop tells who is online: thousands of connections to a real server, of which
// hundreds come and go a second, against what the load itself wrote down of each of them.
//
//	go run ./bench/presence
//	go run ./bench/presence -connections 2000 -turnover 100 -for 30s -servers redis-7.0,valkey-9
//
// A connection lives for a random time (exponential), so that some live for less than a pass over the connections
// and some for all of the run. It says what it is called when it comes, and nothing more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "presence:", err)
		os.Exit(1)
	}
}

// plan is what is measured.
type plan struct {
	redistop         string
	connections      int
	turnover         int // connections that come, and that go, a second
	interval, lasts  time.Duration
	budget           string
	settle, patience time.Duration
}

func run() error {
	p := plan{settle: 2 * time.Second, patience: time.Minute}
	servers := flag.String("servers", "redis-7.0", "servers, each a path or a beginning of flavor-version")
	flag.StringVar(&p.redistop, "redistop", "./redistop", "the program measured, made by make")
	flag.IntVar(&p.connections, "connections", 10_000, "connections at a time")
	flag.IntVar(&p.turnover, "turnover", 500, "connections that come and go a second")
	flag.DurationVar(&p.interval, "interval", 2*time.Second, "redistop's --interval")
	flag.StringVar(&p.budget, "budget", "1%", "redistop's --budget")
	flag.DurationVar(&p.lasts, "for", time.Minute, "time that is watched")
	flag.Parse()
	if p.connections < 1 || p.connections > 15_000 || p.turnover < 1 || p.turnover > 2000 || p.lasts < 10*time.Second || p.lasts > 10*time.Minute {
		return errors.New("check flags: 1 to 15000 connections, a turnover of 1 to 2000, a time of 10s to 10m")
	}
	if _, err := os.Stat(p.redistop); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	fmt.Printf("redistop top --json --interval %s --budget %s for %s; server, load and watcher share %s\n", p.interval, p.budget, p.lasts, lab.Machine())
	for _, name := range strings.Split(*servers, ",") {
		binary, err := lab.Find(name)
		if err != nil {
			return err
		}
		if err := p.measure(ctx, binary); err != nil {
			return fmt.Errorf("measure %s: %w", binary, err)
		}
	}
	return nil
}

// measure watches one server under the load.
func (p plan) measure(ctx context.Context, binary redistest.Binary) (err error) {
	if err := lab.AllowFiles(uint64(p.connections) + 1000); err != nil {
		return err
	}
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary, TCP: true, Config: []string{"maxclients 18000", "protected-mode no"}})
	if err != nil {
		return err
	}
	defer s.Stop()
	load := newLoad(s.Addr(), time.Duration(p.connections)*time.Second/time.Duration(p.turnover))
	if err := load.gather(ctx, p.connections); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	churning := make(chan error, 1)
	go func() { churning <- load.churn(ctx, p.turnover) }()
	defer func() { cancel(); err = errors.Join(err, <-churning); load.leave() }()
	if err := sleep(ctx, p.settle); err != nil {
		return err
	}
	w := newWatcher()
	watcher, err := lab.Start(w, p.redistop, "top", "--json", "--no-sample", "--no-probe", "--interval", p.interval.String(), "--budget", p.budget, s.Addr())
	if err != nil {
		return err
	}
	defer watcher.Stop()
	select {
	case <-w.whole: // the first pass walks down from the newest id
	case <-time.After(p.patience):
		return errors.Join(errors.New("wait for the first whole list: none came"), watcher.Check())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := sleep(ctx, p.lasts); err != nil {
		return err
	}
	seen, err := w.stop()
	if err := errors.Join(err, watcher.Check()); err != nil {
		return err
	}
	fmt.Printf("\n%s, %d connections, %d come and %d go a second\n%s", binary, p.connections, p.turnover, p.turnover, judge(load.truth(), seen))
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
