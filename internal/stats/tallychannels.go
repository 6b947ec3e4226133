package stats

import "redistop/internal/redis"

// channelTable gives ids to the channels that are published to.
type channelTable struct {
	ids    *tracker
	names  texts  // by id, quoted as in MONITOR
	shards []bool // by id
}

// mostChannels is how many are counted apart; what there is no room for counts nowhere.
const mostChannels = 1023

// channelName is a channel, quoted as in MONITOR. A shard channel is another one than the channel of the same name.
type channelName struct {
	shard bool
	name  string
}

func (c *channelTable) init() {
	c.ids = newTracker(mostChannels)
	c.shards = make([]bool, 1, mostChannels+1)
	c.names.reset()
}

func (c *channelTable) reset() {
	c.ids.reset()
	c.shards = c.shards[:1]
	c.names.reset()
}

// find is the id of a quoted name, 0 where there is no room. A name that is longer than what is kept of it has none: two
// of them could not be told apart.
func (c *channelTable) find(name []byte, shard bool) uint32 {
	if len(name) > mostName {
		return 0
	}
	hash := hashOf(name)
	if shard {
		hash ^= 0x9e3779b97f4a7c15
	}
	id := c.ids.find(hash)
	if id == 0 {
		if id = c.ids.admit(hash); id != 0 {
			c.names.add(name)
			c.shards = append(c.shards, shard)
		}
	}
	return id
}

// list is the channels by id.
func (c *channelTable) list() []channelName {
	list := make([]channelName, len(c.shards))
	for id, name := range c.names.strings() {
		list[id] = channelName{c.shards[id], name}
	}
	return list
}

// addChannel counts a message that is published. at is what scan found of the line.
func (t *Tally) addChannel(args []byte, at lineParts) {
	var name []byte
	if at.keyEnd > 0 {
		name = at.key(args)
	} else {
		_, rest, _ := redis.NextArg(args)
		var ok bool
		if name, _, ok = redis.NextArg(rest); !ok {
			return
		}
	}
	t.counts[byChannel].add(t.channels.find(name, t.command.publishes == toShard), 1)
}
