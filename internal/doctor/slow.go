package doctor

import (
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// SlowCommand is an entry of a log with who sent it, as far as that was known when it was read.
type SlowCommand struct {
	stats.SlowRow
	Who    stats.Culprit
	Seen   time.Time // by our clock: when it was first read, or what the server says where it was there before us
	Script bool      // a script called it: the caller is that of the script, and is not in the entry
}

// mostSlow bounds the entries that are kept.
const mostSlow = 2000

// scriptAddr is what the logs say of a command that a script called, in place of an address.
const scriptAddr = "?:0"

// slowCommands are the recent entries of the logs, oldest first.
type slowCommands struct {
	entries []SlowCommand
	table   []stats.SlowRow // of the last Snapshot
	begun   bool            // there was one
}

// slowID tells an entry from others; ids begin anew with the process.
type slowID struct {
	kind stats.SlowKind
	id   int64
	at   int64
}

func idOf(r *stats.SlowRow) slowID { return slowID{r.Kind, r.ID, r.Time.UnixNano()} }

// learn keeps the entries that are new, for as long as they are recent. One that was not there a Snapshot
// ago is new, whatever the server's clock says.
func (l *slowCommands) learn(s *stats.Snapshot, w *Window) {
	l.entries = slices.DeleteFunc(l.entries, func(c SlowCommand) bool { return s.Time.Sub(c.Seen) > Recent })
	first := !l.begun
	l.begun = true
	if sameTable(l.table, s.Slowlog) {
		return
	}
	known := make(map[slowID]bool, len(l.table))
	for i := range l.table {
		known[idOf(&l.table[i])] = true
	}
	l.table = s.Slowlog
	for i := len(s.Slowlog) - 1; i >= 0; i-- {
		r := &s.Slowlog[i]
		seen := s.Time
		if first && r.Time.Before(seen) {
			seen = r.Time
		}
		if known[idOf(r)] || s.Time.Sub(seen) > Recent {
			continue
		}
		l.entries = append(l.entries, SlowCommand{SlowRow: *r, Who: w.Who(r.Addr, r.Name), Seen: seen, Script: r.Addr == scriptAddr})
	}
	if n := len(l.entries) - mostSlow; n > 0 {
		l.entries = slices.Delete(l.entries, 0, n)
	}
}

// sameTable says that two tables are one and the same.
func sameTable[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// longest is the highest value of each command in one log since a time.
func (l *slowCommands) longest(kind stats.SlowKind, since time.Time) map[string]float64 {
	max := map[string]float64{}
	for i := range l.entries {
		c := &l.entries[i]
		if v := float64(c.Usec.Or(c.Bytes.Or(0))); c.Kind == kind && c.Seen.After(since) && v > max[statName(c)] {
			max[statName(c)] = v
		}
	}
	return max
}

// statName is the name that commandstats gives to an entry's command: "config|set".
func statName(c *SlowCommand) string {
	if len(c.Args) > 1 {
		if info, ok := redis.LookupSubcommand([]byte(c.Args[0]), []byte(c.Args[1])); ok {
			return info.Name
		}
	}
	return c.Command
}

// Slow returns the recent entries of the logs that pass, newest first.
func (w *Window) Slow(pass func(*SlowCommand) bool) []SlowCommand {
	var list []SlowCommand
	for i := len(w.slow.entries) - 1; i >= 0; i-- {
		if pass(&w.slow.entries[i]) {
			list = append(list, w.slow.entries[i])
		}
	}
	return list
}

// Slowest returns the recent entries of SLOWLOG of one command, as commandstats names it, newest first.
func (w *Window) Slowest(command string) []SlowCommand {
	return w.Slow(func(c *SlowCommand) bool { return c.Kind == stats.Slow && statName(c) == command })
}

// Line is the command as it was sent, without values, safe to print, of limit characters at most:
// "LRANGE queue 0 -1", "SET user:12 (230 B)".
func (c *SlowCommand) Line(limit int) string {
	args := monitorArgs(c.Args)
	if name := statName(c); len(c.Args) > 0 && known(name) {
		args = monitorArgs(append([]string{strings.ToUpper(c.Args[0])}, c.Args[1:]...))
	}
	if valueless[statName(c)] {
		return redis.PrintableCut(string(redis.Reveal(nil, args, 4*limit)), limit)
	}
	return redis.PrintableCut(string(redis.Redact(nil, args)), limit)
}

func known(command string) bool {
	_, ok := lookup(command)
	return ok
}

// valueless are commands whose arguments are keys, patterns, ranges and options only.
var valueless = set("keys", "scan", "hscan", "sscan", "zscan", "lrange", "ltrim", "lindex", "getrange", "substr",
	"zrange", "zrevrange", "zrangestore", "zrangebyscore", "zrevrangebyscore", "zcount", "zremrangebyrank",
	"zremrangebyscore", "sort", "sort_ro", "srandmember", "spop", "hrandfield", "zrandmember", "xrange", "xrevrange",
	"xlen", "xtrim", "bitcount", "flushall", "flushdb", "save", "swapdb", "geosearch", "georadius", "script|flush",
	"memory|usage", "debug|sleep", "client|list", "randomkey", "dbsize")

func set(names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, n := range names {
		all[n] = true
	}
	return all
}

// monitorArgs writes arguments the way MONITOR does, which is what Redact and EachKey read.
func monitorArgs(args []string) []byte {
	var b []byte
	for i, a := range args {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, '"')
		b = appendQuoted(b, a)
		b = append(b, '"')
	}
	return b
}

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// pattern is the pattern of the first key that a logged command names, as the samples write it; "" without
// a key. What KEYS looks for counts as one, and what names a script.
func (c *SlowCommand) pattern() string {
	if scripts[c.Command] && len(c.Args) > 1 {
		return scriptLabel(c.Args[1])
	}
	key, ok := firstKey(c.Command, monitorArgs(c.Args))
	if !ok {
		return ""
	}
	return folded(key)
}

func folded(quotedKey []byte) string {
	return redis.PrintableCut(string(redis.Unquote(nil, redis.FoldKey(nil, quotedKey))), 200)
}

func firstKey(command string, args []byte) (key []byte, ok bool) {
	_, rest, _ := redis.NextArg(args)
	if command == "keys" {
		key, _, ok = redis.NextArg(rest)
		return key, ok
	}
	info, known := redis.LookupArgs(args)
	if !known || scripts[command] {
		return nil, false
	}
	info.EachKey(args, func(k []byte) bool {
		key, ok = k, true
		return false
	})
	return key, ok
}

// keyAndTail are the raw first key (or pattern) of a logged command, and what follows it, safe to print;
// "" where there is none.
func (c *SlowCommand) keyAndTail() (key, tail string) {
	key = c.rawKey()
	at := slices.Index(c.Args, key)
	if at < 1 || key == "" {
		return "", ""
	}
	var words []string
	for _, a := range c.Args[at+1:] {
		words = append(words, redis.Argument(a[:min(len(a), 64)]))
	}
	return key, strings.Join(words, " ")
}

func (c *SlowCommand) rawKey() string {
	key, ok := firstKey(c.Command, monitorArgs(c.Args))
	if !ok {
		return ""
	}
	return string(redis.Unquote(nil, key))
}
