package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

// probeEvery is the time from one question of the probing client to the next.
const probeEvery = 2 * time.Millisecond

// probe is an application beside the load: one plain connection that asks for a small key, or writes one, every
// few milliseconds until the context ends. What it waits is what the watcher costs everybody else.
func probe(ctx context.Context, s *redistest.Server) ([]time.Duration, error) {
	client, err := lab.Dial("tcp", s.Addr())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var waits []time.Duration
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return waits, nil
		}
		command := []string{"GET", probeKey}
		if n%2 == 1 {
			command = []string{"SET", probeKey, "abc"}
		}
		began := time.Now()
		if _, err := client.Do(command...); err != nil {
			return nil, fmt.Errorf("probe: %w", err)
		}
		waits = missed(waits, time.Since(began))
	}
}

const probeKey = "probe"

// missed adds a wait, and those of the questions that could not be asked meanwhile: else a second's stall would
// count as one slow answer among hundreds of quick ones.
func missed(waits []time.Duration, wait time.Duration) []time.Duration {
	for ; wait > 0; wait -= probeEvery {
		waits = append(waits, wait)
	}
	return waits
}

// A wait is how long the probing client waited: quantiles of all its questions.
type wait struct {
	asked               int
	p50, p99, p999, max time.Duration
}

func waitOf(all []time.Duration) wait {
	if len(all) == 0 {
		return wait{}
	}
	sorted := slices.Sorted(slices.Values(all))
	at := func(q float64) time.Duration { return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)] }
	return wait{asked: len(sorted), p50: at(0.5), p99: at(0.99), p999: at(0.999), max: sorted[len(sorted)-1]}
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1e3) }
