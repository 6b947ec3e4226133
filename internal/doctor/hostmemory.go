package doctor

import "redistop/internal/stats"

var hostMemory = Rule{
	ID:    "host-memory",
	Title: "The kernel's memory settings work against the server",
	Group: "Persistence and host",
	What:  "The kernel may refuse the fork for a save (vm.overcommit_memory 0), or gives the server huge pages.",
	Why:   "A refused fork is a failed save, and then writes may be refused. With huge pages a write after a fork copies 2 MiB instead of 4 KiB: latency and memory rise while a save runs.",
	How:   "/proc and /sys of the host, when redistop runs on it. The server's log warns of the same at its start.",
	Do:    "sysctl vm.overcommit_memory=1; echo madvise > /sys/kernel/mm/transparent_hugepage/enabled.",
	Limits: []Limit{
		{"share", 0.4, "of the host's memory in use by the server: below it a fork finds room in any case"},
		{"huge_bytes", 100 << 20, "of the server in huge pages: less is copied in a moment"},
	},
	Check: checkHostMemory,
}

func checkHostMemory(w *Window) []stats.Finding {
	h, m := &w.Now.Host, &w.Now.Memory
	forks := w.saves().Or(false) || w.Now.Replication.ConnectedReplicas.Or(0) > 0
	if !h.Local || !forks {
		return nil
	}
	var found []stats.Finding
	resident, known := m.RSS.Get()
	system, known2 := m.System.Get()
	if overcommit, ok := h.Overcommit.Get(); ok && overcommit == 0 && known && known2 && system > 0 && float64(resident) >= w.Limit("share")*float64(system) {
		found = append(found, stats.Finding{
			Subject: "overcommit", Severity: stats.Warning, Confidence: stats.Likely,
			Title: "The kernel may refuse the next fork: the server holds " + percent(float64(resident)/float64(system)) + " of the host's memory",
			Evidence: []stats.Evidence{
				moment("vm.overcommit_memory", "0", "/proc of the host"),
				moment("held by the process, and the host's", bytes(float64(resident))+" and "+bytes(float64(system)), "INFO memory"),
			},
			Impact: "A BGSAVE, an AOF rewrite or a replica's copy then fails, and writes may be refused.",
			Remedy: []string{"sysctl vm.overcommit_memory=1, and the same in /etc/sysctl.conf"},
		})
	}
	if huge, ok := h.ServerHuge.Get(); ok && h.HugePages == "always" && float64(huge) >= w.Limit("huge_bytes") {
		f := stats.Finding{
			Subject: "huge pages", Severity: stats.Info, Confidence: stats.Certain,
			Title: bytes(float64(huge)) + " of the server are in transparent huge pages",
			Evidence: []stats.Evidence{
				moment("transparent huge pages", "always", "/sys of the host"),
				moment("of the server in huge pages", bytes(float64(huge)), "/proc of the host (AnonHugePages)"),
			},
			Impact: "While a save runs each first write to a page copies 2 MiB instead of 4 KiB.",
			Remedy: []string{"echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, then restart the server"},
		}
		if copied, ok := w.Now.Housekeeping.SaveCopyBytes.Get(); ok {
			f.Evidence = append(f.Evidence, moment("copied during the last save", bytes(float64(copied)), "INFO persistence (rdb_last_cow_size)"))
		}
		if w.Now.Persistence.SaveInProgress || w.Now.Persistence.AOFRewriteInProgress {
			f.Severity = stats.Warning
		}
		found = append(found, f)
	}
	return found
}
