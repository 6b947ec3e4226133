package main

import (
	"strconv"
	"time"
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
