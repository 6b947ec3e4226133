// Command web measures redistop web: its CPU time and memory, and the time from a server's answer to a
// reader of events, while many read events and others ask the API; and how many requests for
// /api/v1/last_observation one core answers. Servers, watcher, readers and askers share the machine.
//
//	go run ./bench/web
//	go run ./bench/web -servers 10 -readers 1000 -requests 200 -for 30s
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
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
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

// plan is what is measured.
type plan struct {
	redistop    string
	servers     int
	connections int // to each server
	readers     int
	requests    int // a second
	lasts       time.Duration
	answers     time.Duration
	state       string // a folder for what redistop web keeps
}

func (p plan) check() error {
	switch {
	case p.servers < 1 || p.servers > 50, p.connections < 0 || p.connections > 1000, p.readers < 0 || p.readers > 2000, p.requests < 0 || p.requests > 5000:
		return errors.New("check flags: -servers 1 to 50, -connections to 1000, -readers to 2000, -requests to 5000")
	case p.lasts < time.Second || p.lasts > 10*time.Minute, p.answers < time.Second || p.answers > time.Minute:
		return errors.New("check flags: -for is 1s to 10m, -answers 1s to 1m")
	}
	if _, err := os.Stat(p.redistop); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	return lab.AllowFiles(8192)
}

func run() (err error) {
	var p plan
	server := flag.String("server", "", "server: a path, or \"valkey-9.1\"; the installed one")
	flag.StringVar(&p.redistop, "redistop", "./redistop", "the program measured, made by make")
	flag.IntVar(&p.servers, "servers", 10, "servers that are watched, every second")
	flag.IntVar(&p.connections, "connections", 100, "connections to each of them")
	flag.IntVar(&p.readers, "readers", 1000, "readers of the events of all servers")
	flag.IntVar(&p.requests, "requests", 200, "other requests a second")
	flag.DurationVar(&p.lasts, "for", 30*time.Second, "time that is measured")
	flag.DurationVar(&p.answers, "answers", 5*time.Second, "time that last_observation is asked for")
	flag.Parse()
	if err := p.check(); err != nil {
		return err
	}
	binary, err := lab.Find(*server)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if p.state, err = os.MkdirTemp("", "redistop-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.state)
	fmt.Printf("redistop web beside %d x %s with %d connections each, on %s\n\n", p.servers, binary, p.connections, lab.Machine())
	servers, end, err := startServers(ctx, binary, p)
	defer func() { err = errors.Join(err, end()) }()
	if err != nil {
		return err
	}
	if err := p.crowd(ctx, servers); err != nil {
		return err
	}
	return p.oneCore(ctx, servers)
}

// startServers starts the servers that are watched, and clients that stay connected.
func startServers(ctx context.Context, binary redistest.Binary, p plan) (addresses []string, end func() error, err error) {
	var ends []func() error
	end = func() error {
		var err error
		for i := len(ends) - 1; i >= 0; i-- {
			err = errors.Join(err, ends[i]())
		}
		return err
	}
	for i := range p.servers {
		s, err := redistest.Start(ctx, redistest.Options{Binary: binary})
		if err != nil {
			return nil, end, err
		}
		ends = append(ends, s.Stop)
		addresses = append(addresses, fmt.Sprintf("s%d=%s", i, s.Socket()))
		for range p.connections {
			c, err := lab.Dial("unix", s.Socket())
			if err != nil {
				return nil, end, err
			}
			ends = append(ends, func() error { c.Close(); return nil })
		}
	}
	return addresses, end, nil
}

// startWeb runs redistop web and waits until it has seen every server.
func startWeb(ctx context.Context, redistop string, servers []string, environment ...string) (*lab.Process, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	addr := l.Addr().String()
	l.Close()
	args := append(environment, redistop, "web", "--listen", addr, "--interval", "1s", "--config", os.DevNull)
	p, err := lab.Start(io.Discard, "env", append(args, servers...)...)
	if err != nil {
		return nil, "", err
	}
	for range 200 {
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return p, addr, err
		}
		if res, err := http.Get("http://" + addr + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return p, addr, nil
			}
		}
		if err := p.Check(); err != nil {
			return p, addr, err
		}
	}
	return p, addr, errors.New("redistop web is not ready within 10 s")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// row prints a line of the table.
func row(what, value string) { fmt.Printf("| %s | %s |\n", what, value) }

func milliseconds(d time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()*1e3), ".0") + " ms"
}
