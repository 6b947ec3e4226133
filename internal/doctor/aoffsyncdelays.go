package doctor

import (
	"strings"

	"redistop/internal/stats"
)

var aofFsyncDelays = Rule{
	ID:    "aof-fsync-delays",
	Title: "The disk makes commands wait",
	Group: "Persistence and host",
	What:  "The server waits for the disk when it writes its append-only file.",
	Why:   "With appendfsync everysec the main thread stops when an fsync takes more than 2 s; with always it waits for the disk after every round of writes. All commands wait with it.",
	How:   "INFO persistence (aof_delayed_fsync); the length of the event loop's turns beside the time that commands take in them (INFO debug, 7.2+); LATENCY LATEST where latency-monitor-threshold is set.",
	Do:    "Use a faster disk, or one that nobody else loads; no-appendfsync-on-rewrite yes while RDB and AOF rewrites write; appendfsync everysec instead of always where a second of writes may be lost.",
	Limits: []Limit{
		{"delays", 2, "in a minute: each means that an fsync took over 2 s; one may be a single hiccup"},
		{"turn_usec", 5000, "mean turn of the event loop under appendfsync always: what a client waits for a write; a fast disk syncs in well under 1 ms"},
		{"command_share", 0.3, "of a turn at most in commands: the rest is waiting"},
		{"event_usec", 100_000, "a stop as long as this is felt by users"},
	},
	Check: checkAOFFsyncDelays,
}

func checkAOFFsyncDelays(w *Window) []stats.Finding {
	if !w.Now.Persistence.AOFEnabled.Or(false) {
		return nil
	}
	f := stats.Finding{Severity: stats.Warning, Confidence: stats.Certain, Impact: "All commands wait while the main thread waits for the disk."}
	delays, elapsed, _ := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Persistence.AOFDelayedFsync })
	event, slow := w.diskEvent()
	turn, _ := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Housekeeping.EventLoopUsec })
	share, known := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Housekeeping.EventLoopCommandShare })
	always := w.configIs("appendfsync", "always")
	switch {
	case float64(delays) >= w.Limit("delays"):
		f.Title = "The disk held up the server " + plural(delays, "time") + " in " + seconds(elapsed.Seconds())
		f.Evidence = append(f.Evidence, w.evidence("writes that waited for an fsync of over 2 s", count(delays), "INFO persistence (aof_delayed_fsync)"))
	case slow:
		f.Title = "The disk held up the server for " + usec(float64(event.LatestUsec))
	case always && known > 0 && turn >= w.Limit("turn_usec") && share <= w.Limit("command_share"):
		f.Confidence = stats.Likely
		f.Title = "Every write waits about " + usec(turn) + " for the disk (appendfsync always)"
		f.Evidence = append(f.Evidence, w.evidence("mean turn of the event loop", usec(turn)+", "+percent(share)+" of it in commands", "INFO debug"))
	default:
		return nil
	}
	if slow {
		f.Evidence = append(f.Evidence, moment(safeName(event.Event), "latest "+usec(float64(event.LatestUsec))+", longest "+usec(float64(event.MaxUsec)), "LATENCY LATEST"))
	}
	if v, ok := w.config("appendfsync"); ok {
		f.Evidence = append(f.Evidence, moment("appendfsync", safeName(v), "CONFIG GET"))
	}
	if w.Now.Persistence.SaveInProgress || w.Now.Persistence.AOFRewriteInProgress {
		f.Evidence = append(f.Evidence, moment("at the same time", "a BGSAVE or an AOF rewrite writes to disk", "INFO persistence"))
	}
	f.Remedy = []string{"put the file on a faster disk, or one that nobody else loads (iostat -x 1 shows who does)",
		"if it happens during BGSAVE and rewrites: CONFIG SET no-appendfsync-on-rewrite yes (a crash then may lose what was written since the rewrite began)"}
	if always {
		f.Remedy = append([]string{"if a second of writes may be lost in a crash: CONFIG SET appendfsync everysec"}, f.Remedy...)
	}
	return []stats.Finding{f}
}

// diskEvent is the longest recent event of the append-only file that the server's latency monitor caught.
func (w *Window) diskEvent() (stats.LatencyEvent, bool) {
	var worst stats.LatencyEvent
	for _, e := range w.Now.LatencyEvents {
		if strings.HasPrefix(e.Event, "aof-") && w.Now.Time.Sub(e.Time) <= Recent && e.LatestUsec > worst.LatestUsec {
			worst = e
		}
	}
	return worst, float64(worst.LatestUsec) >= w.Limit("event_usec")
}
