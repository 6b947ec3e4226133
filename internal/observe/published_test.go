package observe

import (
	"slices"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// Of a channel it is told that messages go to it, and of one without subscribers that nobody hears them; not once a
// pattern is subscribed to, which may.
func TestWhoIsPublishedTo(t *testing.T) {
	s := redistest.New(t)
	c := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket(), DisableIdentity: true})
	defer c.Close()
	heard := c.Subscribe(t.Context(), "prices")
	defer heard.Close()
	if _, err := heard.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := Start(t.Context(), Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 500 * time.Millisecond, Budget: 0.5, Held: 8 << 20, Messages: true})
	until(t, o, "start", hasRate)
	o.Watch(20 * time.Second)
	row := func(s *stats.Snapshot, name string) (r stats.ChannelRow) {
		if s.Messaging != nil {
			if i := slices.IndexFunc(s.Messaging.Channels, func(r stats.ChannelRow) bool { return r.Name == name }); i >= 0 {
				r = s.Messaging.Channels[i]
			}
		}
		return r
	}
	speak := func() {
		for _, channel := range []string{"prices", "nobody"} {
			if err := c.Publish(t.Context(), channel, "secret").Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	both := func(s *stats.Snapshot) bool {
		speak()
		return row(s, "prices").PublishedPerSecond.Or(0) > 0 && row(s, "nobody").PublishedPerSecond.Or(0) > 0
	}
	got := until(t, o, "messages", both)
	if prices, nobody := row(got, "prices"), row(got, "nobody"); prices.Subscribers != 1 || prices.Unheard || nobody.Subscribers != 0 || !nobody.Unheard {
		t.Errorf("%+v %+v", prices, nobody)
	}
	pattern := c.PSubscribe(t.Context(), "no*")
	defer pattern.Close()
	if _, err := pattern.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = until(t, o, "a pattern", func(s *stats.Snapshot) bool { return both(s) && s.Messaging.Patterns.Or(0) == 1 })
	if nobody := row(got, "nobody"); nobody.Unheard {
		t.Errorf("a pattern may hear it: %+v", nobody)
	}
}
