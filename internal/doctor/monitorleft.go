package doctor

import (
	"strconv"

	"redistop/internal/stats"
)

var monitorLeft = Rule{
	ID:    "monitor-left-running",
	Title: "Somebody's MONITOR is running",
	Group: "Commands",
	What:  "A client that is not this redistop has MONITOR on: the server writes every command of everybody out to it, in full.",
	Why: "One reader costs 40 to 80 % of the throughput of pipelines and up to a third of that without (measured on Redis 6.2 to 7.4 and Valkey 8), more with large values. " +
		"One that stops reading lets the server's memory grow without limit. And it shows every key and value to whoever reads it.",
	How:    "Flag O in CLIENT LIST, seen twice some seconds apart, so that another tool's short window is not taken for it. A connection by the name redistop that waits in WAIT is in such a window, for as long as it goes on asking for the next: by the bytes that it has sent where the server counts them (Redis 8.2+, Valkey 8.0+), else by the MONITORs that others have sent (INFO commandstats).",
	Do:     "End it: CLIENT KILL ID. Short windows, as redistop opens them, show who sends what at a small part of the price.",
	Limits: []Limit{{"seconds", 3, "between the first and the last time that it was seen: the windows of careful tools are over after some milliseconds"}, {"buffer_bytes", 32 << 20, "waiting for it in the server: it reads too slowly or not at all, and nothing limits what comes together"}},
	Check:  checkMonitorLeft,
}

func checkMonitorLeft(w *Window) []stats.Finding {
	var found []stats.Finding
	for _, c := range w.census.monitors {
		if !w.leftOn(c) {
			continue
		}
		found = append(found, w.monitorFinding(c))
	}
	return found
}

func (w *Window) monitorFinding(c *stats.ConnectionRow) stats.Finding {
	who := CulpritOf(c)
	who.Connections, who.Command = 1, "MONITOR"
	f := stats.Finding{
		Subject: strconv.FormatInt(c.ID, 10), Weight: float64(c.AgeSeconds), Severity: stats.Warning, Confidence: stats.Certain,
		Title: "MONITOR is running: " + whoText(who) + " reads every command",
		Evidence: []stats.Evidence{
			moment("connection", "id "+strconv.FormatInt(c.ID, 10)+", flag O, connected for "+seconds(float64(c.AgeSeconds)), "CLIENT LIST"),
			moment("waiting for it in the server", bytes(float64(c.OutputBufferBytes)), "CLIENT LIST (oll, omem)"),
		},
		Culprits: []stats.Culprit{who},
		Impact:   "Every command of everybody costs the server a second time, to write it out. Who reads it sees all keys and values.",
		Remedy: []string{
			"`redis-cli CLIENT KILL ID " + strconv.FormatInt(c.ID, 10) + "` ends it; ask its owner first what it is for",
			"to see who sends what, use redistop's samples: windows of a few milliseconds that the server itself ends",
			"take the right away from applications: ACL SETUSER app -monitor",
		},
		Unknown: []string{"when MONITOR was sent: the server tells the age of the connection only"},
	}
	if c.Name == observerName {
		f.Unknown = append(f.Unknown, "whether it is a redistop that was told to see every command, or something that took its name: everybody may")
	}
	if rate, ok := w.commandRate(); ok {
		f.Evidence = append(f.Evidence, w.evidence("commands it is sent", perSecond(rate), "INFO commandstats"))
	}
	if out, ok := c.OutputBytesPerSecond.Get(); ok {
		f.Evidence = append(f.Evidence, w.evidence("bytes to it", bytes(out)+"/s", "CLIENT LIST (tot-net-out)"))
	}
	if float64(c.OutputBufferBytes) >= w.Limit("buffer_bytes") {
		f.Severity = stats.Critical
		f.Impact += " It reads too slowly: " + bytes(float64(c.OutputBufferBytes)) + " wait for it, and the server's memory grows until keys are evicted or writes refused."
	}
	return f
}
