package main

import (
	"slices"
	"sync"
	"time"
)

// A probe is another client's SET, every few milliseconds: what an incident does to those who did nothing.
type probe struct {
	mu     sync.Mutex
	before []time.Duration // guarded by mu, as all below
	during []time.Duration
	on     bool
}

// Probe starts one. What it measures is the whole way of one SET, from a program on this machine.
func (s *Stage) Probe() (*probe, error) {
	c, err := s.Dial(from("9", "probe"))
	if err != nil {
		return nil, err
	}
	p := &probe{}
	s.Go(func() error {
		for s.ctx.Err() == nil {
			began := time.Now()
			if refused(c.Do("SET", "probe", "1")) != nil {
				return nil // its server is gone: others tell whether that was meant
			}
			p.add(time.Since(began))
			s.Sleep(5 * time.Millisecond)
		}
		return nil
	})
	return p, nil
}

func (p *probe) add(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.on {
		p.during = append(p.during, took)
	} else {
		p.before = append(p.before, took)
	}
}

// begin says that the incident begins.
func (p *probe) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on = true
}

// Felt is how long SETs took.
type Felt struct{ P99, Max time.Duration }

// felt returns what others felt before and during; zero where there was nothing to measure.
func (p *probe) felt() (before, during Felt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return feltOf(p.before), feltOf(p.during)
}

func feltOf(list []time.Duration) Felt {
	if len(list) == 0 {
		return Felt{}
	}
	sorted := slices.Sorted(slices.Values(list))
	return Felt{P99: sorted[len(sorted)*99/100], Max: sorted[len(sorted)-1]}
}
