package doctor

import (
	"cmp"
	"slices"
	"time"

	"redistop/internal/stats"
)

var saturated = Rule{
	ID:    "saturated",
	Title: "The server does as much as it can",
	Group: "Commands",
	What:  "The thread that runs commands is busy nearly all of the time, and no single command is to blame.",
	Why:   "Whatever more arrives has to wait: latency rises for everybody, and a small burst takes long to be worked off.",
	How: "used_cpu_*_main_thread in INFO cpu (6.2+; before that the whole process), INFO commandstats for what it does, CLIENT LIST and the samples for who asks. " +
		"A PING from here tells whether clients feel it: a bulk load that fills the server and lets others through is only for information.",
	Do: "Send less, or in larger pieces (pipelines, MGET), read from replicas, or share the keys among several servers.",
	Limits: []Limit{
		{"busy_share", 0.95, "of the main thread: what is left is less than its bursts take"},
		{"seconds", 8, "of it: shorter is a burst"},
		{"ping_usec", 1_000, "half of all PINGs on the same host take longer: a server that is not full answers in a tenth of that. From another host the way there and back says nothing"},
		{"critical_ping_usec", 50_000, "every command takes longer than a whole page of a web application should"},
	},
	Behind: []string{"slow-script", "blocking-command", "big-key-delete", "monitor-left-running", "hot-key", "n-plus-one"},
	Check:  checkSaturated,
}

// mainThread is how busy the thread that runs commands is.
func mainThread(s *stats.Snapshot) stats.Maybe[float64] {
	if s.CPU.MainThread.Known() || s.Server.IOThreads.Or(1) > 1 {
		return s.CPU.MainThread
	}
	return s.CPU.Total
}

// usualPing is what half of all PINGs from here take longer than.
func usualPing(s *stats.Snapshot) stats.Maybe[float64] { return s.Latency.P50Usec }

func checkSaturated(w *Window) []stats.Finding {
	need := w.Limit("seconds")
	load, span := w.mean(time.Duration(need*float64(time.Second)), mainThread)
	if load < w.Limit("busy_share") || span < need-1 {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Info, Confidence: stats.Certain, Subject: "main thread", Weight: load,
		Title:    "The thread that runs commands is busy for " + percent(min(1, load)) + " of the time",
		Evidence: []stats.Evidence{{What: "main thread", Value: percent(load) + " of a core", Source: "INFO cpu", Seconds: stats.Some(span)}},
		Impact:   "Whatever more arrives has to wait. As yet a PING from here is answered as usual.",
	}
	usual, probed := w.mean(time.Duration(need*float64(time.Second)), usualPing)
	switch {
	case probed == 0:
		f.Severity = stats.Warning
		f.Impact = "Whatever more arrives has to wait."
		f.Unknown = append(f.Unknown, "whether clients feel it: no PING from here was timed")
	case usual >= w.Limit("critical_ping_usec"):
		f.Severity = stats.Critical
		f.Impact = "Everybody waits: half of all PINGs from here took longer than " + usec(usual) + "."
	case usual >= w.Limit("ping_usec") || w.Now.Latency.Remote:
		f.Severity = stats.Warning
		f.Impact = "Everybody waits: half of all PINGs from here took longer than " + usec(usual) + "."
	}
	if probed > 0 {
		f.Evidence = append(f.Evidence, stats.Evidence{What: "PING from here, half of them take longer", Value: usec(usual), Source: "PING", Seconds: stats.Some(probed)})
	}
	w.whatFills(&f)
	f.Culprits = w.busiest()
	f.Remedy = w.saturatedRemedies()
	return []stats.Finding{f}
}

// whatFills adds what the time goes to.
func (w *Window) whatFills(f *stats.Finding) {
	works := slices.Clone(w.Works())
	slices.SortFunc(works, func(a, b Work) int { return cmp.Compare(b.Usec, a.Usec) })
	executing := 0.0
	for i, k := range works {
		executing += k.TimeShare
		if i < 4 && k.Calls > 0 {
			f.Evidence = append(f.Evidence, w.evidence(commandName(k.Name), percent(k.TimeShare)+" of the time, "+perSecond(k.PerSecond)+", "+usec(k.UsecPerCall)+" each", "INFO commandstats"))
		}
	}
	f.Evidence = append(f.Evidence, w.evidence("executing commands, all together", percent(min(1, executing))+" of the time; the rest is reading, writing and housekeeping", "INFO commandstats"))
	if n := w.busyConnections(nil); n > 0 {
		f.Evidence = append(f.Evidence, moment("connections in use", count(int64(n)), "CLIENT LIST"))
	}
}

// busiest are the clients that send the most, by what the server or the samples count.
func (w *Window) busiest() []stats.Culprit {
	var list []stats.Culprit
	var rates []float64
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		if rate, ok := c.CommandsPerSecond.Get(); ok && !c.Own && rate > 0 {
			list, rates = append(list, CulpritOf(c)), append(rates, rate)
		}
	}
	if len(list) > 0 {
		return w.culprits(list, rates)
	}
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if rate, ok := r.CommandsPerSecond.Get(); ok && !r.Further {
			list, rates = append(list, w.sampledCulprit(r, "")), append(rates, rate)
		}
	}
	return w.culprits(list, rates)
}

func (w *Window) saturatedRemedies() []string {
	rate, _ := w.commandRate()
	var executing float64
	for _, k := range w.Works() {
		executing += k.TimeShare
	}
	var advice []string
	if executing < 0.5 { // most of the time goes to reading and writing sockets
		advice = append(advice, "most of the time goes to reading and writing, not to commands: send several at once (pipelines, MGET, HMGET), or turn on io-threads where the host has cores to spare")
	} else {
		advice = append(advice, "send the commands above less often: keep in the client what changes rarely (client-side caching), ask for less, or for several things at once")
	}
	if w.Now.Server.Role == "primary" && w.Now.Replication.ConnectedReplicas.Or(0) > 0 {
		advice = append(advice, "let reads go to the replicas")
	} else {
		advice = append(advice, "add replicas and let reads go there")
	}
	if w.Now.Server.Mode != "cluster" {
		advice = append(advice, "share the keys among several servers: by application, or with a cluster; one server runs commands on one core, here "+perSecond(rate))
	} else {
		advice = append(advice, "move slots to another node of the cluster; see whether a single key or slot takes most")
	}
	return advice
}
