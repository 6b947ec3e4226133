package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"redistop/bench/lab"
)

// callers is clients that ask badly.
var callers = []Scene{
	{
		Name: "n+1", Story: "three threads of a report read 10,000 users one by one, a round trip each",
		Prepare: func(s *Stage) error {
			return s.Fill("", 10_000, `redis.call("HSET", "user:" .. i, "name", "Ann", "mail", "ann@example.org")`)
		},
		Cause: func(s *Stage) error {
			for n := range 3 {
				c, err := s.Dial(from("51", "report-job"))
				if err != nil {
					return err
				}
				s.Every(0, func() error {
					n += 3
					return refused(c.Do("HGET", "user:"+strconv.Itoa(1+n%10_000), "name"))
				})
			}
			return nil
		},
		Want: Want{Rule: oneByOne, Who: from("51", "report-job")},
	},
	{
		Name: "wrongtype", Story: "a release pushes to a key that holds a string: 100 WRONGTYPE errors a second",
		Cause: func(s *Stage) error {
			if err := s.once("SET", "audit:log", "a string"); err != nil {
				return err
			}
			return s.Ask(from("52", "audit-writer"), 10*time.Millisecond, "LPUSH", "audit:log", "entry")
		},
		Want: Want{Rule: failingCommands, Who: from("52", "audit-writer")},
	},
	{
		Name: "noperm", Story: "an application lacks the right to the keys that it writes",
		Config: []string{"user invoices on >secret ~invoice:* +@read +@connection"},
		Cause: func(s *Stage) error {
			c, err := s.Dial(from("53", ""))
			if err != nil {
				return err
			}
			for _, args := range [][]string{{"AUTH", "invoices", "secret"}, {"CLIENT", "SETNAME", "invoices"}} {
				if _, err := c.Do(args...); err != nil {
					return err
				}
			}
			s.Every(20*time.Millisecond, func() error { return refused(c.Do("SET", "invoice:1", "paid")) })
			return nil
		},
		Want: Want{Rule: deniedCommands, Who: from("53", "invoices")},
	},
	{
		Name: "login", Story: "a program has an old password and tries again and again",
		Cause: func(s *Stage) error {
			for range 2 {
				s.Every(50*time.Millisecond, func() error {
					c, err := lab.DialFrom(from("59", "").IP, s.Server.Addr())
					if err != nil {
						return err
					}
					defer c.Close()
					return refused(c.Do("AUTH", "the-old-password"))
				})
			}
			return nil
		},
		Want: Want{Rule: deniedLogins, Who: from("59", ""), Also: []string{connectionStorm, failingCommands, deniedCommands}},
	},
	{
		Name: "watch", Story: "twelve workers change one counter by WATCH and MULTI, and most of them fail",
		Cause: func(s *Stage) error {
			for range 12 {
				if err := s.watch(from("54", "stock-worker")); err != nil {
					return err
				}
			}
			return nil
		},
		Want: Want{Rule: failingWatch, Who: from("54", "stock-worker")},
	},
	{
		Name: "monitor", Story: "redis-cli MONITOR was left running in a terminal",
		Cause: func(s *Stage) error {
			c, err := s.Dial(from("55", "debug-session"))
			if err != nil {
				return err
			}
			if _, err := c.Do("MONITOR"); err != nil {
				return err
			}
			s.Go(c.Drain)
			return nil
		},
		Want: Want{Rule: monitorLeft, Who: from("55", "debug-session")},
	},
	{
		Name: "hot-key", Story: "forty connections read one key and the server is saturated",
		Full: "it needs a processor to itself", Alone: true,
		Cause: func(s *Stage) error { return s.flood(from("56", "landing-page"), 40, "GET", "banner:today") },
		Want:  Want{Rule: hotKey, Who: from("56", "landing-page"), Also: []string{saturated}},
	},
	{
		Name: "saturated", Story: "an import over sixty connections writes as fast as the server takes it: its one thread is full",
		Full: "it needs a processor to itself", Alone: true,
		Cause: func(s *Stage) error { return s.importer(from("57", "bulk-import")) },
		Want:  Want{Rule: saturated, Who: from("57", "bulk-import")},
	},
	{
		Name: "huge-reply", Story: "a page reads a catalog of 8 MB, one value, again and again",
		On:      "valkey-9", // which tells whose bytes they are
		Prepare: func(s *Stage) error { return s.once("SET", "catalog:all", strings.Repeat("x", 8<<20)) },
		Cause: func(s *Stage) error {
			return s.Ask(from("60", "catalog-page"), 10*time.Millisecond, "GET", "catalog:all")
		},
		Want: Want{Rule: hugeReply, Who: from("60", "catalog-page")},
	},
	{
		Name: "huge-request", Story: "an uploader stores files of 8 MB in single values, one after the other",
		On: "valkey-9",
		Cause: func(s *Stage) error {
			return s.Ask(from("58", "uploader"), 10*time.Millisecond, "SET", "upload:latest", strings.Repeat("x", 8<<20))
		},
		Want: Want{Rule: hugeRequest, Who: from("58", "uploader")},
	},
}

// once sends one command of nobody in particular.
func (s *Stage) once(args ...string) error {
	return s.filler(func(c *lab.Client) error {
		_, err := c.Do(args...)
		return err
	})
}

// watch runs transactions on one key that meet those of others.
func (s *Stage) watch(who Who) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	s.Every(time.Millisecond, func() error {
		if _, _, err := c.Batch([][]string{{"WATCH", "stock:1"}, {"GET", "stock:1"}}); err != nil {
			return err
		}
		s.Sleep(4 * time.Millisecond) // the program thinks
		_, _, err := c.Batch([][]string{{"MULTI"}, {"INCR", "stock:1"}, {"EXEC"}})
		return err
	})
	return nil
}

// flood repeats one command over many connections, each a pipeline.
func (s *Stage) flood(who Who, connections int, args ...string) error {
	if err := s.once("SET", "banner:today", "free shipping until Sunday"); err != nil {
		return err
	}
	for range connections {
		c, err := s.Dial(who)
		if err != nil {
			return err
		}
		s.Every(0, func() error {
			_, err := c.Pipeline(50, args...)
			return err
		})
	}
	return nil
}

// importer writes 100,000 keys over and over, in pipelines over sixty connections: who comes in between waits
// for some thousand commands.
func (s *Stage) importer(who Who) error {
	for worker := range 60 {
		c, err := s.Dial(who)
		if err != nil {
			return err
		}
		batch := make([][]string, 100)
		n := worker * 1667
		s.Every(0, func() error {
			for i := range batch {
				n++
				batch[i] = []string{"HSET", "product:" + strconv.Itoa(n%100_000), "name", "shirt", "price", "12", "stock", "4"}
			}
			_, wrong, err := c.Batch(batch)
			if wrong > 0 {
				err = errors.Join(err, fmt.Errorf("import: %d commands were refused", wrong))
			}
			return err
		})
	}
	return nil
}
