package doctor

import "redistop/internal/stats"

var swapping = Rule{
	ID:    "swapping",
	Title: "The server's memory is swapped out",
	Group: "Memory",
	What:  "A part of the server's memory is on disk.",
	Why:   "A command that touches it stops the whole server until the disk has answered: thousands of times slower than memory.",
	How:   "The host's /proc, when redistop runs on the server's host. From elsewhere only INFO memory tells: when the process holds far less than the data needs, the rest must be somewhere.",
	Do:    "Give the host more memory or the server less (maxmemory); set vm.swappiness low; move other programs away.",
	Limits: []Limit{
		{"bytes", 64 << 20, "swapped out: the kernel puts away a few pages that are never used"},
		{"share", 0.05, "of the data"},
		{"grave_share", 0.25, "of the data: hardly a command does without the disk"},
		{"missing_share", 0.3, "of the data that the process does not hold, seen from elsewhere: tables just made larger are not touched at first"},
		{"missing_bytes", 512 << 20, "that the process does not hold, seen from elsewhere"},
	},
	Check: checkSwapping,
}

func checkSwapping(w *Window) []stats.Finding {
	m := &w.Now.Memory
	used, known := m.Used.Get()
	if !known || used <= 0 {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Impact: "A command that touches such memory stops the server until the disk has answered.",
		Remedy: []string{"give the host more memory, or the server less data: maxmemory well below what the host has", "sysctl vm.swappiness=1, and move other programs off this host"},
	}
	if swapped, ok := w.Now.Host.ServerSwap.Get(); ok {
		share := float64(swapped) / float64(used)
		if float64(swapped) < w.Limit("bytes") || share < w.Limit("share") {
			return nil
		}
		f.Title = bytes(float64(swapped)) + " of the server's memory are on disk"
		f.Evidence = []stats.Evidence{moment("swapped out", bytes(float64(swapped))+", "+percent(share)+" of the data", "/proc of the host (VmSwap)")}
		if share >= w.Limit("grave_share") {
			f.Severity = stats.Critical
		}
		return []stats.Finding{f}
	}
	resident, known := m.RSS.Get()
	missing := float64(used - resident)
	if !known || missing < w.Limit("missing_bytes") || missing < w.Limit("missing_share")*float64(used) {
		return nil
	}
	f.Confidence = stats.Possible
	f.Title = "The process holds " + bytes(missing) + " less than its data: they may be swapped out"
	f.Evidence = []stats.Evidence{moment("asked for, and held by the process", bytes(float64(used))+" and "+bytes(float64(resident)), "INFO memory (used_memory, used_memory_rss)")}
	f.Unknown = []string{"whether it is swapped: run redistop on the server's host, or look at VmSwap in /proc/" + plain(w.Now.Server.PID) + "/status there"}
	return []stats.Finding{f}
}
