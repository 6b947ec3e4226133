package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"redistop/internal/redis"
)

// A Messenger is a connection for a canary's messages: it can name nothing but keys, channels and groups that begin with
// CanaryPrefix, and the stream that a person named. One goroutine owns it, but for Sent. After an error that is not a
// *redis.ReplyError it is of no further use.
type Messenger struct {
	target  Target
	conn    *Conn
	process string // run_id; empty: not known
	replica bool
	cluster bool
	cutOff  redis.Maybe[int64] // connections that the server has closed because their output buffers were full
	beside  *Conn              // to the node that a slot is being moved to; nil: none
	where   string             // the address of that
	mute    bool               // PING is refused
}

// OpenMessenger connects, and learns which process answers. stream is the one beside its own that it may write to and read,
// empty for none.
func OpenMessenger(ctx context.Context, t Target, stream string) (*Messenger, error) {
	c, err := Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	m := &Messenger{target: t, conn: c}
	v, err := c.Do(ctx, "INFO", "default")
	if err != nil && fatal(err) {
		c.Close()
		return nil, fmt.Errorf("ask %s: %w", t, denied(err))
	}
	if err == nil { // without the right to INFO it works all the same
		info := redis.ParseInfo(v.Text)
		m.process, _ = info.Text("run_id")
		role, _ := info.Text("role")
		mode, _ := info.Text("redis_mode")
		m.replica, m.cluster = role == "slave", mode == "cluster"
		m.cutOff = info.Int("client_output_buffer_limit_disconnections")
	}
	c.may = consent{canary: true, named: stream}
	c.tally = newTally(c.takeSent())
	if m.cluster && m.replica { // else it sends every reader to its primary
		if _, err := c.Do(ctx, "READONLY"); err != nil {
			c.Close()
			return nil, fmt.Errorf("read at replica %s: %w", t, err)
		}
	}
	return m, nil
}

// Process tells one process of a server from the next; empty when it is not known.
func (m *Messenger) Process() string { return m.process }

// Target is where it is connected to.
func (m *Messenger) Target() Target { return m.target }

// Replica says that the server follows a primary.
func (m *Messenger) Replica() bool { return m.replica }

// Cluster says that the server is a cluster's node.
func (m *Messenger) Cluster() bool { return m.cluster }

// CutOff is how many connections the process had closed because their output buffers were full, when this one was opened
// (Redis 8.0+, Valkey).
func (m *Messenger) CutOff() redis.Maybe[int64] { return m.cutOff }

// Do sends commands in one write and returns the first reply that is an error, else the last reply. A command whose
// slot is being moved is sent again where the server says.
func (m *Messenger) Do(ctx context.Context, commands ...[]string) (redis.Value, error) {
	values, err := m.conn.exchange(ctx, commands...)
	if err != nil {
		return redis.Value{}, err
	}
	for i, v := range values {
		err := v.Err()
		if to, ok := RedirectOf(err); ok && to.Ask {
			if v, err = m.ask(ctx, to.Address, commands[i]); err != nil {
				return v, err
			}
			values[i], err = v, v.Err()
		}
		if err != nil {
			return v, err
		}
	}
	return values[len(values)-1], nil
}

// ask sends one command to the node that its slot is being moved to.
func (m *Messenger) ask(ctx context.Context, address string, command []string) (redis.Value, error) {
	if m.beside != nil && m.where != address {
		m.beside.Close()
		m.beside = nil
	}
	if m.beside == nil {
		c, err := Dial(ctx, m.target.At(address))
		if err != nil {
			return redis.Value{}, err
		}
		c.may = m.conn.may
		m.beside, m.where = c, address
	}
	values, err := m.beside.exchange(ctx, []string{"ASKING"}, command)
	if err != nil {
		return redis.Value{}, err
	}
	return values[1], nil
}

// Receive waits for what the server sends unasked, after a SUBSCRIBE. Where nothing came for so long, a PING asks whether
// anybody is there: its answer is a value too, and if there is none within patience, the connection leads nowhere.
func (m *Messenger) Receive(ctx context.Context, wait, patience time.Duration) (redis.Value, bool, error) {
	v, ok, err := m.next(ctx, wait)
	if ok || err != nil || m.mute {
		return v, ok, err
	}
	if _, err := check(pingCommand, m.conn.may); err != nil {
		return redis.Value{}, false, err
	}
	m.conn.tally.ask(pingCommand[:1])
	m.conn.tally.end()
	if err := m.conn.nc.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return redis.Value{}, false, fmt.Errorf("set deadline: %w", err)
	}
	if _, err := m.conn.nc.Write(redis.AppendCommand(nil, pingCommand...)); err != nil {
		return redis.Value{}, false, fmt.Errorf("send ping: %w", plain(err))
	}
	v, ok, err = m.next(ctx, patience)
	var reply *redis.ReplyError
	switch {
	case errors.As(err, &reply): // it may not ask, but is answered
		m.mute = true
		return v, false, nil
	case err == nil && !ok:
		return v, false, fmt.Errorf("read messages: %w", ErrSilent)
	}
	return v, ok, err
}

var pingCommand = []string{"ping", name}

// next reads what comes within wait.
func (m *Messenger) next(ctx context.Context, wait time.Duration) (redis.Value, bool, error) {
	if err := m.conn.nc.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return redis.Value{}, false, fmt.Errorf("set deadline: %w", err)
	}
	defer context.AfterFunc(ctx, func() { m.conn.nc.SetDeadline(time.Unix(1, 0)) })()
	v, err := m.conn.r.Read()
	switch {
	case late(ctx.Err()):
		return redis.Value{}, false, fmt.Errorf("read messages: %w", ErrSilent)
	case ctx.Err() != nil:
		return redis.Value{}, false, ctx.Err()
	case err != nil && late(plain(err)) && m.conn.r.Err() == nil:
		return redis.Value{}, false, nil
	case err != nil:
		return redis.Value{}, false, fmt.Errorf("read messages: %w", plain(err))
	}
	return v, true, v.Err()
}

// mostNodes bounds the nodes of a cluster that are known.
const mostNodes = 256

// Nodes are the addresses of a cluster's nodes, replicas among them; where they have no host, it is this one's.
func (m *Messenger) Nodes(ctx context.Context) ([]string, error) {
	v, err := m.conn.Do(ctx, "CLUSTER", "SLOTS")
	if err != nil {
		return nil, err
	}
	var nodes []string
	for _, slots := range v.Elems { // [first, last, [host, port, id ...], ...]
		for _, node := range slots.Elems[min(2, len(slots.Elems)):] {
			if len(node.Elems) < 2 || len(nodes) == mostNodes {
				continue
			}
			address := net.JoinHostPort(node.Elems[0].Text, strconv.FormatInt(node.Elems[1].Int, 10))
			if !slices.Contains(nodes, address) {
				nodes = append(nodes, address)
			}
		}
	}
	return nodes, nil
}

// ID is the connection's client id; 0 when unknown.
func (m *Messenger) ID() int64 { return m.conn.id }

// Sent takes what was sent since the last call, by the server's name of each command; it may be called from any goroutine, also
// after Close. A call that is under way is told each time.
func (m *Messenger) Sent() []redis.Sent { return m.conn.tally.take() }

// Close ends the connection.
func (m *Messenger) Close() error {
	if m.beside != nil {
		m.beside.Close()
	}
	return m.conn.Close()
}
