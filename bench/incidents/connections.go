package main

import (
	"fmt"
	"strings"
	"time"

	"redistop/internal/redis"
)

// connections is incidents of clients that are too many, or that do not read.
var connections = []Scene{
	{
		Name: "storm", Story: "a web page connects anew for every request, 200 times a second",
		Cause: func(s *Stage) error {
			for range 10 {
				s.Every(10*time.Millisecond, func() error { return s.briefly(from("61", "php-fpm")) })
			}
			return nil
		},
		Want: Want{Rule: connectionStorm, Who: from("61", "php-fpm")},
	},
	{
		Name: "maxclients", Story: "workers hold 190 of 200 allowed connections", Config: []string{"maxclients 200"},
		Cause: func(s *Stage) error { return s.crowd(from("62", "worker-pool"), 182) },
		Want:  Want{Rule: maxClients, Who: from("62", "worker-pool"), Also: []string{idleConnections}},
	},
	{
		Name: "leak", Slow: true, Story: "a program forgets its connections: twenty more a second, none used again",
		Cause: func(s *Stage) error {
			s.Every(50*time.Millisecond, func() error {
				c, err := s.Dial(from("63", "billing-api"))
				if err != nil {
					return err
				}
				return refused(c.Do("GET", "cart:1"))
			})
			return nil
		},
		Want: Want{Rule: idleConnections, Who: from("63", "billing-api")},
	},
	{
		Name: "wait", Story: "an order service sends WAIT 1 0 where there is no replica: its connections wait for ever",
		Cause: func(s *Stage) error {
			for range 5 {
				c, err := s.Dial(from("67", "order-service"))
				if err != nil {
					return err
				}
				if err := c.Send(redis.AppendCommand(nil, "WAIT", "1", "0")); err != nil {
					return err
				}
			}
			return nil
		},
		Want: Want{Rule: blockedClients, Who: from("67", "order-service")},
	},
	{
		Name: "pause", Story: "a script sends CLIENT PAUSE 3000 and forgets that it does, again and again",
		Cause: func(s *Stage) error {
			return s.Ask(from("68", "failover-script"), 4*time.Second, "CLIENT", "PAUSE", "3000")
		},
		Want: Want{Rule: dangerousCommand, Who: from("68", "failover-script"), Also: []string{blockedClients}},
	},
	{
		Name: "slow-subscriber", Story: "a dashboard has subscribed and stopped reading; 4 MB a second are published",
		Config: []string{"client-output-buffer-limit pubsub 256mb 128mb 60"},
		Cause: func(s *Stage) error {
			if err := s.deaf(from("64", "dashboard"), "SUBSCRIBE", "prices"); err != nil {
				return err
			}
			return s.Ask(from("65", "price-feed"), 5*time.Millisecond, "PUBLISH", "prices", strings.Repeat("x", 20<<10))
		},
		Want: Want{Rule: outputBuffers, Who: from("64", "dashboard")},
	},
	{
		Name: "slow-reader", Story: "an export asks for list after list and does not read the replies",
		Prepare: func(s *Stage) error {
			return s.Fill("export:rows", 1500, `redis.call("RPUSH", KEYS[1], "a row with some letters " .. i)`)
		},
		Cause: func(s *Stage) error {
			c, err := s.Dial(from("66", "export"))
			if err != nil {
				return err
			}
			if err := c.SetReadBuffer(4096); err != nil {
				return err
			}
			asked := 0
			s.Every(15*time.Millisecond, func() error {
				if asked++; asked > 3000 { // 150 MB are enough
					return nil
				}
				return c.Send(redis.AppendCommand(nil, "LRANGE", "export:rows", "0", "-1"))
			})
			return nil
		},
		Want: Want{Rule: outputBuffers, Who: from("66", "export")},
	},
}

// briefly connects, asks and leaves.
func (s *Stage) briefly(who Who) error {
	c, err := s.connect(s.Server, who)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := refused(c.Do("GET", "cart:1")); err != nil {
		return err
	}
	s.Sleep(30 * time.Millisecond)
	return nil
}

// crowd connects many clients that then do nothing.
func (s *Stage) crowd(who Who, n int) error {
	for i := range n {
		if _, err := s.Dial(who); err != nil {
			return fmt.Errorf("connect client %d: %w", i, err)
		}
	}
	return nil
}

// deaf connects a client that asks once and never reads; it comes back when the server ends it.
func (s *Stage) deaf(who Who, args ...string) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	if err := c.SetReadBuffer(4096); err != nil {
		return err
	}
	return c.Send(redis.AppendCommand(nil, args...))
}
