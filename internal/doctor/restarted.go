package doctor

import (
	"strings"

	"redistop/internal/stats"
)

var serverRestarted = Rule{
	ID:    "server-restarted",
	Title: "The server was restarted",
	Group: "Commands",
	What:  "Another process answers at this address than a few minutes ago: the server was shut down or crashed and came back, or the address leads to another server now.",
	Why:   "All clients were cut off and come back at once. What was not saved is gone, and a cache begins empty.",
	How: "The run_id of INFO server differs. Whether it was SHUTDOWN, a crash or the kernel's out-of-memory killer stands in the server's log and in the " +
		"system's journal only. One restart that lost nothing hurts nobody any more: that is for information.",
	Do: "Read the end of the server's log before the start; see whether the data is complete.",
	Limits: []Limit{
		{"lost_share", 0.01, "of the keys that were there before and are not after: what expires in the meantime is usually less"},
		{"lost_keys", 100, "fewer than that can be what expired"},
	},
	Check: checkRestarted,
}

func checkRestarted(w *Window) []stats.Finding {
	was := w.Restarted
	if was == nil {
		return nil
	}
	first := w.Now
	if len(w.Past) > 0 {
		first = w.Past[0]
	}
	before, after := keysOf(was), keysOf(first)
	f := stats.Finding{
		Subject: "restart", Severity: stats.Info, Confidence: stats.Certain,
		Title: "This server was restarted",
		Evidence: []stats.Evidence{
			moment("run_id", safeName(was.Server.RunID)+" before, "+safeName(w.Now.Server.RunID)+" now", "INFO server"),
			moment("keys in all databases", count(before)+" before, "+count(after)+" after", "INFO keyspace"),
		},
		Impact: "All clients were cut off and came back at once.",
		Remedy: []string{
			"read the end of the server's log before this start, and the system's journal (out of memory, service manager)",
			"see that clients came back, and that replicas and the persistence are as before",
		},
		Unknown: []string{"why: SHUTDOWN, a crash and a kill look the same from here; the address may also lead to another server now"},
	}
	if w.restarts > 1 {
		f.Severity = stats.Warning
		f.Title += " " + times(int64(w.restarts)) + " within minutes, the last time"
	}
	if up, ok := w.Now.Server.UptimeSeconds.Get(); ok {
		f.Title += " " + seconds(float64(up)) + " ago"
	} else {
		f.Title = strings.TrimSuffix(f.Title, ", the last time")
	}
	if changes, ok := was.Persistence.ChangesSinceSave.Get(); ok {
		f.Evidence = append(f.Evidence, moment("changes since the last save, before", count(changes), "INFO persistence"))
	}
	if lost := before - after; float64(lost) >= max(w.Limit("lost_keys"), w.Limit("lost_share")*float64(before)) && !w.Now.Persistence.Loading {
		f.Severity = stats.Critical
		f.Title += " and lost " + plural(lost, "key")
		f.Impact += " What was not saved is gone: a cache is cold and the databases behind it feel that; sessions, queues and locks are lost."
		f.Remedy = append(f.Remedy, "what may not be lost needs appendonly yes, or a replica that takes over")
	}
	return []stats.Finding{f}
}

func keysOf(s *stats.Snapshot) int64 {
	all, _ := keys(s)
	return all
}
