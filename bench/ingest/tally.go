package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// each calls f with every line, parsed.
func each(in io.Reader, lines int, l *laps, f func(*redis.MonitorLine)) (int, error) {
	reader := redis.NewMonitorReader(in, 0)
	var line redis.MonitorLine
	for n := 0; n < lines; {
		text, cut, err := reader.Next()
		if err != nil {
			if errors.Is(err, io.EOF) && n > 0 {
				return n, nil
			}
			return n, err
		}
		if cut {
			err = line.ParseHead(text)
		} else {
			err = line.Parse(text)
		}
		if err != nil {
			continue // a reply between the lines
		}
		if n++; n%1000 == 0 {
			l.add(1000)
		}
		f(&line)
	}
	return lines, nil
}

// parse takes lines apart and does nothing with them.
func parse(in io.Reader, lines int, l *laps) (int, error) {
	return each(in, lines, l, func(*redis.MonitorLine) {})
}

const (
	perWindow   = 50_000    // lines
	perSnapshot = 1_000_000 // lines: what a busy server feeds in a second
	known       = 10_000    // clients that CLIENT LIST showed
)

// tally takes lines the whole way: windows of them into a Tally, and Tallies into Snapshots.
func tally(in io.Reader, lines int, l *laps) (int, error) {
	t := taker{aggregate: stats.NewAggregate(stats.Options{}), now: time.Now()}
	t.tally = stats.NewTally(stats.TallyOptions{Identities: t.aggregate.Identities})
	t.observe()
	n, err := each(in, lines, l, t.add)
	if t.batch > 0 {
		t.observe()
	}
	if err == nil && t.rows == 0 {
		err = errors.New("tally lines: no Snapshot with keys came out")
	}
	return n, err
}

// taker feeds an Aggregate.
type taker struct {
	aggregate *stats.Aggregate
	tally     *stats.Tally
	now       time.Time
	window    int // lines in the open one
	batch     int // lines since the last Snapshot
	total     int
	rows      int // of keys in the last Snapshot
}

func (t *taker) add(l *redis.MonitorLine) {
	t.tally.Add(l)
	t.total++
	t.batch++
	if t.window++; t.window < perWindow {
		return
	}
	t.turn()
	if t.batch >= perSnapshot {
		t.observe()
	}
}

// turn ends a window and begins the next.
func (t *taker) turn() {
	const length = 50 * time.Millisecond
	t.tally.Close(length)
	t.now = t.now.Add(length)
	t.tally.Open(t.now)
	t.window = 0
}

// observe hands the tally over with what a poll would bring.
func (t *taker) observe() {
	t.turn()
	info := fmt.Sprintf("redis_version:7.0.15\nrun_id:a\ntotal_commands_processed:%d\ncmdstat_get:calls=%d,usec=%d\n", t.total, t.total, t.total)
	r := stats.Reading{Time: t.now, Asked: t.now, Addr: "bench", Link: stats.Link{State: stats.Up}, Info: redis.ParseInfo(info),
		Samples: t.tally, Sampling: stats.Sampling{Mode: stats.ModeMonitor, Complete: true, Duty: 1}}
	if t.total == 0 {
		r.Clients = clients(t.now)
	}
	s := t.aggregate.Observe(r)
	t.rows = len(s.Keys)
	t.tally.Reset()
	t.tally.Open(t.now)
	t.window, t.batch = 0, 0
}

// clients are those that CLIENT LIST shows: some of the firehose's.
func clients(now time.Time) *stats.ClientReading {
	pass := &stats.ClientReading{Started: now, Finished: now, Complete: true}
	for i := range known {
		pass.Clients = append(pass.Clients, stats.SeenClient{At: now, Client: redis.Client{
			ID: int64(i), Addr: string(appendAddr(nil, uint64(i))),
			Name: fmt.Sprintf("web-%d", i%7), User: "default", LibName: "go-redis",
		}})
	}
	return pass
}
