package doctor

import "redistop/internal/stats"

var noLimit = Rule{
	ID:    "no-limit",
	Title: "The host's memory runs out before a limit is reached",
	Group: "Memory",
	What:  "The server takes most of the host's memory, and maxmemory is not set or is beyond what the host has.",
	Why:   "When the host has no more, the kernel swaps or ends the server: all clients are cut off, and what was not saved is lost. A fork for a save needs room too.",
	How:   "INFO memory: used_memory_rss, total_system_memory and maxmemory. A limit of a container or of other programs is not seen in them.",
	Do:    "Set maxmemory to some three quarters of what the host can spare, with the policy that suits the data.",
	Limits: []Limit{
		{"share", 0.75, "of the host's memory: a save's copies and the kernel need the rest"},
		{"grave_share", 0.9, "of the host's memory"},
	},
	Behind: []string{"output-buffers", "clients-eat-memory", "fragmentation"},
	Check:  checkNoLimit,
}

func checkNoLimit(w *Window) []stats.Finding {
	m := &w.Now.Memory
	resident, known := m.RSS.Get()
	system, known2 := m.System.Get()
	if !known || !known2 || system <= 0 || m.Policy == "" {
		return nil
	}
	share := float64(resident) / float64(system)
	limit, limited := m.Max.Get()
	if share < w.Limit("share") || limited && float64(limit) < w.Limit("grave_share")*float64(system) {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "The server takes " + percent(share) + " of the host's memory, and no maxmemory stops it",
		Evidence: []stats.Evidence{moment("held by the process, and the host's", bytes(float64(resident))+" and "+bytes(float64(system)), "INFO memory (used_memory_rss, total_system_memory)")},
		Culprits: w.writers(),
		Impact:   "When the host has no more, the kernel ends the server or swaps it out.",
		Remedy: []string{
			"set a limit: CONFIG SET maxmemory " + plain(max(1, system/4*3>>20)) + "mb, less what other programs need, and a maxmemory-policy that suits the data",
			"see what fills it: " + w.tool("redistop keys big", "", "") + " and " + w.tool("redistop keys prefixes", "", ""),
		},
	}
	if limited {
		f.Title = "The server takes " + percent(share) + " of the host's memory, and maxmemory (" + bytes(float64(limit)) + ") is beyond what it has"
	}
	if share >= w.Limit("grave_share") {
		f.Severity = stats.Critical
	}
	return []stats.Finding{f}
}
