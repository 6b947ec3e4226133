// Command golang is what the recorder runs of Go's frameworks, each by its name. It is a module of its own, so that
// redistop does not need them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

func main() {
	if err := run(os.Args[1], strings.TrimPrefix(os.Getenv("REDIS_URL"), "redis://")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name, addr string) error {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: addr})
	switch name {
	case "asynq":
		return queues(addr)
	case "redsync":
		locks := redsync.New(goredis.NewPool(client))
		for _, order := range []string{"17", "18"} {
			if err := locks.NewMutex("mutex:order:"+order, redsync.WithExpiry(5*time.Minute)).LockContext(ctx); err != nil {
				return err
			}
		}
		ready("github.com/go-redsync/redsync/v4")
	case "redis_rate":
		limiter := redis_rate.NewLimiter(client)
		for _, who := range []string{"10.0.0.1", "10.0.0.2"} {
			if _, err := limiter.Allow(ctx, who, redis_rate.PerHour(1)); err != nil {
				return err
			}
		}
		ready("github.com/go-redis/redis_rate/v10")
	default:
		return fmt.Errorf("no framework %s", name)
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// ready says that all is written, and in which version.
func ready(module string) {
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == module {
			fmt.Println("ready", strings.TrimPrefix(dep.Version, "v"))
		}
	}
}
