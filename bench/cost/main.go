// Command cost measures what watching costs a server: it runs the same loads with nobody, with
// redistop, with redis-cli MONITOR and, where it can be had, with the earlier redistop attached, in
// turn, and prints the server's CPU time a command and its throughput as ratios to nobody of the
// same round, with their spread.
//
//	go run ./bench/cost
//	go run ./bench/cost -server valkey-9 -rounds 3 -loads 'GET 3 B, pipelined'
//	go run ./bench/cost -watchers sample,full,monitor -loads pipelined -window 6s
//
// Beside the load a client asks for a small key every 2 ms: how long it waits is what everybody else notices.
//
// Nobody is measured twice a round: how far the two lie apart is the noise of the machine, and no
// ratio inside it means anything.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

// maxRounds keeps the run bounded.
const maxRounds = 50

func run() error {
	server := flag.String("server", "", "server: a path, or \"valkey-9.1\"; the installed one")
	redistop := flag.String("redistop", "./redistop", "the program measured, made by make")
	rounds := flag.Int("rounds", 5, "rounds")
	window := flag.Duration("window", 8*time.Second, "time that each measurement counts; more than two intervals")
	wanted := flag.String("loads", "", "only the loads with this in their name")
	who := flag.String("watchers", "", "only these, with commas between, beside nobody: counters, counters-500ms, sample, sample-json, full, monitor, earlier")
	flag.Parse()
	if *rounds < 1 || *rounds > maxRounds || *window < time.Second || *window > time.Minute {
		return fmt.Errorf("check flags: -rounds is 1 to %d, -window 1s to 1m", maxRounds)
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

	chosen := loadsNamed(*wanted)
	if len(chosen) == 0 {
		return fmt.Errorf("find load %q: none has this in its name", *wanted)
	}
	all, without, err := watchers(ctx, *redistop, *who)
	if err != nil {
		return err
	}
	results := newResults(chosen, all)
	fmt.Printf("server %s, %d clients; load, server and watcher share %s\n", binary, connections, lab.Machine())
	fmt.Printf("%d rounds of %s a measurement, at most %s in all\n", *rounds, *window,
		(time.Duration(*rounds*len(chosen)*len(all)) * (*window + settle + 2*time.Second)).Round(time.Minute))
	if without != "" {
		fmt.Println(without)
	}
	if err := measureAll(ctx, binary, *rounds, *window, results); err != nil {
		return err
	}
	results.print(os.Stdout)
	if *rounds < 5 {
		fmt.Println("Fewer than five rounds know little of their own noise: take these numbers for a trial.")
	}
	return nil
}

func loadsNamed(part string) []load {
	var chosen []load
	for _, l := range loads {
		if strings.Contains(l.name, part) {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

// measureAll takes every measurement, in an order that changes from round to round, so that what
// the machine does now and then does not always meet the same watcher.
func measureAll(ctx context.Context, binary redistest.Binary, rounds int, window time.Duration, results *results) error {
	s, err := redistest.Start(ctx, redistest.Options{Binary: binary, TCP: true})
	if err != nil {
		return err
	}
	defer s.Stop()
	b, err := newBench(s, window)
	if err != nil {
		return err
	}
	defer b.close()
	for round := range rounds {
		for l, load := range results.loads {
			for _, w := range turn(len(results.watchers), round) {
				sample, err := b.measure(ctx, load, results.watchers[w])
				if err != nil {
					return fmt.Errorf("measure %s with %s: %w", load.name, results.watchers[w].name, err)
				}
				results.samples[l][w] = append(results.samples[l][w], sample)
			}
		}
		fmt.Fprintf(os.Stderr, "round %d of %d is done\n", round+1, rounds)
	}
	return nil
}

// turn is the order of n watchers in a round. The control stands half a round away from nobody,
// since what changes slowly is noise too, and every round begins further on.
func turn(n, round int) []int {
	var order []int
	for w := range n {
		if w != nobodyAgain {
			order = append(order, w)
		}
	}
	order = slices.Insert(order, n/2, nobodyAgain)
	step := 3
	if n%step == 0 { // or not every watcher would ever begin
		step = 1
	}
	at := round * step % n
	return append(order[at:], order[:at]...)
}
