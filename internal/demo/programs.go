package demo

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// A program is one application of the company.
type program struct {
	name      string // of its connections; instances are numbered
	user      string // ACL user
	library   string // what it calls its client library (7.2+)
	instances int
	hosts     []int                                                          // last bytes of the loopback addresses that its instances come from
	threads   int                                                            // of each instance; as many connections
	work      func(ctx context.Context, c *redis.Client, instance int) error // of one thread, until it fails
}

// programs is the whole cast.
var programs = []program{
	{"web", "web", "redis-py", 2, []int{2, 3}, 4, serveWeb},
	{"gateway", "web", "lettuce", 1, []int{4}, 2, limitRates},
	{"mail-worker", "worker", "ioredis", 3, []int{5}, 1, sendMail},
	{"orders", "web", "redis-py", 1, []int{3}, 1, takeOrders},
	{"billing", "worker", "go-redis", 2, []int{6}, 1, billOrders},
	{"chat", "web", "ioredis", 1, []int{2}, 1, talk},
	{"notifier", "worker", "ioredis", 2, []int{4, 5}, 1, listen},
	{"cron", "worker", "", 1, []int{7}, 1, runCron},
	{"legacy-report", "worker", "jedis", 1, []int{6}, 1, report},
	{"admin-web", "admin", "redis-py", 1, []int{7}, 1, browseKeys},
}

// retryAfter is the pause of a program whose connection failed or was killed.
const retryAfter = 300 * time.Millisecond

// pace calls do about perSecond times a second until it fails or ctx ends. The load of a day goes
// by in a minute and a half: it swings between 60 and 140 % of perSecond. What is late is left out,
// not caught up, so a server that stalls meets no flood afterwards.
func pace(ctx context.Context, perSecond float64, do func() error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-timer.C:
			if err := do(); err != nil {
				return err
			}
			due := now.Add(time.Duration(float64(time.Second) / (perSecond * swing(now))))
			timer.Reset(max(time.Until(due), 0))
		}
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
