package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"redistop/internal/presence"
	"redistop/internal/stats"
)

// seen is what the Ledger told of what redistop showed.
type seen struct {
	sessions   map[int64]stats.Session // all that were ever told, as last told
	passes     []time.Time             // of whole passes
	base       int64                   // the newest id that the first of them showed
	shortLived []count                 // since the first whole pass, in each Snapshot
	usec       int64                   // the server's count of redistop's commands since then
	from, to   time.Time               // of that count
	ledger     time.Duration           // processor's time that the Ledger took, by the clock
}

// count is what a Snapshot tells of those that came and went unseen.
type count struct {
	at    time.Time
	whole bool  // a whole pass ended
	told  int64 // since the first whole pass
	since int64 // of whom it is not told yet
}

// watcher takes the output of redistop --json, one object a line, and keeps a Ledger of it.
type watcher struct {
	whole chan struct{} // closed with the first whole pass

	mu     sync.Mutex
	part   []byte // guarded by mu, as all below: an unfinished line
	ledger *presence.Ledger
	seen   seen
	base   int64
	short  int64
	over   bool
	err    error
}

func newWatcher() *watcher {
	return &watcher{whole: make(chan struct{}), ledger: presence.NewLedger(presence.Options{}), seen: seen{sessions: map[int64]stats.Session{}}}
}

// Write takes a piece of the output. It never refuses: redistop must not be ended by our error.
func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part = append(w.part, b...)
	for {
		end := bytes.IndexByte(w.part, '\n')
		if end < 0 {
			return len(b), nil
		}
		if !w.over {
			w.take(w.part[:end])
		}
		w.part = append(w.part[:0], w.part[end+1:]...)
	}
}

func (w *watcher) take(line []byte) {
	var s stats.Snapshot
	if err := json.Unmarshal(line, &s); err != nil {
		if w.err == nil {
			w.err = fmt.Errorf("read snapshot: %w", err)
		}
		return
	}
	begun := time.Now()
	u := w.ledger.Observe(&s)
	w.seen.ledger += time.Since(begun)
	for _, list := range [][]stats.Session{u.Came, u.Spoke, u.Gone} {
		for _, one := range list {
			w.seen.sessions[one.ID] = one
		}
	}
	n := len(w.seen.passes)
	ended := s.Observer.ClientsTime != nil && s.Observer.ClientsKnown == s.Observer.ClientsExpected &&
		(n == 0 || s.Observer.ClientsTime.After(w.seen.passes[n-1]))
	if ended {
		w.seen.passes = append(w.seen.passes, *s.Observer.ClientsTime)
		if n == 0 {
			w.base, w.seen.from, w.seen.base = s.Observer.TotalUsec, s.Time, newest(s.Connections)
			close(w.whole)
			return
		}
	}
	if n > 0 {
		w.short += u.ShortLived
		c := count{at: s.Time, whole: ended, told: w.short, since: s.Connected.CameSince.Or(0)}
		if ended { // what it tells is as of the pass, which ends after INFO was answered
			c.at = *s.Observer.ClientsTime
		}
		w.seen.shortLived = append(w.seen.shortLived, c)
		w.seen.usec, w.seen.to = s.Observer.TotalUsec-w.base, s.Time
	}
}

func newest(rows []stats.ConnectionRow) (id int64) {
	for i := range rows {
		id = max(id, rows[i].ID)
	}
	return id
}

// stop ends the taking and returns what was seen.
func (w *watcher) stop() (seen, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if len(w.seen.passes) < 3 && w.err == nil {
		w.err = fmt.Errorf("count passes: %d whole ones, too few to judge", len(w.seen.passes))
	}
	return w.seen, w.err
}
