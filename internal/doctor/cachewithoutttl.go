package doctor

import (
	"strings"

	"redistop/internal/stats"
)

var cacheWithoutTTL = Rule{
	ID:    "cache-without-ttl",
	Title: "Keys without a TTL pile up in a cache",
	Group: "Memory",
	What:  "Keys that never expire grow steadily in number on a server that is used as a cache, beside others that do expire.",
	Why:   "What is never removed fills the memory in the end: then everything is evicted, or writes fail.",
	How:   "INFO keyspace (keys, expires) over minutes, and hits and misses, which show that it is used as a cache. Which keys they are the server does not tell.",
	Do:    "Find their prefix and give them a TTL where they are written.",
	Limits: []Limit{
		{"span_seconds", 300, "that growth must last: a load or a deployment is over sooner"},
		{"keys", 10_000, "more without a TTL in that time: fewer take no memory to speak of"},
		{"growth_share", 0.02, "of those that were there: slower growth may follow the number of users"},
		{"ttl_share", 0.05, "of the keys have a TTL, so that expiring is the custom here"},
		{"lookups_per_second", 10, "that hit and miss: else it is no cache"},
		{"day_seconds", 86_400, "until memory is full: soon enough to hurt before somebody looks"},
	},
	Check: checkCacheWithoutTTL,
}

func persistentKeys(s *stats.Snapshot) stats.Maybe[int64] {
	all, expiring := keys(s)
	return stats.Some(all - expiring)
}

func checkCacheWithoutTTL(w *Window) []stats.Finding {
	grown, elapsed, ok := w.Growth(longest, persistentKeys)
	all, expiring := keys(w.Now)
	if !ok || elapsed.Seconds() < w.Limit("span_seconds") || float64(grown) < w.Limit("keys") ||
		float64(grown) < w.Limit("growth_share")*float64(all-expiring-grown) || float64(expiring) < w.Limit("ttl_share")*float64(all) {
		return nil
	}
	later, _, ok := w.Growth(elapsed/2, persistentKeys)
	hits, lookups := w.hitRatio()
	ratio, known := hits.Get()
	if !ok || later < grown/4 || later > grown/4*3 || !known || ratio == 1 || lookups < w.Limit("lookups_per_second") {
		return nil // not steady, or not a cache
	}
	perSec := float64(grown) / elapsed.Seconds()
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Likely,
		Title: rateWords(perSec) + " keys come that never expire, beside " + percent(float64(expiring)/float64(all)) + " that do",
		Evidence: []stats.Evidence{
			{What: "keys without a TTL", Value: count(all-expiring) + ", " + count(grown) + " more", Source: "INFO keyspace", Seconds: stats.Some(elapsed.Seconds())},
			w.evidence("look-ups", perSecond(lookups)+", "+percent(ratio)+" of them hit", "INFO stats"),
		},
		Culprits: w.writers(),
		Impact:   "They fill the memory in the end.",
		Remedy: []string{
			"find their prefix: " + w.tool("redistop keys ttl", "", "") + " and " + w.tool("redistop keys prefixes", "", ""),
			"give them a TTL where they are written (SET with EX, or EXPIRE beside HSET, SADD and their like)",
		},
		Unknown: []string{"which keys they are, and whether they are meant to stay"},
	}
	used, _ := w.Now.Memory.Used.Get()
	speed, _, ok := w.Growth(longest, usedMemory)
	if room, of := w.memoryRoom(); ok && speed > 0 && of > 0 && used > 0 {
		left := room / (float64(speed) / elapsed.Seconds())
		f.Evidence = append(f.Evidence, moment("memory is full in", seconds(left)+" at this speed", "INFO memory"))
		if left <= w.Limit("day_seconds") && !strings.HasPrefix(w.Now.Memory.Policy, "allkeys-") {
			f.Severity = stats.Warning
			f.Impact = "At this speed memory is full in " + seconds(left) + "; then writes fail, or the host runs out."
		}
	}
	return []stats.Finding{f}
}
