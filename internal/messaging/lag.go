package messaging

import (
	"fmt"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// lagOf is how many entries of a stream a group has not got yet, and a note where that is not what the
// server says, or is not known.
//
// The server counts what was ever added and what the group has read of it. That goes wrong in two ways. After
// a trim that took entries the group had not got, Redis 7.0 and Valkey 8.0 count those that are gone (a phantom
// lag). After XDEL ahead of the group no version knows, and says null. Where the group stands before the first
// entry or behind the last, the ids tell the truth by themselves.
func lagOf(s redis.StreamInfo, g redis.StreamGroup) (lag stats.Maybe[int64], note string) {
	said, known := g.Lag.Get()
	truth, certain := lagByIDs(s, g)
	switch {
	case certain && known && said != truth:
		return stats.Some(truth), fmt.Sprintf("phantom: the server says %d, but trimming took what is missing", said)
	case certain:
		return stats.Some(truth), ""
	case known && said > s.Length:
		return lag, fmt.Sprintf("not known: the server says %d, but only %d entries are left", said, s.Length)
	case known:
		return g.Lag, ""
	case s.LastGenerated == "":
		return lag, "not known: the entries are large, so that XINFO STREAM is not asked, which sends two"
	case !s.Added.Known():
		return lag, "not known: Redis 7.0 brought it"
	}
	if deleted, ok := redis.ParseStreamID(s.MaxDeleted.Or("")); ok {
		if at, ok := redis.ParseStreamID(g.LastDelivered); ok && deleted.Compare(at) <= 0 {
			return lag, "not known: the group was made in the middle of the stream, and has not come to its end since"
		}
	}
	return lag, "not known: entries that the group had not got were deleted (XDEL)"
}

// lagSince is the lag where the server has lost count, but nothing was read or deleted since it was known.
func lagSince(g redis.StreamGroup, before groupMark, f flow) stats.Maybe[int64] {
	was, known := before.lag.Get()
	added, counted := f.added.Get()
	if !known || !counted || f.deleted || g.LastDelivered != before.delivered {
		return stats.Maybe[int64]{}
	}
	return stats.Some(was + added)
}

// lagByIDs is the lag where the ids alone tell it.
func lagByIDs(s redis.StreamInfo, g redis.StreamGroup) (lag int64, certain bool) {
	at, ok := redis.ParseStreamID(g.LastDelivered)
	newest, ok2 := redis.ParseStreamID(s.LastGenerated)
	switch {
	case !ok || !ok2:
		return 0, false
	case s.Length == 0 || at.Compare(newest) >= 0:
		return 0, true
	}
	first, ok := redis.ParseStreamID(s.First)
	last, ok2 := redis.ParseStreamID(s.Last)
	switch {
	case !ok || !ok2:
		return 0, false
	case at.Compare(first) < 0:
		return s.Length, true
	case at.Compare(last) >= 0: // the newest were deleted
		return 0, true
	}
	return 0, false
}
