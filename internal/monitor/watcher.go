package monitor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// refused: the server does not let us use MONITOR or WAIT; asking again would only count errors. Its
// words are safe to print.
type refused string

func (r refused) Error() string { return "open window: " + string(r) }

// errDemoted: the server has become a replica, before a poll has told us.
var errDemoted = errors.New("open window")

// A watcher does the Sampler's work on the wire. It is confined to the goroutine of Run.
type watcher struct {
	sampler *Sampler
	stream  *server.Stream
	lines   *redis.MonitorReader
	line    redis.MonitorLine
	tally   *stats.Tally

	batch    Batch
	started  time.Time     // of the batch
	gap      bool          // something between this window and the last one was not seen
	closed   time.Time     // when the last window ended
	length   time.Duration // of the last window
	begun    int64         // of the open window, by the server's clock in microseconds; 0: not told yet
	ended    int64         // the same of its end
	before   int64         // ended of the window before; 0: not told
	quickest time.Duration // answer to Ask: what the way there and back takes
	own      map[string]bool
	commands int64 // of others in the open window
	bytes    int64 // of their arguments, as MONITOR writes them
	inside   bool  // a window is open
	proven   bool  // a first window was granted on this connection
	granted  bool  // or on one before it
	blind    bool  // the window shows only whether MONITOR is permitted: a gap follows it
	over     bool  // nothing is to be seen until somebody says so
}

const (
	grace    = 5 * time.Second       // for a window's end beyond its length, before the connection is given up
	lateness = 10 * time.Millisecond // an answer this much slower than the quickest: the event loop is late
	part     = 0.9                   // of an interval that windows are spread over, so that they are counted with its poll
)

// work opens windows until the context ends or the connection fails.
func (w *watcher) work(ctx context.Context) error {
	for ctx.Err() == nil {
		p, mode, c := w.sampler.next(time.Now())
		w.over = mode == Off
		if p.spent { // the batch ends with the interval, as any other
			if w.sampler.asked.Load() {
				w.handOver()
			}
			w.sampler.sleep(ctx, longest)
			continue
		}
		if p.count == 0 {
			w.handOver()
			if mode == Off {
				w.close()
			}
			w.sampler.sleep(ctx, time.Second)
			continue
		}
		if err := w.open(ctx, c); err != nil {
			return err
		}
		var err error
		switch {
		case p.chain && c.Replica:
			err = w.openEnded(ctx, p, mode)
		case p.chain && !c.Reset:
			err = w.singles(ctx, p, mode)
		case p.chain:
			err = w.chain(ctx, p, mode)
		default:
			err = w.scattered(ctx, p, c.Interval)
		}
		if err != nil {
			w.abandon()
			return err
		}
	}
	return ctx.Err()
}

func (w *watcher) open(ctx context.Context, c Conditions) error {
	if w.stream != nil {
		return nil
	}
	stream, err := server.OpenStream(ctx, w.sampler.target, c.Reset)
	if err != nil {
		return err
	}
	w.stream, w.lines, w.gap, w.quickest = stream, redis.NewMonitorReader(stream.Raw(), 0), true, 0
	w.own[stream.Addr()] = true
	w.proven = false
	if w.granted && !stream.Reusable() {
		stream.Mark()
	}
	w.sampler.holds(stream)
	return nil
}

func (w *watcher) close() {
	if w.stream == nil {
		return
	}
	w.stream.Close()
	w.sampler.holds(nil)
	w.stream = nil
}

// scattered opens the windows of one interval at random moments of it.
func (w *watcher) scattered(ctx context.Context, p plan, interval time.Duration) error {
	start, spent := time.Now(), time.Duration(0)
	for _, at := range scatter(p.count, time.Duration(part*float64(interval)), p.length) {
		if !w.sampler.sleep(ctx, time.Until(start.Add(at))) {
			break // the mode was changed, or the end
		}
		if now, _, c := w.sampler.next(time.Now()); now.spent {
			return nil
		} else if now.count == 0 || 2*now.length <= p.length {
			break // the conditions forbid it by now, or such long ones
		} else if err := w.open(ctx, c); err != nil {
			return err
		}
		if late, err := w.late(); err != nil {
			return err
		} else if late > lateness {
			w.sampler.set(func(st *Status) {
				st.Reason = fmt.Sprintf("the server answers %s late", late.Round(time.Millisecond))
			})
			continue
		}
		w.gap = true
		if err := w.one(p.length); err != nil {
			return err
		}
		if !w.stream.Reusable() {
			w.close()
		}
		if spent += w.length; spent > time.Duration(p.count)*p.length {
			w.sampler.rest(start, spent, p, interval)
			break
		}
	}
	w.handOver()
	w.sampler.sleep(ctx, time.Duration((1-part)*float64(interval)))
	return nil
}

// one opens one window and reads it to its end.
func (w *watcher) one(length time.Duration) error {
	if err := w.stream.Window(length, 1); err != nil {
		return err
	}
	err := w.read(length, true)
	if err == nil {
		w.proven, w.granted = true, true
		w.stream.Mark()
	}
	return err
}

// chain opens windows that adjoin, two ahead of the one under way at most, for as long as the plan
// stays a chain.
func (w *watcher) chain(ctx context.Context, p plan, mode Mode) error {
	w.gap = true
	if !w.proven { // so that a refusal counts one error and no more
		w.blind = true
		err := w.one(shortest)
		w.blind = false
		if err != nil {
			return err
		}
	}
	written := 2
	if err := w.stream.Window(p.length, written); err != nil {
		return err
	}
	watched, stop := context.WithCancel(ctx)
	defer stop()
	watching := mode != Full
	for written > 0 {
		if err := w.read(p.length, true); err != nil {
			return err
		}
		if !watching { // not before, so that its greeting falls into a window and tells its address
			watching = true
			go w.sampler.watchHeld(watched, w.stream)
		}
		written--
		w.gap = false
		if w.sampler.asked.Load() {
			w.handOver()
		}
		next, nextMode, _ := w.sampler.next(time.Now())
		if ctx.Err() != nil || nextMode != mode || !next.chain || written == 0 {
			continue // let what is written run out
		}
		p = next
		if err := w.stream.Window(p.length, 1); err != nil {
			return err
		}
		written++
	}
	return nil
}

// late asks something small and tells how much slower the answer is than the quickest so far.
func (w *watcher) late() (time.Duration, error) {
	if !w.stream.Reusable() || w.stream.ID() == 0 {
		return 0, nil // the connection was made just now, or CLIENT ID is refused
	}
	asked := time.Now()
	if err := w.stream.Ask(); err != nil {
		return 0, err
	}
	line, err := w.reply(grace)
	if err != nil {
		return 0, err
	}
	if len(line) > 0 && line[0] == '-' {
		return 0, refusal(string(line))
	}
	took := time.Since(asked)
	if w.quickest == 0 || took < w.quickest {
		w.quickest = took
	}
	return took - w.quickest, nil
}

// reply reads one line.
func (w *watcher) reply(patience time.Duration) ([]byte, error) {
	if err := w.stream.Raw().SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	line, _, err := w.lines.Next()
	if err != nil {
		return nil, fmt.Errorf("read window: %w", err)
	}
	return line, nil
}

// read reads one window: +OK, the lines, then the replies to what ends it. The first of those closes
// the window.
func (w *watcher) read(length time.Duration, waited bool) error {
	if err := w.stream.Raw().SetReadDeadline(time.Now().Add(length + grace)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	all, closing := w.stream.Replies(waited)
	for n := 0; n < all; {
		line, _, err := w.lines.Next()
		if err != nil {
			return fmt.Errorf("read window: %w", err)
		}
		if isCommand(line) {
			w.add(line)
			continue
		}
		if len(line) > 0 && line[0] == '-' {
			return refusal(string(line))
		}
		switch n++; n {
		case 1:
			w.openWindow()
		case closing:
			w.closeWindow(length)
		}
	}
	return nil
}

// isCommand tells the lines of the feed, "+1339518083.1 ...", from replies, "+OK".
func isCommand(line []byte) bool {
	return len(line) > 1 && line[0] == '+' && line[1] >= '0' && line[1] <= '9'
}
