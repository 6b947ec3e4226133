package main

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"redistop/bench/lab"
)

// healthy is workloads that hurt nobody.
var healthy = []Scene{
	{Name: "idle", Story: "nobody is there", Quiet: true, Want: Want{Info: []string{}}},
	{
		Name: "busy-cache", Story: "a cache with expiry and a good hit ratio, 2,000 commands a second",
		Prepare: func(s *Stage) error { return s.fillTo("page:", 5000) },
		Cause: func(s *Stage) error {
			for i := range 4 {
				if err := s.cache(from(strconv.Itoa(31+i), "catalog"), 5000, 2*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		Name: "lru-cache", Story: "a cache at its limit under allkeys-lru: old pages leave, and are not missed",
		Config:  []string{"maxmemory 24mb", "maxmemory-policy allkeys-lru"},
		Prepare: fullCache,
		Cause:   func(s *Stage) error { return s.newPages(from("31", "catalog")) },
	},
	{
		Name: "queue", Story: "ten workers wait with BLPOP and BRPOP for 100 jobs a second",
		Cause: func(s *Stage) error { return s.queue(from("33", "worker"), from("34", "shop-orders")) },
	},
	{Name: "streams", Story: "a consumer group keeps up with a stream of 100 entries a second", Cause: streams},
	{
		Name: "pubsub", Story: "20 subscribers read what is published at once",
		Cause: func(s *Stage) error {
			for range 20 {
				c, err := s.Dial(from("36", "websocket"))
				if err != nil {
					return err
				}
				if _, err := c.Do("SUBSCRIBE", "news"); err != nil {
					return err
				}
				s.Go(c.Drain)
			}
			return s.Ask(from("37", "editor"), 10*time.Millisecond, "PUBLISH", "news", "rain in the afternoon")
		},
	},
	{
		Name: "idle-clients", Story: "2,000 connections of a pool of many programs, nearly all idle",
		Cause: func(s *Stage) error {
			for i := range 20 {
				if err := s.crowd(from(strconv.Itoa(101+i), "app-"+strconv.Itoa(i)), s.size(100, 25)); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{Name: "bulk-load", Story: "a nightly job loads products by MSET in pipelines, with pauses", Cause: bulkLoad},
	{
		Name: "first-sync", Story: "a new replica takes its copy, once",
		Prepare: func(s *Stage) error {
			return s.Fill("", s.size(500_000, 50_000), `redis.call("SET", "product:" .. i, i)`)
		},
		Cause: func(s *Stage) error { _, err := s.replica(); return err },
	},
	{Name: "sessions", Story: "a session store: HSET, EXPIRE, HGETALL of ten fields", Cause: sessions},
	{
		Name: "scripts", Story: "a rate limiter: 300 short scripts a second",
		Cause: func(s *Stage) error {
			const script = `local n = redis.call("INCR", KEYS[1]) if n == 1 then redis.call("EXPIRE", KEYS[1], 10) end return n`
			for range 3 {
				c, err := s.Dial(from("41", "gateway"))
				if err != nil {
					return err
				}
				sha, err := c.Do("SCRIPT", "LOAD", script)
				if err != nil {
					return err
				}
				s.Every(10*time.Millisecond, func() error {
					return refused(c.Do("EVALSHA", string(sha.Text), "1", "rate:"+strconv.Itoa(rand.IntN(1000))))
				})
			}
			return nil
		},
	},
	{
		Name: "restart", Story: "the server is started anew while redistop looks", Quiet: true,
		Cause: func(s *Stage) error {
			s.Go(func() error {
				s.Sleep(2 * time.Second)
				if err := s.Server.Restart(); err != nil {
					return err
				}
				return s.readers(s.Server)
			})
			return nil
		},
	},
	{
		Name: "keys-at-start", Story: "a program asks KEYS config:* of 200 keys, once, when it starts",
		Prepare: func(s *Stage) error { return s.Fill("", 200, `redis.call("SET", "config:" .. i, i)`) },
		Cause: func(s *Stage) error {
			return s.filler(func(c *lab.Client) error { return refused(c.Do("KEYS", "config:*")) })
		},
	},
}

// queue is ten workers and who gives them work.
func (s *Stage) queue(worker, boss Who) error {
	for i := range 10 {
		command := []string{"BLPOP", "BRPOP"}[i%2]
		if err := s.Ask(worker, 0, command, "jobs", "2"); err != nil {
			return err
		}
	}
	return s.Ask(boss, 10*time.Millisecond, "RPUSH", "jobs", "send the mail of order 1")
}

func streams(s *Stage) error {
	if err := s.once("XGROUP", "CREATE", "orders", "mailers", "$", "MKSTREAM"); err != nil {
		return err
	}
	for i := range 3 {
		c, err := s.Dial(from("35", "mailer"))
		if err != nil {
			return err
		}
		s.Every(0, func() error {
			v, err := c.Do("XREADGROUP", "GROUP", "mailers", "mailer-"+strconv.Itoa(i), "COUNT", "10", "BLOCK", "2000", "STREAMS", "orders", ">")
			if err != nil || len(v.Elems) == 0 {
				return refused(v, err)
			}
			for _, entry := range v.Elems[0].Elems[1].Elems {
				if _, err := c.Do("XACK", "orders", "mailers", string(entry.Elems[0].Text)); err != nil {
					return refused(v, err)
				}
			}
			return nil
		})
	}
	return s.Ask(from("34", "shop-orders"), 10*time.Millisecond, "XADD", "orders", "MAXLEN", "~", "10000", "*", "order", "1")
}

func bulkLoad(s *Stage) error {
	c, err := s.Dial(from("38", "loader"))
	if err != nil {
		return err
	}
	n := 0
	s.Every(20*time.Millisecond, func() error {
		batch := make([][]string, 20)
		for i := range batch {
			batch[i] = []string{"MSET"}
			for range 50 {
				n++
				batch[i] = append(batch[i], "product:"+strconv.Itoa(n%200_000), "a shirt")
			}
		}
		_, wrong, err := c.Batch(batch)
		if wrong > 0 {
			err = errors.Join(err, errors.New("bulk load: it was refused"))
		}
		return err
	})
	return nil
}

func sessions(s *Stage) error {
	fields := []string{"HSET", ""}
	for i := range 10 {
		fields = append(fields, "field"+strconv.Itoa(i), strings.Repeat("v", 30))
	}
	for range 4 {
		c, err := s.Dial(from("39", "login"))
		if err != nil {
			return err
		}
		s.Every(10*time.Millisecond, func() error {
			key := "session:" + strconv.Itoa(rand.IntN(2000))
			write := append([]string{"HSET", key}, fields[2:]...)
			_, _, err := c.Batch([][]string{write, {"EXPIRE", key, "1800"}, {"HGETALL", key}})
			return err
		})
	}
	return nil
}
