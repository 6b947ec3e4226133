package canary

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// A route leads one part of a canary to its server: the one that a person named, the primary that Sentinels name, or in a
// cluster the node that has the key. One goroutine at a time owns it.
type route struct {
	home   server.Target
	finder *server.Finder // nil: there are no Sentinels
	next   server.Target  // where to connect, without Sentinels
	nodes  []string       // of the cluster
	tried  int            // of these, since one answered
	moved  bool           // it left the last process because a node said MOVED
	opened bool           // somebody has answered
	spare  bool           // the one who answered first is a replica, which a person named
	lax    bool           // a replica that was a primary serves as well
	asked  time.Time      // when Sentinels were asked last whether the primary is still the same
}

func newRoute(home server.Target, s *server.Sentinel, kind Kind) *route {
	r := &route{home: home, next: home, lax: kind == PubSub && s == nil}
	if s != nil {
		r.finder = server.NewFinder(s)
	}
	return r
}

// ErrDemoted says that a replica answers where a primary did or should: a failover is not over, or it went past Sentinels.
var ErrDemoted = errors.New("it is a replica, not the primary")

// open connects. Where nobody answers, the next attempt asks another node of the cluster.
func (r *route) open(ctx context.Context, stream string) (*server.Messenger, error) {
	to := r.next
	if r.finder != nil {
		address, err := r.finder.Find(ctx)
		if err != nil {
			return nil, err
		}
		to = r.home.At(address)
		r.asked = time.Now()
	}
	m, err := server.OpenMessenger(ctx, to, stream)
	if err == nil && m.Cluster() {
		err = r.learn(ctx, m)
	}
	if err == nil && m.Replica() && !r.lax && !r.spare && (r.opened || r.finder != nil) {
		err = fmt.Errorf("connect to %s: %w", to, ErrDemoted)
	}
	if err == nil {
		if !r.opened {
			r.opened, r.spare = true, m.Replica()
		}
		return m, nil
	}
	if m != nil {
		m.Close()
	}
	if len(r.nodes) > 0 {
		r.next = r.home.At(r.nodes[r.tried%len(r.nodes)])
		r.tried++
	}
	return nil, err
}

// learn asks a node which others there are.
func (r *route) learn(ctx context.Context, m *server.Messenger) error {
	nodes, err := m.Nodes(ctx)
	var reply *redis.ReplyError
	switch {
	case err == nil:
		r.nodes, r.tried = nodes, 0
	case !errors.As(err, &reply): // else it may not ask: then there is but the node that was named
		return err
	}
	return nil
}

// follow says whether an error of m is a node's word that another one has the key, to which it connects next. A replica that
// a person named is not left: its primary would be another pipeline.
func (r *route) follow(m *server.Messenger, err error) bool {
	to, ok := server.RedirectOf(err)
	if !ok || to.Ask || r.spare || r.finder != nil {
		return false
	}
	r.next, r.moved = m.Target().At(to.Address), true
	return true
}

// The pauses between two questions to Sentinels while all is well, and after one that failed.
const (
	sentinelEvery = time.Second
	sentinelLater = 5 * time.Second
)

// astray is an error when Sentinels name another primary than the one that m is connected to, which may serve on: cut off from
// them, say.
func (r *route) astray(ctx context.Context, m *server.Messenger) error {
	if r.finder == nil || time.Since(r.asked) < sentinelEvery {
		return nil
	}
	address, err := r.finder.Find(ctx)
	r.asked = time.Now()
	if err != nil {
		r.asked = r.asked.Add(sentinelLater - sentinelEvery)
		return nil
	}
	if now := r.home.At(address); now.String() != m.Target().String() {
		return fmt.Errorf("leave %s: Sentinel names %s as the primary", m.Target(), now)
	}
	return nil
}

// at says whether m is connected to the server that a person named.
func (r *route) at(m *server.Messenger) bool { return m.Target().String() == r.home.String() }

func (r *route) close() {
	if r.finder != nil {
		r.finder.Close()
	}
}
