package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"redistop/internal/messaging"
	"redistop/internal/observe"
	"redistop/internal/redis"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// messagesSeen is who looks at messages, who watches beside, and what was seen last.
type messagesSeen struct {
	*messaging.Watcher
	by     *bystander
	beside *company
	target server.Target
	last   *stats.Messaging // nil: nothing was told yet
	link   stats.Link
}

// cost is what the looking took so far.
func (w *messagesSeen) cost() (c scanCost) {
	spent := w.Cost()
	w.by.add(&spent)
	c.finish(spent)
	return c
}

// connectionLost says that an error is of the connection, so that another one may serve.
func connectionLost(ctx context.Context, err error) bool {
	var ours *failure
	return err != nil && ctx.Err() == nil && !errors.As(err, &ours) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, server.ErrDenied)
}

// rejoin makes another connection, however long that takes. Meanwhile it tells what was seen last, and why there is nothing newer.
func (m *messagingView) rejoin(ctx context.Context, w *messagesSeen, cause error) error {
	line := newStatusLine()
	defer line.clear()
	w.beside.leaves(w.Tool().ID())
	lost := time.Now()
	for cause != nil {
		before := w.link
		wait := w.fails(cause)
		text := "not connected: " + w.link.Message + "; trying again until Ctrl-C\n"
		if before.State == stats.Up && w.last != nil {
			text = messagingText(w.last, m.all) + fmt.Sprintf("STALE: seen %s ago; ", shortSpan(time.Since(w.last.Time).Seconds())) + text
		}
		if m.json || before.Message != w.link.Message {
			line.clear()
			if err := m.write(w, text); err != nil {
				return err
			}
		}
		line.put(fmt.Sprintf("%s; attempt %d in %s", w.link.Message, w.link.Attempts, wait.Round(100*time.Millisecond)))
		if err := server.Sleep(ctx, wait); err != nil {
			return err
		}
		cause = w.Reconnect(ctx)
	}
	w.beside.holds(w.Tool().ID())
	// The attempts are counted until something was seen: one that is let in and thrown out again is no success.
	w.link = stats.Link{State: stats.Up, Since: time.Now(), Attempts: w.link.Attempts}
	if m.json {
		return nil
	}
	line.clear()
	return m.write(w, fmt.Sprintf("%s answers again after %s\n\n", redis.PrintableCut(w.target.String(), 100), shortSpan(time.Since(lost).Seconds())))
}

// fails notes why there is no connection, and says when to try again.
func (w *messagesSeen) fails(cause error) (wait time.Duration) {
	now := time.Now()
	l := stats.Link{State: observe.StateOf(cause), Since: w.link.Since, Attempts: w.link.Attempts + 1, Message: redis.PrintableCut(cause.Error(), 200), Hint: server.Hint(cause)}
	if l.State != w.link.State {
		l.Since = now
	}
	wait = observe.Backoff(l.State, l.Attempts)
	next := now.Add(wait)
	l.NextTry = &next
	w.link = l
	return wait
}
