package doctor

import "redistop/internal/stats"

var expireCycle = Rule{
	ID:    "expire-cycle",
	Title: "Expiring keys holds up everybody else",
	Group: "Expiry and eviction",
	What:  "Many keys expire at the same moment, or more expire than the server removes in passing: its expiry cycle runs until its time is up, again and again.",
	Why:   "Each such cycle stops the main thread for up to 25 ms at hz 10, and all commands wait. What is expired and not yet removed takes memory.",
	How:   "INFO stats: expired_time_cap_reached_count, expired_keys, expired_stale_perc, expire_cycle_cpu_milliseconds (6.2+). A short cycle between two slow ones, of 1 ms at most, counts as one. Which keys expire the server does not tell.",
	Do:    "Spread the moments: add a random tenth to each TTL. Do not give all keys of a nightly load the same EXPIREAT.",
	Limits: []Limit{
		{"capped", 3, "cycles that ran out of time in a minute: one may be a coincidence"},
		{"capped_per_second", 0.2, "a stop of some 25 ms every five seconds"},
		{"cpu_share", 0.1, "of the main thread in expiry cycles: they may take a quarter"},
		{"stale_share", 0.25, "of the keys with a TTL are expired and still there: the server itself aims at a tenth"},
	},
	Check: checkExpireCycle,
}

func checkExpireCycle(w *Window) []stats.Finding {
	capped, elapsed, known := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Housekeeping.ExpireCapReached })
	cpu, _ := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Housekeeping.ExpireCPUShare })
	if !known || elapsed <= 0 || capped == 0 {
		return nil
	}
	perSec := float64(capped) / elapsed.Seconds()
	often := float64(capped) >= w.Limit("capped") && perSec >= w.Limit("capped_per_second")
	stale := w.Now.Housekeeping.ExpiredStale.Or(0)
	if !often && cpu < w.Limit("cpu_share") && stale < w.Limit("stale_share") {
		return nil
	}
	expired, _ := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.ExpiredPerSecond })
	pause := w.expiryPause()
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title: "Expiring " + about(expired) + " keys a second stopped the server for up to " + usec(pause) + ", " + plural(capped, "time") + " in " + seconds(elapsed.Seconds()),
		Evidence: []stats.Evidence{
			w.evidence("expiry cycles that ran out of their time", plural(capped, "cycle"), "INFO stats (expired_time_cap_reached_count)"),
			w.evidence("expired keys", perSecond(expired), "INFO stats (expired_keys)"),
		},
		Impact: "All commands wait while a cycle runs.",
		Remedy: []string{
			"spread the moments: a random tenth more or less on each TTL, above all for what a job writes at one time",
			"see what expires together: " + w.tool("redistop keys ttl", "", ""),
			"CONFIG SET hz 50 makes the stops shorter (5 ms) and more frequent, for a little more processor time",
		},
		Unknown: []string{"which keys expire together: the server does not tell, their TTLs do"},
	}
	if cpu >= w.Limit("cpu_share") {
		f.Title = "Expiring " + about(expired) + " keys a second takes " + percent(cpu) + " of the server's time, up to " + usec(pause) + " at once"
	}
	if cpu > 0 {
		f.Evidence = append(f.Evidence, w.evidence("the main thread's time in expiry cycles", percent(cpu), "INFO stats (expire_cycle_cpu_milliseconds)"))
	}
	if share, ok := w.Now.Housekeeping.ExpiredStale.Get(); ok {
		f.Evidence = append(f.Evidence, moment("expired and still there", percent(share)+" of the keys with a TTL", "INFO stats (expired_stale_perc)"))
	}
	if most := w.mostExpired(); most > 2*expired && most > 1000 {
		f.Evidence = append(f.Evidence, w.evidence("in the busiest interval", perSecond(most)+" keys", "INFO stats (expired_keys)"))
	}
	return []stats.Finding{f}
}

// expiryPause is how long a slow cycle may run, in microseconds: by the server's source a quarter of a turn
// of its clock, and more with a higher effort.
func (w *Window) expiryPause() float64 {
	hz, ok := w.configInt("hz")
	if !ok || hz <= 0 {
		hz = 10
	}
	effort, ok := w.configInt("active-expire-effort")
	if !ok || effort < 1 {
		effort = 1
	}
	return 1e6 / float64(hz) * float64(25+2*(effort-1)) / 100
}

func (w *Window) mostExpired() (most float64) {
	for _, s := range w.Past {
		if w.Now.Time.Sub(s.Time) <= Recent {
			most = max(most, s.Throughput.ExpiredPerSecond.Or(0))
		}
	}
	return max(most, w.Now.Throughput.ExpiredPerSecond.Or(0))
}
