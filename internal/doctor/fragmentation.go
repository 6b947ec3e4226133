package doctor

import "redistop/internal/stats"

var fragmentation = Rule{
	ID:    "fragmentation",
	Title: "Memory is lost between the values",
	Group: "Memory",
	What:  "The process holds far more of the host's memory than its data needs: values were deleted or changed in size, and the gaps between those that stay are too small or too scattered to give back.",
	Why:   "The host runs out of memory earlier than used_memory lets one believe, and maxmemory does not protect it.",
	How:   "INFO memory: used_memory_rss against used_memory, and allocator_active against allocator_allocated (4.0+), which tells gaps from pages that are simply not given back yet. Valkey 8.1 and later say allocator_frag_ratio 1.00 whatever it is.",
	Do:    "CONFIG SET activedefrag yes closes gaps while the server works (jemalloc builds); a failover and restart does it at once; MEMORY PURGE gives back whole pages.",
	Limits: []Limit{
		{"ratio", 1.5, "of the memory asked for: a half more; up to a quarter is usual"},
		{"bytes", 100 << 20, "lost: on small servers the process's own pages make any ratio large"},
		{"slack_bytes", 1 << 30, "not given back though not in gaps: it is used again when data grows, so only much of it is told"},
	},
	Check: checkFragmentation,
}

func checkFragmentation(w *Window) []stats.Finding {
	m := &w.Now.Memory
	resident, known := m.RSS.Get()
	used, known2 := m.Used.Get()
	if !known || !known2 || used <= 0 || w.Now.Persistence.Loading {
		return nil
	}
	lost := float64(resident - used)
	ratio := float64(resident) / float64(used)
	if lost < w.Limit("bytes") || ratio < w.Limit("ratio") {
		return nil
	}
	gaps, source, told := w.gaps()
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Likely,
		Title: bytes(lost) + " of memory are lost to fragmentation, beside " + bytes(float64(used)) + " in use",
		Evidence: []stats.Evidence{
			moment("held by the process, and asked for", bytes(float64(resident))+" and "+bytes(float64(used)), "INFO memory (used_memory_rss, used_memory)"),
		},
		Impact: "The host runs out of memory earlier than used_memory lets one believe.",
		Remedy: []string{
			"close the gaps while the server works: CONFIG SET activedefrag yes (jemalloc builds; it takes some processor time)",
			"or restart it after a failover to a replica: a fresh process has no gaps",
		},
	}
	switch {
	case told && gaps < w.Limit("ratio"):
		if lost < w.Limit("slack_bytes") {
			return nil
		}
		f.Severity = stats.Info
		f.Title = bytes(lost) + " of memory are held by the process and hold no data"
		f.Impact = "The host cannot use them; the server does when its data grows again."
		f.Remedy = []string{"MEMORY PURGE gives back what it can"}
	case told:
		f.Confidence = stats.Certain
	default:
		f.Unknown = []string{"whether these are gaps or pages not given back yet: this server does not tell allocator_active and allocator_allocated"}
	}
	if told {
		f.Evidence = append(f.Evidence, moment(source, about2(gaps), "INFO memory"))
	}
	if peak, ok := m.Peak.Get(); ok {
		f.Evidence = append(f.Evidence, moment("peak", bytes(float64(peak)), "INFO memory"))
	}
	if w.configIs("activedefrag", "yes") {
		f.Evidence = append(f.Evidence, moment("activedefrag", "yes, "+percent(w.Now.Housekeeping.DefragShare.Or(0))+" of the time", "CONFIG GET, INFO stats"))
		f.Remedy = f.Remedy[1:]
		if len(f.Remedy) == 0 {
			f.Remedy = []string{"wait: the server is closing the gaps"}
		}
	}
	return []stats.Finding{f}
}

// gaps is how much the pages that hold values are larger than the values: 1 is no gap. Servers of which
// allocator_frag_ratio says nothing (Valkey 8.1 and later without defragmentation built in) give 1.00 there.
func (w *Window) gaps() (ratio float64, source string, told bool) {
	ratio, told = w.Now.Housekeeping.AllocatorFragRatio.Get()
	source = "allocator_frag_ratio"
	active, known := w.Now.Memory.AllocatorActive.Get()
	asked, known2 := w.Now.Memory.AllocatorAllocated.Get()
	if !known || !known2 || asked <= 0 {
		return ratio, source, told
	}
	if r := float64(active) / float64(asked); !told || r > ratio {
		return r, "allocator_active by allocator_allocated", true
	}
	return ratio, source, told
}
