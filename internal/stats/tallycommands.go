package stats

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// commandEntry is a command, or a container whose subcommand is still to be looked at.
type commandEntry struct {
	id     uint32
	name   string             // as INFO commandstats writes it: "get", "config|get"
	info   *redis.CommandInfo // nil: not known
	access uint32
	calls  bool              // a script or function: its calls follow
	oneKey bool              // its only key is the first argument
	sizes  *sketch.Quantiles // bytes of the command with its arguments; nil for those that came late
}

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

// find is the command of a line, list[0] where there is no room for it, and the arguments after its name.
func (n *commandNames) find(args []byte) (c *commandEntry, rest []byte) {
	name, rest, hash := commandWord(args)
	if word := n.words.probe(hash); word != 0 {
		if c := n.entries[word]; c != nil {
			return c, rest
		}
	} else if info, _ := redis.LookupCommand(name); info == nil || !info.Container() {
		return n.learn(hash, n.entry(info, name)), rest
	} else {
		n.learn(hash, nil)
	}
	sub, _, _ := redis.NextArg(rest)
	hash = hashWord(hash) ^ hashOf(sub)
	if word := n.words.probe(hash); word != 0 {
		return n.entries[word], rest
	}
	info, _ := redis.LookupSubcommand(name, sub)
	return n.learn(hash, n.entry(info, name)), rest
}

// commandWord takes the name off a line, with its hash. Nearly all names have fewer than nine letters, and
// then the name in one word is enough.
func commandWord(args []byte) (name, rest []byte, hash uint64) {
	name, rest, ok := plainArg(args)
	if !ok {
		name, rest, _ = redis.NextArg(args)
	}
	if len(name) > 8 || len(args) < 9 {
		return name, rest, hashOf(name)
	}
	return name, rest, hashWord(binary.LittleEndian.Uint64(args[1:]) & (1<<(8*len(name)) - 1))
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
	c := &commandEntry{id: uint32(len(n.list)), name: name, info: info, calls: callsCommands(name)}
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

// plainArg is redis.NextArg for an argument without escapes, on lines that are not too short; any other
// gives false. It looks at eight bytes at a time.
func plainArg(args []byte) (arg, rest []byte, ok bool) {
	if len(args) < 8 || args[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(args); i += 8 {
		v := wordAt(args, i)
		special := equalBytes(v, '"') | equalBytes(v, '\\')
		if special == 0 {
			continue
		}
		end := i + bits.TrailingZeros64(special)/8
		switch {
		case args[end] != '"':
			return nil, nil, false
		case end+1 == len(args):
			return args[1:end], nil, true
		case end+2 < len(args) && args[end+1] == ' ' && args[end+2] == '"':
			return args[1:end], args[end+2:], true
		}
		return nil, nil, false
	}
	return nil, nil, false
}

func (c *commandEntry) addSize(bytes int) {
	if c.sizes != nil {
		c.sizes.Add(uint64(bytes))
	}
}

// commandBytes is how long a command and its arguments are together, without the protocol around them.
func commandBytes(args []byte) int {
	if len(args) == 0 {
		return 0
	}
	quotes, escapes := countQuotes(args)
	if !escapes {
		return len(args) - quotes - max(0, quotes/2-1)
	}
	size := 0
	for {
		arg, rest, ok := redis.NextArg(args)
		if !ok {
			return size
		}
		size += redis.UnquotedLen(arg)
		args = rest
	}
}

// countQuotes counts the double quotes, and says whether there is a backslash; then the number is of no
// use.
func countQuotes(b []byte) (quotes int, escapes bool) {
	// Most lines are so short that one look at eight bytes at a time is the quickest. Eight sums side by
	// side, and all of them together, fit a byte.
	if len(b) < 8 || len(b) > 30*8 {
		return bytes.Count(b, []byte{'"'}), bytes.IndexByte(b, '\\') >= 0
	}
	var sums, found uint64
	for i := 0; i < len(b); i += 8 {
		v := wordAt(b, i)
		sums += equalBytes(v, '"') >> 7
		found |= equalBytes(v, '\\')
	}
	return int(sums * everyByte >> 56), found != 0
}
