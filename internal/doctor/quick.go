package doctor

import (
	"regexp"
	"strconv"
)

// perArgument are commands that do a little for each argument that they are given, whatever the key holds.
var perArgument = set("mget", "mset", "msetnx", "hset", "hmset", "hmget", "sadd", "srem", "smismember", "zadd", "zrem", "zmscore", "rpush", "lpush",
	"rpushx", "lpushx", "hdel", "exists", "touch", "pfadd", "geoadd", "xack")

// fewArguments is how many such a command needs at the least to be felt: each takes about a microsecond.
const fewArguments = 1000

// quickByNature says that these calls cannot have taken long by what they do, so that a host that was slow is
// to blame: commands of one value, and those that were given few arguments.
func quickByNature(command string, entries []SlowCommand) bool {
	if single[command] {
		return true
	}
	if !perArgument[command] {
		return false
	}
	for i := range entries {
		if entries[i].arguments() > fewArguments {
			return false
		}
	}
	return len(entries) > 0
}

// keysOnly are commands whose arguments are all keys.
var keysOnly = set("mget", "exists", "touch", "del", "unlink", "sunion", "sinter", "sdiff", "pfcount")

// fewestKeys is how many keys each of the calls names at the least; 0 where its arguments do not tell.
func fewestKeys(command string, entries []SlowCommand) int {
	if !keysOnly[command] || len(entries) == 0 {
		return 0
	}
	least := entries[0].arguments()
	for i := range entries {
		least = min(least, entries[i].arguments())
	}
	return max(0, least-1)
}

// moreArguments is what a log puts in the place of those that it does not keep.
var moreArguments = regexp.MustCompile(`^\.\.\. \(([0-9]{1,18}) more arguments\)$`)

// arguments counts what the command was given, with what the log does not keep.
func (c *SlowCommand) arguments() int {
	n := len(c.Args)
	if n == 0 {
		return 0
	}
	if cut := moreArguments.FindStringSubmatch(c.Args[n-1]); cut != nil {
		more, _ := strconv.Atoi(cut[1]) // digits that fit
		return n - 1 + more
	}
	return n
}
