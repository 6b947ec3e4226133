package lab

import (
	"fmt"
	"net"
	"time"

	"redistop/internal/redis"
)

// askTimeout is long: a server under a full load on a busy machine answers late, not never.
const askTimeout = 20 * time.Second

// Client is one plain connection. It is owned by one goroutine, and of no use after an error of
// the network.
type Client struct {
	nc  net.Conn
	r   *redis.Reader
	out []byte
}

// Dial connects to a server: "tcp" or "unix".
func Dial(network, addr string) (*Client, error) {
	nc, err := net.DialTimeout(network, addr, askTimeout)
	if err != nil {
		return nil, fmt.Errorf("connect to server: %w", err)
	}
	return &Client{nc: nc, r: redis.NewReader(nc, redis.Limits{})}, nil
}

// DialFrom connects to a TCP server from a loopback address: on Linux any of 127/8, elsewhere often
// 127.0.0.1 alone. The server is one that we started: its replies may be large.
func DialFrom(ip, addr string) (*Client, error) {
	d := net.Dialer{Timeout: askTimeout, LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	nc, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect to server: %w", err)
	}
	return &Client{nc: nc, r: redis.NewReader(nc, redis.Limits{Total: 1 << 30, Elems: 8 << 20})}, nil
}

// Do sends one command and returns its reply. An error reply is a *redis.ReplyError.
func (c *Client) Do(args ...string) (redis.Value, error) {
	replies, err := c.Pipeline(1, args...)
	return replies, err
}

// Pipeline sends one command n times at once and returns the last reply, or the first error.
func (c *Client) Pipeline(n int, args ...string) (last redis.Value, err error) {
	if err := c.nc.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return redis.Value{}, fmt.Errorf("send %s: %w", args[0], err)
	}
	c.out = c.out[:0]
	for range n {
		c.out = redis.AppendCommand(c.out, args...)
	}
	if _, err := c.nc.Write(c.out); err != nil {
		return redis.Value{}, fmt.Errorf("send %s: %w", args[0], err)
	}
	for range n {
		if last, err = c.r.Read(); err == nil {
			err = last.Err()
		}
		if err != nil {
			return redis.Value{}, fmt.Errorf("ask %s: %w", args[0], err)
		}
	}
	return last, nil
}

// Batch sends the commands at once and returns the last reply, or the first error of the network; replies
// that are errors are counted.
func (c *Client) Batch(commands [][]string) (last redis.Value, refused int, err error) {
	c.out = c.out[:0]
	for _, args := range commands {
		c.out = redis.AppendCommand(c.out, args...)
	}
	if err := c.Send(c.out); err != nil {
		return redis.Value{}, 0, err
	}
	for range commands {
		if last, err = c.r.Read(); err != nil {
			return redis.Value{}, refused, fmt.Errorf("read reply: %w", err)
		}
		if last.Err() != nil {
			refused++
		}
	}
	return last, refused, nil
}

// Send writes raw bytes and reads nothing: what comes back stays where it is.
func (c *Client) Send(b []byte) error {
	if err := c.nc.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if _, err := c.nc.Write(b); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// Addr is this end of the connection, as the server sees it.
func (c *Client) Addr() string { return c.nc.LocalAddr().String() }

// SetReadBuffer bounds what the system takes in for a client that does not read.
func (c *Client) SetReadBuffer(bytes int) error {
	tcp, ok := c.nc.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("set read buffer: not a TCP connection")
	}
	return tcp.SetReadBuffer(bytes)
}

// Info asks for sections of INFO: more than one in one call needs Redis 7.0.
func (c *Client) Info(sections ...string) (*redis.Info, error) {
	v, err := c.Do(append([]string{"INFO"}, sections...)...)
	if err != nil {
		return nil, err
	}
	return redis.ParseInfo(v.Text), nil
}

// Connected is how many clients the server has, this one among them.
func (c *Client) Connected() (int, error) {
	info, err := c.Info("clients")
	if err != nil {
		return 0, err
	}
	n, ok := info.Int("connected_clients").Get()
	if !ok {
		return 0, fmt.Errorf("ask INFO: no connected_clients in the reply")
	}
	return int(n), nil
}

// Close ends the connection. A TCP connection is reset, so that thousands of them leave no ports
// in TIME_WAIT.
func (c *Client) Close() {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		tcp.SetLinger(0) // its one error is that of a connection already closed
	}
	c.nc.Close()
}

// Drain reads whatever comes and forgets it, until the connection ends.
func (c *Client) Drain() error {
	if err := c.nc.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	for {
		if _, err := c.r.Read(); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
}
