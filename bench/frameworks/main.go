// Command frameworks runs what job queues, session stores, caches and their like do, each against a server of its
// own, and records what they leave there: names and types of keys, expiry, sizes, channels and clients, no contents.
//
//	go run ./bench/frameworks                      # all that can be run here
//	go run ./bench/frameworks -only BullMQ
//
// Those that keep jobs are asked as well, by their own calls, how many wait, run, are delayed and have failed and since
// when the oldest waits, with a worker and without one; what redistop messaging says of the same moment must be the
// same: it prints both, and ends with status 1 where they differ.
//
// The recordings are what the table of internal/usage and the queues of internal/messaging are held against. It wants node, python3, ruby and php with the
// packages of the frameworks, which "make frameworks" installs; what is missing is named and left out.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

func main() {
	if err := record(); err != nil {
		fmt.Fprintln(os.Stderr, "frameworks:", err)
		os.Exit(1)
	}
}

// A framework is one program that is run.
type framework struct {
	name    string // as in the table
	command []string
	counts  []string // the scenes in which it says, when asked to, how many jobs it keeps; nil: it keeps none
}

// A bench is what all of them are run with.
type bench struct {
	binary   redistest.Binary
	modules  string // of node
	out      string // folder of the recordings
	queues   string // folder of what queues hold
	redistop string // the program that is compared
}

// A run is a framework at work on a server of its own.
type run struct {
	server  *redistest.Server
	program *program
	version string
}

const here = "bench/frameworks/"

// frameworks are all that can be run; golang is the program of the Go ones.
func frameworks(golang string) []framework {
	return []framework{
		{"Sidekiq", []string{"ruby", here + "ruby/sidekiq.rb"}, keeping},
		{"Celery", []string{"/usr/bin/python3", here + "python/celery_app.py"}, keeping},
		{"RQ", []string{"/usr/bin/python3", here + "python/rq_app.py"}, keeping},
		{"Bull", []string{"node", here + "node/bull.js"}, pausing},
		{"BullMQ", []string{"node", here + "node/bullmq.js"}, pausing},
		{"Bee-Queue", []string{"node", here + "node/bee-queue.js"}, keeping},
		{"asynq", []string{golang, "asynq"}, keeping},
		{"PHP sessions (phpredis)", []string{"php", here + "php/session.php"}, nil},
		{"Flask-Session", []string{"/usr/bin/python3", here + "python/flask_session_app.py"}, nil},
		{"connect-redis", []string{"node", here + "node/connect-redis.js"}, nil},
		{"Django cache", []string{"/usr/bin/python3", here + "python/django_app.py"}, nil},
		{"node-redlock", []string{"node", here + "node/redlock.js"}, nil},
		{"redsync", []string{golang, "redsync"}, nil},
		{"Socket.IO", []string{"node", here + "node/socketio.js"}, nil},
		{"Socket.IO streams", []string{"node", here + "node/socketio-streams.js"}, nil},
		{"Faye", []string{"node", here + "node/faye.js"}, nil},
		{"express-rate-limit", []string{"node", here + "node/express-rate-limit.js"}, nil},
		{"rate-limiter-flexible", []string{"node", here + "node/rate-limiter-flexible.js"}, nil},
		{"redis_rate", []string{golang, "redis_rate"}, nil},
	}
}

func record() error {
	only := flag.String("only", "", "record this framework alone")
	name := flag.String("server", "redis-8", "server: a path or a beginning of flavor-version; one before 7.2 tells no libraries")
	modules := flag.String("modules", "", "folder of node's packages that are installed already; default: npm installs them into a folder of the user's cache")
	out := flag.String("out", "internal/usage/testdata/frameworks", "folder of the recordings")
	queues := flag.String("queues", "internal/messaging/testdata/frameworks", "folder of what queues hold")
	program := flag.String("redistop", "./redistop", "the program that is compared, made by make")
	flag.Parse()
	if _, err := os.Stat(*program); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	binary, err := lab.Find(*name)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if *modules == "" {
		if *modules, err = install(ctx); err != nil {
			return err
		}
	}
	golang, err := build(ctx)
	if err != nil {
		return err
	}
	defer os.Remove(golang)
	b := &bench{binary, *modules, *out, *queues, *program}
	var failed []error
	for _, f := range frameworks(golang) {
		if ctx.Err() != nil || *only != "" && *only != f.name {
			continue
		}
		for _, scene := range f.scenes() {
			if err := b.play(ctx, f, scene); err != nil {
				failed = append(failed, fmt.Errorf("record %s, %s: %w", f.name, scene, err))
			}
		}
	}
	return errors.Join(failed...)
}

// install has npm put the packages of node into a folder that is kept.
func install(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for node's packages: %w", err)
	}
	dir := filepath.Join(cache, "redistop-frameworks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for node's packages: %w", err)
	}
	text, err := os.ReadFile(here + "node/package.json")
	if err != nil {
		return "", fmt.Errorf("read what node needs: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), text, 0o644); err != nil {
		return "", fmt.Errorf("write what node needs: %w", err)
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--silent")
	npm.Dir, npm.Stderr = dir, os.Stderr
	if err := npm.Run(); err != nil {
		return "", fmt.Errorf("install node's packages: %w", err)
	}
	return filepath.Join(dir, "node_modules"), nil
}

// build makes the program of the frameworks in Go.
func build(ctx context.Context) (string, error) {
	f, err := os.CreateTemp("", "frameworks-golang-*")
	if err != nil {
		return "", fmt.Errorf("make a file for a program: %w", err)
	}
	f.Close()
	compiler := exec.CommandContext(ctx, "go", "build", "-o", f.Name(), ".")
	compiler.Dir, compiler.Stderr = here+"golang", os.Stderr
	if err := compiler.Run(); err != nil {
		return "", errors.Join(fmt.Errorf("build the frameworks in Go: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// The scenes that a framework is run in.
const (
	working    = "working"    // as its users run it: every kind of key that it writes
	unattended = "unattended" // jobs that nobody takes
	paused     = "paused"     // the same, in a queue that was paused
)

var keeping, pausing = []string{working, unattended}, []string{working, unattended, paused}

func (f framework) scenes() []string {
	if f.counts == nil {
		return []string{working}
	}
	return f.counts
}

// play runs a framework in a scene, writes what it left, and compares its numbers.
func (b *bench) play(ctx context.Context, f framework, scene string) (err error) {
	if _, err := exec.LookPath(f.command[0]); err != nil {
		return fmt.Errorf("it wants %s: %w", f.command[0], err)
	}
	server, err := redistest.Start(ctx, redistest.Options{Binary: b.binary, TCP: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	program, version, err := f.start(ctx, "redis://"+server.Addr(), b.modules, scene)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, program.end()) }()
	r := &run{server, program, version}
	if scene == working {
		if err := b.layout(f, r); err != nil {
			return err
		}
	}
	if f.counts == nil {
		return nil
	}
	c := &contents{Framework: f.name, Version: version, Scene: scene}
	err = b.compare(ctx, r, c)
	if c.Own == nil {
		return err
	}
	return errors.Join(err, c.write(b.queues))
}

// layout writes what a framework left in its server.
func (b *bench) layout(f framework, run *run) error {
	r, err := look(run.server.Socket())
	if err != nil {
		return err
	}
	r.Framework, r.Version, r.Server = f.name, run.version, b.binary.String()
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("encode recording: %w", err)
	}
	name := filepath.Join(b.out, slug(f.name)+"-"+run.version+".json")
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	fmt.Printf("%s %s: %d keys, %d channels, %d clients\n", f.name, run.version, len(r.Keys), len(r.Channels), len(r.Clients))
	return nil
}

// slug is a name for a file.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ' || r == '-' || r == '_' || r == '.':
			return '-'
		}
		return -1
	}, name), "-")
}
