package stats

import (
	"cmp"
	"strings"

	"redistop/internal/redis"
)

// Published is how many messages a second go to a channel, by the samples.
type Published struct {
	Channel   string // raw
	Shard     bool   // by SPUBLISH
	PerSecond Maybe[float64]
	Error     Maybe[float64] // half-width of the 95 % interval; absent where it is exact
	Seen      int64
}

// mostPublished bounds the channels that a Snapshot tells of.
const mostPublished = 200

// Published are the channels that were published to in the samples, those with the most messages first. The caller
// changes nothing of it.
func (s *Snapshot) Published() []Published { return s.published }

func (f *figures) publishedTo() []Published {
	found := gather(f.horizon, byChannel, func(b *batch, id uint32) (channelName, bool) { return b.channels[id], id != 0 })
	var rows []Published
	for _, c := range ranked(found, mostPublished, channelName.compare) {
		g := f.of(c.series)
		name := string(redis.Unquote(nil, []byte(c.key.name)))
		rows = append(rows, Published{Channel: name, Shard: c.key.shard, PerSecond: g.rate, Error: g.err, Seen: g.seen})
	}
	return rows
}

func (c channelName) compare(other channelName) int {
	shard := func(v bool) int {
		if v {
			return 1
		}
		return 0
	}
	return cmp.Or(strings.Compare(c.name, other.name), shard(c.shard)-shard(other.shard))
}
