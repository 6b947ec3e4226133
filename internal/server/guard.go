package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrNotAllowed says that a command is not on the allow-list; it was not sent.
var ErrNotAllowed = errors.New("command is not on the allow-list")

// permit is one command that may be sent. The list is the whole of it: Conn sends nothing else, and
// a test holds the list against every command that real servers know.
type permit struct {
	name   string              // "info", "client|list"
	action bool                // changes something: only after a person confirmed it
	stream bool                // only inside a window of MONITOR that Stream writes whole
	keys   bool                // names keys or asks about one: only for a tool that a person started for that
	values bool                // reads a value: only for the tool whose purpose it is
	tells  bool                // tells others of what we see: only the channel that a person named
	fits   func([]string) bool // of the arguments behind the name; nil: none may follow
	why    string
}

var permits = []permit{
	{name: "auth", fits: between(1, 2), why: "log in"},
	{name: "select", fits: numbers(1, 1), why: "the database that the user named"},
	{name: "client|setname", fits: exactly(name), why: "be recognisable in everyone else's CLIENT LIST"},
	{name: "client|id", why: "leave ourselves out of the tables"},
	{name: "command|info", fits: between(1, 64), why: "learn what this server has without causing an error"},
	{name: "info", fits: words("all", "default", "commandstats", "errorstats", "latencystats"), why: "the counters"},
	{name: "memory|stats", why: "what the memory is made of"},
	{name: "client|list", fits: listArgs, why: "who is connected; whole or by ids, never more than maxSlice a call"},
	{name: "slowlog|get", fits: numbers(1, 1), why: "what was slow"},
	{name: "commandlog|get", fits: logArgs, why: "what was large (Valkey 8.1+)"},
	{name: "latency|histogram", why: "how long commands took (7.0+)"},
	{name: "ping", fits: exactly(name), why: "how long a client waits for an answer"},
	{name: "config|get", fits: words(configWords...), why: "the configuration that findings need, no secret among it"},
	{name: "latency|latest", why: "what the server's latency monitor noticed"},
	{name: "acl|whoami", why: "which user we are"},
	{name: "acl|users", why: "which users there are"},
	{name: "acl|getuser", fits: between(1, 1), why: "what a user may do; hashes of passwords are dropped while reading"},
	{name: "acl|log", fits: logLength, why: "what was refused to whom; it is never reset"},
	{name: "acl|dryrun", fits: dryRunArgs, why: "whether we may ask one of the above, without an error when not"},
	{name: "monitor", stream: true, why: "the command stream; only in front of the wait and reset that end it"},
	{name: "wait", stream: true, fits: waitArgs, why: "the length of a window: the server ends it, whatever becomes of us"},
	{name: "reset", stream: true, why: "leave MONITOR (6.2+)"},
	{name: "quit", stream: true, why: "leave MONITOR and the connection (before 6.2)"},
	{name: "publish", tells: true, fits: messageArgs, why: "tell who is online to whoever subscribes, where a person asked for that"},
	{name: "client|kill", action: true, fits: killArgs, why: "close one connection that a person chose and confirmed"},

	{name: "client|no-touch", keys: true, fits: exactly("ON"), why: "leave the keys as hot as they are (7.2+)"},
	{name: "scan", keys: true, fits: scanArgs, why: "list keys a step at a time, instead of KEYS"},
	{name: "type", keys: true, fits: oneKey, why: "what a key is"},
	{name: "pttl", keys: true, fits: oneKey, why: "when a key expires"},
	{name: "memory|usage", keys: true, fits: oneKey, why: "how large a key is, from five samples of its elements, never from all"},
	{name: "strlen", keys: true, fits: oneKey, why: "how long a string is"},
	{name: "hlen", keys: true, fits: oneKey, why: "how many fields a hash has"},
	{name: "scard", keys: true, fits: oneKey, why: "how many members a set has"},
	{name: "zcard", keys: true, fits: oneKey, why: "how many members a sorted set has"},
	{name: "llen", keys: true, fits: oneKey, why: "how many elements a list has"},
	{name: "xlen", keys: true, fits: oneKey, why: "how many entries a stream has"},
	{name: "getrange", values: true, fits: rangeArgs(maxBytes), why: "a string, a piece at a time"},
	{name: "hscan", values: true, fits: elementArgs, why: "a hash, a step at a time"},
	{name: "sscan", values: true, fits: elementArgs, why: "a set, a step at a time"},
	{name: "zscan", values: true, fits: elementArgs, why: "a sorted set, a step at a time"},
	{name: "zrange", values: true, fits: rangeArgs(maxStep, "WITHSCORES"), why: "a sorted set in its order, a window at a time"},
	{name: "lrange", values: true, fits: rangeArgs(maxStep), why: "a list, a window at a time"},
	{name: "xrange", values: true, fits: pageArgs, why: "a stream, a page at a time"},
	{name: "unlink", keys: true, action: true, fits: oneKey, why: "delete one key of those that a person chose and confirmed"},
}

// The bounds of one step through keys or through the elements of one.
const (
	maxStep  = 2000    // keys or elements that one call is asked for
	maxBytes = 1 << 20 // of a string
)

// maxSlice bounds the ids in one CLIENT LIST ID.
const maxSlice = 2048

// consent is what a connection may send beyond questions.
type consent struct {
	actions bool   // a person confirmed it
	stream  bool   // the window is written whole, its end included
	keys    bool   // a person asked about keys
	values  bool   // a person asked for a value
	channel string // that a person asked to be published to; empty: none
}

// covers says whether a permit is within the consent.
func (c consent) covers(p permit) bool {
	return (!p.action || c.actions) && (!p.stream || c.stream) && (!p.keys || c.keys) && (!p.values || c.values) && (!p.tells || c.channel != "")
}

// check says whether args may be sent, and under which name the server counts them.
func check(args []string, may consent) (name string, err error) {
	if len(args) == 0 {
		return "", fmt.Errorf("send nothing: %w", ErrNotAllowed)
	}
	first := strings.ToLower(args[0])
	for _, p := range permits {
		rest := args[1:]
		container, sub, nested := strings.Cut(p.name, "|")
		if container != first {
			continue
		}
		if nested {
			if len(rest) == 0 || strings.ToLower(rest[0]) != sub {
				continue
			}
			rest = rest[1:]
		}
		if !may.covers(p) {
			return "", fmt.Errorf("send %s: %w here", p.name, ErrNotAllowed)
		}
		if p.fits == nil && len(rest) > 0 || p.fits != nil && !p.fits(rest) {
			return "", fmt.Errorf("send %s: %w with these arguments", p.name, ErrNotAllowed)
		}
		if p.tells && rest[0] != may.channel {
			return "", fmt.Errorf("send %s: %w to this channel", p.name, ErrNotAllowed)
		}
		return p.name, nil
	}
	return "", fmt.Errorf("send %s: %w", first, ErrNotAllowed)
}

func between(lo, hi int) func([]string) bool {
	return func(a []string) bool { return len(a) >= lo && len(a) <= hi }
}

func exactly(want string) func([]string) bool {
	return func(a []string) bool { return len(a) == 1 && a[0] == want }
}

func words(allowed ...string) func([]string) bool {
	return func(a []string) bool {
		for _, w := range a {
			if !slices.Contains(allowed, w) {
				return false
			}
		}
		return len(a) > 0
	}
}

func numbers(lo, hi int) func([]string) bool {
	return func(a []string) bool {
		for _, w := range a {
			if _, err := strconv.ParseUint(w, 10, 63); err != nil {
				return false
			}
		}
		return len(a) >= lo && len(a) <= hi
	}
}

func listArgs(a []string) bool {
	return len(a) == 0 || a[0] == "ID" && numbers(1, maxSlice)(a[1:])
}

func logArgs(a []string) bool {
	return len(a) == 2 && numbers(1, 1)(a[:1]) && words("slow", "large-request", "large-reply")(a[1:])
}

// logLength is a number of entries: nothing else that ACL LOG takes only reads.
func logLength(a []string) bool {
	n, err := strconv.Atoi(strings.Join(a, " "))
	return err == nil && n >= 1 && n <= mostDenials
}

// dryRunArgs: a user, and a question that is rehearsed.
func dryRunArgs(a []string) bool {
	return len(a) > 1 && slices.ContainsFunc([][]string{
		{"CONFIG", "GET", "maxmemory"}, {"ACL", "USERS"}, {"ACL", "GETUSER", defaultUser}, {"ACL", "LOG", "1"},
	}, func(q []string) bool { return slices.Equal(q, a[1:]) })
}

// waitArgs: a number of replicas that nobody has, and a bound on the window's length; or none at all, which
// does not wait.
func waitArgs(a []string) bool {
	if slices.Equal(a, endMark[1:]) {
		return true
	}
	if len(a) != 2 || a[0] != noReplicas {
		return false
	}
	ms, err := strconv.Atoi(a[1])
	return err == nil && ms >= 1 && ms <= int(MaxWindow.Milliseconds())
}

// killArgs wants the id and the address together: an id alone could by now be nobody, and an
// address alone somebody else.
func killArgs(a []string) bool {
	return len(a) == 4 && a[0] == "ID" && numbers(1, 1)(a[1:2]) && a[2] == "ADDR" && a[3] != ""
}

// maxPublished bounds what is published at once, in bytes: the server holds it for every subscriber that is slow.
const maxPublished = 64 << 10

// messageArgs: a channel, and a JSON object.
func messageArgs(a []string) bool {
	return len(a) == 2 && len(a[1]) <= maxPublished && strings.HasPrefix(a[1], "{") && json.Valid([]byte(a[1]))
}
