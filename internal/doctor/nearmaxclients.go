package doctor

import (
	"redistop/internal/stats"
)

var nearMaxclients = Rule{
	ID:    "near-maxclients",
	Title: "Hardly any connection is left",
	Group: "Connections",
	What:  "The number of connections is at maxclients or near it, or connections are being refused.",
	Why:   "A connection beyond maxclients is told \"max number of clients reached\" and closed: applications that start or reconnect cannot work at all, and neither can an operator look.",
	How:   "INFO clients (connected_clients, maxclients) and INFO stats (rejected_connections); CLIENT LIST says who holds them. The server counts connections that protected mode turns away as rejected too.",
	Do:    "Close what is not used: fix the pool that grows, or set timeout so that the server closes idle connections. Raise maxclients and the limit of open files if so many are really needed.",
	Limits: []Limit{
		{"share", 0.9, "of maxclients: one more instance of an application with its pool takes a tenth"},
		{"refused", 5, "refused connections in a minute while far below maxclients: a port scan makes one or two"},
	},
	Behind: []string{"leaked-connections", "connection-storm", "blocked-clients", "blocking-command"},
	Check:  checkNearMaxclients,
}

func checkNearMaxclients(w *Window) []stats.Finding {
	c := &w.Now.Connected
	clients, known := c.Clients.Get()
	limit, known2 := c.Max.Get()
	if !known || !known2 || limit <= 0 {
		return nil
	}
	share := float64(clients) / float64(limit)
	refused, elapsed, _ := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Connected.Rejected })
	near := share >= w.Limit("share")
	if !near && float64(refused) < w.Limit("refused") {
		return nil
	}
	open := count(clients) + " of " + count(limit) + " (" + percent(share) + ")"
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "Connections are nearly used up: " + open,
		Evidence: []stats.Evidence{moment("connections", open, "INFO clients")},
		Impact:   "When none is left, applications that start or reconnect are refused.",
		Culprits: whoHas(w.connections(func(*stats.ConnectionRow) bool { return true }), one),
		Remedy: []string{
			"make the greatest holder above use fewer: a pool with a limit, one for a process",
			"let the server close connections that idle: CONFIG SET timeout 300 (Pub/Sub and blocked connections are spared)",
			"if so many are needed: CONFIG SET maxclients " + raisedCount(limit) + ", and the limit of open files with it",
		},
	}
	if refused > 0 {
		f.Evidence = append(f.Evidence, w.evidence("refused connections", count(refused), "INFO stats (rejected_connections)"))
	}
	if idle := w.idleConnections(); idle > 0 {
		f.Evidence = append(f.Evidence, moment("idle for over 5 minutes", plural(idle, "connection"), "CLIENT LIST"))
	}
	switch {
	case near && refused > 0:
		f.Severity = stats.Critical
		f.Title = "Connections are refused: " + open + " are open, " + count(refused) + " turned away in " + seconds(elapsed.Seconds())
		f.Impact = "Applications that start or reconnect are refused with \"max number of clients reached\"."
	case !near:
		f.Confidence, f.Culprits = stats.Possible, nil
		f.Title = plural(refused, "connection") + " refused in " + seconds(elapsed.Seconds()) + ", though only " + open + " are open"
		f.Impact = "Somebody cannot connect."
		f.Remedy = []string{
			"if clients of other hosts are meant to connect: set a password (ACL SETUSER or requirepass) rather than turning protected mode off",
			"else look in the server's log for \"max number of clients reached\" and at redistop for bursts of connections",
		}
		f.Unknown = []string{"who was refused, and whether by protected mode or by a burst that reached maxclients between two looks: the server's log may tell"}
	}
	return []stats.Finding{f}
}

// idleConnections counts those that could be closed: not subscribed, not blocked, idle for minutes.
func (w *Window) idleConnections() int64 {
	return int64(len(w.connections(func(c *stats.ConnectionRow) bool { return c.IdleSeconds > 300 && ordinary(c) })))
}

func raisedCount(n int64) string { return plain(n * 2) }
