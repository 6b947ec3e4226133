package doctor

import (
	"strings"

	"redistop/internal/stats"
)

var connectionStorm = Rule{
	ID:    "connection-storm",
	Title: "Many connections that live only for a moment",
	Group: "Connections",
	What:  "Clients open a connection, send a command or a few, and close it, many times a second.",
	Why:   "A new connection costs the server about as much as ten simple commands, more with a password and far more with TLS, and it costs the client round trips before its first command. Ports and file descriptors run out.",
	How:   "INFO stats (total_connections_received) and the ids in CLIENT LIST: an id that was given and that no list shows came and went between two looks. Who it was is known of those that a list or a log happened to show.",
	Do:    "Use one long-lived connection or a pool in each process; in PHP persistent connections; a proxy for programs that live shortly.",
	Limits: []Limit{
		{"per_second", 50, "about half a percent of the server's time goes into them, and with TLS ten times that; a pool opens a few a minute, tools and health checks a few a second"},
		{"tls_per_second", 10, "where there is no port without TLS: a handshake takes the server about a millisecond, which is one percent of its time"},
		{"grave_per_second", 1000, "about a tenth of the server's time"},
		{"busy_share", 0.8, "of the main thread: from here on others wait for it"},
	},
	Check: checkConnectionStorm,
}

func checkConnectionStorm(w *Window) []stats.Finding {
	short, exact := w.shortConnections()
	least := w.Limit("per_second")
	tls := w.onlyTLS()
	if tls {
		least = w.Limit("tls_per_second")
	}
	if short < least {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    about(short) + " connections a second are opened and closed again",
		Evidence: []stats.Evidence{w.evidence("connections that came and went", perSecond(short), "INFO stats (total_connections_received) and ids in CLIENT LIST")},
		Impact:   "Each costs its client round trips before the first command, and the server about as much as ten commands.",
		Remedy: []string{
			"keep connections: one or a small pool for each process, opened at its start (in PHP: persistent connections)",
			"see which client it is: " + w.tool("redistop monitor", "", "") + ", or the server's log at loglevel verbose",
		},
	}
	if tls {
		f.Impact = "Each costs its client round trips before the first command, and the server a TLS handshake of about a millisecond."
	}
	if !exact {
		f.Confidence = stats.Likely
		f.Evidence[0].Source = "INFO stats (total_connections_received) and INFO clients"
	}
	if n, elapsed, ok := w.Growth(Recent, totalCommands); ok && elapsed > 0 {
		f.Evidence = append(f.Evidence, w.evidence("commands for each", about(float64(n)/elapsed.Seconds()/short), "INFO stats"))
	}
	if cpu, ok := w.Now.CPU.MainThread.Get(); ok {
		f.Evidence = append(f.Evidence, moment("the server's main thread", percent(cpu)+" busy", "INFO cpu"))
		if short >= w.Limit("grave_per_second") && cpu >= w.Limit("busy_share") {
			f.Severity = stats.Critical
			f.Impact = "They take about a tenth of the server's time or more while it has none to spare: everybody waits. " + f.Impact
		}
	}
	if timeout, ok := w.configInt("timeout"); ok && timeout > 0 && timeout < 60 {
		f.Evidence = append(f.Evidence, moment("timeout", plural(timeout, "second"), "CONFIG GET"))
		f.Remedy = append(f.Remedy, "the server itself closes connections that idle for "+plural(timeout, "second")+": CONFIG SET timeout 0 or 300 lets pools keep theirs")
	}
	f.Culprits = w.newcomers()
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"who it is: the connections were gone before CLIENT LIST could show them; redistop monitor shows their addresses"}
	}
	return []stats.Finding{f}
}

// onlyTLS says that every connection begins with a handshake.
func (w *Window) onlyTLS() bool {
	port, known := w.configInt("port")
	tls, known2 := w.configInt("tls-port")
	return known && known2 && port == 0 && tls > 0
}

// shortConnections is how many came and went a second in the recent window; exact where ids tell.
func (w *Window) shortConnections() (perSecond float64, exact bool) {
	if n, elapsed, ok := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Connected.TotalCameAndWent }); ok && elapsed > 0 {
		return float64(n) / elapsed.Seconds(), true
	}
	came, elapsed, ok := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Connected.TotalReceived })
	then, _ := w.Since(Recent)
	if !ok || elapsed <= 0 {
		return 0, false
	}
	before, known := then.Connected.Clients.Get()
	now, known2 := w.Now.Connected.Clients.Get()
	if !known || !known2 {
		return 0, false
	}
	// Who was there before may have gone too: what must have come and gone is at least this.
	return float64(max(0, min(came, came-(now-before))-before)) / elapsed.Seconds(), false
}

// newcomers are those whose connections were young in one of the passes that are remembered; where no pass
// met any, those that the samples show without CLIENT LIST knowing them.
func (w *Window) newcomers() []stats.Culprit {
	const young = 2 // seconds
	var list []stats.Culprit
	var weights []float64
	met := map[int64]bool{}
	for _, p := range w.book.passes {
		for i := range p.rows {
			c := &p.rows[i]
			if c.AgeSeconds <= young && !c.Own && !strings.ContainsAny(c.Flags, "MS") && !met[c.ID] && w.Now.Time.Sub(p.at) <= Recent {
				met[c.ID] = true
				list, weights = append(list, CulpritOf(c)), append(weights, 1)
			}
		}
	}
	if len(list) > 0 {
		return Merge(list, weights, mostCulprits)
	}
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if r.IP == "" || r.IP == "lua" || r.Name.Known() || r.Further {
			continue // an identity that CLIENT LIST told is of a connection that lasts
		}
		list = append(list, stats.Culprit{IP: r.IP, Source: "samples", Command: commandName(r.Command), Gone: true})
		weights = append(weights, r.CommandsPerSecond.Or(0))
	}
	merged := Merge(list, weights, mostCulprits)
	for i := range merged {
		merged[i].Connections = 0 // samples do not tell
	}
	return merged
}
