package doctor

import (
	"time"

	"redistop/internal/stats"
)

var replicaLag = Rule{
	ID:    "replica-lag",
	Title: "A replica does not keep up",
	Group: "Replication",
	What:  "A replica is seconds behind this primary, or has stopped to acknowledge what it gets.",
	Why:   "Reads from it are old, WAIT takes long, a failover to it loses what it has not got. What it has not taken waits in this server's memory, until it is cut off and must begin anew.",
	How:   "INFO replication on the primary: offset and lag of each replica, against how fast the primary's own offset grows. Replicas acknowledge once a second, so that less than a second of writes is no lag. A first copy under way is no finding.",
	Do:    "Look at the replica with redistop: is it busy, blocked by a long command, or out of memory? Is the network between full? Write less at once.",
	Limits: []Limit{
		{"seconds", 5, "of writes behind: five times what is usual between two acknowledgements"},
		{"bytes", 1 << 20, "behind: on a server that writes little, seconds are few bytes"},
		{"silent_seconds", 10, "without an acknowledgement, which comes every second; a command that long blocks the replica"},
		{"buffer_bytes", 4 << 20, "waiting in its output buffer and not growing less for some seconds: what a replica takes at once does not stay there"},
		{"held_seconds", 3, "without shrinking"},
		{"grave_seconds", 40, "without one: after 60 s (repl-timeout) the primary cuts the replica off"},
	},
	Check: checkReplicaLag,
}

func checkReplicaLag(w *Window) []stats.Finding {
	var found []stats.Finding
	speed := w.speed(func(s *stats.Snapshot) stats.Maybe[int64] { return s.Replication.Offset })
	for _, r := range w.Now.Replication.Replicas {
		if w.Now.Server.Role != "primary" || r.State != "online" || w.copying(r.Addr) {
			continue
		}
		behind := 0.0
		if lag, ok := r.LagBytes.Get(); ok && float64(lag) >= w.Limit("bytes") && speed > 0 {
			behind = float64(lag) / speed
		}
		silence := float64(r.LagSeconds.Or(0))
		waits := w.waitsFor(r.Addr)
		if behind < w.Limit("seconds") && silence < w.Limit("silent_seconds") && waits.lastBytes == 0 {
			continue
		}
		f := w.lagFinding(r, behind, silence, speed)
		if waits.lastBytes > 0 {
			w.addWaits(&f, waits, behind == 0 && silence < w.Limit("silent_seconds"))
		}
		found = append(found, f)
	}
	return found
}

// copying says whether a replica of that host has not acknowledged its first copy yet.
func (w *Window) copying(addr string) bool {
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		if outputClass(c) == "replica" && ipOf(c.Addr, c.Flags) == ipOf(addr, "") && w.syncing(c) {
			return true
		}
	}
	return false
}

// syncing says that the connection is of a replica that has not acknowledged anything yet: its copy is
// under way.
func (w *Window) syncing(c *stats.ConnectionRow) bool {
	if c.LastCommand == "psync" || c.LastCommand == "sync" {
		return true
	}
	for _, r := range w.Now.Replication.Replicas {
		if ipOf(r.Addr, "") == ipOf(c.Addr, c.Flags) && r.State != "online" {
			return true
		}
	}
	return false
}

// waitsFor is what has waited for a replica of that host in its output buffer; zero where that is little or
// of a moment.
func (w *Window) waitsFor(addr string) heldBuffer {
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		h, ok := w.held[c.ID]
		if ok && outputClass(c) == "replica" && ipOf(c.Addr, c.Flags) == ipOf(addr, "") &&
			float64(h.lastBytes) >= w.Limit("buffer_bytes") && h.seconds() >= w.Limit("held_seconds") {
			return h
		}
	}
	return heldBuffer{}
}

// addWaits tells of what waits in the output buffer; it is the title where nothing else is wrong yet.
func (w *Window) addWaits(f *stats.Finding, h heldBuffer, alone bool) {
	value := bytes(float64(h.lastBytes))
	if h.speed() > 0 {
		value += ", " + bytes(h.speed()) + " a second more"
	}
	if alone {
		f.Title = "Replica " + f.Subject + " does not take what is written: " + value + " wait for it"
	}
	f.Evidence = append(f.Evidence, w.evidence("its output buffer (omem)", value, "CLIENT LIST"))
	limit, _ := w.outputLimit("replica")
	if cut := untilCut(limit, h); cut < 3600 {
		f.Impact += " It is cut off in about " + seconds(cut) + " (client-output-buffer-limit) and then begins anew."
	}
}

func (w *Window) lagFinding(r stats.ReplicaRow, behind, silence, speed float64) stats.Finding {
	addr := safeName(r.Addr)
	f := stats.Finding{
		Subject: addr, Weight: max(behind, silence), Severity: stats.Warning, Confidence: stats.Certain,
		Title:    "Replica " + addr + " is " + seconds(behind) + " behind",
		Culprits: []stats.Culprit{{Addr: r.Addr, IP: ipOf(r.Addr, ""), Source: "INFO replication"}},
		Impact:   "Reads from it are old, and a failover to it would lose what it has not got.",
		Remedy: []string{
			"look at the replica with `redistop " + addr + "`: is it out of processor time, blocked by a long command, loading, or swapping?",
			"look at the network between the two, and at what writes so much here (redistop, sorted by input)",
		},
	}
	if lag, ok := r.LagBytes.Get(); ok {
		value := bytes(float64(lag))
		if speed > 0 {
			value += ", while the primary writes " + bytes(speed) + " a second"
		}
		f.Evidence = append(f.Evidence, w.evidence("not acknowledged", value, "INFO replication (offset)"))
		if size, ok := w.Now.Replication.BacklogBytes.Get(); ok && lag > size {
			f.Impact += " It is further behind than the backlog (" + bytes(float64(size)) + ") reaches: if its connection breaks now, it begins anew with a full copy."
		}
	}
	if silence >= w.Limit("silent_seconds") {
		f.Title = "Replica " + addr + " has acknowledged nothing for " + seconds(silence)
		f.Evidence = append(f.Evidence, moment("last acknowledgement", seconds(silence)+" ago", "INFO replication (lag)"))
		if silence >= w.Limit("grave_seconds") {
			f.Severity = stats.Critical
		}
	}
	if _, elapsed := w.Since(Recent); elapsed < 4*time.Second {
		f.Unknown = append(f.Unknown, "whether it is catching up: look for longer")
	}
	return f
}
