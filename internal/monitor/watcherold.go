package monitor

import (
	"context"
	"time"
)

// singles sees nearly everything on a server before 6.2, which has no RESET: each window is a connection of its own,
// that the server ends, and between two of them there is a gap.
func (w *watcher) singles(ctx context.Context, p plan, mode Mode) error {
	for ctx.Err() == nil {
		w.gap = true
		if err := w.one(p.length); err != nil {
			return err
		}
		w.close()
		if w.sampler.asked.Load() {
			w.handOver()
		}
		next, now, c := w.sampler.next(time.Now())
		if now != mode || !next.chain || c.Reset || c.Replica {
			return nil
		}
		p = next
		if err := w.open(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// openEnded sees everything on a replica, a moment at a time, and leaves each by itself.
func (w *watcher) openEnded(ctx context.Context, p plan, mode Mode) error {
	length := min(p.length, 20*time.Millisecond)
	watched, stop := context.WithCancel(ctx)
	defer stop()
	stream := w.stream
	go w.sampler.watchHeld(watched, stream)
	for ctx.Err() == nil {
		w.gap = true
		if err := stream.Begin(); err != nil {
			return err
		}
		end := time.AfterFunc(length, func() { stream.End() })
		err := w.read(length, false)
		end.Stop()
		if err != nil {
			return err
		}
		if w.sampler.asked.Load() {
			w.handOver()
		}
		if !stream.Reusable() {
			w.close()
			return nil
		}
		if next, now, c := w.sampler.next(time.Now()); now != mode || !next.chain || !c.Replica {
			return nil
		}
	}
	return nil
}
