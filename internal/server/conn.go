package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"redistop/internal/redis"
)

// The bounds of a connection. A reply longer than maxReply ends the connection: 64 MiB is CLIENT
// LIST on 200,000 clients, which is never asked whole.
const (
	dialTimeout  = 5 * time.Second
	replyTimeout = 60 * time.Second // for one whole reply; a frozen server is seen long before (observe's Stalled)
	maxReply     = 64 << 20
	maxBulk      = 32 << 20
	maxElems     = 1 << 20
	maxDepth     = 16
)

// name is what all our connections are called in CLIENT LIST.
const name = redis.ObserverName

// A Conn is one connection that sends only what the guard permits, in RESP2.
// It is owned by one goroutine. After an error that is not a *redis.ReplyError it is closed and of
// no further use.
type Conn struct {
	nc      net.Conn
	r       *redis.Reader
	out     []byte
	may     consent
	open    bool             // the server needs no password: AUTH is an error there
	unnamed bool             // CLIENT SETNAME was refused
	asked   atomic.Int64     // unix nanoseconds at which the question under way was sent; 0: none
	id      int64            // CLIENT ID; 0 when unknown
	sent    map[string]int64 // by the server's name of the command, since takeSent
	told    map[string]int64 // the same, since takeTold
	looked  redis.Lookups    // the keys that they looked up, since it was taken
	tally   *tally           // counts the same for another goroutine; nil: nobody asks
	own     *Own             // told when it is closed; nil: nobody is
}

// Dial connects, logs in, selects the database and names the connection. Errors are classified:
// ErrDenied when the server answered and refuses us, ErrSilent when it took the connection and does not
// answer, any other when it could not be reached.
func Dial(ctx context.Context, t Target) (*Conn, error) {
	return dial(ctx, t, redis.Limits{Bulk: maxBulk, Total: maxReply, Depth: maxDepth, Elems: maxElems})
}

func dial(ctx context.Context, t Target, limits redis.Limits) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	nc, err := dialNetwork(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", t, plain(err))
	}
	c := &Conn{nc: nc, sent: map[string]int64{}, told: map[string]int64{}, r: redis.NewReader(nc, limits)}
	if t.Network != "unix" { // all on a unix socket have one address
		c.own = t.Own
		c.own.opened(nc.LocalAddr().String())
	}
	if err := c.greet(ctx, t); err != nil {
		c.Close()
		if late(err) {
			err = ErrSilent // whichever question it was
		}
		return nil, fmt.Errorf("log in to %s: %w", t, err)
	}
	return c, nil
}

func dialNetwork(ctx context.Context, t Target) (net.Conn, error) {
	d := net.Dialer{KeepAlive: 30 * time.Second}
	nc, err := d.DialContext(ctx, t.Network, t.Address)
	if err != nil || t.TLS == nil {
		return nc, err
	}
	tc := tls.Client(nc, t.TLS)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		if late(plain(err)) {
			err = ErrSilent
		}
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return tc, nil
}

// greet is everything before the first question. A server without a password answers AUTH with an
// error and works on; so do we.
func (c *Conn) greet(ctx context.Context, t Target) error {
	if t.Password != "" || t.Username != "" {
		args := []string{"AUTH", t.Password}
		if t.Username != "" {
			args = []string{"AUTH", t.Username, t.Password}
		}
		if _, err := c.Do(ctx, args...); err != nil && !noPasswordNeeded(err) {
			return denied(err)
		} else if err != nil {
			c.open = true
		}
	}
	if _, err := c.Do(ctx, "CLIENT", "SETNAME", name); err != nil {
		if fatal(err) {
			return denied(err)
		}
		c.unnamed = true
	}
	if v, err := c.Do(ctx, "CLIENT", "ID"); err == nil {
		c.id = v.Int
	} else if fatal(err) {
		return denied(err)
	}
	if t.DB != 0 {
		if _, err := c.Do(ctx, "SELECT", strconv.Itoa(t.DB)); err != nil {
			return unselected(err)
		}
	}
	return nil
}

// Do sends one command and reads its reply. An error reply comes back as *redis.ReplyError and
// leaves the connection usable.
func (c *Conn) Do(ctx context.Context, args ...string) (redis.Value, error) {
	v, err := c.exchange(ctx, args)
	if err != nil {
		return redis.Value{}, err
	}
	return v[0], v[0].Err()
}

// maxPipeline bounds the commands of one write: the server works them off in one piece.
const maxPipeline = 64

// exchange sends commands in one write and reads their replies. An error reply is a Value like any other.
func (c *Conn) exchange(ctx context.Context, commands ...[]string) ([]redis.Value, error) {
	if len(commands) > maxPipeline {
		return nil, fmt.Errorf("send %d commands at once: %w", len(commands), ErrNotAllowed)
	}
	c.out = c.out[:0]
	names := make([]string, len(commands))
	for i, args := range commands {
		var err error
		if names[i], err = check(args, c.may); err != nil {
			return nil, err
		}
		c.out = redis.AppendCommand(c.out, args...)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.nc.SetDeadline(deadline(ctx)); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { c.nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.asked.Store(time.Now().UnixNano())
	defer c.asked.Store(0)
	c.tally.ask(names)
	defer c.tally.end()
	_, werr := c.nc.Write(c.out)
	clear(c.out) // it may hold the password
	values := make([]redis.Value, 0, len(commands))
	for _, counted := range names {
		v, err := c.r.Read()
		switch {
		case ctx.Err() != nil && !late(ctx.Err()):
			return nil, ctx.Err()
		case err != nil && (late(ctx.Err()) || late(plain(err))):
			return nil, fmt.Errorf("read reply to %s: %w", counted, ErrSilent)
		case err != nil && werr != nil:
			return nil, fmt.Errorf("send %s: %w", counted, plain(werr))
		case err != nil:
			return nil, fmt.Errorf("read reply to %s: %w", counted, plain(err))
		}
		c.sent[counted]++
		c.told[counted]++
		c.tally.answered()
		c.looked = c.looked.Plus(lookup(counted, v))
		values = append(values, v)
	}
	return values, nil
}

func deadline(ctx context.Context) time.Time {
	d := time.Now().Add(replyTimeout)
	if t, ok := ctx.Deadline(); ok && t.Before(d) {
		return t
	}
	return d
}

// takeSent returns what was sent since the last call and starts anew.
func (c *Conn) takeSent() map[string]int64 {
	s := c.sent
	c.sent = map[string]int64{}
	return s
}

// takeTold is takeSent for a reader beside the one who counts the cost.
func (c *Conn) takeTold() map[string]int64 {
	s := c.told
	c.told = map[string]int64{}
	return s
}

// Close ends the connection.
func (c *Conn) Close() error {
	c.own.ended(c.nc.LocalAddr().String())
	return c.nc.Close()
}

var errLate = errors.New("no answer in time")

// late says that time ran out, by our clock or that of the connection: whichever saw it first.
func late(err error) bool {
	return errors.Is(err, errLate) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrSilent)
}

// plain puts the usual network errors into a person's words; the address stands before them.
func plain(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused")
	case errors.Is(err, os.ErrNotExist):
		return errors.New("no such socket")
	case errors.Is(err, os.ErrPermission):
		return errors.New("permission denied")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ErrClosed
	case errors.As(err, &timeout) && timeout.Timeout():
		return errLate
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
