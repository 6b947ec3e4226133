package messaging

import (
	"cmp"
	"slices"

	"redistop/internal/stats"
)

// mostRows bounds the streams, the queues and the channels that are handed out, each.
const mostRows = 500

// worst keeps the rows that say most, in the order of their weight, and tells how many it left out.
func worst[R any](rows []R, before func(a, b R) int) (kept []R, omitted int) {
	slices.SortFunc(rows, before)
	if len(rows) > mostRows {
		return slices.Clip(rows[:mostRows]), len(rows) - mostRows
	}
	return rows, 0
}

// streamOrder puts streams first that somebody lags behind, then those that are large.
func streamOrder(a, b stats.StreamRow) int {
	return cmp.Or(cmp.Compare(behind(b), behind(a)), cmp.Compare(b.Length, a.Length), cmp.Compare(a.DB, b.DB), cmp.Compare(a.Key, b.Key))
}

// behind is what the groups of a stream have not got or not acknowledged.
func behind(r stats.StreamRow) (n int64) {
	for i := range r.Groups {
		n += r.Groups[i].Lag.Or(0) + r.Groups[i].Pending
	}
	return n
}

func queueOrder(a, b stats.QueueRow) int {
	return cmp.Or(cmp.Compare(b.Depth, a.Depth), cmp.Compare(a.DB, b.DB), cmp.Compare(a.Key, b.Key))
}

func channelOrder(a, b stats.ChannelRow) int {
	return cmp.Or(cmp.Compare(b.Subscribers, a.Subscribers), cmp.Compare(a.Name, b.Name))
}
