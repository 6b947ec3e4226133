package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"redistop/bench/lab"
)

const (
	starts       = 7
	startTimeout = 10 * time.Second
)

// start measures how long after the program's start the whole first frame, and the first rates,
// have been written to a terminal.
func (b *bench) start(ctx context.Context, width, height int) (string, error) {
	var frames, rates []float64
	for range starts {
		frame, rate, err := b.startOnce(ctx, width, height)
		if err != nil {
			return "", err
		}
		frames, rates = append(frames, frame.Seconds()*1e3), append(rates, rate.Seconds()*1e3)
	}
	f, r := lab.SpreadOf(frames), lab.SpreadOf(rates)
	return fmt.Sprintf("%.0f ms (%.0f..%.0f of %d starts); with the first rates %.0f ms", f.Median, f.Min, f.Max, starts, r.Median), nil
}

func (b *bench) startOnce(ctx context.Context, width, height int) (frame, rate time.Duration, err error) {
	screen := &screen{version: b.server.Binary().Version, whole: make(chan time.Time, 1), rates: make(chan time.Time, 1)}
	began := time.Now()
	p, err := lab.StartOn(width, height, screen, b.redistop, b.server.Addr())
	if err != nil {
		return 0, 0, err
	}
	defer p.Stop()
	timeout := time.After(startTimeout)
	for rate == 0 {
		select {
		case at := <-screen.whole:
			frame = at.Sub(began)
		case at := <-screen.rates:
			rate = at.Sub(began)
		case <-timeout:
			return 0, 0, errors.Join(fmt.Errorf("wait for the screen: not all of it came in %s", startTimeout), p.Check())
		case <-ctx.Done():
			return 0, 0, context.Cause(ctx)
		}
	}
	if frame == 0 { // both came at once
		frame = (<-screen.whole).Sub(began)
	}
	return frame, rate, nil
}

// screen reads what is drawn. The first full frame is there when the server's version, which comes
// from its first answer, and the bottom line with the keys have both been written; the rates, which
// need a second answer, when the cost of watching is a number.
type screen struct {
	version      string
	whole, rates chan time.Time

	mu   sync.Mutex
	text []byte // guarded by mu
	seen int    // guarded by mu: 1 after the frame, 2 after the rates
}

var (
	bottomLine = regexp.MustCompile(`t\s+totals`) // its end, in the panel shown first
	costKnown  = regexp.MustCompile(`cost\s+[0-9]`)
)

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == 2 {
		return len(b), nil
	}
	s.text = append(s.text, b...)
	plain := ansi.Strip(string(s.text))
	if s.seen == 0 && strings.Contains(plain, s.version) && bottomLine.MatchString(plain) {
		s.seen = 1
		s.whole <- time.Now()
	}
	if s.seen == 1 && costKnown.MatchString(plain) {
		s.seen = 2
		s.rates <- time.Now()
	}
	return len(b), nil
}
