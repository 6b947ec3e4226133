package main

import (
	"fmt"
	"time"

	"redistop/bench/lab"
)

// crowd is idle connections, each of which has spoken once.
type crowd []*lab.Client

// gather connects n clients over TCP, as most applications do.
func gather(addr string, n int) (crowd, error) {
	if err := lab.AllowFiles(uint64(n) + 500); err != nil {
		return nil, err
	}
	var all crowd
	for i := range n {
		c, err := lab.Dial("tcp", addr)
		if err == nil {
			all = append(all, c)
			_, err = c.Do("CLIENT", "SETNAME", fmt.Sprintf("app-%d", i%20))
		}
		if err != nil {
			all.leave()
			return nil, err
		}
	}
	return all, nil
}

func (c crowd) leave() {
	for _, one := range c {
		one.Close()
	}
}

// prober is a client beside the watcher that asks again and again and remembers the longest wait.
type prober struct {
	end  chan struct{}
	done chan error
	max  time.Duration // the prober's until done has delivered
}

const probeEvery = 5 * time.Millisecond

func startProber(addr string) (*prober, error) {
	client, err := lab.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &prober{end: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		defer client.Close()
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.end:
				p.done <- nil
				return
			case <-tick.C:
			}
			asked := time.Now()
			if _, err := client.Do("PING"); err != nil {
				p.done <- err
				return
			}
			p.max = max(p.max, time.Since(asked))
		}
	}()
	return p, nil
}

// stop returns the longest wait.
func (p *prober) stop() (time.Duration, error) {
	close(p.end)
	err := <-p.done
	return p.max, err
}
