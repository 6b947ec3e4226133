package doctor

import (
	"strings"

	"redistop/internal/stats"
)

var noevictionLimit = Rule{
	ID:    "noeviction-limit",
	Title: "Memory is full and writes are refused",
	Group: "Memory",
	What:  "Used memory has reached maxmemory, or soon will, and the server may not or cannot evict keys to make room.",
	Why:   "Each command that may add data then fails with an OOM error, while reads go on: applications see writes fail that worked a minute ago, queues stop taking jobs, sessions are not stored.",
	How:   "INFO memory (used_memory, maxmemory, maxmemory_policy) and the count of OOM replies in INFO errorstats (6.2+). Used memory as shown holds replica and AOF buffers, which the server leaves out when it compares, so it may stand a little above the limit without harm.",
	Do:    "Find what fills it with redistop keys big and redistop keys prefixes, delete or expire what nobody needs, and raise maxmemory where the host has room. If this is a cache, let it evict: maxmemory-policy allkeys-lru.",
	Limits: []Limit{
		{"near_share", 0.95, "of maxmemory: what is left is less than buffers and one burst of writes take"},
		{"filling_share", 0.8, "of maxmemory, from which on growth is looked at: below it a bulk load has room"},
		{"filling_seconds", 900, "until it is full at the present speed: a quarter of an hour is what a person needs to act"},
	},
	Check: checkNoevictionLimit,
}

func checkNoevictionLimit(w *Window) []stats.Finding {
	m := &w.Now.Memory
	refused, elapsed := w.errorReplies("OOM")
	limit, limited := m.Max.Get()
	used, known := m.Used.Get()
	f := stats.Finding{Severity: stats.Warning, Confidence: stats.Certain}
	if refused > 0 {
		f.Severity = stats.Critical
		f.Title = "Writes fail for want of memory: " + plural(refused, "OOM error") + " in " + seconds(elapsed.Seconds())
		f.Impact = "Commands that may add data fail with an OOM error; reads go on."
		f.Evidence = append(f.Evidence, w.evidence("OOM errors", count(refused), "INFO errorstats"))
	} else if !limited || !known || m.Policy != "noeviction" || w.Now.Server.Role == "replica" {
		return nil // a replica follows its primary beyond its own limit
	} else if !w.fillsUp(&f, used, limit) {
		return nil
	}
	if limited && known {
		f.Evidence = append(f.Evidence, moment("used memory", bytes(float64(used))+" of "+bytes(float64(limit))+" ("+percent(float64(used)/float64(limit))+")", "INFO memory"))
	}
	if m.Policy != "" {
		f.Evidence = append(f.Evidence, moment("maxmemory-policy", safeName(m.Policy), "INFO memory"))
	}
	f.Culprits = w.writers()
	f.Remedy = memoryRemedies(w)
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"who writes the most: no samples of the command stream; redistop monitor shows it"}
	}
	return []stats.Finding{f}
}

// fillsUp writes what a server that evicts nothing comes to; false where it has room.
func (w *Window) fillsUp(f *stats.Finding, used, limit int64) bool {
	share := float64(used) / float64(limit)
	left, speed := float64(limit-used), w.speed(usedMemory)
	soon := speed > 0 && share >= w.Limit("filling_share") && left/speed <= w.Limit("filling_seconds")
	f.Title = "Memory is " + percent(share) + " full and nothing may be evicted"
	f.Impact = "When it is full, each command that may add data fails with an OOM error; reads go on."
	switch {
	case used >= limit:
		f.Severity = stats.Critical
		f.Title = "Memory is full (" + bytes(float64(limit)) + ") and nothing may be evicted"
		f.Impact = "Each command that may add data fails with an OOM error; reads go on."
		return true
	case soon:
		f.Title += ": " + seconds(left/speed) + " are left at this speed"
		f.Evidence = append(f.Evidence, w.evidence("growth", bytes(speed)+" a second", "INFO memory"))
		return true
	}
	return share >= w.Limit("near_share")
}

// memoryRemedies says how to make room, for the policy that is set.
func memoryRemedies(w *Window) []string {
	m := &w.Now.Memory
	list := []string{"see what fills it: " + w.tool("redistop keys big", "", "") + " and " + w.tool("redistop keys prefixes", "", "") + "; give what may go a TTL, and remove what nobody needs: " + w.tool("redistop keys delete", "", "PATTERN")}
	if limit, ok := m.Max.Get(); ok {
		text := "raise the limit if the host has the memory: CONFIG SET maxmemory " + raised(limit)
		if system, ok := m.System.Get(); ok {
			text += " (the host has " + bytes(float64(system)) + ")"
		}
		list = append(list, text)
	}
	switch {
	case m.Policy == "noeviction":
		list = append(list, "if all of it is a cache that can be filled anew, let it evict: CONFIG SET maxmemory-policy allkeys-lru; never do that to queues, streams or sessions that matter")
	case strings.HasPrefix(m.Policy, "volatile-"):
		list = append(list, "only keys that expire may be evicted ("+safeName(m.Policy)+"): set TTLs, or if all of it is a cache, CONFIG SET maxmemory-policy allkeys-lru")
	case m.Policy != "":
		list = append(list, "eviction is allowed and does not help: client and replication buffers count as memory too, see INFO memory (mem_clients_normal)")
	}
	return list
}

// raised is half as much again, as redis.conf writes it.
func raised(limit int64) string {
	const mb = 1 << 20
	return plain(max(1, limit/2*3/mb)) + "mb"
}
