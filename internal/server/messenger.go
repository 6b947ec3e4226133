package server

import (
	"context"
	"fmt"
	"time"

	"redistop/internal/redis"
)

// A Messenger is a connection for a canary's messages: it can name nothing but keys, channels and groups that begin with
// CanaryPrefix, and the stream that a person named. One goroutine owns it. After an error that is not a
// *redis.ReplyError it is of no further use.
type Messenger struct {
	conn    *Conn
	process string // run_id; empty: not known
	replica bool
}

// OpenMessenger connects, and learns which process answers. stream is the one beside its own that it may write to and read,
// empty for none.
func OpenMessenger(ctx context.Context, t Target, stream string) (*Messenger, error) {
	c, err := Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	m := &Messenger{conn: c}
	v, err := c.Do(ctx, "INFO", "default")
	if err != nil && fatal(err) {
		c.Close()
		return nil, fmt.Errorf("ask %s: %w", t, denied(err))
	}
	if err == nil { // without the right to INFO it works all the same
		info := redis.ParseInfo(v.Text)
		m.process, _ = info.Text("run_id")
		role, _ := info.Text("role")
		m.replica = role == "slave"
	}
	c.may = consent{canary: true, named: stream}
	return m, nil
}

// Process tells one process of a server from the next; empty when it is not known.
func (m *Messenger) Process() string { return m.process }

// Replica says that the server follows a primary.
func (m *Messenger) Replica() bool { return m.replica }

// Do sends commands in one write and returns the first reply that is an error, else the last reply.
func (m *Messenger) Do(ctx context.Context, commands ...[]string) (redis.Value, error) {
	values, err := m.conn.exchange(ctx, commands...)
	if err != nil {
		return redis.Value{}, err
	}
	for _, v := range values {
		if err := v.Err(); err != nil {
			return v, err
		}
	}
	return values[len(values)-1], nil
}

// Receive waits for what the server sends unasked, after a SUBSCRIBE. It says false when nothing came for so long.
func (m *Messenger) Receive(ctx context.Context, wait time.Duration) (redis.Value, bool, error) {
	if err := m.conn.nc.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return redis.Value{}, false, fmt.Errorf("set deadline: %w", err)
	}
	defer context.AfterFunc(ctx, func() { m.conn.nc.SetReadDeadline(time.Unix(1, 0)) })()
	v, err := m.conn.r.Read()
	switch {
	case ctx.Err() != nil:
		return redis.Value{}, false, ctx.Err()
	case err != nil && late(plain(err)) && m.conn.r.Err() == nil:
		return redis.Value{}, false, nil
	case err != nil:
		return redis.Value{}, false, fmt.Errorf("read messages: %w", plain(err))
	}
	return v, true, v.Err()
}

// ID is the connection's client id; 0 when unknown.
func (m *Messenger) ID() int64 { return m.conn.id }

// Sent takes what was sent since the last call, by the server's name of each command.
func (m *Messenger) Sent() []redis.Sent { return sentList(m.conn.takeSent()) }

// Close ends the connection.
func (m *Messenger) Close() error { return m.conn.Close() }
