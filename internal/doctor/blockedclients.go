package doctor

import (
	"redistop/internal/redis"
	"redistop/internal/stats"
)

var blockedClients = Rule{
	ID:    "blocked-clients",
	Title: "Clients wait that should not have to",
	Group: "Connections",
	What:  "Clients are blocked in commands that never block by themselves (CLIENT PAUSE or a failover holds them), or wait in WAIT for replicas that do not answer.",
	Why:   "These clients hang: their requests time out though the server looks idle.",
	How:   "CLIENT LIST: flag b beside the last command and for how long. Workers in BLPOP, XREADGROUP and their like wait for work, however long, and are no finding.",
	Do:    "CLIENT UNPAUSE ends a pause. For WAIT bring the replicas back, and give WAIT a time-out.",
	Limits: []Limit{
		{"held_seconds", 2, "a planned failover pauses clients for a second or two"},
		{"grave_seconds", 5, "most clients give up after that time"},
		{"wait_seconds", 10, "in WAIT: replicas acknowledge within a second"},
	},
	Check: checkBlockedClients,
}

func checkBlockedClients(w *Window) []stats.Finding {
	var found []stats.Finding
	blocked := func(pass func(*redis.CommandInfo) bool, limit string) []*stats.ConnectionRow {
		return selected(w.census.blocked, func(c *stats.ConnectionRow) bool {
			if float64(c.IdleSeconds) < w.Limit(limit) {
				return false
			}
			info, ok := lookup(c.LastCommand)
			return ok && pass(info)
		})
	}
	if list := blocked(neverBlocks, "held_seconds"); len(list) > 0 {
		found = append(found, w.pausedFinding(list))
	}
	if list := blocked(func(c *redis.CommandInfo) bool { return c.Name == "wait" || c.Name == "waitaof" }, "wait_seconds"); len(list) > 0 {
		found = append(found, waitFinding(list))
	}
	return found
}

// neverBlocks says that a command reads or writes keys and is not one of those that wait for them. FLUSHALL
// and its like are left out: some versions let the caller wait while memory is freed.
func neverBlocks(c *redis.CommandInfo) bool {
	return c.Flags&redis.FlagBlocking == 0 && (c.ReadOnly() || c.Write()) && !c.Has("@dangerous")
}

func longestIdle(list []*stats.ConnectionRow) (seconds int64) {
	for _, c := range list {
		seconds = max(seconds, c.IdleSeconds)
	}
	return seconds
}

func (w *Window) pausedFinding(list []*stats.ConnectionRow) stats.Finding {
	n, idle := int64(len(list)), longestIdle(list)
	f := stats.Finding{
		Subject: "paused", Weight: float64(n), Severity: stats.Warning, Confidence: stats.Likely,
		Title: plural(n, "client") + pick(n == 1, " has", " have") + " been held in commands that do not block, for up to " + seconds(float64(idle)),
		Evidence: []stats.Evidence{
			moment("blocked in "+commandName(list[0].LastCommand)+" and its like", plural(n, "connection")+", the longest for "+seconds(float64(idle)), "CLIENT LIST (flag b, idle)"),
		},
		Impact: "These clients hang until the server lets them go on; their requests time out.",
		Culprits: whoHas(w.connections(func(c *stats.ConnectionRow) bool {
			return c.LastCommand == "client|pause" || c.LastCommand == "failover"
		}), one),
		Remedy:  []string{"end the pause if nobody meant it: CLIENT UNPAUSE", "look for a failover or a slot migration under way: INFO replication, CLUSTER NODES"},
		Unknown: []string{"who paused the clients, and for how long: MONITOR and the counters do not show CLIENT PAUSE's caller"},
	}
	if work := w.Work("client|pause"); work.Calls > 0 {
		f.Confidence = stats.Certain
		f.Evidence = append(f.Evidence, w.evidence("CLIENT PAUSE", plural(work.Calls, "call"), "INFO commandstats"))
	}
	if float64(idle) >= w.Limit("grave_seconds") {
		f.Severity = stats.Critical
	}
	if state := w.Now.Replication.FailoverState; state != "" {
		f.Evidence = append(f.Evidence, moment("failover", safeName(state), "INFO replication"))
	}
	return f
}

func waitFinding(list []*stats.ConnectionRow) stats.Finding {
	n, idle := int64(len(list)), longestIdle(list)
	return stats.Finding{
		Subject: "wait", Weight: float64(n), Severity: stats.Warning, Confidence: stats.Certain,
		Title:    plural(n, "client") + pick(n == 1, " waits", " wait") + " in WAIT for replicas, for up to " + seconds(float64(idle)),
		Evidence: []stats.Evidence{moment("blocked in WAIT", plural(n, "connection")+", the longest for "+seconds(float64(idle)), "CLIENT LIST (flag b, idle)")},
		Culprits: whoHas(list, one),
		Impact:   "These clients hang: not as many replicas acknowledge as they ask for.",
		Remedy:   []string{"bring the replicas back, or ask for fewer of them", "give WAIT a time-out: 0 waits for ever"},
	}
}
