package server

import (
	"slices"
	"strings"

	"redistop/internal/redis"
)

// lookers are the commands of ours that look up one key, so that the server counts a hit or a miss (measured
// on Redis 7.0 and 8.0, Valkey 9.1). MEMORY USAGE and SCAN count nothing.
var lookers = []string{"type", "pttl", "strlen", "hlen", "scard", "zcard", "llen", "xlen", "xinfo|stream", "xinfo|groups",
	"xinfo|consumers", "xpending", "zcount", "lindex", "hmget", "sscan"}

// lookup is what the server counted for a command that was answered so.
func lookup(name string, v redis.Value) redis.Lookups {
	if !slices.Contains(lookers, name) {
		return redis.Lookups{}
	}
	missed := false
	switch name { // ZCOUNT and SSCAN are asked of keys that were there, so that nothing says nothing
	case "type":
		missed = v.Text == "none"
	case "pttl":
		missed = v.Int == -2
	case "lindex":
		missed = v.Kind == redis.KindNull
	case "hmget": // a hash that is not there looks like one without these fields
		missed = !slices.ContainsFunc(v.Elems, func(e redis.Value) bool { return e.Kind != redis.KindNull })
	case "strlen", "hlen", "scard", "zcard", "llen", "xlen":
		missed = v.Kind == redis.KindInteger && v.Int == 0
	}
	if text := v.Text; v.Kind == redis.KindError && !strings.HasPrefix(text, "WRONGTYPE") {
		if !strings.Contains(text, "no such key") && !strings.HasPrefix(text, "NOGROUP") {
			return redis.Lookups{} // refused before any key was looked at
		}
		missed = strings.Contains(text, "no such key")
	}
	if missed {
		return redis.Lookups{Misses: 1}
	}
	return redis.Lookups{Hits: 1}
}
