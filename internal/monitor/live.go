package monitor

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Live keeps the latest commands that passed a filter, for a person to read. While nobody has asked for idleAfter
// nothing is kept, and who asks then gets what comes. Tap runs in the sampler's goroutine; the rest may be called from any.
type Live struct {
	name  func(addr []byte) string // of a connection; called in the sampler's goroutine
	asked atomic.Int64             // unix nanoseconds of the latest Since

	mu     sync.Mutex
	filter Filter              // guarded by mu
	ring   []stats.LiveCommand // guarded by mu; seq of the oldest is next-len(ring), or from where that is later
	next   int64               // guarded by mu
	from   int64               // guarded by mu: nothing before it is handed out
	buf    []byte              // confined to Tap
}

const (
	liveKept  = 4096 // commands
	liveCut   = 1024 // bytes of a command
	atOnce    = 1000 // commands that one Since hands out
	idleAfter = 10 * time.Second
)

// NewLive makes a Live without a filter.
func NewLive(name func(addr []byte) string) *Live {
	return &Live{name: name, ring: make([]stats.LiveCommand, 0, liveKept)}
}

// Filter keeps from now on only what the text lets through; see ParseFilter. "" is everything.
func (l *Live) Filter(text string) error {
	f, err := ParseFilter(text)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.filter = f
	return nil
}

// Since returns the commands after seq, oldest first, at most 1,000, and the seq to go on from.
// dropped counts those after seq that gave way before they were asked for.
func (l *Live) Since(seq int64) (lines []stats.LiveCommand, next, dropped int64) {
	now := time.Now().UnixNano()
	before := l.asked.Swap(now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if now-before > int64(idleAfter) { // what was kept for who asked then is old, and what came meanwhile is missing
		clear(l.ring)
		l.from = l.next
	}
	oldest := max(l.from, l.next-int64(len(l.ring)))
	if seq < oldest {
		dropped = oldest - seq
		seq = oldest
	}
	seq = min(seq, l.next)
	if behind := l.next - seq - atOnce; behind > 0 {
		dropped += behind
		seq += behind
	}
	for ; seq < l.next; seq++ {
		lines = append(lines, l.ring[seq%liveKept])
	}
	return lines, l.next, dropped
}

// Tap takes one command; it is a Sampler's Tap.
func (l *Live) Tap(line *redis.MonitorLine) {
	if time.Now().UnixNano()-l.asked.Load() > int64(idleAfter) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.filter.Match(line, l.name) {
		return
	}
	c := l.command(line)
	if len(l.ring) < liveKept {
		l.ring = append(l.ring, c)
	} else {
		l.ring[l.next%liveKept] = c
	}
	l.next++
}

func (l *Live) command(line *redis.MonitorLine) stats.LiveCommand {
	c := stats.LiveCommand{
		Time: time.UnixMicro(line.Usec), DB: line.DB, Addr: string(line.Addr), Name: l.name(line.Addr),
		Script: line.Script(), Bytes: len(line.Args), Cut: len(line.Args) > liveCut,
		Line: string(line.Args[:min(liveCut, len(line.Args))]),
	}
	l.buf = redis.Redact(l.buf[:0], line.Args)
	c.Keys = string(l.buf)
	if info, known := redis.LookupArgs(line.Args); known {
		c.Command = info.Name
	} else if first, _, ok := redis.NextArg(line.Args); ok {
		c.Command = string(bytes.ToLower(first[:min(64, len(first))]))
	}
	return c
}
