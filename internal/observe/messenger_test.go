package observe

import (
	"bytes"
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Messages stand in the Snapshot, what was asked for it is on the receipt and within the budget, and a
// subscriber that does not read is seen while the server still holds what waits for it.
func TestMessagesOfARealServer(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("client-output-buffer-limit pubsub 64mb 0 0"))
	c := goredis.NewClient(&goredis.Options{Addr: s.Addr(), DisableIdentity: true})
	defer c.Close()
	c.XAdd(t.Context(), &goredis.XAddArgs{Stream: "orders", Values: []string{"a", "b"}})
	c.XGroupCreate(t.Context(), "orders", "billing", "0")
	deaf, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	if _, err := deaf.Write([]byte("SUBSCRIBE prices\r\n")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := Start(ctx, Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 500 * time.Millisecond, Budget: 0.5, Messages: true})
	defer drain(o)
	defer cancel()
	first := until(t, o, "a stream and a channel", func(s *stats.Snapshot) bool {
		return s.Messaging != nil && len(s.Messaging.Streams) == 1 && len(s.Messaging.Channels) == 1
	})
	if g := first.Messaging.Streams[0].Groups[0]; g.Lag != stats.Some(int64(1)) || first.Messaging.Channels[0].Subscribers != 1 || first.Observer.BudgetShare != 0.5 {
		t.Errorf("%+v %+v, budget %v", g, first.Messaging.Channels, first.Observer.BudgetShare)
	}
	message := bytes.Repeat([]byte{'x'}, 64<<10)
	for range 320 { // 20 MB: more than the system takes in, less than the limit
		if n := c.Publish(ctx, "prices", message).Val(); n != 1 {
			t.Fatalf("%d subscribers", n)
		}
	}
	slow := until(t, o, "a slow subscriber", func(s *stats.Snapshot) bool {
		return s.Messaging.Channels != nil && s.Messaging.Channels[0].SlowSubscribers == 1
	})
	if n := c.PubSubNumSub(ctx, "prices").Val()["prices"]; n != 1 {
		t.Error("the server had cut it off by then")
	}
	asked := map[string]bool{}
	for _, r := range slow.Observer.Receipt {
		asked[r.Command] = true
	}
	for _, command := range []string{"scan", "xinfo|stream", "xinfo|groups", "pubsub|channels"} {
		if !asked[command] {
			t.Errorf("%s is not on the receipt", command)
		}
	}
	for _, row := range slow.Commands {
		if row.Name == "scan" && row.CallsPerSecond.Or(0) > 0 {
			t.Errorf("our own calls are shown as somebody's: %+v", row)
		}
	}
}

// What was seen last is not told for ever when the connection is lost, but that nothing may be asked is.
func TestOldMessagesAreNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMessenger(Config{Budget: 0.01}, &spare{budget: 0.01}, newSights(), func() time.Duration { return 2 * time.Second })
		m.latest = &stats.Messaging{Time: time.Now()}
		told := func() bool {
			var r stats.Reading
			m.attach(&r)
			return r.Messaging != nil
		}
		if !told() {
			t.Error("what is new is not told")
		}
		time.Sleep(staleAfter)
		if told() {
			t.Error("what is old is told")
		}
		m.barred = true
		if !told() {
			t.Error("the reason is gone")
		}
	})
}
