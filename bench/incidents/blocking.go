package main

import (
	"strconv"
	"time"
)

var (
	adminWeb = from("37", "admin-web")
	nightly  = from("38", "nightly-report")
)

// blocked makes an incident of one command that is slow because of the data it meets.
func blocked(name, story, rule string, prepare func(*Stage) error, args ...string) Scene {
	return Scene{
		Name: name, Story: story, Prepare: prepare,
		Cause: func(s *Stage) error { return s.Occupy(nightly, 0.25, args...) },
		Want:  Want{Rule: rule, Who: nightly},
	}
}

// collection fills one key with as many members as make the command slow.
func collection(full, short int, body string, args ...string) func(*Stage) error {
	return func(s *Stage) error {
		return s.Weigh(s.size(full, short), func(n int) error { return s.Fill("all:members", n, body) },
			func(int) []string { return args })
	}
}

// walked is an incident of one command that walks over a whole collection.
func walked(name, story string, full, short int, body string, args ...string) Scene {
	return blocked(name, story, blockingCommand, collection(full, short, body, args...), args...)
}

const (
	addToSet  = `redis.call("SADD", KEYS[1], "member:" .. i)`
	addToHash = `redis.call("HSET", KEYS[1], "field:" .. i, "a value of some letters")`
	addToList = `redis.call("RPUSH", KEYS[1], "job:" .. i)`
	addToZSet = `redis.call("ZADD", KEYS[1], i, "player:" .. i)`
)

var unite = []string{"SUNIONSTORE", "tags:all", "tags:a", "tags:b"}

// pages asks for n of them at once.
func pages(n int) []string {
	args := []string{"MGET"}
	for i := range n {
		args = append(args, "page:"+strconv.Itoa(i+1))
	}
	return args
}

// count is a script that counts to n.
func count(n int) []string {
	return []string{"EVAL", "local n = 0 for i = 1, ARGV[1] do n = n + i end return n", "0", strconv.Itoa(n)}
}

// blocking is commands that hold everybody else up.
var blocking = []Scene{
	{
		Name: "keys", Alone: true, Story: "a session library calls KEYS shiro:session:* among millions of other keys",
		Prepare: func(s *Stage) error {
			if err := s.Fill("", s.size(5_000_000, 300_000), `redis.call("SET", "product:" .. i, i)`); err != nil {
				return err
			}
			return s.Fill("", 2000, `redis.call("SET", "shiro:session:" .. i, i, "EX", 3600)`)
		},
		Cause: func(s *Stage) error { return s.Occupy(adminWeb, 0.11, "KEYS", "shiro:session:*") },
		Want:  Want{Rule: blockingCommand, Who: adminWeb},
	},
	walked("smembers", "SMEMBERS of a set of 500,000 members", 500_000, 100_000, addToSet, "SMEMBERS", "all:members"),
	walked("hgetall", "HGETALL of a hash of 300,000 fields", 300_000, 100_000, addToHash, "HGETALL", "all:members"),
	walked("lrange", "LRANGE 0 -1 of a list of 500,000 jobs", 500_000, 200_000, addToList, "LRANGE", "all:members", "0", "-1"),
	walked("zrange", "ZRANGE 0 -1 of a leaderboard of 300,000", 300_000, 100_000, addToZSet, "ZRANGE", "all:members", "0", "-1"),
	walked("sort", "SORT of a list of 200,000 by letters, of which ten are wanted", 200_000, 50_000, addToList,
		"SORT", "all:members", "ALPHA", "LIMIT", "0", "10"),
	blocked("sunion", "SUNIONSTORE of two sets of 300,000", blockingCommand,
		func(s *Stage) error {
			return s.Weigh(s.size(300_000, 50_000), func(n int) error {
				if err := s.Fill("tags:a", n, addToSet); err != nil {
					return err
				}
				return s.Fill("tags:b", n, `redis.call("SADD", KEYS[1], "other:" .. i)`)
			}, func(int) []string { return unite })
		}, unite...),
	{
		Name: "mget", Story: "MGET of 20,000 keys of 1 kB in one command",
		Prepare: func(s *Stage) error {
			return s.Weigh(20_000, func(n int) error {
				return s.Fill("", n, `redis.call("SET", "page:" .. i, string.rep("x", 1024))`)
			}, pages)
		},
		Cause: func(s *Stage) error { return s.Occupy(nightly, 0.3, pages(s.parts)...) },
		Want:  Want{Rule: blockingCommand, Who: nightly, Also: []string{hugeReply}},
	},
	{
		Name: "eval", Story: "a script counts to three million in every call",
		Prepare: func(s *Stage) error {
			return s.Weigh(s.size(3_000_000, 2_000_000), func(int) error { return nil }, count)
		},
		Cause: func(s *Stage) error { return s.Occupy(nightly, 0.3, count(s.parts)...) },
		Want:  Want{Rule: slowScript, Who: nightly},
	},
	{
		Name: "del", Story: "DEL of a set of 300,000 members, one every second",
		Config: []string{"lazyfree-lazy-user-del no"}, // Valkey 8 has yes, and then DEL is UNLINK
		Prepare: func(s *Stage) error {
			return s.Weigh(s.size(300_000, 100_000), func(n int) error { return s.Fill("basket:1", n, addToSet) },
				func(int) []string { return []string{"DEL", "basket:1"} })
		},
		Cause: func(s *Stage) error { return s.fillAndDelete(s.parts) },
		Want:  Want{Rule: bigDelete, Who: nightly, Also: []string{blockingCommand}},
	},
	{
		Name: "flushall", Story: "a test suite calls FLUSHALL on the shop's server again and again, and the catalog is written anew each time",
		Cause: func(s *Stage) error {
			if err := s.rewrite(from("49", "catalog-import"), 20_000); err != nil {
				return err
			}
			s.Sleep(time.Second)
			return s.Ask(from("45", "test-suite"), 2*time.Second, "FLUSHALL")
		},
		Want: Want{Rule: dangerousCommand, Who: from("45", "test-suite")},
	},
	{
		Name: "debug-sleep", Story: "somebody tries DEBUG SLEEP 0.2 on the shop's server", Config: []string{"enable-debug-command yes"},
		Cause: func(s *Stage) error {
			return s.Ask(from("46", "chaos"), 1500*time.Millisecond, "DEBUG", "SLEEP", "0.2")
		},
		Want: Want{Rule: dangerousCommand, Who: from("46", "chaos"), Also: []string{blockingCommand}},
	},
	{
		Name: "save", Story: "a backup job calls SAVE, not BGSAVE",
		Prepare: func(s *Stage) error {
			return s.Fill("", s.size(1_000_000, 200_000), `redis.call("SET", "product:" .. i, i)`)
		},
		Cause: func(s *Stage) error { return s.Ask(from("47", "backup"), 2*time.Second, "SAVE") },
		Want:  Want{Rule: dangerousCommand, Who: from("47", "backup"), Also: []string{blockingCommand}},
	},
}

// fillAndDelete lets one client fill a basket in small steps, and another delete it in one.
func (s *Stage) fillAndDelete(members int) error {
	shop, err := s.Dial(from("48", "basket-writer"))
	if err != nil {
		return err
	}
	deleter, err := s.Dial(nightly)
	if err != nil {
		return err
	}
	const piece = 500
	var steps [][]string
	for n := range members {
		if n%piece == 0 {
			steps = append(steps, []string{"SADD", "basket:1"})
		}
		steps[len(steps)-1] = append(steps[len(steps)-1], "member:"+strconv.Itoa(n))
	}
	s.Every(500*time.Millisecond, func() error {
		for _, step := range steps {
			if err := refused(shop.Do(step...)); err != nil {
				return err
			}
		}
		return refused(deleter.Do("DEL", "basket:1"))
	})
	return nil
}

// rewrite writes keys over and over, all of them about once a second.
func (s *Stage) rewrite(who Who, keys int) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	const piece = 100
	n := 0
	s.Every(time.Second*piece/time.Duration(keys), func() error {
		args := []string{"MSET"}
		for range piece {
			n++
			args = append(args, "catalog:"+strconv.Itoa(n%keys), "a shirt")
		}
		return refused(c.Do(args...))
	})
	return nil
}
