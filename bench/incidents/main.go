// Command incidents plays incidents and healthy workloads on real servers, lets redistop look at them, and
// prints what it found: how often a rule was right, how often it said something where nothing was, and how
// long it took.
//
//	make && go run ./bench/incidents
//	go run ./bench/incidents -only keys -server valkey-9.1
//	go run ./bench/incidents -write docs/incidents.md
//
// Everything runs on loopback servers of its own, and ends with the program. go test ./bench/incidents plays
// the same in small.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"redistop/bench/lab"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "incidents:", err)
		os.Exit(1)
	}
}

func run() error {
	server := flag.String("server", "", "server: a path, or \"valkey-9.1\"; the installed one")
	redistop := flag.String("redistop", "./redistop", "the program that looks, made by make")
	only := flag.String("only", "", "only the scenes with one of these `WORDS`, separated by commas, in their name")
	short := flag.Bool("short", false, "small data, and no redistop doctor: as go test does")
	atOnce := flag.Int("parallel", 3, "scenes played at the same time")
	write := flag.String("write", "", "write the tables to `FILE`, too")
	patience := flag.Duration("patience", patience, "time that the live Snapshots have for an incident")
	keep := flag.String("keep", "", "keep what redistop said last of each scene in `FOLDER`")
	flag.Parse()
	if *atOnce < 1 || *atOnce > 16 {
		return errors.New("check flags: -parallel is 1 to 16")
	}
	if _, err := os.Stat(*redistop); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	binary, err := lab.Find(*server)
	if err != nil {
		return err
	}
	chosen := named(*only)
	if len(chosen) == 0 {
		return fmt.Errorf("find scene %q: none has this in its name", *only)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	p := &player{binary: binary, redistop: *redistop, short: *short, patience: *patience, keep: *keep}
	report := Report{Server: binary.String(), Machine: lab.Machine(), Short: *short}
	began := time.Now()
	report.Results = p.playAll(ctx, chosen, *atOnce, os.Stderr)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	report.Took = time.Since(began)
	text := report.Markdown()
	fmt.Print(text)
	if *write != "" {
		if err := os.WriteFile(*write, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write tables: %w", err)
		}
	}
	if n := report.Misses(); n > 0 {
		return fmt.Errorf("judge redistop: %d of %d scenes are not as they should be", n, len(report.Results))
	}
	return nil
}

func named(words string) []*Scene {
	return slices.DeleteFunc(scenes(), func(s *Scene) bool {
		for word := range strings.SplitSeq(words, ",") {
			if strings.Contains(s.Name, word) {
				return false
			}
		}
		return true
	})
}

// playAll plays the Scenes, atOnce at a time, and those that need the machine to themselves after all others.
func (p *player) playAll(ctx context.Context, list []*Scene, atOnce int, progress io.Writer) []Result {
	results := make([]Result, len(list))
	var turn sync.Mutex // of progress
	one := func(i int) {
		if ctx.Err() != nil {
			return
		}
		results[i] = p.playOrTell(ctx, list[i])
		turn.Lock()
		defer turn.Unlock()
		fmt.Fprintf(progress, "%-18s %s\n", list[i].Name, cmp.Or(results[i].Verdict.Miss, "ok"))
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	var alone []int
	for i, s := range list {
		if s.Alone && !p.short {
			alone = append(alone, i)
			continue
		}
		slots <- struct{}{}
		group.Go(func() {
			one(i)
			<-slots
		})
	}
	group.Wait()
	for _, i := range alone {
		one(i)
	}
	return results
}

// playOrTell makes a Scene that broke one that is not as it should be: the others are still worth having.
func (p *player) playOrTell(ctx context.Context, scene *Scene) Result {
	r, err := p.play(ctx, scene)
	if err != nil {
		r.Verdict.Miss = "was not played: " + err.Error()
	}
	return r
}
