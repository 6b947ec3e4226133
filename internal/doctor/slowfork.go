package doctor

import "redistop/internal/stats"

var slowFork = Rule{
	ID:    "slow-fork",
	Title: "Each save stops the server for a moment",
	Group: "Persistence and host",
	What:  "The fork for a BGSAVE, an AOF rewrite or a replica's copy took long.",
	Why:   "While the kernel copies the page table nothing else runs: all commands wait, at every save.",
	How:   "INFO stats (latest_fork_usec): the last one only. What the copying of pages after the fork costs is not in it.",
	Do:    "Save more rarely, or only on a replica; turn transparent huge pages off; keep the instance smaller; some virtual machines fork slowly.",
	Limits: []Limit{
		{"usec", 200_000, "a stop as long as this runs into the time-outs of impatient clients"},
		{"usec_per_gb", 100_000, "physical machines and current virtual ones need 10 to 20 ms for a gigabyte; above this it is the machine"},
	},
	Check: checkSlowFork,
}

func checkSlowFork(w *Window) []stats.Finding {
	took, known := w.Now.Persistence.LastForkUsec.Get()
	if !known || float64(took) < w.Limit("usec") {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "A fork stops this server for " + usec(float64(took)),
		Evidence: []stats.Evidence{moment("the last fork", usec(float64(took)), "INFO stats (latest_fork_usec)")},
		Impact:   "All commands wait that long at each BGSAVE, AOF rewrite and full copy for a replica.",
		Remedy:   []string{"save more rarely (CONFIG SET save), or let only a replica save", "keep instances smaller: the time grows with the memory"},
	}
	if saves, known := w.saves().Get(); known && !saves && w.Now.Replication.ConnectedReplicas.Or(0) == 0 {
		f.Severity = stats.Info // nothing forks by itself
	}
	if used, ok := w.Now.Memory.Used.Get(); ok && used > 0 {
		const gb = 1 << 30
		per := float64(took) / max(float64(used)/gb, 0.1)
		f.Evidence = append(f.Evidence, moment("used memory", bytes(float64(used))+", so "+usec(per)+" a GiB", "INFO memory"))
		if per >= w.Limit("usec_per_gb") {
			f.Remedy = append([]string{"the machine forks slowly for that much memory (usual: 10 to 20 ms a GiB): look at its processor time, the kind of virtualization, and swap"}, f.Remedy...)
		}
	}
	if n, elapsed, ok := w.Growth(longest, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Housekeeping.Forks }); ok && n > 0 {
		f.Evidence = append(f.Evidence, stats.Evidence{What: "forks", Value: count(n), Source: "INFO stats (total_forks)", Seconds: stats.Some(elapsed.Seconds())})
	}
	if w.Now.Host.HugePages == "always" {
		f.Evidence = append(f.Evidence, moment("transparent huge pages", "always", "the host"))
		f.Remedy = append([]string{"turn transparent huge pages off: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"}, f.Remedy...)
	}
	return []stats.Finding{f}
}
