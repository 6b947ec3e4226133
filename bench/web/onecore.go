package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"redistop/bench/lab"
)

// askers ask for last_observation, each on a connection of its own, one request after the other.
const askers = 16

// oneCore measures how many requests for last_observation redistop web answers on one core
// (GOMAXPROCS=1). The askers take time on the machine too: what one core would do alone is told by the CPU time that
// an answer takes.
func (p plan) oneCore(ctx context.Context, servers []string) (err error) {
	web, addr, err := startWeb(ctx, p.redistop, servers, "XDG_STATE_HOME="+p.state, "GOMAXPROCS=1")
	if web != nil {
		defer web.Stop()
	}
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, p.answers)
	defer cancel()
	before, err := lab.CPUTime(web.PID())
	if err != nil {
		return err
	}
	begin := time.Now()
	var answered, size atomic.Int64
	crowd := &group{}
	for range askers {
		crowd.start(func() error { return askOnAndOn(asking, addr, &answered, &size) })
	}
	if err := crowd.wait(); err != nil || ctx.Err() != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	passed := time.Since(begin)
	after, err := lab.CPUTime(web.PID())
	if err != nil {
		return err
	}
	n := float64(answered.Load())
	fmt.Printf("\n| last_observation of %d servers, GOMAXPROCS=1, %d connections, over %s | |\n|---|---|\n", p.servers, askers, p.answers)
	row("size of the answer", fmt.Sprintf("%d bytes", size.Load()))
	row("answers a second, the askers on the same machine", fmt.Sprintf("%.0f", n/passed.Seconds()))
	row("CPU time of an answer, watching included", fmt.Sprintf("%.1f us: %.0f a second on one core", (after-before).Seconds()/n*1e6, n/(after-before).Seconds()))
	return web.Check()
}

func askOnAndOn(ctx context.Context, addr string, answered, size *atomic.Int64) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	answers := bufio.NewReaderSize(c, 16<<10)
	for {
		if _, err = io.WriteString(c, "GET /api/v1/last_observation HTTP/1.1\r\nHost: localhost\r\n\r\n"); err == nil {
			var res *http.Response
			if res, err = http.ReadResponse(answers, nil); err == nil {
				if res.StatusCode != http.StatusOK {
					return fmt.Errorf("ask for last_observation: status %d", res.StatusCode)
				}
				size.Store(res.ContentLength)
				_, err = io.Copy(io.Discard, res.Body)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ask for last_observation: %w", err)
		}
		answered.Add(1)
	}
}
