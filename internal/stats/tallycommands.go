package stats

import (
	"encoding/binary"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// commandEntry is a command, or a container whose subcommand is still to be looked at.
type commandEntry struct {
	id        uint32
	name      string             // as INFO commandstats writes it: "get", "config|get"
	info      *redis.CommandInfo // nil: not known
	access    uint32
	calls     bool              // a script or function: its calls follow
	oneKey    bool              // its only key is the first argument
	pushes    bool              // it puts jobs into its key, where that is a queue
	publishes publishing        // its first argument is a channel, which is no key
	sizes     *sketch.Quantiles // bytes of the command with its arguments; nil for those that came late
}

// publishing says to what a command publishes.
type publishing uint8

const (
	toNobody publishing = iota
	toChannel
	toShard
)

// pushers are the commands that put something into the list or sorted set that they name.
var pushers = map[string]bool{"lpush": true, "rpush": true, "lpushx": true, "rpushx": true, "linsert": true, "zadd": true}

// publishers are the commands that do.
var publishers = map[string]publishing{"publish": toChannel, "spublish": toShard}

// commandNames finds commands by the bytes of a line.
type commandNames struct {
	words    *tracker        // by the first word as written, or the first two of a container
	entries  []*commandEntry // of each word; nil: a container
	byName   map[string]*commandEntry
	list     []*commandEntry // by id
	measured int             // how many have sizes
	spare    []*sketch.Quantiles
}

const (
	mostWords    = 4 * mostCommands
	mostMeasured = 128 // commands whose sizes are kept apart
)

func (n *commandNames) init() {
	n.words = newTracker(mostWords)
	n.byName = map[string]*commandEntry{}
	n.reset()
}

func (n *commandNames) reset() {
	for _, c := range n.list {
		if c.sizes != nil {
			c.sizes.Reset()
			n.spare = append(n.spare, c.sizes)
		}
	}
	n.words.reset()
	clear(n.byName)
	clear(n.entries)
	clear(n.list)
	n.entries = append(n.entries[:0], nil)
	n.measured = 0
	other := &commandEntry{}
	n.measure(other)
	n.list = append(n.list[:0], other)
}

// find is the command of a line, list[0] where there is no room for it. at is what scan found of the line.
func (n *commandNames) find(args []byte, at lineParts) *commandEntry {
	name, hash := commandWord(args, at)
	if word := n.words.probe(hash); word != 0 {
		if c := n.entries[word]; c != nil {
			return c
		}
	} else if info, _ := redis.LookupCommand(name); info == nil || !info.Container() {
		return n.learn(hash, n.entry(info, name))
	} else {
		n.learn(hash, nil)
	}
	_, rest, _ := redis.NextArg(args)
	sub, _, _ := redis.NextArg(rest)
	hash = hashWord(hash) ^ hashOf(sub)
	if word := n.words.probe(hash); word != 0 {
		return n.entries[word]
	}
	info, _ := redis.LookupSubcommand(name, sub)
	return n.learn(hash, n.entry(info, name))
}

// commandWord is the name of a line, with its hash. Nearly all names have fewer than nine letters, and then
// the name in one word is enough.
func commandWord(args []byte, at lineParts) (name []byte, hash uint64) {
	if at.nameEnd > 0 {
		name = args[1:at.nameEnd]
	} else {
		name, _, _ = redis.NextArg(args)
	}
	if len(name) > 8 || len(args) < 9 {
		return name, hashOf(name)
	}
	return name, hashWord(binary.LittleEndian.Uint64(args[1:]) & (1<<(8*len(name)) - 1))
}

// learn remembers what a word means, if there is room.
func (n *commandNames) learn(hash uint64, c *commandEntry) *commandEntry {
	if n.words.admit(hash) != 0 {
		n.entries = append(n.entries, c)
	}
	return c
}

// entry is the one of a command, made when it is new.
func (n *commandNames) entry(info *redis.CommandInfo, written []byte) *commandEntry {
	var name string
	if info != nil {
		name = info.Name
	} else {
		name = strings.ToLower(clipped(written))
	}
	if c, ok := n.byName[name]; ok {
		return c
	}
	if len(n.list) > mostCommands {
		return n.list[0]
	}
	c := &commandEntry{id: uint32(len(n.list)), name: name, info: info, calls: callsCommands(name), pushes: pushers[name], publishes: publishers[name]}
	switch {
	case info == nil:
	case info.Write():
		c.access = accessWrite
	case info.ReadOnly():
		c.access = accessRead
	}
	c.oneKey = info != nil && info.OneKey()
	if n.measured < mostMeasured {
		n.measure(c)
	}
	n.list = append(n.list, c)
	n.byName[name] = c
	return c
}

func (n *commandNames) measure(c *commandEntry) {
	n.measured++
	if last := len(n.spare) - 1; last >= 0 {
		c.sizes, n.spare = n.spare[last], n.spare[:last]
		return
	}
	c.sizes = new(sketch.Quantiles)
}

// callsCommands says whether a command's own line is followed by those of a script or function.
func callsCommands(name string) bool {
	return strings.HasPrefix(name, "eval") || strings.HasPrefix(name, "fcall")
}

func (c *commandEntry) addSize(bytes int) {
	if c.sizes != nil {
		c.sizes.Add(uint64(bytes))
	}
}
