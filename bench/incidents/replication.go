package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

// replication is incidents of a primary and its replica. A replica comes from 127.0.0.1 without a name.
var replication = []Scene{
	{
		Name: "stalled-replica", Story: "a replica has stopped reading; its primary keeps what it has not taken",
		Prepare: func(s *Stage) error { _, err := s.replica(); return err },
		Cause: func(s *Stage) error {
			if err := s.servers[1].Pause(); err != nil {
				return err
			}
			return s.Ask(from("81", "writer"), 5*time.Millisecond, "SET", "page:1", strings.Repeat("x", 20<<10))
		},
		Want: Want{Rule: replicaStalled, Who: from("1", ""), Also: []string{outputBuffers}},
	},
	{
		Name: "link-down", Story: "a replica has lost its primary, and answers with what it had", Quiet: true,
		Prepare: func(s *Stage) error {
			replica, err := s.replica()
			if err != nil {
				return err
			}
			s.Watched = replica
			return s.readers(replica)
		},
		Cause: func(s *Stage) error { return s.Server.Kill() },
		Want:  Want{Rule: replicaLink},
	},
	{
		Name: "writable-replica", Story: "a replica accepts writes, and an old job writes to it", Quiet: true,
		Prepare: func(s *Stage) error {
			replica, err := s.replica("replica-read-only no")
			if err != nil {
				return err
			}
			s.Watched = replica
			return s.readers(replica)
		},
		Cause: func(s *Stage) error {
			c, err := s.DialTo(s.Watched, from("83", "old-cron"))
			if err != nil {
				return err
			}
			s.Every(100*time.Millisecond, func() error { return refused(c.Do("SET", "lost:write", "1")) })
			return nil
		},
		Want: Want{Rule: writableReplica, Who: from("83", "old-cron")},
	},
	{
		Name: "resyncs", Story: "a replica crashes every two seconds, and its disk with it: it takes everything anew",
		Prepare: func(s *Stage) error {
			if err := s.Fill("", s.size(200_000, 20_000), `redis.call("SET", "product:" .. i, i)`); err != nil {
				return err
			}
			_, err := s.replica()
			return err
		},
		Cause: func(s *Stage) error {
			replica := s.servers[1]
			s.Every(2*time.Second, func() error {
				if err := replica.Kill(); err != nil {
					return err
				}
				// With its last copy it would go on where it was.
				if err := os.Remove(filepath.Join(replica.Dir(), "dump.rdb")); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				return replica.Restart()
			})
			return nil
		},
		Want: Want{Rule: fullResyncs},
	},
	{
		Name: "no-replica", Story: "min-replicas-to-write is 1 and the only replica is gone: writes are refused",
		Config: []string{"min-replicas-to-write 1"},
		Prepare: func(s *Stage) error {
			if _, err := s.replica(); err != nil {
				return err
			}
			return s.acknowledged()
		},
		Cause: func(s *Stage) error { return s.servers[1].Kill() },
		Want:  Want{Rule: tooFewReplicas, Also: []string{failingCommands}},
	},
}

// replica starts one and waits until it has a copy.
func (s *Stage) replica(config ...string) (*redistest.Server, error) {
	host, port, err := net.SplitHostPort(s.Server.Addr())
	if err != nil {
		return nil, err
	}
	r, err := s.start(append(config, "replicaof "+host+" "+port)...)
	if err != nil {
		return nil, err
	}
	return r, s.synced(r)
}

// acknowledged waits until the primary counts its replica as a good one: before, it refuses writes where it
// must have one.
func (s *Stage) acknowledged() error {
	return s.filler(func(c *lab.Client) error {
		for range 2000 {
			info, err := c.Info("replication")
			if err != nil {
				return err
			}
			if info.Int("min_slaves_good_slaves").Or(0) > 0 {
				return nil
			}
			s.Sleep(10 * time.Millisecond)
			if s.ctx.Err() != nil {
				return s.ctx.Err()
			}
		}
		return errors.New("wait for primary: no good replica within 20 s")
	})
}

func (s *Stage) synced(r *redistest.Server) error {
	c, err := s.DialTo(r, from("1", ""))
	if err != nil {
		return err
	}
	defer c.Close()
	for range 2000 {
		info, err := c.Info("replication")
		if err != nil {
			return err
		}
		if status, _ := info.Text("master_link_status"); status == "up" {
			return nil
		}
		s.Sleep(10 * time.Millisecond)
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
	}
	return errors.New("wait for replica: no copy within 20 s")
}

// readers ask a replica for what its primary had.
func (s *Stage) readers(r *redistest.Server) error {
	if err := s.once("SET", "cart:1", "two shirts"); err != nil {
		return err
	}
	for i := range 2 {
		c, err := s.DialTo(r, from(strconv.Itoa(21+i), "shop-web"))
		if err != nil {
			return err
		}
		s.Every(20*time.Millisecond, func() error { return refused(c.Do("GET", "cart:1")) })
	}
	return nil
}
