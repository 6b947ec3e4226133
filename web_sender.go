package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"redistop/internal/observe"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// A sender publishes messages on one server, over a connection of its own. Where that fails it says so once, drops
// what it cannot send, and tries again; whoever has something to say is never held up.
type sender struct {
	target  server.Target
	connect func(context.Context) (publisher, error)
	report  func(string)
	queue   chan []byte

	// confined to run
	failures int
	reported bool

	mu   sync.Mutex
	id   int64            // guarded by mu: of the connection; 0: there is none
	sent map[string]int64 // guarded by mu: since own was called
	why  string           // guarded by mu: the latest message was not published; "": it was
}

// publisher is the part of server.Publisher that is used here; tests bring their own.
type publisher interface {
	Publish(context.Context, []byte) error
	ID() int64
	Sent() []redis.Sent
	Close() error
}

const (
	mostQueued    = 64 // messages of at most 64 KiB
	publishWait   = 10 * time.Second
	firstRetry    = time.Second
	lastRetry     = time.Minute
	refusedRetry  = 10 * time.Second // each refusal is an entry in the server's ACL LOG
	refusedLonger = 10 * time.Minute
)

func newSender(target server.Target, channel string) *sender {
	return &sender{
		target: target, queue: make(chan []byte, mostQueued), sent: map[string]int64{},
		connect: func(ctx context.Context) (publisher, error) {
			p, err := server.ConnectPublisher(ctx, target, channel)
			if err != nil {
				return nil, err // not a nil *Publisher in a publisher that is not nil
			}
			return p, nil
		},
		report: func(text string) { fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(text)) },
	}
}

// put queues a message; when too many wait the oldest gives way. It may be called from any goroutine.
func (s *sender) put(message []byte) {
	for {
		select {
		case s.queue <- message:
			return
		default:
		}
		select {
		case <-s.queue:
		default:
		}
	}
}

// company is own as an observe.Beside.
func (s *sender) company() (c observe.Company) {
	id, sent := s.own()
	if id != 0 {
		c.IDs = []int64{id}
	}
	c.Sent = sent
	return c
}

// own is the connection's id, 0 where there is none, and what was sent since the call before.
func (s *sender) own() (id int64, sent []redis.Sent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.sent)) {
		sent = append(sent, redis.Sent{Name: name, Calls: s.sent[name]})
	}
	clear(s.sent)
	return s.id, sent
}

// book notes whose connection it is at present and what was sent on it.
func (s *sender) book(p publisher, id int64) {
	sent := p.Sent()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id = id
	for _, one := range sent {
		s.sent[one.Name] += one.Calls
	}
}

// run sends until ctx ends.
func (s *sender) run(ctx context.Context) {
	var message []byte // that waits
	for ctx.Err() == nil {
		if message == nil {
			select {
			case message = <-s.queue:
			case <-ctx.Done():
				return
			}
		}
		p, err := s.connect(ctx)
		if err == nil {
			var worked bool
			worked, message, err = s.serve(ctx, p, message)
			if worked && errors.Is(err, server.ErrClosed) {
				continue // between two messages, as a server does with idle clients: the message goes out on a new connection
			}
		}
		if ctx.Err() != nil || !s.failed(ctx, err) {
			return
		}
		message = nil
		s.drop()
	}
}

// serve sends on one connection until it fails: the message that did not get through is handed back. worked says that
// one did before.
func (s *sender) serve(ctx context.Context, p publisher, message []byte) (worked bool, left []byte, err error) {
	s.book(p, p.ID())
	defer func() {
		p.Close()
		s.book(p, 0)
	}()
	for {
		if err := s.send(ctx, p, message); err != nil {
			return worked, message, err
		}
		worked = true
		s.well()
		select {
		case message = <-s.queue:
		case <-ctx.Done():
			return worked, nil, ctx.Err()
		}
	}
}

func (s *sender) send(ctx context.Context, p publisher, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	err := p.Publish(ctx, message)
	s.book(p, p.ID())
	return err
}

// well notes that a message got through.
func (s *sender) well() {
	if s.reported {
		s.report(fmt.Sprintf("publish to %s: it works again", s.target))
	}
	s.failures, s.reported = 0, false
	s.note("")
}

// note keeps why the latest message was not published.
func (s *sender) note(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
}

// trouble is why the latest message was not published, "" where it was or there was none.
func (s *sender) trouble() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}

// failed reports a failure, once until a message gets through, and waits. It says false when ctx ended.
func (s *sender) failed(ctx context.Context, err error) bool {
	first, last := firstRetry, lastRetry
	var reply *redis.ReplyError
	if errors.As(err, &reply) || errors.Is(err, server.ErrDenied) {
		first, last = refusedRetry, refusedLonger
	}
	s.note(oneLine(err.Error() + publishHint(reply)))
	if !s.reported {
		s.reported = true
		s.report(fmt.Sprintf("publish to %s: %s%s", s.target, err, publishHint(reply)))
	}
	wait := min(last, first<<min(s.failures, 10))
	s.failures++
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return false
	}
}

func publishHint(reply *redis.ReplyError) string {
	if reply != nil && reply.Code == "NOPERM" {
		return " (redistop acl --publish prints the right that is missing)"
	}
	return ""
}

// drop forgets what waited meanwhile: the next regular message says all of it.
func (s *sender) drop() {
	for {
		select {
		case <-s.queue:
		default:
			return
		}
	}
}
