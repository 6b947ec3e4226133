package doctor

import "redistop/internal/stats"

var clientsEatMemory = Rule{
	ID:    "clients-eat-memory",
	Title: "Clients take the memory of the data",
	Group: "Memory",
	What:  "The buffers of clients take a large part of the memory that is meant for data.",
	Why:   "Under maxmemory they count as used memory: keys are evicted or writes fail for them. Without it the host's memory runs out.",
	How:   "INFO memory (mem_clients_normal), and tot-mem of each connection in CLIENT LIST (6.2+).",
	Do:    "Find the connection that holds most and let it read or ask for less; have fewer connections; limit the sum with maxmemory-clients (7.0+).",
	Limits: []Limit{
		{"limit_share", 0.2, "of maxmemory: that much of the data must go for it"},
		{"limit_bytes", 16 << 20, "below that a small maxmemory makes any share large"},
		{"used_share", 0.3, "of used memory, where there is no maxmemory"},
		{"used_bytes", 256 << 20, "where there is no maxmemory: thousands of idle connections take less"},
		{"full_share", 0.95, "of maxmemory used: then it costs data already"},
	},
	Behind: []string{"output-buffers", "leaked-connections", "near-maxclients", "monitor-left-running"},
	Check:  checkClientsEatMemory,
}

func checkClientsEatMemory(w *Window) []stats.Finding {
	m := &w.Now.Memory
	held, known := m.Clients.Get()
	used, known2 := m.Used.Get()
	if !known || !known2 || used <= 0 {
		return nil
	}
	limit, limited := m.Max.Get()
	of, what := float64(used), " of used memory"
	least, share := w.Limit("used_bytes"), w.Limit("used_share")
	if limited {
		of, what = float64(limit), " of maxmemory"
		least, share = w.Limit("limit_bytes"), w.Limit("limit_share")
	}
	if float64(held) < least || float64(held) < share*of {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "Buffers of clients take " + bytes(float64(held)) + ", " + percent(float64(held)/of) + what,
		Evidence: []stats.Evidence{moment("buffers of clients", bytes(float64(held)), "INFO memory (mem_clients_normal)"), moment("used memory", bytes(float64(used)), "INFO memory")},
		Culprits: whoHas(w.connections(func(c *stats.ConnectionRow) bool { return c.MemoryBytes.Or(0) > 0 }), func(c *stats.ConnectionRow) float64 { return float64(c.MemoryBytes.Or(0)) }),
		Impact:   "That memory is missing for data.",
		Remedy: []string{
			"let the greatest holder above read faster, send smaller requests, or use fewer connections",
			"limit the sum: CONFIG SET maxmemory-clients 10% (7.0+; the server then closes the largest)",
		},
	}
	if limited && float64(used) >= w.Limit("full_share")*of {
		f.Severity = stats.Critical
		f.Impact = "The server is full: keys are evicted or writes fail for these buffers."
		if m.Policy == "noeviction" {
			f.Impact = "The server is full: writes fail for these buffers."
		}
	}
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"whose they are: this server does not tell the memory of each connection"}
	}
	return []stats.Finding{f}
}
