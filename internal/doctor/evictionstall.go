package doctor

import "redistop/internal/stats"

var evictionStall = Rule{
	ID:    "eviction-stall",
	Title: "Eviction does not keep up",
	Group: "Expiry and eviction",
	What:  "Memory stays above maxmemory for much of the time: keys come faster than they are evicted, or evicting single ones takes long.",
	Why:   "Each command that writes must first wait until something is evicted, and memory goes beyond the limit that was meant to protect the host.",
	How:   "INFO stats: total_eviction_exceeded_time (7.0+) against the time that passed, evicted_keys; LATENCY LATEST where it is on.",
	Do:    "Free large values in the background (lazyfree-lazy-eviction yes), write less at once, give the server more memory.",
	Limits: []Limit{
		{"share", 0.1, "of the time above maxmemory: a full cache that keeps up, and be it with 80,000 evictions a second, is there for no time that the server counts"},
		{"event_usec", 100_000, "an eviction cycle as long as this is felt by users"},
	},
	Behind: []string{"evicting-wanted", "output-buffers", "clients-eat-memory"},
	Check:  checkEvictionStall,
}

func checkEvictionStall(w *Window) []stats.Finding {
	m := &w.Now.Memory
	if m.Policy == "" || m.Policy == "noeviction" {
		return nil // being full is then the matter of another rule
	}
	share, known := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Housekeeping.EvictionExceededShare })
	var event stats.LatencyEvent
	for _, e := range w.Now.LatencyEvents {
		if e.Event == "eviction-cycle" && w.Now.Time.Sub(e.Time) <= Recent {
			event = e
		}
	}
	slow := float64(event.LatestUsec) >= w.Limit("event_usec")
	evicted, elapsed, _ := w.Growth(Recent, totalEvicted)
	if (known == 0 || share < w.Limit("share") || evicted == 0) && !slow {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "Memory is above maxmemory for " + percent(share) + " of the time, though keys are evicted",
		Culprits: w.writers(),
		Impact:   "Commands that write wait for evictions.",
		Remedy: []string{
			"free evicted values in the background: CONFIG SET lazyfree-lazy-eviction yes",
			"write less at once, and look for large values: " + w.tool("redistop keys big", "", ""),
		},
	}
	if known > 0 {
		f.Evidence = append(f.Evidence, w.evidence("time above maxmemory", percent(share), "INFO stats (total_eviction_exceeded_time)"))
	}
	if elapsed > 0 {
		f.Evidence = append(f.Evidence, w.evidence("evicted keys", perSecond(float64(evicted)/elapsed.Seconds()), "INFO stats (evicted_keys)"))
	}
	if slow {
		f.Title = "An eviction cycle stopped the server for " + usec(float64(event.LatestUsec))
		f.Evidence = append(f.Evidence, moment("eviction-cycle", "latest "+usec(float64(event.LatestUsec))+", longest "+usec(float64(event.MaxUsec)), "LATENCY LATEST"))
	}
	return []stats.Finding{f}
}
