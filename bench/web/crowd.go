package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"redistop/bench/lab"
)

// settling is left out: the start, and the connecting of the readers.
const settling = 3 * time.Second

// crowd measures redistop web while many read events and ask the API.
func (p plan) crowd(ctx context.Context, servers []string) (err error) {
	web, addr, err := startWeb(ctx, p.redistop, servers, "XDG_STATE_HOME="+p.state)
	if web != nil {
		defer web.Stop()
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var delays, answers samples
	crowd := &group{}
	defer func() { cancel(); err = errors.Join(err, crowd.wait()) }()
	for range p.readers {
		crowd.start(func() error { return readEvents(ctx, addr, &delays) })
	}
	if p.requests > 0 {
		crowd.start(func() error { return askAround(ctx, addr, p.requests, crowd, &answers) })
	}
	if err := sleep(ctx, settling); err != nil {
		return err
	}
	delays.reset()
	answers.reset()
	begin := time.Now()
	cpu, err := lab.CPUTime(web.PID())
	if err != nil {
		return err
	}
	if err := sleep(ctx, p.lasts); err != nil {
		return err
	}
	after, err := lab.CPUTime(web.PID())
	if err != nil {
		return err
	}
	passed := time.Since(begin).Seconds()
	peak, err := lab.PeakMemory(web.PID())
	if err != nil {
		return err
	}
	seen, asked := delays.sorted(), answers.sorted()
	fmt.Printf("| %d servers every second, %d readers, %d requests/s, over %s | |\n|---|---|\n", p.servers, p.readers, p.requests, p.lasts)
	row("CPU of redistop web", fmt.Sprintf("%.1f %% of a core", (after-cpu).Seconds()/passed*100))
	row("its memory at most", fmt.Sprintf("%.1f MiB", float64(peak)/(1<<20)))
	row("events a second, all readers", fmt.Sprintf("%.0f", float64(len(seen))/passed))
	row("from the server's answer to INFO to the reader, p50, p99, longest", quantiles(seen))
	row("requests a second", fmt.Sprintf("%.0f", float64(len(asked))/passed))
	row("their time, p50, p99, longest", quantiles(asked))
	return web.Check()
}

// group is goroutines that end with their context, and their first error.
type group struct {
	running sync.WaitGroup
	mu      sync.Mutex
	err     error
}

func (g *group) start(work func() error) {
	g.running.Go(func() {
		if err := work(); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.err == nil {
				g.err = err
			}
		}
	})
}

func (g *group) wait() error {
	g.running.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// samples are durations that many goroutines measure.
type samples struct {
	mu  sync.Mutex
	all []time.Duration
}

func (s *samples) add(d time.Duration) {
	s.mu.Lock()
	s.all = append(s.all, d)
	s.mu.Unlock()
}

func (s *samples) reset() {
	s.mu.Lock()
	s.all = s.all[:0]
	s.mu.Unlock()
}

func (s *samples) sorted() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.all)
	slices.Sort(all)
	return all
}

func quantiles(sorted []time.Duration) string {
	if len(sorted) == 0 {
		return "none"
	}
	at := func(q float64) string { return milliseconds(sorted[int(q*float64(len(sorted)-1))]) }
	return fmt.Sprintf("%s, %s, %s", at(0.5), at(0.99), at(1))
}

// readEvents reads all events and notes how old each is.
func readEvents(ctx context.Context, addr string, delays *samples) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if _, err := io.WriteString(c, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(c, 4<<10)
	for first := true; ; first = false {
		line, err := lines.ReadSlice('\n')
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		if first && !bytes.Contains(line, []byte(" 200 ")) {
			return fmt.Errorf("read events: %q", line)
		}
		if at, ok := observedAt(line); ok {
			delays.add(time.Since(at))
		}
	}
}

// observedAt is the time in an event's data.
func observedAt(line []byte) (time.Time, bool) {
	const mark = `"time":"`
	if !bytes.HasPrefix(line, []byte("data: ")) {
		return time.Time{}, false
	}
	_, text, ok := bytes.Cut(line, []byte(mark))
	end := bytes.IndexByte(text, '"')
	if !ok || end < 0 {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(text[:end]))
	return at, err == nil
}

// paths are what is asked for, in turn.
var paths = []string{
	"/api/v1/last_observation", "/api/v1/servers", "/api/v1/servers/s0/snapshot", "/api/v1/findings",
	"/api/v1/servers/s0/clients?sort=-idle_seconds&limit=50", "/", "/api/v1/last_observation", "/api/v1/last_observation",
}

// askAround asks so many times a second, each at its time, whether those before are answered or not.
func askAround(ctx context.Context, addr string, perSecond int, crowd *group, answers *samples) error {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		crowd.start(func() error {
			begun := time.Now()
			err := ask(ctx, client, "http://"+addr+paths[n%len(paths)])
			if ctx.Err() != nil {
				return nil
			}
			answers.add(time.Since(begun))
			return err
		})
	}
}

func ask(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("ask %s: status %d", url, res.StatusCode)
	}
	return nil
}
