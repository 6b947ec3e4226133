package doctor

import "redistop/internal/stats"

var diskFull = Rule{
	ID:    "disk-full",
	Title: "The disk has hardly room for the next save",
	Group: "Persistence and host",
	What:  "The free disk where the server writes is smaller than its data.",
	Why:   "A BGSAVE or an AOF rewrite writes a whole new file beside the old one. When it does not fit, the save fails, and the server may refuse writes.",
	How:   "Free disk of the host (only when redistop runs on the server's host) beside INFO memory (used_memory_dataset). An RDB is compressed and often smaller than the data in memory.",
	Do:    "Make room on that disk, or move dir to a larger one.",
	Limits: []Limit{
		{"share", 0.7, "of the data in memory: an RDB of text that compresses well is about this large"},
		{"grave_share", 0.1, "of the data in memory: no RDB is that small"},
	},
	Check: checkDiskFull,
}

func checkDiskFull(w *Window) []stats.Finding {
	free, known := w.Now.Host.FreeDisk.Get()
	data, known2 := w.Now.Memory.Dataset.Get()
	saves, known3 := w.saves().Get()
	if !known || !known2 || !known3 || !saves || float64(free) >= w.Limit("share")*float64(data) {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Likely,
		Title:    "Only " + bytes(float64(free)) + " of disk are free for a save of " + bytes(float64(data)),
		Evidence: []stats.Evidence{moment("free disk", bytes(float64(free)), "the host"), moment("data in memory", bytes(float64(data)), "INFO memory (used_memory_dataset)")},
		Impact:   "The next BGSAVE or AOF rewrite may fail, and the server may then refuse writes.",
		Remedy:   []string{"make room on that disk (CONFIG GET dir says where), old RDB and temp-*.rdb files first, or move dir to a larger one"},
		Unknown:  []string{"how well the data compresses: look at the size of the last RDB"},
	}
	if float64(free) < w.Limit("grave_share")*float64(data) {
		f.Severity, f.Confidence = stats.Critical, stats.Certain
		f.Impact = "The next BGSAVE or AOF rewrite will fail, and the server may then refuse writes."
	}
	return []stats.Finding{f}
}
