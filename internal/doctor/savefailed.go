package doctor

import "redistop/internal/stats"

var saveFailed = Rule{
	ID:    "save-failed",
	Title: "The data could not be saved",
	Group: "Persistence and host",
	What:  "The last BGSAVE failed. With save points set, the server then refuses writes (stop-writes-on-bgsave-error).",
	Why:   "Writes fail with a MISCONF error; and if the server ends, all since the last good RDB is lost.",
	How:   "INFO persistence (rdb_last_bgsave_status), CONFIG GET save and stop-writes-on-bgsave-error, and MISCONF in INFO errorstats (6.2+). The reason stands only in the server's log.",
	Do:    "Read the log: a full disk, no right to write in the folder, or a fork that the kernel refused (vm.overcommit_memory). Mend it and BGSAVE.",
	Check: checkSaveFailed,
}

func checkSaveFailed(w *Window) []stats.Finding {
	p := &w.Now.Persistence
	ok, known := p.LastSaveOK.Get()
	if !known || ok {
		return nil
	}
	refused, _ := w.errorReplies("MISCONF")
	points, asked := w.config("save")
	stops, asked2 := w.config("stop-writes-on-bgsave-error")
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "The last BGSAVE failed",
		Evidence: []stats.Evidence{moment("rdb_last_bgsave_status", "err", "INFO persistence")},
		Impact:   "If the server ends now, what was written since the last good RDB is lost.",
		Remedy:   []string{"read the server's log for the reason: disk full, no right to write in dir, or fork refused (then: sysctl vm.overcommit_memory=1); mend it, then BGSAVE"},
		Unknown:  []string{"why it failed: the server's log says it"},
	}
	if n, ok := p.ChangesSinceSave.Get(); ok {
		f.Evidence = append(f.Evidence, moment("changes since the last good RDB", count(n), "INFO persistence"))
	}
	if free, ok := w.Now.Host.FreeDisk.Get(); ok {
		f.Evidence = append(f.Evidence, moment("free disk where the server writes", bytes(float64(free)), "the host"))
	}
	primary := w.Now.Server.Role == "primary"
	if refused > 0 || primary && asked && asked2 && points != "" && stops == "yes" {
		f.Severity = stats.Critical
		f.Title += ", and writes are refused"
		f.Impact = "Every write fails with a MISCONF error. " + f.Impact
		f.Remedy = append(f.Remedy, "to take writes before that, at the risk of losing them: CONFIG SET stop-writes-on-bgsave-error no")
		if refused > 0 {
			f.Evidence = append(f.Evidence, w.evidence("MISCONF errors", count(refused), "INFO errorstats"))
		}
	} else if primary && !(asked && asked2) {
		f.Unknown = append(f.Unknown, "whether writes are refused: CONFIG GET save and stop-writes-on-bgsave-error may not be asked")
	}
	return []stats.Finding{f}
}
