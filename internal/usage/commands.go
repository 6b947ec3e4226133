package usage

import (
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A class is commands that only one kind of thing is done with.
type class struct {
	commands []string
	waits    []string // of them those that wait, or take what somebody else put there
}

var (
	listCommands = class{
		[]string{"lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "blpop", "brpop", "rpoplpush", "brpoplpush", "lmove", "blmove", "lmpop", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "lrem", "llen"},
		[]string{"blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"},
	}
	streamCommands = class{
		[]string{"xadd", "xread", "xreadgroup", "xack", "xackdel", "xclaim", "xautoclaim", "xrange", "xrevrange", "xtrim", "xdel", "xlen"},
		[]string{"xadd", "xreadgroup"},
	}
	channelCommands = class{
		[]string{"publish", "spublish", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"},
		[]string{"publish", "spublish"},
	}
	countCommands = []string{"incr", "incrby", "incrbyfloat", "hincrby", "decr", "decrby"}
	lookCommands  = []string{"get", "mget", "getex", "hget", "hgetall", "hmget", "exists"}
	lapseCommands = []string{"setex", "psetex", "expire", "pexpire", "expireat", "pexpireat", "getex"}
)

// calls sums up what others than the observer sent of some commands since the server counts.
func calls(s *stats.Snapshot, commands []string) (n int64) {
	for i := range s.Commands {
		c := &s.Commands[i]
		name, _, _ := strings.Cut(c.Name, "|")
		if slices.Contains(commands, name) {
			n += max(0, c.Calls-c.OwnCalls)
		}
	}
	return n
}

// share is what part of all calls some commands are: of the last interval, or else since the server counts.
func share(s *stats.Snapshot, commands []string) stats.Maybe[float64] {
	sum, rated, known := 0.0, 0.0, false
	all := int64(0)
	for i := range s.Commands {
		c := &s.Commands[i]
		all += max(0, c.Calls-c.OwnCalls)
		v, ok := c.Share.Get()
		if !ok {
			continue
		}
		known = true
		rated += v
		if slices.Contains(commands, c.Name) {
			sum += v
		}
	}
	if known && rated > 0 {
		return stats.Some(sum)
	}
	if all == 0 {
		return stats.Maybe[float64]{}
	}
	return stats.Some(float64(calls(s, commands)) / float64(all))
}

func worldOf(s *stats.Snapshot) world {
	looked := calls(s, lookCommands)
	return world{
		evictsAll: strings.HasPrefix(s.Memory.Policy, "allkeys"),
		lookups:   looked > 0 && s.Throughput.TotalMisses.Or(0)*100 >= looked, // who hardly misses is not asking a cache; hits are counted for our own TYPE too
		counts:    calls(s, countCommands) > 0,
		serves:    calls(s, listCommands.waits) > 0,
		acts:      actsOf(s),
	}
}

// commands adds what only commands tell, and the part of all commands that each use has.
func (r *recogniser) commands() {
	if calls(r.snap, listCommands.waits) > 0 && !r.canary() && !r.has(stats.UseQueue, stats.UseLink) {
		r.told(stats.UseQueue, stats.Possible, "clients wait for elements of lists or sorted sets", listCommands.waits)
	}
	if calls(r.snap, streamCommands.waits) > 0 && !r.canary() && !r.has(stats.UseStream, stats.UseQueue, stats.UseLink) {
		r.told(stats.UseStream, stats.Likely, "entries are added to streams", streamCommands.commands)
	}
	if len(r.survey.Layouts) == 0 && calls(r.snap, lookCommands) > 0 && r.total() > 0 {
		kind, why := stats.UseStore, "keys are read"
		if r.world.evictsAll || calls(r.snap, lapseCommands) > 0 && r.world.lookups {
			kind, why = stats.UseCache, "keys are read, not always there, and made to expire"
		}
		r.told(kind, stats.Possible, why, lookCommands)
	}
	if !r.fromKeyRows() {
		r.fromClasses()
	}
	r.senders()
}

// has says whether there is a use of one of the kinds.
func (r *recogniser) has(kinds ...stats.UseKind) bool {
	for id := range r.uses {
		if slices.Contains(kinds, id.kind) {
			return true
		}
	}
	return false
}

func (r *recogniser) told(kind stats.UseKind, sure stats.Confidence, why string, commands []string) {
	u := r.use(kind, "")
	u.confidence[sure]++
	u.evidence = append(u.evidence, stats.Evidence{What: "told by", Value: why + ": " + count(calls(r.snap, commands)) + " calls", Source: "INFO commandstats"})
}

// fromKeyRows takes shares from samples of the command stream: which patterns get how much. It says whether there
// are any.
func (r *recogniser) fromKeyRows() bool {
	if len(r.snap.Keys) == 0 {
		return false
	}
	of := map[string]*use{}
	for i, u := range r.owner {
		of[r.survey.Layouts[i].Pattern] = u
	}
	for i := range r.snap.Keys {
		k := &r.snap.Keys[i]
		u := of[string(redis.Unquote(nil, []byte(k.Pattern)))]
		part, ok := k.Share.Get()
		if u == nil || !ok {
			continue
		}
		u.calls = stats.Some(u.calls.Or(0) + part)
	}
	r.channelShare()
	return true
}

// fromClasses takes shares from the commands, where only one use can be behind them.
func (r *recogniser) fromClasses() {
	for _, c := range []struct {
		class class
		kinds []stats.UseKind
	}{{listCommands, []stats.UseKind{stats.UseQueue, stats.UseLink}}, {streamCommands, []stats.UseKind{stats.UseStream}}} {
		var only *use
		n := 0
		for _, u := range r.uses {
			if slices.Contains(c.kinds, u.kind) {
				only = u
				n++
			}
		}
		if n == 1 {
			only.calls = share(r.snap, c.class.commands)
		}
	}
	r.channelShare()
}

func (r *recogniser) channelShare() {
	if u := r.uses[useID{stats.UsePubSub, ""}]; u != nil {
		u.calls = share(r.snap, channelCommands.commands)
	}
}

// mostClients are the names of clients that a use has.
const mostClients = 8

// senders names the clients whose last command belongs to a use, where the command tells which: no other use of its
// kind is there.
func (r *recogniser) senders() {
	by := map[stats.UseKind][]string{stats.UsePubSub: channelCommands.commands, stats.UseStream: streamCommands.commands, stats.UseQueue: listCommands.commands}
	for kind := range by {
		n := 0
		for id := range r.uses {
			if id.kind == kind {
				n++
			}
		}
		if n > 1 {
			delete(by, kind)
		}
	}
	for i := range r.snap.Connections {
		c := &r.snap.Connections[i]
		for id, u := range r.uses {
			if c.Own || c.Name == redis.ObserverName || !slices.Contains(by[id.kind], c.LastCommand) || len(u.clients) == mostClients {
				continue
			}
			who := c.Name
			if who == "" {
				who = c.Library
			}
			if who != "" && !slices.Contains(u.clients, who) {
				u.clients = append(u.clients, who)
			}
		}
	}
	for _, u := range r.uses {
		slices.Sort(u.clients)
	}
}

// typeOf is the type of key that a command is for; "" where it may be any.
func typeOf(command string) string {
	switch {
	case slices.Contains(streamCommands.commands, command):
		return "stream"
	case slices.Contains([]string{"bzpopmin", "bzpopmax", "bzmpop"}, command):
		return "zset"
	case slices.Contains(listCommands.commands, command), command == "lrange", command == "lindex", command == "ltrim":
		return "list"
	case strings.HasPrefix(command, "z"):
		return "zset"
	case strings.HasPrefix(command, "h"):
		return "hash"
	case slices.Contains([]string{"sadd", "srem", "smembers", "sismember", "scard", "spop", "sinter", "sunion", "sdiff", "sscan", "smismember", "srandmember"}, command):
		return "set"
	case slices.Contains([]string{"get", "set", "setex", "psetex", "setnx", "mget", "mset", "append", "strlen", "getrange", "setrange", "getset", "getdel", "getex", "bitfield", "setbit", "getbit"}, command),
		slices.Contains(countCommands[:3], command), command == "decr", command == "decrby":
		return "string"
	}
	return ""
}

// fromSamples makes layouts of the patterns in samples of the command stream. They stand for no keys, and nothing
// is known of their expiry.
func fromSamples(s *stats.Snapshot) *stats.KeySurvey {
	survey := &stats.KeySurvey{}
	for i := range s.Keys {
		k := &s.Keys[i]
		if kind := typeOf(k.TopCommand); kind != "" {
			survey.Layouts = append(survey.Layouts, stats.Layout{DB: k.DB.Or(0), Pattern: string(redis.Unquote(nil, []byte(k.Pattern))), Type: kind})
		}
	}
	return survey
}
