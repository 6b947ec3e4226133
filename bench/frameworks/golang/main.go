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
	"github.com/hibiken/asynq"
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
		if err := jobs(addr); err != nil {
			return err
		}
		ready("github.com/hibiken/asynq")
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

// jobs leaves tasks of asynq in all the states that they can be in.
func jobs(addr string) error {
	at := asynq.RedisClientOpt{Addr: addr}
	client := asynq.NewClient(at)
	server := asynq.NewServer(at, asynq.Config{Concurrency: 1, LogLevel: asynq.FatalLevel, Queues: map[string]int{"default": 1}})
	mux := asynq.NewServeMux()
	mux.HandleFunc("done", func(context.Context, *asynq.Task) error { return nil })
	mux.HandleFunc("fails", func(context.Context, *asynq.Task) error { return fmt.Errorf("wanted") })
	mux.HandleFunc("holds", func(ctx context.Context, _ *asynq.Task) error {
		time.Sleep(time.Minute)
		return nil
	})
	if err := server.Start(mux); err != nil {
		return err
	}
	scheduler := asynq.NewScheduler(at, &asynq.SchedulerOpts{LogLevel: asynq.FatalLevel})
	if _, err := scheduler.Register("@every 1s", asynq.NewTask("done", nil), asynq.Queue("default")); err != nil {
		return err
	}
	if err := scheduler.Start(); err != nil {
		return err
	}
	for _, t := range []struct {
		name    string
		options []asynq.Option
	}{
		{"done", []asynq.Option{asynq.Retention(time.Hour)}}, {"fails", nil}, {"fails", []asynq.Option{asynq.MaxRetry(0)}},
	} {
		if _, err := client.Enqueue(asynq.NewTask(t.name, nil), t.options...); err != nil {
			return err
		}
	}
	time.Sleep(4 * time.Second)
	for _, t := range []struct {
		name    string
		options []asynq.Option
	}{
		{"holds", nil}, {"done", nil}, {"done", []asynq.Option{asynq.ProcessIn(time.Hour)}}, {"done", []asynq.Option{asynq.Unique(time.Hour), asynq.Queue("low")}},
		{"done", []asynq.Option{asynq.Group("g"), asynq.Queue("low")}},
	} {
		if _, err := client.Enqueue(asynq.NewTask(t.name, []byte(t.name)), t.options...); err != nil {
			return err
		}
	}
	time.Sleep(6 * time.Second)
	return nil
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
