package doctor

import "redistop/internal/stats"

var replicaWritable = Rule{
	ID:    "replica-writable",
	Title: "A replica takes writes of clients",
	Group: "Replication",
	What:  "This replica is set to accept writes (replica-read-only no).",
	Why:   "What is written here is nowhere else, and is lost with the next full resync; keys differ from the primary's, and expired keys may stay.",
	How:   "INFO replication (slave_read_only). Writes of clients cannot be told from those of the primary by counters; samples tell.",
	Do:    "CONFIG SET replica-read-only yes, and send writes to the primary.",
	Check: checkReplicaWritable,
}

func checkReplicaWritable(w *Window) []stats.Finding {
	readOnly, known := w.Now.Replication.ReadOnly.Get()
	if w.Now.Server.Role != "replica" || !known || readOnly {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Certain,
		Title:    "This replica accepts writes of clients",
		Evidence: []stats.Evidence{moment("replica-read-only", "no", "INFO replication (slave_read_only)")},
		Impact:   "What is written here is nowhere else and is lost with the next full resync.",
		Remedy:   []string{"CONFIG SET replica-read-only yes", "Send writes to the primary, " + safeName(w.Now.Replication.PrimaryAddr) + "."},
	}
	clients := w.connections(func(*stats.ConnectionRow) bool { return true })
	if len(clients) == 0 {
		return []stats.Finding{f} // nobody is there to write
	}
	f.Severity = stats.Warning
	f.Culprits = whoHas(clients, one)
	if writers := w.connections(func(c *stats.ConnectionRow) bool { return writes(c.LastCommand) }); len(writers) > 0 {
		f.Title = whoText(CulpritOf(writers[0])) + " writes to this replica"
		f.Culprits = whoHas(writers, one)
		f.Evidence = append(f.Evidence, moment("last command of "+plural(int64(len(writers)), "connection"), commandName(writers[0].LastCommand), "CLIENT LIST"))
		return []stats.Finding{f}
	}
	f.Unknown = []string{"whether these clients write: redistop monitor shows it"}
	return []stats.Finding{f}
}
