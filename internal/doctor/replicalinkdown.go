package doctor

import (
	"time"

	"redistop/internal/stats"
)

var replicaLinkDown = Rule{
	ID:    "replica-link-down",
	Title: "The replica has lost its primary",
	Group: "Replication",
	What:  "This replica has no link to its primary, or the link is silent.",
	Why:   "Its data grows old: who reads here reads the past, and a failover to it loses all writes since. Once the primary's backlog has moved on, the link comes back only with a full resync.",
	How:   "INFO replication on the replica (master_link_status, master_link_down_since_seconds, master_last_io_seconds_ago). A first copy that is under way is no finding. Why the link is down only the two servers' logs tell.",
	Do:    "Try the primary from the replica's host with redis-cli PING; compare masteruser and masterauth with the primary's users; read the replica's log.",
	Limits: []Limit{
		{"seconds", 8, "a reconnect, and the 5 s that a primary waits before it sends a copy (repl-diskless-sync-delay), are over by then"},
		{"grave_seconds", 60, "longer than a restart of the primary; automatic failovers act within that time too"},
		{"silent_seconds", 25, "a primary says something every 10 s (repl-ping-replica-period)"},
	},
	Check: checkReplicaLinkDown,
}

func checkReplicaLinkDown(w *Window) []stats.Finding {
	r := &w.Now.Replication
	up, known := r.PrimaryLinkUp.Get()
	if w.Now.Server.Role != "replica" || !known || r.SyncInProgress {
		return nil
	}
	primary := safeName(r.PrimaryAddr)
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Impact: "Who reads from this replica reads old data, and a failover to it would lose the writes since.",
		Remedy: []string{
			"try from this replica's host: redis-cli -h " + hostAndPort(r.PrimaryAddr) + " PING",
			"read this replica's log: it says why each attempt fails (refused, timeout, NOAUTH or WRONGPASS: masteruser and masterauth)",
		},
		Unknown: []string{"why the link is down: the logs of both servers tell"},
	}
	if v, ok := w.config("replica-serve-stale-data"); ok && v == "no" {
		f.Severity = stats.Critical
		f.Impact = "It answers nearly every command with a MASTERDOWN error (replica-serve-stale-data no)."
	}
	if up {
		silent, ok := r.LastIOSeconds.Get()
		if !ok || float64(silent) < w.Limit("silent_seconds") {
			return nil
		}
		f.Title = "The primary " + primary + " has been silent for " + seconds(float64(silent))
		f.Evidence = []stats.Evidence{moment("last word of the primary", seconds(float64(silent))+" ago", "INFO replication (master_last_io_seconds_ago)")}
		f.Unknown = []string{"whether the primary hangs or the network does: PING it"}
		return []stats.Finding{f}
	}
	down, since := w.linkDown()
	if down < w.Limit("seconds") {
		return nil
	}
	f.Title = "The link to the primary " + primary + " has been down for " + since + seconds(down)
	f.Evidence = []stats.Evidence{moment("master_link_status", "down for "+since+seconds(down), "INFO replication")}
	if down >= w.Limit("grave_seconds") {
		f.Severity = stats.Critical
	}
	return []stats.Finding{f}
}

// linkDown is for how many seconds the link has been down: what the server says, or where it has never
// been up, what was seen of it.
func (w *Window) linkDown() (down float64, since string) {
	if d, ok := w.Now.Replication.PrimaryLinkDownSeconds.Get(); ok {
		return float64(d), ""
	}
	var longest time.Duration
	for i := len(w.Past) - 1; i >= 0; i-- {
		r := &w.Past[i].Replication
		if r.PrimaryLinkUp.Or(true) || r.SyncInProgress {
			break
		}
		longest = w.Now.Time.Sub(w.Past[i].Time)
	}
	return longest.Seconds(), "at least "
}
