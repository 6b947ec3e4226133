package doctor

import "redistop/internal/stats"

var fullResyncs = Rule{
	ID:    "full-resyncs",
	Title: "Replicas begin anew again and again",
	Group: "Replication",
	What:  "Replicas that lost their link could not go on where they were: the primary sends its whole data again, repeatedly.",
	Why:   "Each full resync forks the primary, fills the network and memory with a copy, and leaves the replica without current data until it has loaded it.",
	How:   "INFO stats on the primary (sync_full, sync_partial_err), in the last half hour and since the start. A new replica's first copy is one sync_full and no sync_partial_err.",
	Do:    "Make the backlog hold what is written while a link is down (repl-backlog-size), give replicas a larger output buffer (client-output-buffer-limit replica), and find out why the link breaks.",
	Limits: []Limit{
		{"refused", 2, "partial resyncs refused in half an hour: one may follow a restart"},
		{"repeated", 3, "full resyncs in half an hour, and more than two for each replica: so many replicas are not set up in that time"},
		{"refused_since_start", 3, "partial resyncs refused since the start, if that is one in an hour or more"},
		{"backlog_seconds", 300, "that a backlog should hold: a reboot or a fault of the network is over by then"},
	},
	Check: checkFullResyncs,
}

func checkFullResyncs(w *Window) []stats.Finding {
	if w.Now.Server.Role != "primary" {
		return nil
	}
	full, known := w.Now.Replication.FullSyncs.Get()
	refused := w.Now.Housekeeping.PartialSyncsRefused.Or(0)
	grown, elapsed, _ := w.Growth(longest, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Replication.FullSyncs })
	grownRefused, _, _ := w.Growth(longest, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Housekeeping.PartialSyncsRefused })
	replicas := w.Now.Replication.ConnectedReplicas.Or(0)
	hours := float64(w.Now.Server.UptimeSeconds.Or(0)) / 3600
	f := stats.Finding{Severity: stats.Warning, Confidence: stats.Certain}
	switch {
	case !known:
		return nil
	case float64(grownRefused) >= w.Limit("refused"), float64(grown) >= w.Limit("repeated") && grown > 2*replicas:
		f.Title = plural(grown, "full resync") + " in " + seconds(elapsed.Seconds())
		f.Evidence = append(f.Evidence, stats.Evidence{What: "full resyncs", Value: count(grown) + ", " + count(grownRefused) + " partial ones refused", Source: "INFO stats", Seconds: stats.Some(elapsed.Seconds())})
	case float64(refused) >= w.Limit("refused_since_start") && hours > 0 && float64(refused)/hours >= 1:
		f.Title = plural(full, "full resync") + " since the start " + seconds(hours*3600) + " ago"
	default:
		return nil
	}
	f.Evidence = append(f.Evidence, moment("since the start", count(full)+" full resyncs, "+count(refused)+" partial ones refused", "INFO stats (sync_full, sync_partial_err)"))
	for _, r := range w.Now.Replication.Replicas {
		f.Culprits = append(f.Culprits, stats.Culprit{Addr: r.Addr, IP: ipOf(r.Addr, ""), Source: "INFO replication"})
	}
	f.Culprits = firstOf(f.Culprits, mostCulprits)
	f.Impact = "Each one forks this server and sends all its data, and the replica has old data until it has loaded it."
	f.Remedy = w.resyncRemedies(&f)
	f.Unknown = []string{"why the link breaks: the logs of both servers tell"}
	return []stats.Finding{f}
}

// resyncRemedies computes what backlog would have been enough.
func (w *Window) resyncRemedies(f *stats.Finding) []string {
	const mb = 1 << 20
	backlog := "enlarge the backlog: CONFIG SET repl-backlog-size 64mb or more, to hold some minutes of writes"
	speed := w.speed(func(s *stats.Snapshot) stats.Maybe[int64] { return s.Replication.Offset })
	if size, ok := w.Now.Replication.BacklogBytes.Get(); ok && speed > 0 {
		holds := float64(size) / speed
		f.Evidence = append(f.Evidence, w.evidence("backlog", bytes(float64(size))+", the writes of "+seconds(holds)+" at "+bytes(speed)+" a second", "INFO replication"))
		if holds < w.Limit("backlog_seconds") {
			backlog = "enlarge the backlog to " + seconds(w.Limit("backlog_seconds")) + " of writes: CONFIG SET repl-backlog-size " + plain(int64(speed*w.Limit("backlog_seconds"))/mb+1) + "mb"
		}
	}
	return []string{backlog,
		"if the primary cuts replicas off while they load (its log says so): CONFIG SET client-output-buffer-limit \"replica 512mb 128mb 60\"",
		"find out why the link breaks: repl-timeout, the network, a replica that a long command blocks"}
}
