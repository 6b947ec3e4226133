// Package demo is a small company on a private server: web servers with a cache and sessions, a
// job queue, Pub/Sub, a stream with a consumer group, a rate limiter, a cron job that connects anew
// each time, a report with a bug, and an administrator who runs KEYS * on a few hundred thousand
// keys. Every one is a client of its own, with its own name, user and loopback address.
//
// The load is paced and bounded: a few thousand commands a second.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"redistop/internal/redistest"
)

// Observer is the ACL user that may watch the demo's server.
const Observer = "redistop"

// A Demo is one private server under load. Its methods may be called from any goroutine.
type Demo struct {
	server   *redistest.Server
	password string
	spread   bool // the programs come from addresses of their own

	stop context.CancelCauseFunc
	ctx  context.Context // of the traffic
	done sync.WaitGroup
}

// Start runs the server, fills it and sets the programs to work. ctx bounds the whole life of the
// traffic. The caller must Close the Demo.
func Start(ctx context.Context, binary redistest.Binary) (_ *Demo, err error) {
	config, password, err := config(binary)
	if err != nil {
		return nil, err
	}
	server, err := redistest.Start(ctx, redistest.Options{Binary: binary, TCP: true, Config: config})
	if err != nil {
		return nil, fmt.Errorf("start demo: %w", err)
	}
	d := &Demo{server: server, password: password}
	d.ctx, d.stop = context.WithCancelCause(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	d.spread = canSpread(ctx, server.Addr())
	if err = d.fill(ctx); err != nil {
		return nil, fmt.Errorf("fill demo server: %w", err)
	}
	for _, p := range programs {
		for i := range p.instances {
			d.run(p, i)
		}
	}
	return d, nil
}

// Addr is the server's address, host:port.
func (d *Demo) Addr() string { return d.server.Addr() }

// Password is the password of every user of the server, made anew for each demo.
func (d *Demo) Password() string { return d.password }

// Context ends when the traffic ends: by Close, by the context of Start, or by a mistake of this
// package, which then is its cause.
func (d *Demo) Context() context.Context { return d.ctx }

// Close ends the programs and the server and removes all that they left. Closing twice is fine.
func (d *Demo) Close() error {
	d.stop(nil)
	// The server goes first: a blocked BRPOP or XREADGROUP then returns at once.
	err := d.server.Stop()
	d.done.Wait()
	return err
}

// run lets the threads of one instance of a program work until the demo ends. What fails is tried
// again: the user may kill any client, and that is part of the show.
func (d *Demo) run(p program, instance int) {
	c := d.client(p, instance)
	var threads sync.WaitGroup
	for range max(p.threads, 1) {
		threads.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					d.stop(panicError{p.name, r})
				}
			}()
			for d.ctx.Err() == nil {
				if err := p.work(d.ctx, c, instance); err != nil {
					sleep(d.ctx, retryAfter)
				}
			}
		})
	}
	d.done.Go(func() {
		threads.Wait()
		c.Close()
	})
}

// panicError is a mistake in a program: it ends the demo in order, and the server with it.
type panicError struct {
	program string
	value   any
}

func (e panicError) Error() string {
	return fmt.Sprintf("run demo program %s: panic: %v", e.program, e.value)
}

// config is the server's configuration: little memory, so that its bar says something, and a user
// for each trade, all with one random password, because the port is open to every local user.
func config(b redistest.Binary) (lines []string, password string, err error) {
	major, minor := series(b)
	if major < 6 {
		return nil, "", fmt.Errorf("start demo: %s is too old, Redis 6.0 or Valkey is needed", b)
	}
	channels := ""
	if major > 6 || minor >= 2 {
		channels = " allchannels"
	}
	password = rand.Text()
	lines = []string{
		"maxmemory " + strconv.Itoa(maxMemory),
		"maxmemory-policy allkeys-lru",
		"user default off",
	}
	for user, rights := range map[string]string{
		"web": "+@all -@admin", "worker": "+@all -@admin", "admin": "+@all", Observer: "+@all",
	} {
		lines = append(lines, "user "+user+" on >"+password+" allkeys"+channels+" "+rights)
	}
	return lines, password, nil
}

func series(b redistest.Binary) (major, minor int) {
	numbers := strings.SplitN(b.Version+".0", ".", 3)
	major, _ = strconv.Atoi(numbers[0])
	minor, _ = strconv.Atoi(numbers[1])
	return major, minor
}
