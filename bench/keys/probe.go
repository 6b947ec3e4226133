package main

import (
	"slices"
	"time"

	"redistop/bench/lab"
)

// every is how often the probe wants to send: often, and no load.
const every = time.Millisecond

// probe is another client: it wants to send SET at fixed times and notes how long after each the answer
// came. A command that could not be sent since the one before it was still waiting has waited as well:
// else one long stall would count as one wait.
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
	for due := time.Now(); ; due = due.Add(every) {
		began := due
		if early := time.Until(due); early > 0 {
			time.Sleep(early)
			began = time.Now() // a timer that is late is not the server's fault
		}
		select {
		case <-p.end:
			return
		default:
		}
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
