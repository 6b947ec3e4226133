package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/hibiken/asynq"
)

// queues runs asynq, with a server that works or without ("unattended"), and answers "count" until nobody asks.
func queues(addr string) error {
	fill := work
	if slices.Contains(os.Args[2:], "unattended") {
		fill = enqueue
	}
	if err := fill(addr); err != nil {
		return err
	}
	ready("github.com/hibiken/asynq")
	inspector := asynq.NewInspector(asynq.RedisClientOpt{Addr: addr})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if lines.Text() != "count" {
			continue
		}
		said, err := count(inspector)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(said)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// numbers are as ../numbers.go reads them.
type numbers struct {
	Queue    string  `json:"queue"`
	Waiting  int     `json:"waiting"`
	InFlight int     `json:"in_flight"`
	Delayed  int     `json:"delayed"`
	Dead     int     `json:"dead"`
	OldestAt float64 `json:"oldest_at,omitempty"`
}

// count is what asynq's inspector says.
func count(inspector *asynq.Inspector) ([]numbers, error) {
	names, err := inspector.Queues()
	if err != nil {
		return nil, err
	}
	var all []numbers
	for _, name := range names {
		now := time.Now()
		info, err := inspector.GetQueueInfo(name)
		if err != nil {
			return nil, err
		}
		n := numbers{Queue: name, Waiting: info.Pending, InFlight: info.Active, Delayed: info.Scheduled + info.Retry + info.Aggregating, Dead: info.Archived}
		if info.Pending > 0 {
			n.OldestAt = float64(now.Add(-info.Latency).UnixMilli()) / 1000
		}
		all = append(all, n)
	}
	return all, nil
}

// enqueue leaves tasks that nobody takes.
func enqueue(addr string) error {
	client := asynq.NewClient(asynq.RedisClientOpt{Addr: addr})
	for _, options := range [][]asynq.Option{{}, {}, {}, {asynq.Queue("low")}, {asynq.ProcessIn(time.Hour)}} {
		if _, err := client.Enqueue(asynq.NewTask("done", nil), options...); err != nil {
			return err
		}
	}
	return nil
}

// work leaves tasks of asynq in all the states that they can be in.
func work(addr string) error {
	at := asynq.RedisClientOpt{Addr: addr}
	client := asynq.NewClient(at)
	server := asynq.NewServer(at, asynq.Config{Concurrency: 1, LogLevel: asynq.FatalLevel, Queues: map[string]int{"default": 1}})
	mux := asynq.NewServeMux()
	mux.HandleFunc("done", func(context.Context, *asynq.Task) error { return nil })
	mux.HandleFunc("fails", func(context.Context, *asynq.Task) error { return fmt.Errorf("wanted") })
	mux.HandleFunc("holds", func(ctx context.Context, _ *asynq.Task) error {
		time.Sleep(time.Minute)
		return nil
	})
	if err := server.Start(mux); err != nil {
		return err
	}
	scheduler := asynq.NewScheduler(at, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
	if _, err := scheduler.Register("@every 1s", asynq.NewTask("done", nil), asynq.Queue("default")); err != nil {
		return err
	}
	if err := scheduler.Start(); err != nil {
		return err
	}
	for _, t := range []struct {
		name    string
		options []asynq.Option
	}{
		{"done", []asynq.Option{asynq.Retention(time.Hour)}}, {"fails", nil}, {"fails", []asynq.Option{asynq.MaxRetry(0)}},
	} {
		if _, err := client.Enqueue(asynq.NewTask(t.name, nil), t.options...); err != nil {
			return err
		}
	}
	time.Sleep(4 * time.Second)
	for _, t := range []struct {
		name    string
		options []asynq.Option
	}{
		{"holds", nil}, {"done", nil}, {"done", []asynq.Option{asynq.ProcessIn(time.Hour)}}, {"done", []asynq.Option{asynq.Unique(time.Hour), asynq.Queue("low")}},
		{"done", []asynq.Option{asynq.Group("g"), asynq.Queue("low")}},
	} {
		if _, err := client.Enqueue(asynq.NewTask(t.name, []byte(t.name)), t.options...); err != nil {
			return err
		}
	}
	time.Sleep(6 * time.Second)
	return nil
}
