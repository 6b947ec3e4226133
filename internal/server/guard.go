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
	name     string              // "info", "client|list"
	action   bool                // changes something: only after a person confirmed it
	stream   bool                // only inside a window of MONITOR that Stream writes whole
	keys     bool                // names keys or asks about one: only for a tool that a person started for that
	values   bool                // reads a value: only for the tool whose purpose it is
	messages bool                // only for who looks at streams, queues and channels; with keys: for both
	tells    bool                // tells others of what we see: only the channel that a person named
	canary   bool                // sends or reads test messages: only for a canary that a person started
	pending  bool                // about entries that were delivered and not acknowledged: only for the tools for them
	fits     func([]string) bool // of the arguments behind the name; nil: none may follow
	why      string

	scope func(args []string, named string) bool // in place of fits, where it matters which stream a person named
}

var permits = []permit{
	{name: "auth", fits: between(1, 2), why: "log in"},
	{name: "select", fits: numbers(1, 1), why: "the database that is asked about"},
	{name: "client|setname", fits: exactly(name), why: "be recognisable in everyone else's CLIENT LIST"},
	{name: "client|id", why: "leave ourselves out of the tables"},
	{name: "command|info", fits: between(1, 128), why: "learn what this server has without causing an error"},
	{name: "info", fits: words("all", "default", "stats", "commandstats", "errorstats", "latencystats"), why: "the counters"},
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

	{name: "client|no-touch", keys: true, messages: true, fits: exactly("ON"), why: "leave the keys as hot as they are (7.2+)"},
	{name: "scan", keys: true, messages: true, fits: scanArgs, why: "list keys a step at a time, instead of KEYS"},
	{name: "type", keys: true, messages: true, fits: oneKey, why: "what a key is"},
	{name: "pttl", keys: true, messages: true, fits: oneKey, why: "when a key expires"},
	{name: "memory|usage", keys: true, messages: true, fits: oneKey, why: "how large a key is, from five samples of its elements, never from all"},
	{name: "strlen", keys: true, fits: oneKey, why: "how long a string is"},
	{name: "hlen", keys: true, messages: true, fits: oneKey, why: "how many fields a hash has"},
	{name: "scard", keys: true, messages: true, fits: oneKey, why: "how many members a set has"},
	{name: "zcard", keys: true, messages: true, fits: oneKey, why: "how many members a sorted set has"},
	{name: "llen", keys: true, messages: true, fits: oneKey, why: "how many elements a list has"},
	{name: "xlen", keys: true, messages: true, fits: oneKey, why: "how many entries a stream has"},
	{name: "xinfo|stream", messages: true, fits: oneKey, why: "how a stream stands; never FULL, which lists entries. The first and the last entry are dropped while reading"},
	{name: "xinfo|groups", messages: true, fits: oneKey, why: "which consumer groups a stream has"},
	{name: "xinfo|consumers", messages: true, fits: keyAnd(1), why: "which consumers a group has"},
	{name: "xpending", messages: true, fits: pendingArgs, why: "entries that a group has not acknowledged, some at a time: their ids, no contents"},
	{name: "zcount", messages: true, fits: keyAnd(2), why: "how many jobs of a sorted set are due, without reading one"},
	{name: "lindex", messages: true, fits: endArgs, why: "the job of a known framework that is next: the time in it is kept, and nothing else"},
	{name: "hmget", messages: true, fits: timeFields, why: "when the job that is next came, where its framework keeps that in a hash"},
	{name: "sscan", messages: true, fits: nameArgs, why: "the names of a known framework's queues, where it keeps them in a set"},
	{name: "pubsub|channels", messages: true, why: "which channels have subscribers; only where INFO says that they are few"},
	{name: "pubsub|numsub", messages: true, fits: between(1, maxPipeline), why: "how many subscribers a channel has"},
	{name: "pubsub|numpat", messages: true, why: "how many patterns are subscribed to"},
	{name: "pubsub|shardchannels", messages: true, why: "which sharded channels have subscribers (7.0+)"},
	{name: "pubsub|shardnumsub", messages: true, fits: between(1, maxPipeline), why: "how many subscribers a sharded channel has (7.0+)"},
	{name: "getrange", values: true, fits: rangeArgs(maxBytes), why: "a string, a piece at a time"},
	{name: "hscan", values: true, fits: elementArgs, why: "a hash, a step at a time"},
	{name: "sscan", values: true, fits: elementArgs, why: "a set, a step at a time"},
	{name: "zscan", values: true, fits: elementArgs, why: "a sorted set, a step at a time"},
	{name: "zrange", values: true, fits: rangeArgs(maxStep, "WITHSCORES"), why: "a sorted set in its order, a window at a time"},
	{name: "lrange", values: true, fits: rangeArgs(maxStep), why: "a list, a window at a time"},
	{name: "xrange", values: true, fits: pageArgs, why: "a stream, a page at a time"},
	{name: "unlink", keys: true, action: true, fits: oneKey, why: "delete one key of those that a person chose and confirmed"},

	{name: "sentinel|get-master-addr-by-name", fits: between(1, 1), why: "where the primary is that a person named, asked of its Sentinels"},

	{name: "subscribe", canary: true, scope: canaryChannel, why: "hear the canary's messages"},
	{name: "publish", canary: true, scope: canaryMessage, why: "send one, on a channel of the canary's own"},
	{name: "rpush", canary: true, scope: canaryMessage, why: "send one, on a list of its own"},
	{name: "blpop", canary: true, scope: canaryPop, why: "take one off that list"},
	{name: "expire", canary: true, scope: canaryExpiry, why: "a canary that is killed leaves nothing for long"},
	{name: "xadd", canary: true, scope: canaryAdd, why: "send one, on a stream of its own or the one that a person named"},
	{name: "xgroup|create", canary: true, scope: canaryCreate, why: "read that stream as consumers do, in a group of its own"},
	{name: "xinfo|groups", canary: true, scope: canaryGroups, why: "who else reads the stream that a person named: to send there or to delete from it is their matter too"},
	{name: "xreadgroup", canary: true, scope: canaryReadGroup, why: "read its messages"},
	{name: "xread", canary: true, scope: canaryRead, why: "the same on a replica, which has no use for groups"},
	{name: "xack", canary: true, scope: canaryAck, why: "acknowledge its messages"},
	{name: "xdel", canary: true, scope: canaryForget, why: "take its messages off the stream again, one by one"},
	{name: "xgroup|destroy", canary: true, scope: canaryGroup, why: "leave no group behind"},
	{name: "unlink", canary: true, scope: canaryChannel, why: "leave no key behind"},
	{name: "cluster|slots", canary: true, why: "whom to ask in a cluster when the node is gone"},
	{name: "asking", canary: true, why: "follow a key whose slot is being moved, as the node before said"},
	{name: "readonly", canary: true, why: "read at a cluster's replica, where a person named one"},

	{name: "xpending", pending: true, fits: heldArgs, why: "which entries a group has not acknowledged: ids, no contents"},
	{name: "xinfo|consumers", pending: true, fits: oneKeyAndGroup, why: "who is in a group, and since when it has not asked"},
	{name: "xgroup|createconsumer", pending: true, action: true, fits: oneKeyGroupAndConsumer, why: "the consumer that a person wants to give entries to"},
	{name: "eval", pending: true, fits: deletedScript, why: "which of these entries are gone from the stream, without sending the others"},
	{name: "eval", pending: true, action: true, fits: pendingScript, why: "claim, acknowledge or delete in one piece with the question whether that loses anything"},
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
	actions  bool   // a person confirmed it
	stream   bool   // the window is written whole, its end included
	keys     bool   // a person asked about keys
	channel  string // that a person asked to be published to; empty: none
	messages bool   // it looks at streams, queues and channels, and nothing else
	values   bool   // a person asked for a value
	canary   bool   // a person started a canary
	pending  bool   // a person asked about pending entries
	named    string // the stream beside its own that a person let the canary write to
}

// covers says whether a permit is within the consent.
func (c consent) covers(p permit) bool {
	asks := !p.keys && !p.messages || p.keys && c.keys || p.messages && c.messages
	return asks && (!p.action || c.actions) && (!p.stream || c.stream) && (!p.values || c.values) &&
		(!p.canary || c.canary) && (!p.pending || c.pending) && (!p.tells || c.channel != "")
}

// accepts says whether the arguments behind the name may be sent.
func (p permit) accepts(args []string, may consent) bool {
	switch {
	case p.tells && (len(args) == 0 || args[0] != may.channel):
		return false
	case p.scope != nil:
		return p.scope(args, may.named)
	case p.fits != nil:
		return p.fits(args)
	}
	return len(args) == 0
}

// check says whether args may be sent, and under which name the server counts them. A command may have
// several rows, for different purposes: one of them has to permit it.
func check(args []string, may consent) (name string, err error) {
	if len(args) == 0 {
		return "", fmt.Errorf("send nothing: %w", ErrNotAllowed)
	}
	first := strings.ToLower(args[0])
	refusal := fmt.Errorf("send %s: %w", first, ErrNotAllowed)
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
		switch {
		case !may.covers(p):
			refusal = fmt.Errorf("send %s: %w here", p.name, ErrNotAllowed)
		case !p.accepts(rest, may):
			refusal = fmt.Errorf("send %s: %w with these arguments", p.name, ErrNotAllowed)
		default:
			return p.name, nil
		}
	}
	return "", refusal
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
	may := [][]string{{"CONFIG", "GET", "maxmemory"}, {"ACL", "USERS"}, {"ACL", "GETUSER", defaultUser}, {"ACL", "LOG", "1"}}
	for _, q := range messageQuestions {
		may = append(may, q.args)
	}
	return len(a) > 1 && slices.ContainsFunc(may, func(q []string) bool { return slices.Equal(q, a[1:]) })
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
