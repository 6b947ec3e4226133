package messaging

import (
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A Wait is what a connection waits for, by the command that it sent last of those that wait for a job: CLIENT LIST tells
// that one waits, and not at which keys.
type Wait struct {
	Addr    string // as MONITOR and CLIENT LIST name it
	DB      int
	Command string // lower case
	Keys    []string
}

// What is kept of one command.
const (
	mostWaited   = 16  // keys
	longestAwait = 256 // bytes of one
)

// WaitOf is the Wait that a line of MONITOR begins. It says false for any other command, at once.
func WaitOf(line *redis.MonitorLine) (Wait, bool) {
	if a := line.Args; len(a) < 4 || a[1]|0x20 != 'b' || line.Script() {
		return Wait{}, false
	}
	info, known := redis.LookupArgs(line.Args)
	if !known || !waits[info.Name] {
		return Wait{}, false
	}
	w := Wait{Addr: string(line.Addr), DB: line.DB, Command: info.Name}
	from := mostWaited
	if w.Command == "brpoplpush" || w.Command == "blmove" { // the second key is where the job goes
		from = 1
	}
	info.EachKey(line.Args, func(quoted []byte) bool {
		if len(quoted) <= longestAwait {
			w.Keys = append(w.Keys, string(redis.Unquote(nil, quoted)))
		}
		from--
		return from > 0
	})
	return w, len(w.Keys) > 0
}

// Awaited are the waits that go on: their connections are blocked, in that command.
func Awaited(list []Wait, connections []stats.ConnectionRow) []Wait {
	byAddr := waitsByAddr(list)
	var on []Wait
	for i := range connections {
		if w, ok := awaits(&connections[i], byAddr); ok {
			on = append(on, w)
		}
	}
	return on
}

// waitsByAddr leaves out unix sockets, where all connections have one address.
func waitsByAddr(list []Wait) map[string]Wait {
	byAddr := make(map[string]Wait, len(list))
	for _, w := range list {
		if !strings.HasPrefix(w.Addr, "unix:") {
			byAddr[w.Addr] = w
		}
	}
	return byAddr
}

// blocked says that a connection waits for a job.
func blocked(c *stats.ConnectionRow) bool {
	return !c.Own && c.Name != redis.ObserverName && strings.Contains(c.Flags, "b") && waits[c.LastCommand]
}

// awaits is what a connection waits for.
func awaits(c *stats.ConnectionRow, byAddr map[string]Wait) (Wait, bool) {
	w, ok := byAddr[c.Addr]
	return w, ok && blocked(c) && w.Command == c.LastCommand
}

// markers are what BullMQ's workers wait at: a sorted set beside the list of waiting jobs, which tells them to look there.
const markers, marked = ":marker", ":wait"

// each calls f with the keys that jobs are waited for at, and their type.
func (w Wait) each(f func(at place, kind string)) {
	kind := "list"
	if strings.HasPrefix(w.Command, "bz") {
		kind = "zset"
	}
	for _, key := range w.Keys {
		base, marker := strings.CutSuffix(key, markers)
		switch {
		case strings.HasPrefix(key, redis.CanaryPrefix): // no job
		case marker && kind == "zset":
			f(place{w.DB, base + marked}, "list")
		default:
			f(place{w.DB, key}, kind)
		}
	}
}

// Follow looks from now on at the keys that are waited for. A queue whose workers keep up is empty, and an empty list
// is no key, so that the search cannot find it.
func (w *Watcher) Follow(list []Wait) {
	for _, wait := range list {
		wait.each(func(at place, kind string) { w.known.follow(w.table, at, kind) })
	}
}
