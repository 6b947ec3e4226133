package demo

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// runCron is a job that connects, does a little and leaves, again and again. Each round has a
// client of its own, so most of its connections come and go between two looks at the server.
func runCron(ctx context.Context, c *redis.Client, _ int) error {
	return pace(ctx, 2, func() error {
		round := redis.NewClient(c.Options())
		defer round.Close()
		return round.Incr(ctx, "cron:rounds").Err()
	})
}

// report has a bug: it pushes onto a key that holds a string (WRONGTYPE).
func report(ctx context.Context, c *redis.Client, _ int) error {
	return pace(ctx, 0.7, func() error {
		err := c.LPush(ctx, "product:1", strconv.FormatInt(time.Now().Unix(), 10)).Err()
		if err != nil && !strings.HasPrefix(err.Error(), "WRONGTYPE") {
			return err
		}
		return nil
	})
}

// browseKeys is the careless administrator: KEYS * on the whole keyspace, while all others wait. It takes a quick
// machine 45 ms, so that this is often enough for a finding on any.
func browseKeys(ctx context.Context, c *redis.Client, _ int) error {
	sleep(ctx, 3*time.Second) // a look at the server without it comes first
	return pace(ctx, 0.7, func() error { return c.Keys(ctx, "*").Err() })
}
