package doctor

import (
	"time"

	"redistop/internal/stats"
)

var evictingWanted = Rule{
	ID:    "evicting-wanted",
	Title: "The cache throws away what is still wanted",
	Group: "Memory",
	What:  "Keys are evicted for want of memory, and look-ups miss more than they did, or mostly.",
	Why:   "Each miss is a query to what stands behind the cache. A cache too small for what is asked of it turns into load on the database and slow pages.",
	How:   "INFO stats: evicted_keys, keyspace_hits, keyspace_misses. Which keys were evicted the server does not tell, nor whether a miss was of one of them.",
	Do:    "Give it more memory, keep less (TTLs, smaller values), move what fills it elsewhere, or use an LFU policy where scans push out what is popular.",
	Limits: []Limit{
		{"evicted_per_second", 10, "fewer are noise"},
		{"lookups_per_second", 100, "fewer say little of a ratio"},
		{"fall", 0.15, "of the hit ratio below what it was: more than the time of day does"},
		{"ratio", 0.5, "with evictions going on: a cache that misses every second time hardly helps"},
	},
	Check: checkEvictingWanted,
}

func checkEvictingWanted(w *Window) []stats.Finding {
	evicted, elapsed, ok := w.Growth(Recent, totalEvicted)
	if !ok || elapsed <= 0 {
		return nil
	}
	rate := float64(evicted) / elapsed.Seconds()
	hits, lookups := w.hitRatio()
	ratio, known := hits.Get()
	if !known || rate < w.Limit("evicted_per_second") || lookups < w.Limit("lookups_per_second") {
		return nil
	}
	was, whence := w.usualHitRatio()
	fell := was-ratio >= w.Limit("fall")
	misses := lookups * (1 - ratio)
	if !fell && (ratio > w.Limit("ratio") || misses < rate/2) {
		return nil // evictions far beyond the misses are of what is written and never asked for
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Likely,
		Title: percent(1-ratio) + " of look-ups miss while " + about(rate) + " keys a second are evicted",
		Evidence: []stats.Evidence{
			w.evidence("hit ratio", percent(ratio)+", "+perSecond(misses)+" misses", "INFO stats (keyspace_hits, keyspace_misses)"),
			w.evidence("evicted keys", perSecond(rate), "INFO stats (evicted_keys)"),
		},
		Culprits: w.writers(),
		Impact:   "About " + about(misses) + " requests a second go to what stands behind this cache.",
		Unknown:  []string{"whether the misses are of evicted keys: the server does not tell which keys it evicts"},
	}
	if fell {
		f.Title = "The hit ratio fell from " + percent(was) + " to " + percent(ratio) + " while " + about(rate) + " keys a second are evicted"
		f.Evidence = append(f.Evidence, moment("hit ratio "+whence, percent(was), "INFO stats"))
	}
	m := &w.Now.Memory
	if limit, ok := m.Max.Get(); ok {
		f.Evidence = append(f.Evidence, moment("maxmemory", bytes(float64(limit))+", "+safeName(m.Policy), "INFO memory"))
		f.Remedy = append(f.Remedy, "give it more memory if the host has it: CONFIG SET maxmemory "+raised(limit))
	}
	f.Remedy = append(f.Remedy,
		"see what fills it: "+w.tool("redistop keys prefixes", "", "")+" and "+w.tool("redistop keys ttl", "", "")+"; shorten TTLs and values, or move what is no cache to another server")
	if m.Policy == "allkeys-lru" || m.Policy == "volatile-lru" {
		f.Remedy = append(f.Remedy, "if passes over all keys push out what is popular: CONFIG SET maxmemory-policy "+m.Policy[:len(m.Policy)-3]+"lfu")
	}
	return []stats.Finding{f}
}

// usualHitRatio is what the hit ratio was before the recent window, or since the start where that is higher.
func (w *Window) usualHitRatio() (ratio float64, whence string) {
	var hits, lookups float64
	for _, s := range w.Past {
		h, known := s.Throughput.HitsPerSecond.Get()
		m, known2 := s.Throughput.MissesPerSecond.Get()
		if known && known2 && w.Now.Time.Sub(s.Time) > Recent+30*time.Second {
			hits, lookups = hits+h, lookups+h+m
		}
	}
	ratio = w.Now.Throughput.TotalHitRatio.Or(0)
	if lookups > 0 && hits/lookups > ratio {
		return hits / lookups, "before"
	}
	return ratio, "since the start"
}
