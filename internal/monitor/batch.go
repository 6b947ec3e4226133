package monitor

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// openWindow and closeWindow bracket the lines of one window.
func (w *watcher) openWindow() {
	w.inside = true
	w.tally.Open(time.Now())
	if w.gap {
		w.batch.Exact = false
		w.batch.Gaps++
	}
}

// closeWindow takes the length that was asked for. A window behind another without a gap began when
// that one ended: there our own clock knows better, since a server ends a WAIT when it next looks.
func (w *watcher) closeWindow(length time.Duration) {
	now := time.Now()
	if !w.gap {
		length = now.Sub(w.closed)
	}
	w.inside, w.closed = false, now
	w.tally.Close(length)
	w.batch.Windows++
	w.batch.Open += length
}

// add counts one line, unless it is ours.
func (w *watcher) add(line []byte) {
	if !w.inside {
		return
	}
	if err := w.line.Parse(line); err != nil {
		w.batch.Dropped++
		return
	}
	if w.ours() {
		return
	}
	w.batch.Seen++
	if w.sampler.only != nil && !w.sampler.only(&w.line) {
		return
	}
	w.tally.Add(&w.line)
	if w.sampler.tap != nil {
		w.sampler.tap(&w.line)
	}
}

// ours recognises what the observer itself sends: by what only it says, and by the address that said
// so. On a unix socket, where all clients have one address, only the words can tell.
func (w *watcher) ours() bool {
	unix := bytes.HasPrefix(w.line.Addr, unixPrefix)
	switch {
	case bytes.HasPrefix(w.line.Args, waitWords):
		return true
	case bytes.Equal(w.line.Args, nameWords):
		if !unix && len(w.own) < mostOwn {
			w.own[string(w.line.Addr)] = true
		}
		return true
	case !unix:
		return w.own[string(w.line.Addr)]
	}
	for _, words := range ownWords {
		if bytes.Equal(w.line.Args, words) {
			return true
		}
	}
	return false
}

// mostOwn bounds what strangers who call themselves redistop could make us keep.
const mostOwn = 64

var (
	unixPrefix = []byte("unix:")
	waitWords  = []byte(`"WAIT" "1000" "`)
	nameWords  = []byte(`"CLIENT" "SETNAME" "redistop"`)
	ownWords   = [][]byte{[]byte(`"INFO" "all"`), []byte(`"MEMORY" "STATS"`), []byte(`"LATENCY" "HISTOGRAM"`), []byte(`"CLIENT" "ID"`)}
)

// handOver gives the batch away if somebody has taken the one before; otherwise it goes on growing.
func (w *watcher) handOver() {
	if w.sampler.whole && !w.over {
		return
	}
	b := w.batch
	if b.Windows == 0 {
		w.begin()
		return
	}
	b.Tally, b.Span = w.tally, time.Since(w.started)
	if w.stream != nil {
		b.Sent = append(b.Sent, w.stream.Sent()...)
	}
	w.sampler.mu.Lock()
	b.Mode = w.sampler.status.Mode
	w.sampler.mu.Unlock()
	select {
	case w.sampler.handed <- b:
	default:
		w.batch.Sent = b.Sent
		return
	}
	select {
	case w.tally = <-w.sampler.free:
	default:
		w.tally = w.sampler.newT()
	}
	w.begin()
}

// begin starts a new batch. It is exact until a gap shows.
func (w *watcher) begin() {
	sent := w.batch.Sent
	if w.batch.Windows > 0 {
		sent = nil
	}
	w.batch, w.started = Batch{Exact: true, Sent: sent}, time.Now()
	clear(w.own)
	if w.stream != nil {
		w.own[w.stream.Addr()] = true
	}
	w.sampler.addOwn(w.own)
}

// abandon gives up a window that broke off: nobody knows how long it was.
func (w *watcher) abandon() {
	w.inside, w.gap = false, true
	w.tally.Discard()
}

// refusal turns an error reply into what it means. n is how many replies came before it.
func refusal(n int, line string) error {
	words := redis.PrintableCut(strings.TrimPrefix(line, "-"), 120)
	lasting := strings.HasPrefix(line, "-NOPERM") || strings.Contains(line, "unknown command")
	if n <= 1 && lasting { // MONITOR or WAIT
		return refused(words)
	}
	return fmt.Errorf("open window: %s", words)
}

// watchHeld looks ten times a second at what the server holds for a stream, over a connection of its
// own, and ends the stream when that is too much. The windows' lengths keep it far below; this is for
// a server that writes slower than it was ever seen to.
func (s *Sampler) watchHeld(ctx context.Context, stream *server.Stream) {
	if stream.ID() == 0 {
		return
	}
	held, err := server.WatchHeld(ctx, s.target, stream.ID(), s.limits.Held)
	if err == nil && held > 0 {
		stream.Close()
		s.set(func(st *Status) {
			st.Reason = fmt.Sprintf("the server held %d MiB for us: stopped", held>>20)
			st.Stopped = st.Reason
		})
		s.Watch(0)
	}
}
