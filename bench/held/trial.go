package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

const (
	name    = "redistop" // what our connections call themselves
	look    = 20 * time.Millisecond
	settle  = 1500 * time.Millisecond
	after   = 2 * time.Second // that a killed redistop is looked for
	perhaps = 3 * time.Second // that a window is waited for
)

// columns head what a row's cells are.
var columns = []struct {
	title string
	width int
}{{"server", 13}, {"load", 21}, {"commands/s alone", 0}, {"mode", 6}, {"with it", 0}, {"windows", 0}, {"time in them", 0},
	{"held, reading", 0}, {"held, stopped", 0}, {"left MONITOR after", 0}, {"killed: gone after", 0}, {"paused because", 0}}

func titles() (list []string) {
	for _, c := range columns {
		list = append(list, c.title)
	}
	return list
}

// A trial is one load on one server, with redistop in each mode in turn.
type trial struct {
	redistop    string
	binary      redistest.Binary
	load        load
	watch, stop time.Duration

	server *redistest.Server
	client *lab.Client
}

// A row is what one mode showed.
type row struct {
	trial         *trial
	mode          mode
	alone, rate   float64 // commands a second
	windows       int
	duty          float64
	held, stopped int64         // bytes, at most
	inWindow      bool          // it was stopped in MONITOR
	left, gone    time.Duration // since SIGSTOP, since SIGKILL, -1: not within after
	paused        string
}

func (r row) cells() []string {
	left := r.left.Round(time.Millisecond).String()
	if !r.inWindow {
		left = "no window met"
	}
	gone := r.gone.Round(time.Millisecond).String()
	if r.gone < 0 {
		gone = "not within " + after.String()
	}
	return []string{r.trial.binary.String(), r.trial.load.name, fmt.Sprintf("%.0f", r.alone), r.mode.name,
		fmt.Sprintf("%.0f", r.rate), strconv.Itoa(r.windows), fmt.Sprintf("%.1f %%", 100*r.duty), kilobytes(r.held), kilobytes(r.stopped),
		left, gone, r.paused}
}

func kilobytes(n int64) string { return fmt.Sprintf("%d kB", n/1000) }

func (t *trial) run(ctx context.Context) (rows []row, err error) {
	if t.server, err = redistest.Start(ctx, redistest.Options{Binary: t.binary, TCP: true}); err != nil {
		return nil, err
	}
	defer t.server.Stop()
	if t.client, err = lab.Dial("unix", t.server.Socket()); err != nil {
		return nil, err
	}
	defer t.client.Close()
	traffic, err := t.start()
	if err != nil {
		return nil, err
	}
	defer traffic.Stop()
	if err := sleep(ctx, settle); err != nil {
		return nil, err
	}
	alone, err := t.rate(ctx, t.watch/2)
	if err != nil {
		return nil, err
	}
	for _, m := range modes {
		r := row{trial: t, mode: m, alone: alone}
		if err := r.measure(ctx); err != nil {
			return nil, fmt.Errorf("%s mode: %w", m.name, err)
		}
		rows = append(rows, r)
	}
	return rows, traffic.Check()
}

// start sends the load until it is stopped; a redis-benchmark whose server is gone ends.
func (t *trial) start() (*lab.Process, error) {
	benchmark, err := lab.Tool("benchmark")
	if err != nil {
		return nil, err
	}
	args := []string{"-h", "127.0.0.1", "-p", strconv.Itoa(t.server.Port()), "-q", "-n", "2000000000", "-c", strconv.Itoa(t.load.clients)}
	return lab.Start(io.Discard, benchmark, append(args, t.load.args...)...)
}

// rate is how many commands a second the server runs.
func (t *trial) rate(ctx context.Context, d time.Duration) (float64, error) {
	first, err := t.commands()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := sleep(ctx, d); err != nil {
		return 0, err
	}
	last, err := t.commands()
	return float64(last-first) / time.Since(began).Seconds(), err
}

func (t *trial) commands() (int64, error) {
	info, err := t.client.Info("stats")
	if err != nil {
		return 0, err
	}
	n, known := info.Int("total_commands_processed").Get()
	if !known {
		return 0, errors.New("ask INFO: no total_commands_processed in the reply")
	}
	return n, nil
}

// measure starts redistop, watches it, stops it in mid-window, lets it go on, and kills it.
func (r *row) measure(ctx context.Context) (err error) {
	t := r.trial
	seen := &lab.Snapshots{}
	p, err := lab.Start(seen, t.redistop, append([]string{"top", "--json", "--interval", "1s", t.server.Addr()}, r.mode.args...)...)
	if err != nil {
		return err
	}
	defer p.Stop()
	held, err := lab.WatchHeld("unix", t.server.Socket(), name, look)
	if err != nil {
		return err
	}
	defer held.Stop()
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	began := time.Now()
	before, _ := seen.From(0)
	if r.rate, err = t.rate(ctx, t.watch); err != nil {
		return err
	}
	list, err := seen.From(len(before))
	if err != nil {
		return err
	}
	r.windows, r.duty, r.paused = sum(list)
	r.held = lab.Most(held.Since(began))

	if r.inWindow, err = lab.Catch(t.client, name, perhaps); err != nil {
		return err
	}
	stopped := time.Now()
	if err := p.Pause(); err != nil {
		return err
	}
	if err := sleep(ctx, t.stop); err != nil {
		return err
	}
	sights := held.Since(stopped)
	r.stopped, r.left = lab.Most(sights), lab.Left(sights, stopped).Sub(stopped)
	if err := p.Resume(); err != nil {
		return err
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	return errors.Join(p.Check(), r.kill(ctx, p, held), held.Stop())
}

// kill sees how long a killed redistop's connections stay.
func (r *row) kill(ctx context.Context, p *lab.Process, held *lab.Held) error {
	killed := time.Now()
	if err := p.Stop(); err != nil {
		return err
	}
	if err := sleep(ctx, after); err != nil {
		return err
	}
	for _, s := range held.Since(killed) {
		if s.Connections == 0 {
			r.gone = s.At.Sub(killed)
			return nil
		}
	}
	r.gone = -1
	return nil
}

// sum adds up the windows; duty is their mean share of time, paused the last reason for none.
func sum(list []*stats.Snapshot) (windows int, duty float64, paused string) {
	for _, s := range list {
		windows += s.Observer.Windows
		duty += s.Observer.MonitorDuty.Or(0) / float64(len(list))
		paused = cmp.Or(s.Observer.SamplingPaused, paused)
	}
	return windows, duty, paused
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
