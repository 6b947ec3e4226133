package canary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// Kind is a way that messages can take.
type Kind string

// The kinds.
const (
	PubSub Kind = "pubsub"
	List   Kind = "list"
	Stream Kind = "stream"
)

// Kinds lists them.
var Kinds = []Kind{PubSub, List, Stream}

// delivery is one message as it arrived.
type delivery struct {
	id   string // of a stream's entry
	text string
}

// A way is how messages are sent and read. Its sending half (send, clean) and its reading half (open, receive, done) are used
// by one goroutine each; what both need does not change after open has returned for the first time.
type way interface {
	open(ctx context.Context, m *server.Messenger) error // makes the reading connection ready
	send(ctx context.Context, m *server.Messenger, text string) error
	receive(ctx context.Context, m *server.Messenger) ([]delivery, error) // nothing: nothing came for a while
	done(ctx context.Context, m *server.Messenger, ds []delivery) error   // they were counted
	clean(ctx context.Context, m *server.Messenger) error                 // takes away what is left
}

const (
	// listens is how long one call waits for messages: a second, the shortest that BLPOP knows on all versions.
	listens = time.Second
	atOnce  = 100 // messages in one reply
	// leaves is the expiry of keys that a canary which is killed leaves behind; longer than a server is away.
	leaves = 15 * time.Minute
)

var leavesSeconds = strconv.Itoa(int(leaves.Seconds()))

// ErrUnfit says that the place to read from cannot serve.
var ErrUnfit = errors.New("it is a replica")

// ErrAbsent says that the stream that a person named is not there. It is not made: a slip of the pen would leave it for ever.
var ErrAbsent = errors.New("there is no such stream")

// absent recognises the refusal of XGROUP where there is no key.
func absent(reply *redis.ReplyError) bool {
	return strings.Contains(reply.Message, "requires the key to exist")
}

// errReply is a reply that is not one of the command.
var errReply = errors.New("not a reply to that question")

// newWay makes the way for one run. A stream of our own holds about as many entries as are remembered. part tells keys of one
// run apart, of which a cluster has some on each node.
func newWay(c Config, run, part string) (w way, key string) {
	kind, named, most := c.Kind, c.Stream, remembers(c.Rate)
	key = server.CanaryPrefix + string(kind) + ":" + run + part
	switch kind {
	case PubSub:
		return pubsub{key, c.Timeout}, key
	case List:
		return list{key}, key
	}
	s := &stream{run: run, key: key, group: server.CanaryPrefix + run, named: named != "", most: strconv.Itoa(most), last: "0"}
	if s.named {
		s.key, s.last = named, "$"
	}
	return s, s.key
}

// pubsub is a channel: who listens gets a message, once, and nobody keeps it.
type pubsub struct {
	channel string
	timeout time.Duration // that an answer is waited for
}

func (p pubsub) open(ctx context.Context, m *server.Messenger) error {
	_, err := m.Do(ctx, []string{"SUBSCRIBE", p.channel})
	return wrap("subscribe", err)
}

func (p pubsub) send(ctx context.Context, m *server.Messenger, text string) error {
	_, err := m.Do(ctx, []string{"PUBLISH", p.channel, text})
	return wrap("publish", err)
}

func (p pubsub) receive(ctx context.Context, m *server.Messenger) ([]delivery, error) {
	v, ok, err := m.Receive(ctx, listens, p.timeout)
	if err != nil || !ok {
		return nil, wrap("receive", err)
	}
	if len(v.Elems) != 3 || v.Elems[0].Text != "message" {
		return nil, nil // a confirmation, or the answer to a PING
	}
	return []delivery{{text: v.Elems[2].Text}}, nil
}

func (pubsub) done(context.Context, *server.Messenger, []delivery) error { return nil }
func (pubsub) clean(context.Context, *server.Messenger) error            { return nil }

// list is a queue: pushed at one end, popped at the other. What was popped is gone, whether or not it arrived.
type list struct{ key string }

func (l list) open(ctx context.Context, m *server.Messenger) error {
	if m.Replica() {
		return fmt.Errorf("pop from the list: %w, and to pop is to write: read from the primary, or send over pubsub or a stream", ErrUnfit)
	}
	_, err := m.Do(ctx, []string{"EXPIRE", l.key, leavesSeconds}) // is it this node that has the key?
	return wrap("look at list", err)
}

func (l list) send(ctx context.Context, m *server.Messenger, text string) error {
	_, err := m.Do(ctx, []string{"RPUSH", l.key, text}, []string{"EXPIRE", l.key, leavesSeconds})
	return wrap("push", err)
}

func (l list) receive(ctx context.Context, m *server.Messenger) ([]delivery, error) {
	v, err := m.Do(ctx, []string{"BLPOP", l.key, strconv.Itoa(int(listens.Seconds()))})
	if err != nil || len(v.Elems) != 2 {
		return nil, wrap("pop", err)
	}
	return []delivery{{text: v.Elems[1].Text}}, nil
}

func (list) done(context.Context, *server.Messenger, []delivery) error { return nil }

func (l list) clean(ctx context.Context, m *server.Messenger) error {
	_, err := m.Do(ctx, []string{"UNLINK", l.key})
	return wrap("remove list", err)
}

// stream is a stream with a group of one consumer: what was not acknowledged is delivered again. A replica is read without
// a group.
type stream struct {
	run        string
	key, group string
	most       string // entries of our own stream, about: where a replica is read nobody else removes them
	named      bool   // the key is a person's
	last       string // id behind which a new group, or a read without one, begins; owned by the reading half
	old        bool   // what was delivered and not acknowledged is asked for first; owned by the reading half
	plain      bool   // no group; owned by the reading half
}

const consumer = "canary"

func (s *stream) open(ctx context.Context, m *server.Messenger) error {
	if s.plain = m.Replica(); s.plain {
		if s.named {
			return fmt.Errorf("read the named stream: %w, which has no use for groups: read from the primary, or leave the name out", ErrUnfit)
		}
		_, err := m.Do(ctx, []string{"XREAD", "COUNT", "1", "BLOCK", "1", "STREAMS", s.key, "$"}) // is it this node that has the key?
		return wrap("look at stream", err)
	}
	commands := [][]string{{"XGROUP", "CREATE", s.key, s.group, s.last}}
	if !s.named {
		commands[0] = append(commands[0], "MKSTREAM")
		commands = append(commands, []string{"EXPIRE", s.key, leavesSeconds})
	}
	_, err := m.Do(ctx, commands...)
	var reply *redis.ReplyError
	switch {
	case !errors.As(err, &reply):
	case reply.Code == "BUSYGROUP":
		err = nil
	case s.named && absent(reply):
		return fmt.Errorf("find %s: %w", redis.Argument(s.key), ErrAbsent)
	}
	s.old = true
	return wrap("create group", err)
}

func (s *stream) send(ctx context.Context, m *server.Messenger, text string) error {
	commands := [][]string{{"XADD", s.key, "*", "m", text}}
	if !s.named {
		commands = [][]string{{"XADD", s.key, "MAXLEN", "~", s.most, "*", "m", text}, {"EXPIRE", s.key, leavesSeconds}}
	}
	_, err := m.Do(ctx, commands...)
	return wrap("add", err)
}

func (s *stream) receive(ctx context.Context, m *server.Messenger) ([]delivery, error) {
	read := func(command ...string) ([]delivery, error) {
		v, err := m.Do(ctx, append(command, "COUNT", strconv.Itoa(atOnce), "BLOCK", strconv.Itoa(int(listens.Milliseconds())), "STREAMS", s.key, s.from()))
		if err != nil {
			return nil, wrap("read", err)
		}
		return entries(v)
	}
	if s.plain {
		ds, err := read("XREAD")
		s.advance(ds)
		return ds, err
	}
	ds, err := read("XREADGROUP", "GROUP", s.group, consumer)
	if err == nil && s.old && len(ds) == 0 {
		s.old = false // all of it was seen; what is new from now on
	}
	s.advance(ds)
	return ds, err
}

// from is the id to read behind.
func (s *stream) from() string {
	switch {
	case s.plain:
		return s.last
	case s.old:
		return "0"
	}
	return ">"
}

// advance notes how far was read. A group of our own stream that is made anew begins at its first entry: what was
// acknowledged is not in it any more.
func (s *stream) advance(ds []delivery) {
	if n := len(ds); n > 0 && !s.old && (s.plain || s.named) {
		s.last = ds[n-1].id
	}
}

// done acknowledges, and takes the entries off the stream, so that it stays small.
func (s *stream) done(ctx context.Context, m *server.Messenger, ds []delivery) error {
	if s.plain {
		return nil
	}
	ids, ours := make([]string, 0, len(ds)), make([]string, 0, len(ds))
	for _, d := range ds {
		ids = append(ids, d.id)
		if m, ok := parse(d.text); ok && m.run == s.run {
			ours = append(ours, d.id)
		}
	}
	commands := [][]string{slices.Concat([]string{"XACK", s.key, s.group}, ids)}
	if len(ours) > 0 {
		commands = append(commands, slices.Concat([]string{"XDEL", s.key}, ours))
	}
	_, err := m.Do(ctx, commands...)
	return wrap("acknowledge", err)
}

func (s *stream) clean(ctx context.Context, m *server.Messenger) error {
	if s.named {
		_, err := m.Do(ctx, []string{"XGROUP", "DESTROY", s.key, s.group})
		var reply *redis.ReplyError
		if errors.As(err, &reply) && absent(reply) {
			return fmt.Errorf("find %s: %w", redis.Argument(s.key), ErrAbsent)
		}
		return wrap("remove group", err)
	}
	_, err := m.Do(ctx, []string{"UNLINK", s.key})
	return wrap("remove stream", err)
}

// entries reads a reply of XREAD or XREADGROUP for one stream: [[key, [[id, [field, text]], ...]]], or nothing. The fields of
// an entry that was deleted are null.
func entries(v redis.Value) ([]delivery, error) {
	if v.Kind == redis.KindNull || len(v.Elems) == 0 {
		return nil, nil
	}
	if len(v.Elems) != 1 || len(v.Elems[0].Elems) != 2 {
		return nil, fmt.Errorf("read entries: %w", errReply)
	}
	var ds []delivery
	for _, e := range v.Elems[0].Elems[1].Elems {
		if len(e.Elems) != 2 || e.Elems[0].Text == "" {
			return nil, fmt.Errorf("read entries: %w", errReply)
		}
		d := delivery{id: e.Elems[0].Text}
		if f := e.Elems[1].Elems; len(f) == 2 {
			d.text = f[1].Text
		}
		ds = append(ds, d)
	}
	return ds, nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
