package doctor

import (
	"strings"

	"redistop/internal/stats"
)

// Settings that contradict the use that is seen.

var volatileWithoutTTL = Rule{
	ID:    "volatile-without-ttl",
	Title: "Only keys that expire may be evicted, and hardly any does",
	Group: "Configuration",
	What:  "The policy is one of volatile-*, memory is nearly full, and almost no key has a TTL.",
	Why:   "When memory is full nothing can be evicted, and writes fail as under noeviction.",
	How:   "INFO memory (maxmemory_policy) and INFO keyspace (keys, expires).",
	Do:    "Give keys a TTL, or use allkeys-lru if all of it is a cache.",
	Limits: []Limit{
		{"full_share", 0.7, "of maxmemory used: before, nothing needs to go"},
		{"ttl_share", 0.05, "of the keys with a TTL: evicting these makes hardly any room"},
	},
	Behind: []string{"noeviction-limit"},
	Check:  checkVolatileWithoutTTL,
}

func checkVolatileWithoutTTL(w *Window) []stats.Finding {
	m := &w.Now.Memory
	limit, limited := m.Max.Get()
	used, known := m.Used.Get()
	all, expiring := keys(w.Now)
	if !limited || !known || all == 0 || !strings.HasPrefix(m.Policy, "volatile-") || w.Now.Server.Role == "replica" ||
		float64(used) < w.Limit("full_share")*float64(limit) || float64(expiring) > w.Limit("ttl_share")*float64(all) {
		return nil
	}
	return []stats.Finding{{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title: pick(expiring == 0, "No key has", percent(float64(expiring)/float64(all))+" of the keys have") + " a TTL, and only those that have one may be evicted (" + safeName(m.Policy) + ")",
		Evidence: []stats.Evidence{
			moment("keys with a TTL", count(expiring)+" of "+count(all), "INFO keyspace"),
			moment("used memory", bytes(float64(used))+" of "+bytes(float64(limit))+" ("+percent(float64(used)/float64(limit))+")", "INFO memory"),
		},
		Impact: "When memory is full nothing can go, and writes fail with OOM errors.",
		Remedy: memoryRemedies(w),
	}}
}

var evictingQueues = Rule{
	ID:    "evicting-queues",
	Title: "What is evicted may be jobs and messages",
	Group: "Configuration",
	What:  "The server may evict any key (allkeys-*) and does, while clients use it for queues or streams.",
	Why:   "A list of jobs or a stream that is evicted is lost as a whole, without a trace or an error.",
	How:   "INFO stats (evicted_keys), INFO memory (maxmemory_policy) and INFO commandstats: blocking pops, consumer groups and their like. Which keys were evicted the server does not tell.",
	Do:    "Move queues and streams to a server of their own with noeviction, or use volatile-lru and TTLs for what is a cache.",
	Limits: []Limit{
		{"commands_per_second", 0.1, "of queues and streams: a job every ten seconds is a use"},
	},
	Check: checkEvictingQueues,
}

// queueCommands are those that only queues and streams need.
var queueCommands = []string{
	"blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "rpoplpush", "xadd", "xreadgroup", "xack", "xautoclaim", "xclaim",
}

// queueWork is how often these were called in the recent window, the commonest of them, and how often all.
func (w *Window) queueWork() (command string, perSec float64) {
	most := 0.0
	for _, name := range queueCommands {
		rate := w.Work(name).PerSecond
		perSec += rate
		if rate > most {
			most, command = rate, name
		}
	}
	return command, perSec
}

func checkEvictingQueues(w *Window) []stats.Finding {
	if !strings.HasPrefix(w.Now.Memory.Policy, "allkeys-") {
		return nil
	}
	evicted, elapsed, ok := w.Growth(Recent, totalEvicted)
	if !ok || evicted == 0 {
		return nil
	}
	command, rate := w.queueWork()
	if rate < w.Limit("commands_per_second") || command == "" {
		return nil
	}
	users := w.connections(func(c *stats.ConnectionRow) bool {
		for _, name := range queueCommands {
			if c.LastCommand == name {
				return true
			}
		}
		return false
	})
	return []stats.Finding{{
		Severity: stats.Warning, Confidence: stats.Possible,
		Title: "Keys are evicted from a server that serves queues or streams (" + commandName(command) + ")",
		Evidence: []stats.Evidence{
			w.evidence("evicted keys", perSecond(float64(evicted)/elapsed.Seconds())+" under "+safeName(w.Now.Memory.Policy), "INFO stats (evicted_keys)"),
			w.evidence("commands of queues and streams", perSecond(rate)+", most of them "+commandName(command), "INFO commandstats"),
		},
		Culprits: whoHas(users, one),
		Impact:   "A list or stream that is evicted is lost as a whole, without an error.",
		Remedy: []string{
			"move queues and streams to a server of their own with noeviction",
			"or give what is a cache TTLs and evict only that: CONFIG SET maxmemory-policy volatile-lru",
		},
		Unknown: []string{"whether one of the evicted keys was a queue or a stream: the server does not tell which keys it evicts"},
	}}
}

var noPersistence = Rule{
	ID:    "no-persistence",
	Title: "Jobs and messages are kept in memory alone",
	Group: "Configuration",
	What:  "The server saves nothing to disk and has no replica, while clients use it for queues or streams.",
	Why:   "After a crash or a restart all jobs and messages are gone.",
	How:   "CONFIG GET save and appendonly, INFO replication, and INFO commandstats: blocking pops, consumer groups and their like.",
	Do:    "CONFIG SET appendonly yes, or a replica, if the jobs matter.",
	Limits: []Limit{
		{"commands_per_second", 10, "of queues and streams: less may be a trial"},
	},
	Check: checkNoPersistence,
}

func checkNoPersistence(w *Window) []stats.Finding {
	saves, known := w.saves().Get()
	if !known || saves || w.Now.Server.Role != "primary" || w.Now.Replication.ConnectedReplicas.Or(1) > 0 {
		return nil
	}
	command, rate := w.queueWork()
	if rate < w.Limit("commands_per_second") {
		return nil
	}
	return []stats.Finding{{
		Severity: stats.Info, Confidence: stats.Likely,
		Title: "Queues or streams (" + commandName(command) + ") are kept in memory alone",
		Evidence: []stats.Evidence{
			moment("persistence", "save \"\", appendonly no, no replica", "CONFIG GET, INFO replication"),
			w.evidence("commands of queues and streams", perSecond(rate)+", most of them "+commandName(command), "INFO commandstats"),
		},
		Impact: "After a crash or a restart what waits in them is gone.",
		Remedy: []string{"if it matters: CONFIG SET appendonly yes (and CONFIG REWRITE), or a replica"},
	}}
}

var slowlogOff = Rule{
	ID:    "slowlog-off",
	Title: "The slow log is off or says nothing",
	Group: "Configuration",
	What:  "slowlog-log-slower-than turns the slow log off, is so high that nothing reaches it, or so low that every command does.",
	Why:   "The slow log is the one place that says which client sent a command that blocked the others. Without it an incident has no culprit.",
	How:   "CONFIG GET slowlog-log-slower-than and slowlog-max-len.",
	Do:    "CONFIG SET slowlog-log-slower-than 10000 (10 ms, the default).",
	Limits: []Limit{
		{"commands_per_second", 100, "a quiet server has nothing to hide"},
		{"most_usec", 1_000_000, "a command that takes a second is long past being noticed"},
	},
	Check: checkSlowlogOff,
}

func checkSlowlogOff(w *Window) []stats.Finding {
	if rate, ok := w.commandRate(); !ok || rate < w.Limit("commands_per_second") {
		return nil
	}
	from, known := w.configInt("slowlog-log-slower-than")
	entries, known2 := w.configInt("slowlog-max-len")
	if !known {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Certain,
		Evidence: []stats.Evidence{moment("slowlog-log-slower-than", plain(from), "CONFIG GET")},
		Impact:   "When a command blocks the others, nobody can tell afterwards who sent it.",
		Remedy:   []string{"CONFIG SET slowlog-log-slower-than 10000"},
	}
	switch {
	case from < 0:
		f.Title = "The slow log is off"
	case float64(from) >= w.Limit("most_usec"):
		f.Title = "The slow log begins only at " + usec(float64(from))
	case known2 && entries == 0:
		f.Title = "The slow log keeps no entries"
		f.Evidence = []stats.Evidence{moment("slowlog-max-len", "0", "CONFIG GET")}
		f.Remedy = []string{"CONFIG SET slowlog-max-len 512"}
	case from == 0:
		f.Title = "The slow log takes every command, so that the slow ones are pushed out at once"
	default:
		return nil
	}
	return []stats.Finding{f}
}
