package main

import (
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// queueLine is the columns of a queue: 80 characters and its name.
const queueLine = "%9s %8s %6s %6s %7s %7s %7s %6s %6s %8s  %s"

// queues is the table of queues, and what cannot be said of them.
func (t messagingTable) queues(m *stats.Messaging) {
	if len(m.Queues) > 0 {
		t.line(queueLine, "waiting", "growth/s", "in/s", "out/s", "idle", "running", "delayed", "dead", "oldest", "empty in", "queue")
	}
	soon := false
	for i := range m.Queues {
		q := &m.Queues[i]
		t.queue(q)
		soon = soon || q.Error == "" && !q.DrainNever && !q.DrainSeconds.Known()
	}
	if soon {
		t.line("empty in: n/a until ten jobs came or went, or for 20 s (--for 25s)")
	}
	if len(m.Queues) > 0 {
		t.line("idle: workers that wait for a job, n/a where they do not wait but ask; running: jobs that workers have")
	}
	if n := m.WaitingUnknown.Or(0); n > 0 {
		t.line("idle: %s more workers wait, and the samples have not seen for which queue (a longer --for may)", thousands(n))
	}
}

func (t messagingTable) queue(q *stats.QueueRow) {
	name := nameOf(q.DB, q.Name)
	switch {
	case q.Registered:
		name += "  (" + q.Framework + ", by its own list of queues)"
	case q.Framework != "":
		name += "  (" + q.Framework + ")"
	}
	if q.Error != "" {
		name += ": " + redis.PrintableCut(q.Error, 120)
	}
	empty := known(q.DrainSeconds, shortSpan)
	switch {
	case q.DrainNever:
		empty = "never"
	case q.Depth == 0 && q.DrainSeconds.Known():
		empty = "empty"
	}
	t.line(queueLine, thousands(q.Depth), known(q.DepthPerSecond, signedText), known(q.ArrivedPerSecond, rateText), known(q.ServedPerSecond, rateText),
		known(q.Workers, thousands), known(q.InFlight, thousands), known(q.Delayed, thousands), known(q.Dead, thousands), known(q.OldestSeconds, shortSpan), empty, name)
}
