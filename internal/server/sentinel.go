package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
)

// SentinelPort is the port that Sentinels listen on unless told otherwise.
const SentinelPort = "26379"

// A Sentinel is a group of Sentinels and the name of a primary that they watch.
type Sentinel struct {
	At      []Target // at least one
	Primary string   // its name
}

// String names it without any secret.
func (s *Sentinel) String() string {
	var at []string
	for _, t := range s.At {
		at = append(at, t.String())
	}
	return s.Primary + " of Sentinel " + strings.Join(at, ", ")
}

// ErrUnknownPrimary says that the Sentinels which answered watch no primary of that name.
var ErrUnknownPrimary = errors.New("no such primary")

// sentinelWait bounds the wait for one Sentinel: the next one may answer.
const sentinelWait = time.Second

// A Finder asks Sentinels where the primary is. It keeps the connection to the one that answered last. One goroutine
// owns it.
type Finder struct {
	group Sentinel
	conn  *Conn // to the first of group.At; nil: none
}

// NewFinder asks nothing yet.
func NewFinder(s *Sentinel) *Finder {
	return &Finder{group: Sentinel{At: slices.Clone(s.At), Primary: s.Primary}}
}

// Find returns the address of the primary. The Sentinel that answered last is asked first.
func (f *Finder) Find(ctx context.Context) (string, error) {
	var all error
	for range f.group.At {
		address, err := f.ask(ctx)
		if err == nil {
			return address, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		f.Close()
		f.group.At = append(f.group.At[1:], f.group.At[0])
		if all == nil {
			all = fmt.Errorf("ask Sentinel: %w", err)
			continue
		}
		all = fmt.Errorf("%w; %w", all, err)
	}
	return "", all
}

// ask asks the first Sentinel.
func (f *Finder) ask(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, sentinelWait)
	defer cancel()
	if f.conn == nil {
		conn, err := Dial(ctx, f.group.At[0])
		if err != nil {
			return "", err
		}
		f.conn = conn
	}
	v, err := f.conn.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", f.group.Primary)
	switch {
	case err != nil:
		return "", fmt.Errorf("ask %s: %w", f.group.At[0], err)
	case v.Kind == redis.KindNull:
		return "", fmt.Errorf("ask %s for %s: %w", f.group.At[0], redis.Argument(f.group.Primary), ErrUnknownPrimary)
	case len(v.Elems) != 2 || v.Elems[0].Text == "" || !portFits(v.Elems[1].Text):
		return "", fmt.Errorf("ask %s for %s: not an address", f.group.At[0], redis.Argument(f.group.Primary))
	}
	return net.JoinHostPort(v.Elems[0].Text, v.Elems[1].Text), nil
}

// Close ends the connection; Find makes another.
func (f *Finder) Close() {
	if f.conn != nil {
		f.conn.Close()
		f.conn = nil
	}
}
