package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// wire is a server that messages are sent to: what it does with each is scripted.
type wire struct {
	began    time.Time
	dials    []time.Duration
	refuse   error   // of dialling
	answers  []error // of the next messages; nil from there on
	got      []string
	sent     int64
	closed   int
	reported []string
}

func (w *wire) connect(context.Context) (publisher, error) {
	w.dials = append(w.dials, time.Since(w.began))
	if w.refuse != nil {
		return nil, w.refuse
	}
	return w, nil
}

func (w *wire) Publish(_ context.Context, m []byte) error {
	w.sent++
	if len(w.answers) > 0 {
		err := w.answers[0]
		if w.answers = w.answers[1:]; err != nil {
			return err
		}
	}
	w.got = append(w.got, string(m))
	return nil
}

func (w *wire) ID() int64 { return 7 }

func (w *wire) Sent() []redis.Sent {
	n := w.sent
	w.sent = 0
	return []redis.Sent{{Name: "publish", Calls: n}}
}

func (w *wire) Close() error { w.closed++; return nil }

// onWire runs a sender in a bubble of time of its own.
func onWire(t *testing.T, w *wire, f func(s *sender)) {
	synctest.Test(t, func(t *testing.T) {
		w.began = time.Now()
		s := newSender(server.Target{Network: "tcp", Address: "h:1"}, defaultChannel)
		s.connect, s.report = w.connect, func(text string) { w.reported = append(w.reported, text) }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.run(ctx); close(done) }()
		f(s)
		cancel()
		<-done
		if id, _ := s.own(); id != 0 {
			t.Errorf("it still counts connection %d as its own", id)
		}
	})
}

func TestSender(t *testing.T) {
	w := &wire{}
	onWire(t, w, func(s *sender) {
		synctest.Wait()
		if len(w.dials) != 0 {
			t.Error("it connects before there is anything to say")
		}
		s.put([]byte("a"))
		s.put([]byte("b"))
		synctest.Wait()
		if id, sent := s.own(); id != 7 || len(sent) != 1 || sent[0].Calls != 2 {
			t.Errorf("own: %d %v", id, sent)
		}
		if _, sent := s.own(); len(sent) != 0 {
			t.Errorf("counted twice: %v", sent)
		}
		w.answers = []error{server.ErrClosed} // an idle connection
		s.put([]byte("c"))
		synctest.Wait()
	})
	if !slices.Equal(w.got, []string{"a", "b", "c"}) || len(w.dials) != 2 || w.closed != 2 || len(w.reported) != 0 {
		t.Errorf("got %q by %d connections, closed %d, reported %q", w.got, len(w.dials), w.closed, w.reported)
	}
}

func TestSenderWaitsLonger(t *testing.T) {
	noperm := &redis.ReplyError{Code: "NOPERM", Message: "NOPERM no permissions"}
	for _, tt := range []struct {
		err  error
		want []time.Duration
	}{
		{errors.New("connection refused"), inSeconds(0, 1, 3, 7, 15, 31, 63, 123, 183)},
		{fmt.Errorf("log in: %w", server.ErrDenied), inSeconds(0, 10, 30, 70, 150)},
		{noperm, inSeconds(0, 10, 30, 70, 150)},
	} {
		w := &wire{refuse: tt.err}
		onWire(t, w, func(s *sender) {
			for range 20_000 { // often: it connects when there is something to say
				s.put([]byte("m"))
				time.Sleep(10 * time.Millisecond)
			}
			synctest.Wait()
			w.refuse = nil
			for range 600 {
				s.put([]byte("n"))
				time.Sleep(time.Second)
			}
		})
		var early []time.Duration
		for _, d := range w.dials {
			if d < 200*time.Second {
				early = append(early, d.Round(time.Second))
			}
		}
		if !slices.Equal(early, tt.want) || slices.Contains(w.got, "m") || len(w.got) < 200 {
			t.Errorf("%v: dialled at %v, want %v; %d got through", tt.err, early, tt.want, len(w.got))
		}
		if len(w.reported) != 2 || !strings.Contains(w.reported[0], tt.err.Error()) || !strings.Contains(w.reported[1], "works again") {
			t.Errorf("reported %q", w.reported)
		}
		if strings.Contains(w.reported[0], "redistop acl --publish") != (tt.err == error(noperm)) {
			t.Errorf("hint: %q", w.reported[0])
		}
	}
}

func inSeconds(list ...int) (all []time.Duration) {
	for _, n := range list {
		all = append(all, time.Duration(n)*time.Second)
	}
	return all
}

// Whoever has something to say is not held up by a server that is down, and what waits is bounded.
func TestSenderHoldsUpNobody(t *testing.T) {
	s := newSender(server.Target{}, defaultChannel)
	for i := range 1000 {
		s.put([]byte(fmt.Sprint(i)))
	}
	if first := string(<-s.queue); len(s.queue) != mostQueued-1 || first != fmt.Sprint(1000-mostQueued) {
		t.Errorf("%d wait, the first is %s", len(s.queue)+1, first)
	}
}
