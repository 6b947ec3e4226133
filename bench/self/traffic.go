package main

import (
	"context"
	"errors"
	"time"

	"redistop/bench/lab"
)

const (
	senders   = 50
	sendEvery = 20 * time.Millisecond
)

// send has clients that together send so many GETs a second, in pipelines, until the returned
// function ends them. A sender that falls behind leaves out what it missed.
func send(ctx context.Context, addr string, commandsPerSecond int) (stop func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, senders)
	started := 0
	stop = func() error {
		cancel()
		var err error
		for range started {
			err = errors.Join(err, <-ended)
		}
		return err
	}
	pipeline := int(float64(commandsPerSecond) * sendEvery.Seconds() / senders)
	for range senders {
		client, err := lab.Dial("tcp", addr)
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		started++
		go func() {
			defer client.Close()
			ended <- sendPipelines(ctx, client, pipeline)
		}()
	}
	return stop, nil
}

func sendPipelines(ctx context.Context, client *lab.Client, n int) error {
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := client.Pipeline(n, "GET", "key"); err != nil {
			return err
		}
	}
}
