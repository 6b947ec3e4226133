package demo

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	mailQueue    = "queue:mail"
	orderStream  = "stream:orders"
	billingGroup = "billing"
)

// blockFor bounds a blocking read. Shorter than go-redis's own read timeout, so that an idle queue
// is no error.
const blockFor = 2 * time.Second

// sendMail is a worker on the job queue.
func sendMail(ctx context.Context, c *redis.Client, instance int) error {
	for ctx.Err() == nil {
		job, err := c.BRPop(ctx, blockFor, mailQueue).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		sleep(ctx, time.Duration(5+rand.IntN(30))*time.Millisecond)
		done := "mail:done:" + strconv.Itoa(instance)
		if err := c.Set(ctx, done, job[1], time.Minute).Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// takeOrders writes the stream, cut to its newest ten thousand.
func takeOrders(ctx context.Context, c *redis.Client, _ int) error {
	return pace(ctx, 25, func() error {
		return c.XAdd(ctx, &redis.XAddArgs{
			Stream: orderStream, MaxLen: 10_000, Approx: true,
			Values: []any{"product", rand.IntN(products), "amount", 1 + rand.IntN(5)},
		}).Err()
	})
}

// billOrders is a consumer of the group. The second one is slow, so entries stay pending.
func billOrders(ctx context.Context, c *redis.Client, instance int) error {
	perOrder := 2 * time.Millisecond
	if instance == 1 {
		perOrder = 250 * time.Millisecond
	}
	for ctx.Err() == nil {
		orders, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: billingGroup, Consumer: "billing-" + strconv.Itoa(instance+1),
			Streams: []string{orderStream, ">"}, Count: 10, Block: blockFor,
		}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		for _, order := range orders[0].Messages {
			sleep(ctx, perOrder)
			if err := c.XAck(ctx, orderStream, billingGroup, order.ID).Err(); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// talk publishes to the chat's rooms.
func talk(ctx context.Context, c *redis.Client, _ int) error {
	nextRoom := popular(20)
	return pace(ctx, 40, func() error {
		return c.Publish(ctx, "chat:room:"+strconv.Itoa(nextRoom()), "hello").Err()
	})
}

// listen subscribes: the first notifier to a pattern, the second to a few rooms.
func listen(ctx context.Context, c *redis.Client, instance int) error {
	var rooms *redis.PubSub
	if instance == 0 {
		rooms = c.PSubscribe(ctx, "chat:room:*")
	} else {
		rooms = c.Subscribe(ctx, "chat:room:0", "chat:room:1", "chat:room:2")
	}
	defer rooms.Close()
	for {
		if _, err := rooms.ReceiveMessage(ctx); err != nil {
			return err
		}
	}
}
