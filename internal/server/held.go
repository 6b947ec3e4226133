package server

import (
	"context"
	"strconv"
	"time"

	"redistop/internal/redis"
)

// WatchHeld asks ten times a second how much output the server holds for one connection, and returns
// the bytes as soon as they exceed limit. It costs about 20 usec a question. When the context ends it
// returns 0; an error says that it could not ask.
func WatchHeld(ctx context.Context, t Target, id, limit int64) (int64, error) {
	c, err := Dial(ctx, t)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for {
		v, err := c.Do(ctx, "CLIENT", "LIST", "ID", strconv.FormatInt(id, 10))
		if err != nil {
			return 0, err
		}
		for _, client := range firstOf(redis.ParseClientList(v.Text)) {
			if client.OutputBuffer > limit {
				return client.OutputBuffer, nil
			}
		}
		if !pause(ctx, 100*time.Millisecond) {
			return 0, nil
		}
	}
}

func firstOf(list []redis.Client, _ int) []redis.Client { return list }
