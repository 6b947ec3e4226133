package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// serveWeb is one thread of a web server; its threads share a pool of connections.
func serveWeb(ctx context.Context, c *redis.Client, _ int) error {
	nextPage := popular(pages)
	return pace(ctx, 15, func() error { return serveRequest(ctx, c, nextPage) })
}

// serveRequest is one page: the visitor's session, the parts of the page from the cache, the
// missing ones made and cached; sometimes a mail is to be sent.
func serveRequest(ctx context.Context, c *redis.Client, nextPage func() int) error {
	session := "session:" + strconv.Itoa(rand.IntN(visitors))
	parts := make([]*redis.StringCmd, 12)
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HGetAll(ctx, session)
		for i := range parts {
			parts[i] = p.Get(ctx, pageKey(nextPage()))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	_, err = c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, part := range parts {
			if errors.Is(part.Err(), redis.Nil) {
				cachePage(ctx, p, part.Args()[1].(string))
			}
		}
		p.HSet(ctx, session, "seen", time.Now().Unix(), "page", nextPage())
		p.Expire(ctx, session, 2*time.Minute)
		if rand.IntN(4) == 0 {
			p.LPush(ctx, mailQueue, `{"template":"welcome","visitor":"`+session+`"}`)
		}
		return nil
	})
	return err
}

func pageKey(id int) string { return "cache:page:" + strconv.Itoa(id) }

// cachePage keeps a page for 30 to 90 s.
func cachePage(ctx context.Context, p redis.Pipeliner, key string) {
	p.Set(ctx, key, page, time.Duration(30+rand.IntN(60))*time.Second)
}

// allow counts a visitor's requests in a window of ten seconds.
var allow = redis.NewScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], 10) end
return n <= 100 and 1 or 0`)

// limitRates is an API gateway that asks a script whether a caller may.
func limitRates(ctx context.Context, c *redis.Client, _ int) error {
	nextCaller := popular(500)
	return pace(ctx, 50, func() error {
		return allow.Run(ctx, c, []string{"ratelimit:" + strconv.Itoa(nextCaller())}).Err()
	})
}
