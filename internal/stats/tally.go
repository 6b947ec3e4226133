package stats

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// A Tally counts the commands of windows of the MONITOR stream by who sent them, command, key pattern
// and key. One goroutine owns it until it is handed over whole. Its memory is bounded, 2 MB to 13 MB, and Add
// allocates only for what it sees for the first time.
//
// It counts each window apart: how much the windows differ tells how far the estimates can be trusted.
type Tally struct {
	identities func() *Identities
	ownCommand func(name string) bool // nil: none is

	open    bool
	at      time.Time
	lines   uint64 // commands in the open window
	flushed uint64 // of lines, those that are in cells already
	windows []tallyWindow
	counts  [dimensions]counts

	who      senders
	commands commandNames
	keys     keyTable
	channels channelTable
	triples  *tracker
	packed   []triple // by id

	calls    uint64 // commands that scripts called, in the open window
	scripted uint64 // in closed ones
	own      uint64 // commands of the observer, which count nowhere else

	// The command being added.
	from     sender
	command  *commandEntry
	db       int
	patterns [patternsPerCommand]uint32 // its patterns so far
	n        int                        // how many
	eachKey  func([]byte) bool          // addKey; made once, since making it allocates
}

// TallyOptions are what a Tally needs to know.
type TallyOptions struct {
	// Identities gives what the latest CLIENT LIST told, nil before there is one; a nil func: there will
	// never be one. It is called by Open, in the Tally's goroutine.
	Identities func() *Identities
	// Own says whether an address is the observer's, whatever CLIENT LIST told of it; nil: it cannot be said. It is called
	// from the Tally's goroutine, once for an address and CLIENT LIST.
	Own func(addr []byte) bool
	// OwnCommand says whether a command, named as in commandstats, counts as the observer's when it comes from a unix socket,
	// where all connections have one address; nil: none does.
	OwnCommand func(name string) bool
}

// Room for things; what there is no room for counts as "other" and in all totals.
const (
	mostSenders  = 8191
	mostAddrs    = 4095
	mostDBs      = 256
	mostCommands = 1024
	mostPatterns = 2047
	mostKeys     = 4095
	mostTriples  = 4095

	patternsPerCommand = 8       // distinct ones that count
	flushAfter         = 1 << 30 // commands, so that no counter of a window overflows
)

// NewTally makes an empty Tally.
func NewTally(o TallyOptions) *Tally {
	t := &Tally{identities: o.Identities, ownCommand: o.OwnCommand, triples: newTracker(mostTriples), packed: make([]triple, 1, mostTriples+1)}
	t.who.init(o.Own)
	t.commands.init()
	t.keys.init()
	t.channels.init()
	t.eachKey = t.addKey
	for d, ids := range [dimensions]int{
		byIdentity:   mostSenders + 1,
		byConnection: mostAddrs + 1,
		byDB:         mostDBs + 1,
		byCommand:    mostCommands + 1,
		byPattern:    (mostPatterns + 1) * accesses,
		byKey:        (mostKeys + 1) * accesses,
		byTriple:     mostTriples + 1,
		byChannel:    mostChannels + 1,
		byPush:       mostKeys + 1,
	} {
		t.counts[d] = newCounts(ids)
	}
	return t
}

// Reset empties the Tally and keeps its memory.
func (t *Tally) Reset() {
	t.open, t.lines, t.flushed, t.calls, t.scripted, t.own = false, 0, 0, 0, 0, 0
	t.windows = t.windows[:0]
	for d := range t.counts {
		t.counts[d].reset()
	}
	t.who.reset()
	t.commands.reset()
	t.keys.reset()
	t.channels.reset()
	t.triples.reset()
	t.packed = t.packed[:1]
}

// Open begins a window.
func (t *Tally) Open(at time.Time) {
	t.Discard()
	t.open, t.at = true, at
	t.who.script = sender{}
	if t.identities != nil {
		t.who.identify(t.identities())
	}
}

// Close ends the window. The length is how long the server really kept it open.
func (t *Tally) Close(length time.Duration) {
	if !t.open {
		return
	}
	t.flush()
	w := tallyWindow{at: t.at, length: max(0, length), n: t.lines}
	for d := range t.counts {
		w.ends[d] = len(t.counts[d].cells)
	}
	t.windows = append(t.windows, w)
	t.scripted += t.calls
	t.open, t.lines, t.flushed, t.calls = false, 0, 0, 0
	t.thin()
}

// Discard forgets the open window: it broke off, so that nobody knows how long it was.
func (t *Tally) Discard() {
	if !t.open {
		return
	}
	begins := [dimensions]int{}
	if last := len(t.windows) - 1; last >= 0 {
		begins = t.windows[last].ends
	}
	for d := range t.counts {
		c := &t.counts[d]
		c.drop()
		c.cells = c.cells[:begins[d]]
	}
	t.open, t.lines, t.flushed, t.calls = false, 0, 0, 0
}

// Windows is how many there are, Commands how many commands they hold, and Length how long they are
// together. Long runs join neighbouring windows.
func (t *Tally) Windows() int { return len(t.windows) }

// Commands counts those in closed windows.
func (t *Tally) Commands() int64 {
	var n uint64
	for _, w := range t.windows {
		n += w.n
	}
	return int64(n)
}

// Length is that of the closed windows together.
func (t *Tally) Length() time.Duration {
	var d time.Duration
	for _, w := range t.windows {
		d += w.length
	}
	return d
}

// Add counts one command seen in the open window; without one it counts nothing. It keeps no part of l.
func (t *Tally) Add(l *redis.MonitorLine) {
	if !t.open {
		return
	}
	script := l.Script()
	t.from = t.who.find(l.Addr, script)
	if t.from.own {
		t.own++
		return
	}
	at := scan(l.Args)
	c := t.commands.find(l.Args, at)
	if t.from.unix && !script && t.ownCommand != nil && t.ownCommand(c.name) {
		t.own++
		return
	}
	if t.lines++; t.lines-t.flushed >= flushAfter {
		t.flush()
	}
	t.command, t.db, t.n = c, l.DB, 0
	if script {
		t.calls++
	} else if c.calls {
		t.who.script = t.from
	}
	t.counts[byConnection].add(t.from.connection, 1)
	t.counts[byDB].add(uint32(min(l.DB, mostDBs)), 1)

	if c.oneKey && at.keyEnd > 0 {
		t.addKey(at.key(l.Args))
	} else if c.info != nil {
		c.info.EachKey(l.Args, t.eachKey)
	}
	if c.publishes != toNobody {
		t.addChannel(l.Args, at)
	}
	if at.size < 0 {
		at.size = commandBytes(l.Args)
	}
	c.addSize(at.size)
	if t.n == 0 {
		t.addTriple(0, script, false)
	}
	for i, p := range t.patterns[:t.n] {
		t.addTriple(p+1, script, i > 0)
	}
}

// addKey takes one key of the command.
func (t *Tally) addKey(key []byte) bool {
	id, pattern := t.keys.find(t.db, key)
	t.counts[byKey].add(id*accesses+t.command.access, 1)
	if t.command.pushes {
		t.counts[byPush].add(id, 1)
	}
	if id != 0 {
		t.keys.users[id].add(t.from.identity, t.command.id)
	}
	for _, before := range t.patterns[:t.n] {
		if pattern == before {
			return true
		}
	}
	if t.n < len(t.patterns) {
		t.patterns[t.n] = pattern
		t.n++
	}
	return true
}

// addTriple counts who sent which command to which keys. What that says of each of the three alone is
// added up when the window ends, see spread; for a triple that there is no room for it is so at once.
func (t *Tally) addTriple(pattern uint32, script, further bool) {
	p := triple(t.from.identity)<<tripleIdentity | triple(t.command.id)<<tripleCommand | triple(pattern)<<triplePattern
	if script {
		p |= tripleScript
	}
	if further {
		p |= tripleFurther
	}
	hash := hashWord(uint64(p))
	id := t.triples.probe(hash)
	if id == 0 {
		if id = t.triples.admit(hash); id == 0 {
			t.spread(p, 1)
		} else {
			t.packed = append(t.packed, p)
		}
	}
	t.counts[byTriple].add(id, 1)
}

// spread counts what a triple says of each of the three.
func (t *Tally) spread(p triple, n uint32) {
	command := p.command()
	if pattern, ok := p.pattern(); ok {
		t.counts[byPattern].add(pattern*accesses+t.commands.list[command].access, n)
	}
	if p&tripleFurther == 0 {
		t.counts[byIdentity].add(p.identity(), n)
		t.counts[byCommand].add(command, n)
	}
}

// flush moves what the open window counted so far to the cells.
func (t *Tally) flush() {
	triples := &t.counts[byTriple]
	for _, id := range triples.touched {
		if id != 0 {
			t.spread(t.packed[id], triples.now[id])
		}
	}
	for d := range t.counts {
		t.counts[d].flush()
	}
	t.flushed = t.lines
}

// sizes are those of all commands together.
func (t *Tally) sizes() *sketch.Quantiles {
	all := new(sketch.Quantiles)
	for _, c := range t.commands.list {
		if c.sizes != nil {
			all.Merge(c.sizes)
		}
	}
	return all
}
