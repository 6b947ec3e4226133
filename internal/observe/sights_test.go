package observe

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/messaging"
	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// A key is told of once a minute, few wait, and what is no stream and no queue is not among them.
func TestSights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSights()
		tap := func(args string) {
			t.Helper()
			var line redis.MonitorLine
			if err := line.Parse([]byte(`+1773486000.000000 [3 10.0.0.1:5123] ` + args)); err != nil {
				t.Fatal(err)
			}
			s.tap(&line)
		}
		for range 2 {
			tap(`"XADD" "orders" "*" "a" "b"`)
			tap(`"xreadgroup" "GROUP" "g" "c" "STREAMS" "orders" "pay\"ments" ">" ">"`)
			tap(`"BLPOP" "mails" "0"`)
			tap(`"ZADD" "leaders" "1" "a"`)
			tap(`"GET" "session"`)
			tap(`"lrange" "timeline" "0" "9"`)
		}
		want := fmt.Sprint([]messaging.Sight{{DB: 3, Key: "orders", Type: "stream"}, {DB: 3, Key: `pay"ments`, Type: "stream"}, {DB: 3, Key: "mails", Type: "list"}})
		if got := fmt.Sprint(s.take()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		tap(`"LPOP" "mails"`)
		if got := s.take(); len(got) > 0 {
			t.Errorf("told again: %v", got)
		}
		time.Sleep(toldFor)
		s.take()
		for i := range 1000 {
			tap(fmt.Sprintf(`"LPUSH" "l%d" "a"`, i))
		}
		if got := s.take(); len(got) != mostFresh {
			t.Errorf("%d wait, want %d", len(got), mostFresh)
		}
	})
}

// A stream and a queue that clients use are followed long before a search comes to them.
func TestKeysInUseAreFollowedFirst(t *testing.T) {
	s := redistest.New(t)
	c := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket(), DisableIdentity: true})
	defer c.Close()
	c.RPush(t.Context(), "mails", "a")
	c.XAdd(t.Context(), &goredis.XAddArgs{Stream: "orders", Values: []string{"a", "b"}})
	for i := range 10 {
		if err := c.Eval(t.Context(), "for i=1,20000 do redis.call('set','session:'..(i+ARGV[1]),i) end return 1", nil, 20000*i).Err(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := Start(ctx, Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 500 * time.Millisecond, Budget: 0.01, Messages: true, Sample: true, Held: 8 << 20})
	defer drain(o)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			c.RPush(ctx, "mails", "b")
			c.LPop(ctx, "mails")
			c.XAdd(ctx, &goredis.XAddArgs{Stream: "orders", MaxLen: 10, Values: []string{"a", "b"}})
		}
	}()
	first := until(t, o, "a stream and a queue in use", func(s *stats.Snapshot) bool {
		return s.Messaging != nil && len(s.Messaging.Streams) == 1 && len(s.Messaging.Queues) == 1
	})
	if d := first.Messaging.Discovery; d.Complete || d.Share > 0.5 {
		t.Errorf("the search may have found them: %+v", d)
	}
}
