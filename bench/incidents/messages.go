package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"redistop/bench/lab"
)

// messages is incidents of streams and channels: the server is well, and work is not done.
var messages = []Scene{
	{
		Name: "stuck-consumer", Story: "a consumer asks on and on, and has acknowledged none of its 20 entries for ten minutes",
		Prepare: func(s *Stage) error { return s.claimed(from("81", "invoice-2"), "IDLE", "600000", "JUSTID") },
		Cause: func(s *Stage) error {
			return s.Ask(from("81", "invoice-2"), 200*time.Millisecond, "XREADGROUP", "GROUP", "invoices", "invoice-2", "COUNT", "1", "STREAMS", "orders:stream", ">")
		},
		Want: Want{Rule: stuckConsumer, Who: Who{Name: "invoice-2"}},
	},
	{
		Name: "killed-consumer", Story: "a consumer's process is killed between reading 20 entries and acknowledging them; another one goes on",
		Full:    "a consumer counts as gone after five minutes",
		Within:  6 * time.Minute,
		On:      "valkey-9", // which tells when a consumer asked last
		Prepare: (*Stage).orders,
		Cause: func(s *Stage) error {
			if err := s.killConsumer("invoice-3"); err != nil {
				return err
			}
			if err := s.Ask(from("85", "shop-orders"), 100*time.Millisecond, "XADD", "orders:stream", "MAXLEN", "~", "1000", "*", "order", "4711"); err != nil {
				return err
			}
			return s.consume(from("86", "invoice-4"))
		},
		Want: Want{Rule: deadConsumer, Who: Who{Name: "invoice-3"}, Also: []string{stuckConsumer}},
	},
	{
		Name: "poison", Story: "20 entries were delivered 40 times each, and every consumer fails on them",
		Prepare: func(s *Stage) error { return s.claimed(from("82", "invoice-1"), "IDLE", "0", "RETRYCOUNT", "40") },
		Cause: func(s *Stage) error {
			return s.Ask(from("82", "invoice-1"), 200*time.Millisecond, "XREADGROUP", "GROUP", "invoices", "invoice-1", "COUNT", "20", "STREAMS", "orders:stream", "0")
		},
		Want: Want{Rule: poisonEntry, Who: Who{Name: "invoice-1"}},
	},
	{
		Name: "unread-group", Story: "entries are added for a group whose consumers were never started",
		Prepare: func(s *Stage) error {
			c, err := s.Dial(from("83", "operator"))
			if err != nil {
				return err
			}
			_, err = c.Do("XGROUP", "CREATE", "orders:stream", "fraud-check", "$", "MKSTREAM")
			return err
		},
		Cause: func(s *Stage) error {
			return s.Ask(from("84", "shop-orders"), 20*time.Millisecond, "XADD", "orders:stream", "MAXLEN", "~", "1000", "*", "order", "4711")
		},
		Want: Want{Rule: unreadGroup},
	},
}

// orders makes a stream of 20 entries and a group that has read none.
func (s *Stage) orders() error {
	return s.filler(func(c *lab.Client) error {
		for _, command := range [][]string{
			{"XGROUP", "CREATE", "orders:stream", "invoices", "0", "MKSTREAM"},
			{"EVAL", `for i = 1, 20 do redis.call("XADD", KEYS[1], i .. "-1", "order", i) end`, "1", "orders:stream"},
		} {
			if _, err := c.Do(command...); err != nil {
				return err
			}
		}
		return nil
	})
}

// killConsumer runs a consumer in a process of its own, and kills that once it holds the 20 entries.
func (s *Stage) killConsumer(name string) error {
	program, err := lab.Tool("cli")
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Server.Addr())
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	cmd := exec.CommandContext(s.ctx, program, "-h", host, "-p", port)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+s.password)
	commands, err := cmd.StdinPipe() // which stays open: the consumer would leave at its end
	if err != nil {
		return fmt.Errorf("start a consumer: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a consumer: %w", err)
	}
	if _, err := io.WriteString(commands, "CLIENT SETNAME "+name+"\nXREADGROUP GROUP invoices "+name+" COUNT 20 STREAMS orders:stream >\n"); err != nil {
		return fmt.Errorf("tell a consumer: %w", err)
	}
	holds := s.filler(func(c *lab.Client) error {
		for deadline := time.Now().Add(patience); time.Now().Before(deadline) && s.ctx.Err() == nil; s.Sleep(pollPause) {
			if v, err := c.Do("XPENDING", "orders:stream", "invoices"); err != nil || len(v.Elems) > 0 && v.Elems[0].Int == 20 {
				return err
			}
		}
		return errors.New("wait for a consumer: it reads nothing")
	})
	err = cmd.Process.Kill()
	cmd.Wait() // it was killed: that is no news
	return errors.Join(holds, err)
}

// consume reads orders:stream as a consumer and acknowledges what it got.
func (s *Stage) consume(who Who) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	s.Every(100*time.Millisecond, func() error {
		v, err := c.Do("XREADGROUP", "GROUP", "invoices", who.Name, "COUNT", "10", "STREAMS", "orders:stream", ">")
		if err != nil || len(v.Elems) == 0 {
			return err
		}
		ack := []string{"XACK", "orders:stream", "invoices"}
		for _, entry := range v.Elems[0].Elems[1].Elems {
			ack = append(ack, entry.Elems[0].Text)
		}
		_, err = c.Do(ack...)
		return err
	})
	return nil
}

// claimed makes a stream of 20 entries that a consumer holds, as XCLAIM with these words says.
func (s *Stage) claimed(who Who, words ...string) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	for _, command := range [][]string{
		{"XGROUP", "CREATE", "orders:stream", "invoices", "0", "MKSTREAM"},
		{"EVAL", `for i = 1, 20 do redis.call("XADD", KEYS[1], i .. "-1", "order", i) end`, "1", "orders:stream"},
		{"XREADGROUP", "GROUP", "invoices", who.Name, "STREAMS", "orders:stream", ">"},
	} {
		if _, err := c.Do(command...); err != nil {
			return err
		}
	}
	claim := []string{"XCLAIM", "orders:stream", "invoices", who.Name, "0"}
	for i := range 20 {
		claim = append(claim, strconv.Itoa(i+1)+"-1")
	}
	_, err = c.Do(append(claim, words...)...)
	return err
}
