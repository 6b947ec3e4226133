package doctor

import "redistop/internal/stats"

var backlogEatsMemory = Rule{
	ID:    "backlog-eats-memory",
	Title: "Replication buffers take the memory of the data",
	Group: "Memory",
	What:  "The replication backlog and what waits for replicas take a large part of maxmemory.",
	Why:   "The backlog counts as used memory: keys are evicted or writes fail for it.",
	How:   "INFO memory (mem_replication_backlog, mem_clients_slaves, maxmemory).",
	Do:    "Make the backlog smaller or maxmemory larger; bring a replica that lags up to date.",
	Limits: []Limit{
		{"share", 0.2, "of maxmemory: that much of the data must go for it"},
		{"full_share", 0.95, "of maxmemory used: then it costs data already"},
	},
	Behind: []string{"replica-lag"},
	Check:  checkBacklogEatsMemory,
}

func checkBacklogEatsMemory(w *Window) []stats.Finding {
	m := &w.Now.Memory
	backlog, known := m.ReplicationBacklog.Get()
	limit, limited := m.Max.Get()
	if !known || !limited {
		return nil
	}
	replicas := m.Replicas.Or(0)
	if float64(backlog+replicas) < w.Limit("share")*float64(limit) {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Certain,
		Title: "Replication buffers take " + bytes(float64(backlog+replicas)) + ", " + percent(float64(backlog+replicas)/float64(limit)) + " of maxmemory",
		Evidence: []stats.Evidence{
			moment("backlog, and buffers of replicas", bytes(float64(backlog))+" and "+bytes(float64(replicas)), "INFO memory (mem_replication_backlog, mem_clients_slaves)"),
			moment("maxmemory", bytes(float64(limit)), "INFO memory"),
		},
		Impact: "That memory is missing for data.",
		Remedy: []string{"CONFIG SET repl-backlog-size to what the writes of some minutes need, or CONFIG SET maxmemory " + raised(limit) + " if the host has it"},
	}
	if used, ok := m.Used.Get(); ok && float64(used) >= w.Limit("full_share")*float64(limit) {
		f.Severity = stats.Warning
		f.Impact = "The server is full: keys are evicted or writes fail for these buffers."
	}
	return []stats.Finding{f}
}
