package messaging

import (
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// markDeleted counts the pending entries that were trimmed from the stream: they stand before its first entry, and nobody can process
// them. oldest are those that were looked at. An entry that XDEL took from the middle does not show by ids, so that there may be more.
func markDeleted(row *stats.GroupRow, s redis.StreamInfo, oldest []redis.PendingEntry) {
	first, known := redis.ParseStreamID(s.First)
	if !known && s.Length > 0 || len(oldest) == 0 {
		return
	}
	gone := func(id string) bool {
		at, ok := redis.ParseStreamID(id)
		return ok && (s.Length == 0 || at.Compare(first) < 0)
	}
	n, by := int64(0), map[string]int64{}
	for _, p := range oldest {
		if gone(p.ID) {
			n++
			by[p.Consumer]++
		}
	}
	all := n == int64(len(oldest)) && gone(row.LastDelivered) // whatever is pending was delivered, so that it stands no further on
	row.PendingDeleted = min(n, row.Pending)
	if all {
		row.PendingDeleted = row.Pending
	}
	for i := range row.Consumers {
		c := &row.Consumers[i]
		c.PendingDeleted = min(by[c.Name], c.Pending)
		if all {
			c.PendingDeleted = c.Pending
		}
	}
}
