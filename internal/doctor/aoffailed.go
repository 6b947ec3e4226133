package doctor

import "redistop/internal/stats"

var aofFailed = Rule{
	ID:    "aof-failed",
	Title: "The append-only file cannot be written",
	Group: "Persistence and host",
	What:  "Writing to the append-only file failed, or its last rewrite did.",
	Why:   "When it cannot be written the server refuses writes with a MISCONF error. When only the rewrite fails, the file grows until the disk is full, and a restart takes ever longer.",
	How:   "INFO persistence (aof_last_write_status, aof_last_bgrewrite_status). The reason stands only in the server's log.",
	Do:    "Look at the free disk and the server's log, mend it, then BGREWRITEAOF.",
	Check: checkAOFFailed,
}

func checkAOFFailed(w *Window) []stats.Finding {
	p := &w.Now.Persistence
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Remedy:  []string{"read the server's log for the reason, and look at the free disk where it writes; mend it, then BGREWRITEAOF"},
		Unknown: []string{"why it failed: the server's log says it"},
	}
	switch {
	case !p.AOFLastWriteOK.Or(true):
		f.Severity = stats.Critical
		f.Title = "The append-only file cannot be written, and writes are refused"
		f.Evidence = []stats.Evidence{moment("aof_last_write_status", "err", "INFO persistence")}
		f.Impact = "Every write fails with a MISCONF error until the file can be written again."
		if refused, _ := w.errorReplies("MISCONF"); refused > 0 {
			f.Evidence = append(f.Evidence, w.evidence("MISCONF errors", count(refused), "INFO errorstats"))
		}
	case !p.AOFLastRewriteOK.Or(true):
		f.Title = "The last rewrite of the append-only file failed"
		f.Evidence = []stats.Evidence{moment("aof_last_bgrewrite_status", "err", "INFO persistence")}
		f.Impact = "The file grows until the disk is full, and a restart takes ever longer."
	default:
		return nil
	}
	if free, ok := w.Now.Host.FreeDisk.Get(); ok {
		f.Evidence = append(f.Evidence, moment("free disk where the server writes", bytes(float64(free)), "the host"))
	}
	return []stats.Finding{f}
}
