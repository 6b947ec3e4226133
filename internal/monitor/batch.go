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
	if w.blind {
		return
	}
	w.inside, w.begun, w.ended, w.commands, w.bytes = true, 0, 0, 0, 0
	w.tally.Open(time.Now())
	if w.gap {
		w.batch.Exact = false
		w.batch.Gaps++
	}
}

// closeWindow takes the length that was asked for. The server's own clock knows better where it is told:
// a WAIT ends when the server next looks. Else a window behind another without a gap began when that one
// ended.
func (w *watcher) closeWindow(length time.Duration) {
	if !w.inside {
		return
	}
	now := time.Now()
	switch {
	case w.begun > 0 && w.ended > w.begun:
		length = time.Duration(w.ended-w.begun) * time.Microsecond
	case !w.gap:
		length = now.Sub(w.closed)
	}
	w.inside, w.closed, w.before, w.length = false, now, w.ended, length
	w.tally.Close(length)
	w.sampler.saw(w.commands, w.bytes, length)
	if w.batch.Windows++; w.batch.Windows == 1 {
		w.sampler.worksNow()
	}
	w.batch.Open += length
}

// add counts one line, unless it is ours.
func (w *watcher) add(line []byte) {
	if !w.inside {
		return
	}
	if len(line) > hugeCommand {
		w.sampler.sawHuge(time.Now())
	}
	if err := w.line.Parse(line); err != nil {
		w.batch.Dropped++
		return
	}
	if w.ours() {
		w.stamp()
		return
	}
	w.batch.Seen++
	w.commands++
	w.bytes += int64(len(w.line.Args))
	if w.sampler.only != nil && !w.sampler.only(&w.line) {
		return
	}
	w.tally.Add(&w.line)
	if w.sampler.tap != nil {
		w.sampler.tap(&w.line)
	}
}

// stamp learns from our own WAITs when the window began and ended. Where a window did not lie in the server's
// buffer in time, because we were late, there is a gap in front of it that nothing else tells of.
func (w *watcher) stamp() {
	switch {
	case !bytes.HasPrefix(w.line.Args, waitWord) || len(w.stream.Addr()) > 0 && !w.own[string(w.line.Addr)]:
	case bytes.Equal(w.line.Args, endWords):
		w.ended = w.line.Usec
	case w.begun == 0:
		w.begun = w.line.Usec
		if late := w.begun - w.before; !w.gap && w.before > 0 && (late > seam.Microseconds() || late < 0) {
			w.gap, w.batch.Exact = true, false
			w.batch.Gaps++
		}
	}
}

// seam is what lies between two windows that adjoin: RESET, AUTH, SETNAME, MONITOR, some ten microseconds.
const seam = time.Millisecond

// ours recognises what the observer itself sends: by what only it says, and by the address that said
// so. On a unix socket, where all clients have one address, only the words can tell.
func (w *watcher) ours() bool {
	unix := bytes.HasPrefix(w.line.Addr, unixPrefix)
	switch {
	case bytes.HasPrefix(w.line.Args, waitWords), bytes.Equal(w.line.Args, endWords), bytes.Equal(w.line.Args, pingWords):
		return true
	case bytes.Equal(w.line.Args, nameWords):
		if !unix && len(w.own) < mostOwn {
			w.own[string(w.line.Addr)] = true
		}
		return true
	case !unix:
		return w.own[string(w.line.Addr)]
	case bytes.Contains(w.line.Args, canaryWords):
		return true
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
	waitWord   = []byte(`"WAIT" `)
	waitWords  = []byte(`"WAIT" "1000" "`)
	endWords   = []byte(`"WAIT" "0" "1"`)
	pingWords  = []byte(`"PING" "redistop"`)
	nameWords  = []byte(`"CLIENT" "SETNAME" "redistop"`)
	// canaryWords begin a canary's key, channel or group.
	canaryWords = []byte(`" "` + server.CanaryPrefix)
	ownWords    = [][]byte{[]byte(`"INFO" "all"`), []byte(`"MEMORY" "STATS"`), []byte(`"LATENCY" "HISTOGRAM"`), []byte(`"CLIENT" "ID"`)}
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
	w.sampler.mu.Lock()
	b.Mode = w.sampler.status.Mode
	w.sampler.mu.Unlock()
	select {
	case w.sampler.handed <- b:
	default:
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
	w.batch, w.started = Batch{Exact: true}, time.Now()
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

// refusal turns an error reply into what it means.
func refusal(line string) error {
	words := redis.PrintableCut(strings.TrimPrefix(line, "-"), 120)
	lasting := strings.HasPrefix(line, "-NOPERM") || strings.Contains(line, "unknown command")
	if lasting { // of MONITOR, WAIT, or what stands behind them: it comes again with every window
		return refused(words)
	}
	if strings.HasPrefix(line, "-UNBLOCKED") || strings.Contains(line, "replica instances") {
		return fmt.Errorf("%w: %s", errDemoted, words)
	}
	return fmt.Errorf("open window: %s", words)
}

// watchHeld looks ten times a second at what the server holds for a stream, over a connection of its
// own, and ends the stream when that is half of what may be, since it goes on growing between two looks.
// The windows' lengths keep it far below; this is for a server that writes slower than it reads: Valkey
// writes 64 KB a turn to a connection, and under large values held 45 MB more every second, however fast
// we read.
func (s *Sampler) watchHeld(ctx context.Context, stream *server.Stream) {
	if stream.ID() == 0 {
		return
	}
	held, err := server.WatchHeld(ctx, s.target, stream.ID(), s.limits.Held/2)
	var reason string
	switch {
	case ctx.Err() != nil, err == nil && held == 0:
		return
	case err != nil:
		reason = "nobody can see what the server holds for us: stopped: " + redis.PrintableCut(err.Error(), 80)
	default:
		reason = fmt.Sprintf("the server held %d MiB for us: stopped", held>>20)
	}
	stream.Close()
	s.set(func(st *Status) { st.Reason, st.Stopped, st.StoppedAt = reason, reason, time.Now() })
	s.Watch(0)
}
