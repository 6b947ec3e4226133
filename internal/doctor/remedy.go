package doctor

import (
	"strings"

	"redistop/internal/redis"
)

// What to send instead of a command that takes long. {key} is the key or pattern as a person reads it,
// {tool} a command line of redistop with it, {address} included.
var instead = map[string][]string{
	"keys": {
		"use SCAN with MATCH {key} and COUNT 100 instead: the same keys in small steps, and everybody else has a turn between two of them; {keys} does that safely now",
		"or keep an index: a set that holds the names, changed by whoever adds or removes such a key",
	},
	"smembers": {
		"use SSCAN {key} with COUNT 100 and put the steps together in the client; {get} does that safely now",
		"if the question is only whether something is in it: SISMEMBER, SMISMEMBER; how many: SCARD; some of it: SRANDMEMBER with a count",
	},
	"hgetall": {
		"ask for the fields that are needed with HMGET {key}; for all of them use HSCAN with COUNT 100; {get} does that safely now",
		"or split the hash: one for each user, day or bucket",
	},
	"lrange": {
		"read pages: LRANGE {key} 0 99, then 100 199; {get} does that safely now",
		"if the list only grows, cut it with LTRIM when something is pushed, or use a stream with MAXLEN",
	},
	"zrange": {
		"read pages: ZRANGE {key} 0 99, or BYSCORE with LIMIT; for all of it use ZSCAN; {get} does that safely now",
		"if only the top is shown, ask only for the top, and drop the rest with ZREMRANGEBYRANK now and then",
	},
	"sort": {
		"keep a sorted set in the order that is needed (ZADD at each write) and read pages of it with ZRANGE and LIMIT",
		"or send SORT_RO to a replica that serves nothing else",
	},
	"sunion": {
		"keep the result as a set of its own that every write maintains, or compute it on a replica that serves nothing else",
		"or read the sets with SSCAN and join them in the client; how many are in all of them: SINTERCARD with LIMIT (7.0+)",
	},
	"mget": {
		"ask for less at once: several commands with some 100 keys each in one pipeline take as long in all, and everybody else has a turn between two of them",
	},
	"exec": {
		"put fewer commands into one MULTI: it runs as one piece. What need not be all or nothing goes into a pipeline instead",
	},
	"sadd": {
		"write less at once: several commands with some 100 elements each in one pipeline take as long in all, and everybody else has a turn between two of them",
	},
	"get": {
		"the value is large: split it, compress it, or read the part that is needed with GETRANGE; {big} names the largest keys",
	},
	"lrem": {
		"it walks along the list: use a sorted set or a hash where single elements are looked for, changed or removed",
	},
	"zremrangebyscore": {
		"remove in steps: ZREMRANGEBYRANK {key} 0 99 until nothing is left to remove, and begin before much has come together",
	},
	"xrange": {
		"read with COUNT 100, and go on from the last id that came",
	},
	"scan": {
		"use a smaller COUNT: 100 to 1000 is enough",
	},
	"client|list": {
		"ask less often, for less (CLIENT LIST ID ..., CLIENT LIST TYPE pubsub), or for one's own connection only (CLIENT INFO)",
	},
	"info": {
		"ask for the sections that are needed (INFO server memory), and less often; a monitor that asks every second does not need all",
	},
	"bitcount": {
		"count parts: BITCOUNT {key} with a range, or keep the count in a key of its own; do it on a replica",
	},
	"bitop": {
		"do it on a replica, or over smaller bitmaps: one for each day or for each range of users",
	},
	"pfcount": {
		"merge with PFMERGE now and then and count the one key; PFCOUNT of several keys merges them anew each time",
	},
	"geosearch": {
		"search a smaller area, and use COUNT with ANY: then it ends as soon as enough is found",
	},
	"publish": {
		"every message is copied to every subscriber: fewer subscribers for a channel, smaller messages, or a stream that many read",
	},
	"rename": {
		"RENAME onto a key that exists deletes that one, at once: UNLINK it before, or set lazyfree-lazy-server-del yes",
	},
	"restore": {
		"move large keys in parts (HSCAN, SSCAN, ZSCAN), or when nobody waits",
	},
	"function|load": {
		"load scripts and functions when they change, not at each start of each worker",
	},
	"latency|histogram": {
		"ask monitors to ask less often",
	},
}

// sameAs are commands that the advice of another fits.
var sameAs = map[string]string{
	"hkeys": "hgetall", "hvals": "hgetall", "zrevrange": "zrange", "zrangebyscore": "zrange", "zrevrangebyscore": "zrange",
	"zrangebylex": "zrange", "zrevrangebylex": "zrange", "zrangestore": "zrange", "sort_ro": "sort",
	"sinter": "sunion", "sdiff": "sunion", "sunionstore": "sunion", "sinterstore": "sunion", "sdiffstore": "sunion",
	"sintercard": "sunion", "zunion": "sunion", "zinter": "sunion", "zdiff": "sunion", "zunionstore": "sunion",
	"zinterstore": "sunion", "zdiffstore": "sunion", "zintercard": "sunion",
	"hmget": "mget", "zmscore": "mget", "smismember": "mget", "exists": "mget", "touch": "mget",
	"mset": "sadd", "msetnx": "sadd", "hset": "sadd", "hmset": "sadd", "zadd": "sadd", "rpush": "sadd", "lpush": "sadd",
	"srem": "sadd", "hdel": "sadd", "zrem": "sadd", "pfadd": "sadd", "geoadd": "sadd", "xdel": "sadd", "xack": "sadd",
	"set": "get", "getrange": "get", "append": "get", "setrange": "get", "getset": "get", "getex": "get", "lcs": "get",
	"dump": "restore", "copy": "restore", "migrate": "restore",
	"lindex": "lrem", "linsert": "lrem", "lset": "lrem", "lpos": "lrem",
	"zremrangebyrank": "zremrangebyscore", "zremrangebylex": "zremrangebyscore", "spop": "zremrangebyscore", "ltrim": "zremrangebyscore",
	"xrevrange": "xrange", "xread": "xrange", "xreadgroup": "xrange", "xautoclaim": "xrange", "xclaim": "xrange",
	"xpending": "xrange", "xinfo|stream": "xrange", "sscan": "scan", "hscan": "scan", "zscan": "scan",
	"bitpos": "bitcount", "pfmerge": "pfcount", "georadius": "geosearch", "georadiusbymember": "geosearch", "geosearchstore": "geosearch",
	"georadius_ro": "geosearch", "georadiusbymember_ro": "geosearch", "spublish": "publish", "renamenx": "rename",
	"script|load": "function|load", "function|restore": "function|load", "slowlog|get": "latency|histogram",
	"memory|stats": "latency|histogram", "command": "latency|histogram", "command|docs": "latency|histogram",
	"cluster|slots": "latency|histogram", "cluster|nodes": "latency|histogram", "cluster|shards": "latency|histogram",
	"pubsub|channels": "latency|histogram", "pubsub|numsub": "latency|histogram", "config|get": "latency|histogram",
}

// remedies is what to send instead of a command. key is raw, "" where there is none.
func (w *Window) remedies(command, key string) []string {
	advice := instead[command]
	if advice == nil {
		advice = instead[sameAs[command]]
	}
	if advice == nil {
		advice = w.general(command)
	}
	shown := "KEY"
	if key != "" {
		shown = quoted(key)
	}
	fill := strings.NewReplacer("{key}", shown,
		"{keys}", w.tool("redistop keys", key, "PATTERN"),
		"{get}", w.tool("redistop keys get", key, "KEY"),
		"{big}", w.tool("redistop keys big", "", ""))
	var filled []string
	for _, a := range advice {
		filled = append(filled, fill.Replace(a))
	}
	return filled
}

// general is for commands that nothing particular is known of.
func (w *Window) general(command string) []string {
	verb, sub, _ := strings.Cut(command, "|")
	info, known := redis.LookupSubcommand([]byte(verb), []byte(sub))
	switch {
	case !known:
		return []string{"it is a module's command: ask for less at once (limits, smaller batches), see its documentation for what it costs, or send it to a replica"}
	case info.ReadOnly():
		return []string{"ask for less at once: a range, a page, a count; or send it to a replica that serves nothing else"}
	case info.Has("@admin"):
		return []string{"send it less often, and not while others wait"}
	}
	return []string{"do less at once: several smaller commands in one pipeline let everybody else have a turn between two of them"}
}

// tool is a command line to copy. What is odd in a shell is left for the reader to fill in.
func (w *Window) tool(verb, argument, placeholder string) string {
	line := verb
	switch {
	case placeholder == "":
	case plainWord(argument) && argument[0] == '-':
		line += " -- " + shellWord(argument, placeholder)
	default:
		line += " " + shellWord(argument, placeholder)
	}
	if addr := w.Now.Server.Addr; addr != "" && addr != "127.0.0.1:6379" && addr != "localhost:6379" && shellSafe(addr) {
		line += " " + addr
	}
	return "`" + line + "`"
}

// plainWord says whether a name can stand in a command line that a person copies.
func plainWord(name string) bool {
	return name != "" && len(name) <= 120 && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' })
}

// shellWord is a name in a command line, or what stands for one that cannot.
func shellWord(name, placeholder string) string {
	if !plainWord(name) {
		return placeholder
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

func shellSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_/[]", r)
	})
}
