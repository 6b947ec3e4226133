package server

import (
	"context"
	"errors"
	"slices"

	"redistop/internal/redis"
)

// Capabilities is what this server has. It is found by COMMAND INFO, which answers nil for a
// command that is unknown, renamed or disabled and counts no error; asking and being refused would.
// Before 7.0 COMMAND INFO knows no subcommands: there the version decides.
type Capabilities struct {
	known map[string]bool
}

var probed = []string{
	"info", "client", "client|list", "client|kill", "memory", "memory|stats", "slowlog", "slowlog|get",
	"commandlog", "commandlog|get", "latency", "latency|histogram", "latency|latest", "monitor", "wait", "reset", "ping",
	"config", "config|get", "acl", "acl|whoami", "acl|users", "acl|getuser", "acl|log", "acl|dryrun",
}

// since names the first Redis version (major, minor) with a subcommand, for servers before 7.0.
var since = map[string][2]int{
	"client|list": {2, 4}, "client|kill": {2, 4}, "memory|stats": {4, 0}, "slowlog|get": {2, 2},
	"commandlog|get": {99, 0}, "latency|histogram": {7, 0}, "latency|latest": {2, 9}, "config|get": {2, 0},
	"acl|whoami": {6, 0}, "acl|users": {6, 0}, "acl|getuser": {6, 0}, "acl|log": {6, 0}, "acl|dryrun": {7, 0},
	"memory|usage": {4, 0}, "client|no-touch": {7, 2},
	"xgroup|create": {5, 0}, "xgroup|destroy": {5, 0}, "xgroup|createconsumer": {6, 2}, "xgroup|delconsumer": {5, 0},
	"xinfo|stream": {5, 0}, "xinfo|groups": {5, 0}, "xinfo|consumers": {5, 0}, "pubsub|channels": {2, 8}, "pubsub|numsub": {2, 8}, "pubsub|numpat": {2, 8},
	"pubsub|shardchannels": {7, 0}, "pubsub|shardnumsub": {7, 0}, "cluster|slots": {3, 0},
}

var container = map[string]string{
	"client|list": "client", "client|kill": "client", "memory|stats": "memory", "slowlog|get": "slowlog",
	"commandlog|get": "commandlog", "latency|histogram": "latency", "latency|latest": "latency", "config|get": "config",
	"acl|whoami": "acl", "acl|users": "acl", "acl|getuser": "acl", "acl|log": "acl", "acl|dryrun": "acl",
	"memory|usage": "memory", "client|no-touch": "client", "xinfo|stream": "xinfo", "xinfo|groups": "xinfo", "xinfo|consumers": "xinfo",
	"xgroup|create": "xgroup", "xgroup|destroy": "xgroup", "xgroup|createconsumer": "xgroup", "xgroup|delconsumer": "xgroup",
	"pubsub|channels": "pubsub", "pubsub|numsub": "pubsub", "pubsub|numpat": "pubsub", "pubsub|shardchannels": "pubsub", "pubsub|shardnumsub": "pubsub", "cluster|slots": "cluster",
}

// probe asks COMMAND INFO. Where that is refused, every command of the version is taken to be there
// and the first refusal says otherwise; so it is where it is left out.
func probe(ctx context.Context, c *Conn, info *redis.Info, leaveOut bool, more ...string) (Capabilities, error) {
	probed := append(slices.Clip(probed), more...)
	caps := Capabilities{known: map[string]bool{}}
	var there []bool
	err := errLeftOut
	if !leaveOut {
		v, asked := c.Do(ctx, append([]string{"COMMAND", "INFO"}, probed...)...)
		if asked != nil && lost(asked) {
			return caps, asked
		}
		if err = asked; err == nil {
			there, err = redis.ParseCommandInfo(v)
		}
	}
	for i, name := range probed {
		caps.known[name] = err != nil || i < len(there) && there[i]
	}
	if err != nil {
		caps.known["reset"] = info.HasReset()
	}
	if err != nil || !caps.knowsSubcommands() {
		for name, v := range since {
			caps.known[name] = caps.known[container[name]] && info.VersionAtLeast(v[0], v[1])
		}
	}
	return caps, nil
}

func (c Capabilities) knowsSubcommands() bool {
	for name := range since {
		if c.known[name] {
			return true
		}
	}
	return false
}

// errLeftOut stands for the answer of a question that is not asked.
var errLeftOut = errors.New("left out")

// Has says whether the server has a command ("memory|stats").
func (c Capabilities) Has(name string) bool { return c.known[name] }
