package messaging

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// What a Watcher says that it sent and looked up is what the server counted, so that both can be taken away
// from what clients did.
func TestOwnCallsAndLookupsAreTheServersCount(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		fillQueues(t, c)
		if err := c.XAdd(t.Context(), &goredis.XAddArgs{Stream: "log", Values: []string{"a", "b"}}).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.XGroupCreate(t.Context(), "log", "g", "0").Err(); err != nil {
			t.Fatal(err)
		}
		c.ConfigResetStat(t.Context())
		var looked redis.Lookups
		calls := map[string]int64{}
		w := opened(t, s, func(sent []redis.Sent, l redis.Lookups) {
			looked = looked.Plus(l)
			for _, one := range sent {
				calls[one.Name] += one.Calls
			}
		})
		seen(t, w)
		c.Del(t.Context(), "log") // it is asked for once more: misses
		w.informed = time.Now()
		looked2, err := w.Poll(t.Context(), time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(looked2, err)
		}
		info := redis.ParseInfo(c.Info(t.Context(), "stats", "commandstats").Val())
		want := redis.Lookups{Hits: info.Int("keyspace_hits").Or(-1), Misses: info.Int("keyspace_misses").Or(-1)}
		if looked != want || looked.Hits < 10 || looked.Misses == 0 {
			t.Errorf("looked up %+v, the server counted %+v", looked, want)
		}
		for _, row := range info.Commands {
			if n := calls[row.Name]; n != 0 && n != row.Calls && row.Name != "info" {
				t.Errorf("%s: sent %d, the server counted %d", row.Name, n, row.Calls)
			}
		}
	})
}
