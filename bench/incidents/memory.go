package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

var kilobyte = strings.Repeat("x", 1024)

// memory is incidents of memory, expiry and files.
var memory = []Scene{
	{
		Name: "oom", Story: "maxmemory is reached under noeviction: an import's writes fail", Config: []string{"maxmemory 24mb"},
		Prepare: func(s *Stage) error { return s.fillTo("import:", 14_000) },
		Cause: func(s *Stage) error {
			for worker := range 4 {
				if err := s.more(from("71", "import"), "more:"+strconv.Itoa(worker)+":"); err != nil {
					return err
				}
			}
			return nil
		},
		Want: Want{Rule: maxMemory, Who: from("71", "import"), Also: []string{failingCommands}},
	},
	{
		Name: "evicting", Story: "the cache is a third of what is asked for: what is evicted is wanted again",
		Config: []string{"maxmemory 24mb", "maxmemory-policy allkeys-lru"},
		Cause: func(s *Stage) error {
			for range 12 {
				if err := s.cache(from("72", "catalog"), 45_000, 5*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		},
		Prepare: func(s *Stage) error { return s.fillTo("page:", 14_000) },
		Want:    Want{Rule: evictedWanted, Who: from("72", "catalog")},
	},
	{
		Name: "volatile", Story: "the policy is volatile-lru, memory is nearly full, and hardly a key has a TTL",
		Config: []string{"maxmemory 24mb", "maxmemory-policy volatile-lru"},
		Prepare: func(s *Stage) error {
			return s.Fill("", 15_000, `redis.call("SET", "document:" .. i, string.rep("x", 1024))`)
		},
		Want: Want{Rule: volatileNoTTL},
	},
	{
		Name: "evicting-queue", Story: "a cache and a job queue share a server that may evict any key, and does",
		Config:  []string{"maxmemory 24mb", "maxmemory-policy allkeys-lru"},
		Prepare: fullCache,
		Cause: func(s *Stage) error {
			if err := s.newPages(from("73", "catalog")); err != nil {
				return err
			}
			return s.queue(from("74", "worker"), from("75", "orders"))
		},
		Want: Want{Rule: evictingQueues, Who: from("74", "worker")},
	},
	{
		Name: "fragmented", Story: "five of six values were deleted, and the gaps between the others take five times their memory",
		Prepare: func(s *Stage) error {
			n := s.size(250_000, 160_000)
			if err := s.fillTo("page:", n); err != nil {
				return err
			}
			return s.Fill("", n, `if i % 6 > 0 then redis.call("DEL", "page:" .. i) end`)
		},
		Want: Want{Rule: fragmentation},
	},
	{
		Name: "dead-locks", Story: "locks are taken without an expiry, and many holders have died",
		Prepare: func(s *Stage) error {
			return s.Fill("", 3000, `redis.call("SET", "lock:order:" .. i, "4f9c2ab1")`)
		},
		Want: Want{Rule: deadLocks},
	},
	{
		Name: "eternal-sessions", Story: "a release forgot the expiry of sessions, of which there are 150,000 by now",
		Prepare: func(s *Stage) error {
			return s.Fill("", 150_000, `redis.call("SET", "sess:" .. (100000 + i), string.rep("x", 100))`)
		},
		Want: Want{Rule: eternalSession},
	},
	{
		Name: "expiry", Story: "150,000 keys were given the same moment to expire, and so every three seconds",
		Prepare: expireTogether, Cause: nextExpiry,
		Want: Want{Rule: expiryStall, Also: []string{fragmentation}},
	},
	{
		Name: "bgsave", Story: "BGSAVE fails, its file cannot be written, and so writes are refused", Config: []string{"save 3600 100000"},
		Cause: func(s *Stage) error {
			// A folder where the file should go: no right helps against that.
			if err := os.Mkdir(filepath.Join(s.Server.Dir(), "dump.rdb"), 0o700); err != nil {
				return err
			}
			return s.once("BGSAVE")
		},
		Want: Want{Rule: failedSave, Also: []string{failingCommands}},
	},
	{
		Name: "open", Story: "no password, no protected mode, and an address that others can reach", Open: true,
		// 192.0.2.0/24 belongs to no network. The server goes on without it: the minus says so.
		Config: []string{"protected-mode no", "bind 127.0.0.1 -192.0.2.10"},
		Want:   Want{Rule: openServer},
	},
}

// fillTo writes n values of 1 kB.
func (s *Stage) fillTo(prefix string, n int) error {
	return s.Fill("", n, `redis.call("SET", "`+prefix+`" .. i, string.rep("x", 1024), "EX", 3600)`)
}

// more writes new values of 1 kB, 500 a second, and does not mind what the server says.
func (s *Stage) more(who Who, prefix string) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	n := 0
	s.Every(20*time.Millisecond, func() error {
		var batch [][]string
		for range 10 {
			n++
			batch = append(batch, []string{"SET", prefix + strconv.Itoa(n), kilobyte})
		}
		_, _, err := c.Batch(batch)
		return err
	})
	return nil
}

// cache reads pages at random, and writes those that it misses.
func (s *Stage) cache(who Who, pages int, pause time.Duration) error {
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	s.Every(pause, func() error {
		key := "page:" + strconv.Itoa(1+rand.IntN(pages))
		v, err := c.Do("GET", key)
		if err != nil || len(v.Text) > 0 {
			return refused(v, err)
		}
		return refused(c.Do("SET", key, kilobyte, "EX", "3600"))
	})
	return nil
}

const expiryEvery = 3 * time.Second

// expireTogether writes keys that expire in crowds, the first one soon.
func expireTogether(s *Stage) error {
	const crowds = 14
	s.onset = time.Now().Add(6 * time.Second)
	crowd := s.size(150_000, 40_000)
	return s.Fill("", crowds*crowd, `redis.call("SET", "coupon:" .. i, i, "PXAT", string.format("%.0f", `+
		strconv.FormatInt(s.onset.UnixMilli(), 10)+` + `+strconv.FormatInt(expiryEvery.Milliseconds(), 10)+
		` * math.floor(i / `+strconv.Itoa(crowd)+`)))`)
}

// nextExpiry waits for a crowd's moment.
func nextExpiry(s *Stage) error {
	for time.Now().After(s.onset) {
		s.onset = s.onset.Add(expiryEvery)
	}
	s.Sleep(time.Until(s.onset))
	return nil
}

// fullCache fills a server of 24 MB with pages, the first 2,000 of them anew.
func fullCache(s *Stage) error {
	if err := s.fillTo("old:", 25_000); err != nil {
		return err
	}
	return s.fillTo("page:", 2000)
}

// newPages reads the 2,000 pages that are wanted, and writes a hundred others a second.
func (s *Stage) newPages(who Who) error {
	if err := s.cache(who, 2000, 2*time.Millisecond); err != nil {
		return err
	}
	c, err := s.Dial(who)
	if err != nil {
		return err
	}
	n := 0
	s.Every(10*time.Millisecond, func() error {
		n++
		return refused(c.Do("SET", "new:"+strconv.Itoa(n), kilobyte, "EX", "3600"))
	})
	return nil
}
