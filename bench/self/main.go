// Command self measures redistop itself: its start, its frames, its CPU time and memory beside an
// idle and a busy server, and its size. It prints a table for the README, each number with the
// command that takes it.
//
//	go run ./bench/self
//	go run ./bench/self -only 'busy'
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
		fmt.Fprintln(os.Stderr, "self:", err)
		os.Exit(1)
	}
}

func run() error {
	server := flag.String("server", "", "server: a path, or \"valkey-9.1\"; the installed one")
	redistop := flag.String("redistop", "./redistop", "the program measured, made by make")
	lasts := flag.Duration("for", 30*time.Second, "time that CPU and memory are measured")
	only := flag.String("only", "", "only the rows with this in their name")
	flag.Parse()
	if *lasts < time.Second || *lasts > 10*time.Minute {
		return fmt.Errorf("check flags: -for is 1s to 10m")
	}
	if _, err := os.Stat(*redistop); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	binary, err := lab.Find(*server)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary, TCP: true})
	if err != nil {
		return err
	}
	defer s.Stop()

	fmt.Printf("redistop beside %s, on %s\n\n", binary, lab.Machine())
	fmt.Println("| what | | by |")
	fmt.Println("|---|---|---|")
	var failed error
	b := bench{server: s, redistop: *redistop, lasts: *lasts}
	for _, row := range rows {
		if !strings.Contains(row.what, *only) {
			continue
		}
		value, err := row.measure(ctx, &b)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil { // the other rows are still worth having
			failed = errors.Join(failed, fmt.Errorf("measure %s: %w", row.what, err))
			value = "not measured"
		}
		fmt.Printf("| %s | %s | `%s` |\n", row.what, value, row.by)
	}
	return failed
}

// bench is what the rows measure with.
type bench struct {
	server   *redistest.Server
	redistop string
	lasts    time.Duration
}

// A row is one line of the table: a number, and the command that takes it.
type row struct {
	what    string
	by      string
	measure func(context.Context, *bench) (string, error)
}

const here = "go run ./bench/self"

var rows = []row{
	{"start to the first full frame, 80x24", here, func(ctx context.Context, b *bench) (string, error) { return b.start(ctx, 80, 24) }},
	{"start to the first full frame, 200x60", here, func(ctx context.Context, b *bench) (string, error) { return b.start(ctx, 200, 60) }},
	{"a frame at 200x60 of 10,000 connections", "go test -run - -bench Frame200x60 -benchmem ./internal/tui", frameTime},
	{"beside an idle server", here, func(ctx context.Context, b *bench) (string, error) { return b.footprint(ctx, 0) }},
	{"beside a busy server", here, func(ctx context.Context, b *bench) (string, error) { return b.footprint(ctx, 100_000) }},
	{"the program", "make && ls -l redistop", size},
}
