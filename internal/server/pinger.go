package server

import (
	"context"
	"net"

	"redistop/internal/redis"
)

// A Pinger is a connection that asks the one question which costs a server next to nothing: how long a
// client waits for an answer. One goroutine owns it.
type Pinger struct {
	conn   *Conn
	remote bool
}

// ConnectPinger dials a target to ping it.
func ConnectPinger(ctx context.Context, t Target) (*Pinger, error) {
	t.DB = 0
	c, err := Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	return &Pinger{conn: c, remote: elsewhere(c.nc)}, nil
}

// Ping sends a PING that names us, so that a MONITOR tells it from others', and waits for the answer. A
// *redis.ReplyError is an answer too: the server refuses, and the connection stays usable.
func (p *Pinger) Ping(ctx context.Context) error {
	_, err := p.conn.Do(ctx, "PING", name)
	return err
}

// ID is the connection's client id; 0 when unknown.
func (p *Pinger) ID() int64 { return p.conn.id }

// Remote says that the other end has not an address of this host.
func (p *Pinger) Remote() bool { return p.remote }

// Sent takes what was sent since the last call, by the server's name of each command.
func (p *Pinger) Sent() []redis.Sent { return sentList(p.conn.takeSent()) }

// Close ends the connection.
func (p *Pinger) Close() error { return p.conn.Close() }

// elsewhere says that a connection leads to an address that is not this host's own: not a unix socket, not
// a loopback address, not the one that it comes from.
func elsewhere(nc interface {
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}) bool {
	there, ok := nc.RemoteAddr().(*net.TCPAddr)
	here, ok2 := nc.LocalAddr().(*net.TCPAddr)
	return ok && ok2 && !there.IP.IsLoopback() && !there.IP.Equal(here.IP)
}
