package messaging

import (
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

func TestPendingEntriesThatWereTrimmed(t *testing.T) {
	pending := func(list ...string) (p []redis.PendingEntry) {
		for i := 0; i < len(list); i += 2 {
			p = append(p, redis.PendingEntry{ID: list[i], Consumer: list[i+1]})
		}
		return p
	}
	four := pending("1-1", "gone", "2-1", "gone", "2-2", "well", "9-1", "well")
	for name, tt := range map[string]struct {
		info              redis.StreamInfo
		delivered         string
		all               int64
		oldest            []redis.PendingEntry
		group, gone, well int64
	}{
		"none":                            {redis.StreamInfo{Length: 9, First: "1-1"}, "9-1", 4, four, 0, 0, 0},
		"some":                            {redis.StreamInfo{Length: 9, First: "2-2"}, "9-1", 4, four, 2, 2, 0},
		"all":                             {redis.StreamInfo{Length: 9, First: "9-2"}, "9-1", 4, four, 4, 2, 2},
		"all, many of them not looked at": {redis.StreamInfo{Length: 9, First: "9-2"}, "9-1", 400, four, 400, 2, 398},
		"all that were looked at":         {redis.StreamInfo{Length: 9, First: "9-2"}, "10-1", 400, four, 4, 2, 2},
		"the stream is empty":             {redis.StreamInfo{}, "9-1", 4, four, 4, 2, 2},
		"nobody asked for the first":      {redis.StreamInfo{Length: 9}, "9-1", 4, four, 0, 0, 0},
		"none pending":                    {redis.StreamInfo{}, "9-1", 0, nil, 0, 0, 0},
	} {
		row := stats.GroupRow{Pending: tt.all, LastDelivered: tt.delivered, Consumers: []stats.ConsumerRow{{Name: "gone", Pending: min(2, tt.all)}, {Name: "well", Pending: max(0, tt.all-2)}}}
		markDeleted(&row, tt.info, tt.oldest)
		if row.PendingDeleted != tt.group || row.Consumers[0].PendingDeleted != tt.gone || row.Consumers[1].PendingDeleted != tt.well {
			t.Errorf("%s: %d of the group, %d and %d of its consumers", name, row.PendingDeleted, row.Consumers[0].PendingDeleted, row.Consumers[1].PendingDeleted)
		}
	}
}

// What a group holds of a stream that was trimmed since is known to be gone, on every version.
func TestTrimmedUnderAConsumer(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c, w := client(t, s), open(t, s)
		for range 50 {
			c.XAdd(t.Context(), &goredis.XAddArgs{Stream: "orders", Values: []string{"a", "b"}})
		}
		if err := c.XGroupCreate(t.Context(), "orders", "billing", "0").Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.XReadGroup(t.Context(), &goredis.XReadGroupArgs{Group: "billing", Consumer: "dead", Streams: []string{"orders", ">"}, Count: 10, Block: -1}).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.XTrimMaxLen(t.Context(), "orders", 45).Err(); err != nil {
			t.Fatal(err)
		}
		g := seen(t, w).Streams[0].Groups[0]
		if g.Pending != 10 || g.PendingDeleted != 5 || g.Consumers[0].PendingDeleted != 5 {
			t.Errorf("after a trim of five of ten: %+v", g)
		}
		if err := c.XTrimMaxLen(t.Context(), "orders", 30).Err(); err != nil {
			t.Fatal(err)
		}
		if g := looked(t, w).Streams[0].Groups[0]; g.Pending != 10 || g.PendingDeleted != 10 || g.Consumers[0].PendingDeleted != 10 {
			t.Errorf("after a trim of all of them: %+v", g)
		}
	})
}
