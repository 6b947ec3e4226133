// Command held measures what a server holds for a redistop that does not read: under loads of small
// and of large values it stops redistop in mid-window (SIGSTOP), lets it go on, and kills it
// (SIGKILL), in sample mode and in full mode, on every server that is here.
//
//	go run ./bench/held
//	go run ./bench/held -server valkey-9 -loads '100 kB'
//
// What is held is the output that CLIENT LIST shows for our connections, looked at every 20 ms.
package main

import (
	"context"
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
		fmt.Fprintln(os.Stderr, "held:", err)
		os.Exit(1)
	}
}

// A load is what redis-benchmark sends as fast as it can.
type load struct {
	name    string
	clients int
	args    []string
}

var loads = []load{
	{"GET 3 B", 50, []string{"-P", "16", "-t", "get", "-d", "3"}},
	{"SET 1 KiB", 50, []string{"-P", "16", "-t", "set", "-d", "1024"}},
	{"SET 100 kB, 5 clients", 5, []string{"-P", "16", "-t", "set", "-d", "100000"}},
	{"SET 100 kB", 50, []string{"-P", "16", "-t", "set", "-d", "100000"}},
	{"SET 1 MB", 50, []string{"-P", "4", "-t", "set", "-d", "1000000"}},
}

// A mode is how redistop is told to look.
type mode struct {
	name string
	args []string
}

var modes = []mode{
	{"sample", nil},
	{"full", []string{"--monitor", "5m"}},
}

func run() error {
	server := flag.String("server", "", "only servers whose flavor and version begin so: \"valkey-9\"")
	redistop := flag.String("redistop", "./redistop", "the program measured, made by make")
	wanted := flag.String("loads", "", "only the loads with this in their name")
	watch := flag.Duration("for", 6*time.Second, "how long each combination is watched before it is stopped")
	stop := flag.Duration("stop", 1500*time.Millisecond, "how long redistop is stopped")
	flag.Parse()
	if *watch < 3*time.Second || *watch > time.Minute || *stop < time.Second || *stop > time.Minute {
		return fmt.Errorf("check flags: -for is 3s to 1m, -stop 1s to 1m")
	}
	if _, err := os.Stat(*redistop); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()

	fmt.Println("load, server and redistop share", lab.Machine())
	print(titles())
	for _, binary := range servers(*server) {
		for _, l := range loads {
			if !strings.Contains(l.name, *wanted) {
				continue
			}
			t := trial{redistop: *redistop, binary: binary, load: l, watch: *watch, stop: *stop}
			rows, err := t.run(ctx)
			if err != nil {
				return fmt.Errorf("measure %s with %s: %w", binary, l.name, err)
			}
			for _, r := range rows {
				print(r.cells())
			}
		}
	}
	return nil
}

// print writes one line of the table; the last cell is as long as it is.
func print(cells []string) {
	for i, c := range columns {
		fmt.Printf("%-*s", max(len(c.title), c.width)+2, cells[i])
	}
	fmt.Println()
}

func servers(prefix string) (list []redistest.Binary) {
	for _, b := range append(redistest.Installed(), redistest.Fetched()...) {
		if strings.HasPrefix(b.Flavor+"-"+b.Version, prefix) {
			list = append(list, b)
		}
	}
	return list
}
