package doctor

import (
	"fmt"
	"time"

	"redistop/internal/stats"
)

var hotKey = Rule{
	ID:    "hot-key",
	Title: "One key or one kind of key takes most of the traffic of a busy server",
	Group: "Commands",
	What:  "A single key, or the keys of one pattern, get a large part of all commands, and the server is busy with them.",
	Why: "A key lives on one server and one thread: neither a cluster nor more replicas share the work of writing it, and what waits behind it is everything else there. " +
		"As long as the server has room nobody feels it.",
	How: "Samples of the command stream give the shares with their error; INFO cpu how busy the thread is that runs commands.",
	Do:  "Keep it in the client for a second, spread it over several keys, or read it from replicas.",
	Limits: []Limit{
		{"key_share", 0.25, "of all commands to one key: without it a quarter of the server would be free"},
		{"pattern_share", 0.8, "of all commands to one pattern: most servers have one that leads, this is nearly all"},
		{"busy_share", 0.5, "of the main thread: below that nobody feels a hot key"},
		{"full_share", 0.8, "of the main thread: from here on latency rises for everybody"},
		{"critical_ping_usec", 50_000, "half of all PINGs from here take longer while the main thread is full: with it every command of everybody"},
		{"seen", 100, "commands to it in the samples: fewer may be chance"},
	},
	Behind: []string{"slow-script", "blocking-command", "big-key-delete"},
	Check:  checkHotKey,
}

func checkHotKey(w *Window) []stats.Finding {
	if len(w.Now.HotKeys)+len(w.Now.Keys) == 0 {
		return nil
	}
	load, span := w.mean(30*time.Second, mainThread)
	if span == 0 || load < w.Limit("busy_share") {
		return nil
	}
	var found []stats.Finding
	for i := range w.Now.HotKeys {
		r := &w.Now.HotKeys[i]
		if len(found) < 3 && w.hot(r, w.Limit("key_share")) {
			found = append(found, w.hotFinding(r, "key", load))
		}
	}
	if len(found) > 0 || load < w.Limit("full_share") {
		return found
	}
	for i := range w.Now.Keys {
		r := &w.Now.Keys[i]
		if r.Pattern != stats.OtherKeys && w.hot(r, w.Limit("pattern_share")) {
			f := w.hotFinding(r, "pattern", load)
			f.Severity = stats.Info // what the server is there for, more likely than not
			return []stats.Finding{f}
		}
	}
	return nil
}

// hot says that a share is reached with what is certain of it.
func (w *Window) hot(r *stats.KeyRow, share float64) bool {
	s, rate := r.Share.Or(0), r.CommandsPerSecond.Or(0)
	if rate > 0 {
		s -= s * min(1, r.Error.Or(0)/rate) / 2
	}
	return s >= share && float64(r.Seen) >= w.Limit("seen")
}

func (w *Window) hotFinding(r *stats.KeyRow, kind string, load float64) stats.Finding {
	name, share := safeName(r.Pattern), r.Share.Or(0)
	if db, ok := r.DB.Get(); ok && db > 0 {
		name += fmt.Sprintf(" (db %d)", db)
	}
	reads, writing := r.Reads.Or(0), r.Writes.Or(0)
	f := stats.Finding{
		Subject: kind + " " + name, Weight: share, Severity: stats.Info, Confidence: stats.Likely,
		Title: fmt.Sprintf("The %s %s gets %s of all commands of a server that is %s busy", kind, name, percent(share), percent(load)),
		Evidence: []stats.Evidence{
			{What: "commands to " + name, Value: fmt.Sprintf("%s: %s reads, %s writes a second; most of them %s", estimate(r.CommandsPerSecond.Or(0), r.Error), about(reads), about(writing), commandName(r.TopCommand)),
				Source: "samples", Seconds: stats.Some(w.Now.Sampled.Span)},
			w.evidence("main thread", percent(load)+" busy", "INFO cpu"),
		},
		Impact: "Whoever asks for anything else waits behind it. In a cluster it would be the same on one node.",
	}
	if load >= w.Limit("full_share") {
		f.Severity = stats.Warning
	}
	if ping, probed := w.mean(30*time.Second, usualPing); load >= w.Limit("full_share") && probed > 0 && ping >= w.Limit("critical_ping_usec") && kind == "key" {
		f.Severity = stats.Critical
		f.Impact = "Half of all PINGs from here took longer than " + usec(ping) + ": whoever asks for anything waits behind it. In a cluster it would be the same on one node."
	}
	if reads >= writing {
		f.Remedy = []string{"keep it in the client for a second or so, or with client-side caching (CLIENT TRACKING) until it changes",
			"read it from replicas, or keep copies of it under several names and read any of them"}
	} else {
		f.Remedy = []string{"spread it over several keys (name:0 to name:15), write to one at random and sum up when reading",
			"collect changes in the client and write them once a second"}
	}
	f.Culprits = w.sendersTo(r)
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"who asks for it: the samples do not tell"}
	}
	return f
}

// sendersTo are the clients that ask for a hot pattern; of a single key those that ask for its command and pattern.
func (w *Window) sendersTo(k *stats.KeyRow) []stats.Culprit {
	pattern := k.Pattern
	if k.DB.Known() {
		pattern = folded(appendQuoted(nil, k.Pattern))
	}
	var list []stats.Culprit
	var rates []float64
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if r.Pattern == pattern && (!k.DB.Known() || r.Command == k.TopCommand || k.TopCommand == "") {
			list, rates = append(list, w.sampledCulprit(r, sampledLine(r))), append(rates, r.CommandsPerSecond.Or(0))
		}
	}
	return w.culprits(list, rates)
}
