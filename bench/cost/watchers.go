package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"redistop/bench/lab"
)

// A watcher is somebody who looks at the server meanwhile.
type watcher struct {
	key         string // for -watchers; nobody has none and is always there
	name        string
	connections int                                     // that it has to the server, at least
	within      float64                                 // promised CPU time a command, against nobody; 0: nothing is promised
	attach      func(addr string) (*lab.Process, error) // nil: nobody
}

// The first two watchers are the baseline and its control.
const (
	nobody = iota
	nobodyAgain
)

// watchers lists who is compared: all, or those whose keys are wanted, with commas between. without says why the
// earlier redistop is not among them.
func watchers(ctx context.Context, redistop, wanted string) (list []watcher, without string, err error) {
	list, earlierToo := peers(redistop), true
	if wanted != "" {
		keys := strings.Split(wanted, ",")
		if list, err = chosen(list, keys); err != nil {
			return nil, "", err
		}
		earlierToo = slices.Contains(keys, earlierKey)
	}
	if !earlierToo {
		return list, "", nil
	}
	path, err := earlier(ctx)
	if err != nil {
		return list, fmt.Sprintf("left out: the earlier redistop (%s): %v; REDISTOP_EARLIER=PATH names one that is here", earlierModule, err), nil
	}
	return append(list, watcher{key: earlierKey, name: "the earlier redistop", connections: 1, attach: func(addr string) (*lab.Process, error) {
		return lab.StartOn(140, 45, io.Discard, path, "x", addr) // it ignores its first argument, and needs this size
	}}), "", nil
}

// Keys that are spoken of elsewhere.
const (
	fullKey    = "full"
	monitorKey = "monitor"
	earlierKey = "earlier"
)

// chosen are nobody, twice, and the watchers with these keys, in the order of the list.
func chosen(all []watcher, keys []string) ([]watcher, error) {
	known := []string{earlierKey}
	for _, w := range all[nobodyAgain+1:] {
		known = append(known, w.key)
	}
	for _, k := range keys {
		if !slices.Contains(known, k) {
			return nil, fmt.Errorf("find watcher %q: there are %s", k, strings.Join(known, ", "))
		}
	}
	list := slices.Clone(all[:nobodyAgain+1])
	for _, w := range all[nobodyAgain+1:] {
		if slices.Contains(keys, w.key) {
			list = append(list, w)
		}
	}
	return list, nil
}

// peers are all watchers that are always to be had.
func peers(redistop string) []watcher {
	return []watcher{
		nobody:      {name: "nobody"},
		nobodyAgain: {name: "nobody, again: the noise"},
		{key: "counters", name: "redistop, counters alone, every 2 s", connections: 1, within: withinCounters, attach: onScreen(redistop, "2s", "--no-sample")},
		{key: "counters-500ms", name: "redistop, counters alone, every 500 ms", connections: 1, within: withinCounters, attach: onScreen(redistop, "500ms", "--no-sample")},
		{key: "sample", name: "redistop, with samples, every 2 s", connections: 1, within: withinSamples, attach: onScreen(redistop, "2s")},
		{key: "sample-json", name: "redistop --json, with samples, every 2 s", connections: 1, within: withinSamples, attach: printed(redistop, "2s")},
		{key: fullKey, name: "redistop, every command", connections: 2, attach: onScreen(redistop, "2s", "--monitor", "10m")},
		{key: monitorKey, name: "redis-cli MONITOR", connections: 1, attach: monitor},
	}
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
