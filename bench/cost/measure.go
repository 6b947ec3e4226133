package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

const (
	connections = 50
	// settle is between the start of the load and the window: longer than the interval of any watcher, so that each
	// has polled under the load and knows it for what it is.
	settle    = 2500 * time.Millisecond
	comeAndGo = 5 * time.Second // for connections to be seen, or to be gone
)

// A load is what redis-benchmark sends as fast as it can.
type load struct {
	name     string
	pipeline int
	command  []string
}

var loads = []load{
	{"GET 3 B, pipelined", 16, []string{"GET", smallKey}},
	{"GET 3 B", 1, []string{"GET", smallKey}},
	{"SET 1 KiB, pipelined", 16, []string{"SET", "large", strings.Repeat("x", 1<<10)}},
	{"SET 1 KiB", 1, []string{"SET", "large", strings.Repeat("x", 1<<10)}},
}

const smallKey = "small"

// start runs the load until it is stopped: no server here gets through the number of requests
// within a window. A redis-benchmark whose server is gone ends.
func (l load) start(s *redistest.Server) (*lab.Process, error) {
	benchmark, err := lab.Tool("benchmark")
	if err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(s.Addr(), ":")
	return lab.Start(io.Discard, benchmark, append([]string{"-h", host, "-p", port, "-q",
		"-c", strconv.Itoa(connections), "-P", strconv.Itoa(l.pipeline), "-n", "2000000000"}, l.command...)...)
}

// A sample is one measurement.
type sample struct {
	usecPerCommand    float64 // CPU time of the server process, all threads, user and system
	commandsPerSecond float64
	watcherCores      float64         // CPU time of the watcher over time: what it takes from the load where they share cores
	waits             []time.Duration // of the probing client
}

// bench measures one server over a connection of its own.
type bench struct {
	server *redistest.Server
	client *lab.Client
	alone  int // connections without load and watcher
	window time.Duration
}

func newBench(s *redistest.Server, window time.Duration) (*bench, error) {
	client, err := lab.Dial("unix", s.Socket())
	if err != nil {
		return nil, err
	}
	b := &bench{server: s, client: client, window: window}
	if _, err = client.Do("SET", smallKey, "abc"); err == nil {
		b.alone, err = client.Connected()
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() { b.client.Close() }

// measure starts the watcher, then the load, counts over the window, and waits until both are gone.
func (b *bench) measure(ctx context.Context, l load, w watcher) (_ sample, err error) {
	var running []*lab.Process
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.Stop())
		}
		if err == nil {
			err = b.wait(ctx, b.alone, b.alone)
		}
	}()
	expected := b.alone
	begin := func(p *lab.Process, startErr error, connections int) error {
		if startErr != nil {
			return startErr
		}
		running = append(running, p)
		expected += connections
		if err := b.wait(ctx, expected, expected+100); err != nil {
			return errors.Join(err, p.Check())
		}
		return nil
	}
	watcher := 0 // its process id; 0: nobody
	if w.attach != nil {
		p, err := w.attach(b.server.Addr())
		if err := begin(p, err, w.connections); err != nil {
			return sample{}, err
		}
		watcher = p.PID()
	}
	p, err := l.start(b.server)
	if err := begin(p, err, connections); err != nil {
		return sample{}, err
	}
	if err := sleep(ctx, settle); err != nil {
		return sample{}, err
	}
	taken, err := b.count(ctx, watcher)
	for _, p := range running {
		err = errors.Join(err, p.Check())
	}
	return taken, errors.Join(err, b.wait(ctx, expected, expected+100))
}

// count reads the server's own counters and the watcher's CPU time at both ends of the window, and probes meanwhile.
func (b *bench) count(ctx context.Context, watcher int) (sample, error) {
	before, err := b.counters(watcher)
	if err != nil {
		return sample{}, err
	}
	probing, stop := context.WithTimeout(ctx, b.window)
	defer stop()
	waits, err := probe(probing, b.server)
	if err != nil {
		return sample{}, err
	}
	if ctx.Err() != nil {
		return sample{}, context.Cause(ctx)
	}
	after, err := b.counters(watcher)
	if err != nil {
		return sample{}, err
	}
	seconds := after.at.Sub(before.at).Seconds()
	commands := after.commands - before.commands
	if commands < 1000 {
		return sample{}, fmt.Errorf("count commands: only %.0f came in %s", commands, b.window)
	}
	return sample{
		usecPerCommand:    (after.cpu - before.cpu) * 1e6 / commands,
		commandsPerSecond: commands / seconds,
		watcherCores:      (after.watcher - before.watcher).Seconds() / seconds,
		waits:             waits,
	}, nil
}

type counters struct {
	at       time.Time
	cpu      float64 // seconds
	commands float64
	watcher  time.Duration
}

func (b *bench) counters(watcher int) (counters, error) {
	var own time.Duration
	if watcher > 0 {
		var err error
		if own, err = lab.CPUTime(watcher); err != nil {
			return counters{}, err
		}
	}
	info, err := b.client.Info("cpu", "stats")
	if err != nil {
		return counters{}, err
	}
	at := time.Now()
	user, known := info.Float("used_cpu_user").Get()
	system, known2 := info.Float("used_cpu_sys").Get()
	commands, known3 := info.Int("total_commands_processed").Get()
	if !known || !known2 || !known3 {
		return counters{}, errors.New("ask INFO: no CPU time or count of commands in the reply")
	}
	return counters{at: at, cpu: user + system, commands: float64(commands), watcher: own}, nil
}

// wait returns when the server has from low to high connections.
func (b *bench) wait(ctx context.Context, low, high int) error {
	for deadline := time.Now().Add(comeAndGo); ; {
		n, err := b.client.Connected()
		if err != nil || low <= n && n <= high {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for connections: %d, want %d to %d", n, low, high)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
