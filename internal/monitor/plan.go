package monitor

import (
	"fmt"
	"math"
	"time"

	"redistop/internal/server"
)

// Conditions is what the latest Snapshot says of the server. Rates are per second.
type Conditions struct {
	Interval   time.Duration
	Commands   float64 // commands that MONITOR would show
	InputBytes float64
	Clients    int   // connections
	Used, Max  int64 // memory in bytes, as eviction counts it; Max 0: no limit
	Loading    bool
	Huge       bool   // a command of more than hugeCommand bytes was seen in the last minutes
	Large      bool   // such commands are to be expected: values of that size are stored, or one was logged hours ago
	New        bool   // the server has been watched for moments only: how large its commands are is hardly known
	Missing    string // a command that windows need and the server does not have: "MONITOR"
	Replica    bool
	Reset      bool // the server has RESET (6.2+)
	Known      bool // false: nothing is known of the server yet
}

// Limits bound what sampling may take. Nothing switches them off.
type Limits struct {
	Duty float64 // share of time in windows on a busy server, 0.01 is 1 %
	Held int64   // bytes that the server may hold for us at any moment
}

// A plan is the windows of one interval.
type plan struct {
	length time.Duration
	count  int
	share  float64 // of time that they may take, 0..1
	chain  bool    // windows adjoin and are renewed: everything is seen
	spent  bool    // there are none until more may be spent: this interval's part of the budget is
	reason string  // why there are none
}

// The price of one command under MONITOR, the dearer of what Redis 6.2 to Valkey 8.0 were measured
// at, and the fastest that a server was seen to write the feed.
const (
	usecPerCommand = 3.0
	usecPerByte    = 0.06
	feedPerCommand = 80  // bytes around the arguments: time, address, quotes
	feedPerByte    = 4.0 // an argument of binary bytes, each escaped as \xNN
	fastestFeed    = 300 << 20
)

// HugeCommand is the size in bytes of a command that MONITOR takes too long to write out: an escaped
// megabyte stops Redis 7.0 for a fifth of a second, 30 MB for 11 s, and no window can end meanwhile.
const HugeCommand = 256 << 10

const (
	hugeCommand = HugeCommand / 2 // of a line that a buffer of 256 KiB has cut
	hugeMemory  = 10 * time.Minute
	largeMemory = 24 * time.Hour
	learning    = 5 * time.Second // for which a server is New
)

// What a server does in one turn of its event loop; a window ends only between turns.
const (
	readBytes = 16 << 10 // that it takes at least from a connection that has more
	turnLasts = lateness // no window is opened on one that is later
)

// LongestWindow bounds the windows that are planned; server.MaxWindow bounds what can be asked for.
const LongestWindow = 50 * time.Millisecond

const (
	shortest     = time.Millisecond
	usual        = 2 * time.Millisecond
	longest      = LongestWindow
	enough       = 20  // commands that a window should hold
	fewest       = 4   // windows an interval: fewer say nothing of the spread between them
	mostOpen     = 0.5 // of the time in windows that do not adjoin
	planned      = 0.8 // of the budget: the load may rise until the next poll
	nearMemory   = 0.9
	learningDuty = 0.1 // at most, of a server that is New
	dearCommand  = 512 // bytes of a command above which windows stay short
	crowdedAfter = 50_000
)

// CommandPrice is the processor time in seconds that MONITOR costs the server for one command of size
// bytes, the dearer of what was measured.
func CommandPrice(size float64) float64 { return (usecPerCommand + usecPerByte*size) / 1e6 }

// forbidden says why no window may be opened now; empty when one may.
func (c Conditions) forbidden(l Limits) string {
	switch {
	case !c.Known:
		return "nothing is known of the server yet"
	case c.Loading:
		return "the server is loading its dataset"
	case c.Max > 0 && float64(c.Used) > nearMemory*float64(c.Max):
		return "used memory is within 10 % of maxmemory"
	case c.turn() > float64(l.Held):
		return fmt.Sprintf("one turn of the server's event loop could hold more than %d MiB for us", l.Held>>20)
	case c.Missing != "":
		return "this server does not have " + c.Missing + ", or it was renamed or disabled"
	case c.Huge:
		return "commands of more than 256 kB were seen: MONITOR would stop the server for as long as it takes to write them out"
	case c.Replica:
		return "a replica refuses WAIT, which ends a window; --monitor looks all the same"
	}
	return ""
}

// sample plans the windows of one interval within the limits.
func (c Conditions) sample(l Limits) plan {
	if reason := c.forbidden(l); reason != "" {
		return plan{reason: reason}
	}
	rate := max(1, c.Commands)
	size := c.InputBytes / rate
	price := CommandPrice(size)
	duty := min(1, max(l.Duty, planned*l.Duty/(rate*price)))
	switch { // on a quiet server more could be seen, and more of it would meet a huge command
	case c.Large:
		duty = l.Duty
	case c.New:
		duty = min(duty, max(l.Duty, learningDuty))
	}
	if duty >= 1 && c.Reset { // so quiet that everything may be seen
		return plan{length: c.bounded(longest, l), count: 2, chain: true}
	}
	length := usual
	if rate < crowdedAfter && size < dearCommand {
		length = min(longest, max(usual, time.Duration(enough/rate*float64(time.Second))))
	}
	duty = min(duty, mostOpen)
	total := time.Duration(duty * float64(c.Interval))
	length = max(shortest, min(length, total/fewest))
	if length = c.bounded(length, l); length < shortest {
		return plan{reason: fmt.Sprintf("one window could hold more than %d MiB in the server", l.Held>>20)}
	}
	count := max(1, int(total/length))
	if !c.Reset { // every window is a connection of its own
		count = min(count, max(1, int(2*c.Interval/time.Second)))
	}
	return plan{length: length.Truncate(time.Millisecond), count: count, share: duty}
}

// full plans a chain that sees everything. It may on a replica too, and at any price but memory.
func (c Conditions) full(l Limits) plan {
	open := c
	open.Replica, open.Huge = false, false
	if reason := open.forbidden(l); reason != "" {
		return plan{reason: reason}
	}
	length := c.bounded(longest, l)
	if length < shortest {
		return plan{reason: fmt.Sprintf("one window could hold more than %d MiB in the server", l.Held>>20)}
	}
	return plan{length: length.Truncate(time.Millisecond), count: 2, chain: true}
}

// turn is about the most that one turn of the server's event loop could add to what is held for us: however
// short a window is, it lasts to the end of the turn. Each connection that has something to say is served
// once, with one large command or with what one read takes in.
func (c Conditions) turn() float64 {
	ready := turnLasts.Seconds() * c.InputBytes
	if c.Clients > 0 {
		ready = min(ready, float64(c.Clients)*max(readBytes, c.InputBytes/max(1, c.Commands)))
	}
	return feedPerByte * ready
}

// bounded shortens a window so that two of them, should nobody read, stay within half of the bytes
// that may be held: the rate may double before we notice.
func (c Conditions) bounded(length time.Duration, l Limits) time.Duration {
	feed := min(fastestFeed, c.Commands*feedPerCommand+c.InputBytes*feedPerByte)
	if feed <= 0 {
		return min(length, server.MaxWindow)
	}
	most := float64(l.Held) / 4 / feed * float64(time.Second)
	return min(length, server.MaxWindow, time.Duration(min(most, math.MaxInt64/2)))
}
