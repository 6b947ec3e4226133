package main

import (
	"slices"
	"time"

	"redistop/bench/lab"
)

// pause stands between two commands of the probe: it asks often, and is no load.
const pause = 500 * time.Microsecond

// probe is another client: it sends SET and notes how long it waits.
type probe struct {
	client *lab.Client
	end    chan struct{}
	done   chan struct{} // closed when it has ended; the fields below are set before
	waits  []time.Duration
	err    error
}

func startProbe(socket string) (*probe, error) {
	client, err := lab.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	p := &probe{client: client, end: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p, nil
}

func (p *probe) run() {
	defer close(p.done)
	defer p.client.Close()
	for {
		select {
		case <-p.end:
			return
		case <-time.After(pause):
		}
		began := time.Now()
		if _, p.err = p.client.Do("SET", "probe", "x"); p.err != nil {
			return
		}
		p.waits = append(p.waits, time.Since(began))
	}
}

// stop ends it and returns what it waited, the shortest first.
func (p *probe) stop() ([]time.Duration, error) {
	close(p.end)
	<-p.done
	slices.Sort(p.waits)
	return p.waits, p.err
}
