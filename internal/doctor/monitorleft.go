package doctor

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"redistop/internal/stats"
)

var monitorLeft = Rule{
	ID:    "monitor-left-running",
	Title: "Somebody's MONITOR is running",
	Group: "Commands",
	What:  "A client that is not this redistop has MONITOR on: the server writes every command of everybody out to it, in full.",
	Why: "One reader costs 40 to 80 % of the throughput of pipelines and up to a third of that without (measured on Redis 6.2 to 7.4 and Valkey 8), more with large values. " +
		"One that stops reading lets the server's memory grow without limit. And it shows every key and value to whoever reads it.",
	How:    "Flag O in CLIENT LIST, seen twice some seconds apart, so that another tool's short window is not taken for it.",
	Do:     "End it: CLIENT KILL ID. Short windows, as redistop opens them, show who sends what at a small part of the price.",
	Limits: []Limit{{"seconds", 3, "between the first and the last time that it was seen: the windows of careful tools are over after some milliseconds"}, {"buffer_bytes", 32 << 20, "waiting for it in the server: it reads too slowly or not at all, and nothing limits what comes together"}},
	Check:  checkMonitorLeft,
}

func checkMonitorLeft(w *Window) []stats.Finding {
	var found []stats.Finding
	for _, c := range w.census.monitors {
		if !w.monitoredFor(c, time.Duration(w.Limit("seconds")*float64(time.Second))) {
			continue
		}
		found = append(found, w.monitorFinding(c))
	}
	return found
}

// monitoredFor says that the connection had MONITOR on some time ago too, and whenever it was seen since.
func (w *Window) monitoredFor(c *stats.ConnectionRow, atLeast time.Duration) bool {
	for _, p := range w.book.passes {
		row := p.byID(c.ID)
		if row == nil || !strings.Contains(row.Flags, "O") {
			return false
		}
		if w.Now.Time.Sub(p.at) >= atLeast {
			return true
		}
	}
	return false
}

func (p *pass) byID(id int64) *stats.ConnectionRow {
	if i := slices.IndexFunc(p.rows, func(c stats.ConnectionRow) bool { return c.ID == id }); i >= 0 {
		return &p.rows[i]
	}
	return nil
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
