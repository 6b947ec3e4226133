package messaging

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/usage"
)

// A queue whose jobs are all taken has no key. Where its framework keeps the names of its queues it is a row all the same, in the
// framework's words, also while no worker waits for it.
func TestQueuesWithoutJobsAreKnownByName(t *testing.T) {
	all := recordedContents(t)
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		for _, one := range all {
			if one.Scene != "working" {
				continue
			}
			t.Run(one.Framework, func(t *testing.T) {
				if err := c.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				one.put(t, c)
				for _, k := range one.Keys { // all that waits is taken, and all that was being worked on is done
					if k.Type == "list" || frameworks().RoleOf(k.Name, k.Type) == usage.Waiting {
						c.Del(t.Context(), k.Name)
					}
				}
				c.ConfigResetStat(t.Context())
				m := seen(t, open(t, s))
				for _, own := range one.Own {
					if own.Waiting == nil || own.Queue == "" {
						continue
					}
					q := queueByName(t, m, own.Queue)
					if q.Framework != one.Framework || q.Depth != 0 || !q.Registered || q.Type != "list" {
						t.Errorf("%+v", q)
					}
				}
				if text := c.Info(t.Context(), "errorstats").Val(); strings.Contains(text, "errorstat_") {
					t.Errorf("errors were caused: %s", text)
				}
			})
		}
	})
}

// What names a queue is read only where a framework is known to have written it, what it names is asked what it is, and there
// is an end to how many are followed.
func TestNamesOfQueuesAreReadWithCare(t *testing.T) {
	s := redistest.New(t)
	c := client(t, s)
	c.SAdd(t.Context(), "queues", "theirs") // somebody's set: nothing else is Sidekiq's
	sent := map[string]int64{}
	w := opened(t, s, func(list []redis.Sent, _ redis.Lookups) {
		for _, one := range list {
			sent[one.Name] += one.Calls
		}
	})
	if m := seen(t, w); len(m.Queues) != 0 || sent["sscan"] != 0 {
		t.Errorf("%d reads of a set that is nobody's: %+v", sent["sscan"], m.Queues)
	}
	c.FlushAll(t.Context())
	var names []any
	for i := range 3000 {
		names = append(names, fmt.Sprint("q", i))
	}
	c.SAdd(t.Context(), "asynq:queues", names...)
	c.Set(t.Context(), "asynq:{q1}:pending", "no list", 0)
	c.SAdd(t.Context(), "_kombu.binding.media", "media.#\x06\x16^media\\..*?$\x06\x16thumbs") // by kombu 5.2, of a topic
	c.SAdd(t.Context(), "_kombu.binding.celery.pidbox", "\x06\x16\x06\x16celery@host.celery.pidbox")
	c.Do(t.Context(), "ZADD", "unacked_index", 1795662448, "0e529f73-a7c9-4f37-9de3-9242d29fb3b2")
	c.ConfigResetStat(t.Context())
	clear(sent)
	w = opened(t, s, func(list []redis.Sent, _ redis.Lookups) {
		for _, one := range list {
			sent[one.Name] += one.Calls
		}
	})
	m := seen(t, w)
	if n := len(w.registers.lists); n > mostNamed || len(m.Queues) > mostNamed || len(m.Queues) < mostNamed-2 || m.Omitted < 3000-mostNamed || sent["sscan"] > 2*mostNamed/namesAtOnce+2 {
		t.Errorf("%d named, %d rows, %d left out, %d reads", n, len(m.Queues), m.Omitted, sent["sscan"])
	}
	noQueue(t, m, "asynq:{q1}:pending", "celery@host.celery.pidbox")
	if q := queueByName(t, m, "thumbs"); q.Framework != "Celery" || q.Key != "thumbs" || !q.Registered {
		t.Errorf("%+v", q)
	}
	before := sent["sscan"]
	c.RPush(t.Context(), "thumbs", "job")
	m = looked(t, w)
	if q := queueByName(t, m, "thumbs"); q.Depth != 1 || q.Registered || q.Framework != "Celery" || sent["sscan"] != before {
		t.Errorf("%+v after %d more reads", q, sent["sscan"]-before)
	}
	if text := c.Info(t.Context(), "errorstats").Val(); strings.Contains(text, "errorstat_") {
		t.Errorf("errors were caused: %s", text)
	}
	c.Del(t.Context(), "asynq:queues")
	w.registers.names = map[usage.Key]registerNames{} // as if a minute had passed
	looked(t, w)
	if n := len(w.registers.lists); n != 1 || slices.ContainsFunc(w.known.order, func(s *subject) bool { return s.named.framework == "asynq" }) {
		t.Errorf("%d lists are named by what is gone", n)
	}
}
