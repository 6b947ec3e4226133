package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"redistop/bench/lab"
)

// A watcher is somebody who looks at the server meanwhile.
type watcher struct {
	name        string
	connections int // that it has to the server, at least
	ours        bool
	attach      func(addr string) (*lab.Process, error) // nil: nobody
}

// The first two watchers are the baseline and its control.
const (
	nobody = iota
	nobodyAgain
)

// watchers lists who is compared. without says why the earlier redistop is not among them.
func watchers(ctx context.Context, redistop string) (list []watcher, without string) {
	list = []watcher{
		nobody:      {name: "nobody"},
		nobodyAgain: {name: "nobody, again: the noise"},
		{name: "redistop, counters alone, every 2 s", connections: 1, ours: true, attach: onScreen(redistop, "2s", "--no-sample")},
		{name: "redistop, counters alone, every 500 ms", connections: 1, ours: true, attach: onScreen(redistop, "500ms", "--no-sample")},
		{name: "redistop, with samples, every 2 s", connections: 1, ours: true, attach: onScreen(redistop, "2s")},
		{name: "redistop --json, with samples, every 2 s", connections: 1, ours: true, attach: printed(redistop, "2s")},
		{name: "redistop, every command", connections: 2, attach: onScreen(redistop, "2s", "--monitor", "10m")},
		{name: "redis-cli MONITOR", connections: 1, attach: monitor},
	}
	path, err := earlier(ctx)
	if err != nil {
		return list, fmt.Sprintf("left out: the earlier redistop (%s): %v; REDISTOP_EARLIER=PATH names one that is here", earlierModule, err)
	}
	return append(list, watcher{name: "the earlier redistop", connections: 1, attach: func(addr string) (*lab.Process, error) {
		return lab.StartOn(140, 45, io.Discard, path, "x", addr) // it ignores its first argument, and needs this size
	}}), ""
}

func printed(redistop, interval string, flags ...string) func(string) (*lab.Process, error) {
	return func(addr string) (*lab.Process, error) {
		return lab.Start(io.Discard, redistop, append([]string{"top", "--json", "--interval", interval, addr}, flags...)...)
	}
}

func onScreen(redistop, interval string, flags ...string) func(string) (*lab.Process, error) {
	return func(addr string) (*lab.Process, error) {
		return lab.StartOn(80, 24, io.Discard, redistop, append([]string{"--interval", interval, addr}, flags...)...)
	}
}

// monitor writes to /dev/null itself: a pipe would make us read hundreds of megabytes a second.
func monitor(addr string) (*lab.Process, error) {
	cli, err := lab.Tool("cli")
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	host, port, _ := strings.Cut(addr, ":")
	return lab.Start(null, cli, "-h", host, "-p", port, "MONITOR")
}

// earlierModule is the first tool of this name: a MONITOR with a screen.
const (
	earlierModule  = "github.com/factorysh/redistop"
	installTimeout = 2 * time.Minute
)

// earlier returns the program of the earlier redistop: the one that REDISTOP_EARLIER names, else it
// is fetched and built.
func earlier(ctx context.Context) (string, error) {
	if path := os.Getenv("REDISTOP_EARLIER"); path != "" {
		return exec.LookPath(path)
	}
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	folder := filepath.Join(os.TempDir(), "redistop-earlier")
	install := exec.CommandContext(ctx, "go", "install", earlierModule+"@latest")
	install.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return "", fmt.Errorf("%s: %w: %s", install, err, strings.TrimSpace(lines[len(lines)-1]))
	}
	return filepath.Join(folder, "redistop"), nil
}
