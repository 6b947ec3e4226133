package doctor

import (
	"cmp"
	"fmt"
	"time"

	"redistop/internal/stats"
)

var queueBacklog = Rule{
	ID: "queue-backlog", Title: "A queue grows and no worker waits for its jobs", Group: messages,
	What: "More jobs come into a list or sorted set that is a queue than go, and no client waits for a job there.",
	Why:  "Jobs are done later and later, and what waits takes memory. Where no worker waits, either none runs or all are busy: the jobs that run tell which, where the framework keeps them.",
	How:  "The length of the key look after look; who waits by CLIENT LIST (blocked, last command) and the samples of what each client sends. A worker that asks now and then instead of waiting (LPOP) cannot be seen waiting.",
	Do:   "See whether the workers run; start more of them, or make the jobs quicker.",
	Limits: []Limit{
		{"jobs", 100, "that wait: fewer are a burst"},
		{"held_seconds", 60, "without becoming less: a burst is worked off by then"},
		{"growth", 0.5, "jobs a second: less is within what two looks differ by"},
	},
	Check: checkQueueBacklog,
}

func checkQueueBacklog(w *Window) []stats.Finding {
	m := w.Now.Messaging
	if m == nil {
		return nil
	}
	var found []stats.Finding
	for i := range m.Queues {
		q := &m.Queues[i]
		h := w.backlogs.held[queueMark(q)]
		workers, known := q.Workers.Get()
		if float64(h.lastN) < w.Limit("jobs") || h.seconds() < w.Limit("held_seconds") || h.speed() < w.Limit("growth") || workers > 0 || len(found) == mostOfARule {
			continue
		}
		name := "Queue " + quoted(q.Name)
		if q.Framework != "" {
			name += " (" + q.Framework + ")"
		}
		f := stats.Finding{
			Subject: fmt.Sprintf("queue %d %s %s", q.DB, quoted(q.Key), quoted(q.Name)), Weight: float64(h.lastN), Severity: stats.Warning, Confidence: stats.Certain,
			Title:    name + " grows: " + plural(h.lastN, "job waits", "jobs wait") + ", " + perSecond(h.speed()) + " more",
			Evidence: []stats.Evidence{{What: "jobs that wait", Value: count(h.sinceN) + ", then " + count(h.lastN), Source: lengthCommand(q), Seconds: stats.Some(h.seconds())}},
			Impact:   "Jobs are done later and later.",
			Remedy:   []string{"See whether the workers run; start more of them", "Make the jobs quicker, or send fewer"},
		}
		running, told := q.InFlight.Get()
		if told && running > 0 {
			f.Evidence = append(f.Evidence, moment("jobs that run", count(running), "the framework's own keys"))
		}
		switch {
		case known && running > 0:
			f.Title += ", and no worker is free: " + plural(running, "job runs", "jobs run")
			f.Evidence = append(f.Evidence, moment("workers that wait", "none: all are busy", "CLIENT LIST"))
			f.Remedy[0] = "Start more workers"
			f.Unknown = append(f.Unknown, "whether the jobs that run belong to workers that are alive")
		case known && told:
			f.Title += ", no worker waits for one and none has one"
			f.Evidence = append(f.Evidence, moment("workers that wait", "none, and no job runs", "CLIENT LIST, the framework's own keys"))
			f.Remedy[0] = "See whether the workers run"
		case known:
			f.Title += ", and no worker waits for one"
			f.Evidence = append(f.Evidence, moment("workers that wait", "none: none runs, or all are busy", "CLIENT LIST"))
		default:
			f.Unknown = append(f.Unknown, "whether a worker waits: CLIENT LIST and samples of what clients send would tell")
		}
		if oldest, ok := q.OldestSeconds.Get(); ok {
			f.Evidence = append(f.Evidence, moment("the oldest waiting job", seconds(oldest)+" old", "the job's own time, as "+cmp.Or(q.Framework, "its framework")+" stores it"))
		}
		f.Evidence = append(f.Evidence, w.over("jobs", "held_seconds")...)
		found = append(found, f)
	}
	return found
}

func lengthCommand(q *stats.QueueRow) string {
	return map[string]string{"list": "LLEN", "zset": "ZCARD, ZCOUNT", "stream": "XLEN"}[q.Type]
}

var untrimmedStream = Rule{
	ID: "untrimmed-stream", Title: "A stream grows and nothing trims it", Group: messages,
	What: "Entries are added to a stream and none was ever removed.",
	Why:  "It takes more and more memory until the server is at its limit. Acknowledging entries removes none of them.",
	How:  "XINFO STREAM: what was ever added (7.0+) is still there, and the length grows look after look. Somebody may trim it once a day: what was never trimmed since it was made has not been so far.",
	Do:   "Trim when adding: XADD key MAXLEN ~ N, or MINID ~ for an age; or trim by a job of its own (XTRIM).",
	Limits: []Limit{
		{"entries", 100_000, "fewer are no trouble yet"},
		{"memory_share", 0.1, "of maxmemory, or of the host's memory, from which on it is a warning"},
	},
	Check: checkUntrimmed,
}

func checkUntrimmed(w *Window) []stats.Finding {
	m := w.Now.Messaging
	if m == nil {
		return nil
	}
	var found []stats.Finding
	for i := range m.Streams {
		s := &m.Streams[i]
		if float64(s.Length) < w.Limit("entries") || !s.Growing.Or(false) || s.Trimmed.Or(true) || s.EntriesAdded.Or(0) > s.Length || len(found) == mostOfARule {
			continue
		}
		f := stats.Finding{
			Subject: streamName(s, nil), Weight: float64(s.Length), Severity: stats.Info, Confidence: stats.Likely,
			Title:    "Stream " + quoted(s.Key) + " grows and is never trimmed: " + count(s.Length) + " entries",
			Evidence: []stats.Evidence{moment("entries", count(s.Length)+", all that were ever added", "XINFO STREAM")},
			Impact:   "Its memory grows until the server is at its limit.",
			Remedy:   []string{"Trim when adding: XADD " + quoted(s.Key) + " MAXLEN ~ N ..., or MINID ~ for an age", "Once, in steps: XTRIM " + quoted(s.Key) + " MAXLEN ~ N LIMIT 10000"},
		}
		if added, ok := s.AddedPerSecond.Get(); ok {
			f.Evidence = append(f.Evidence, moment("added", perSecond(added), "XINFO STREAM"))
		}
		size, known := s.Bytes.Get()
		if known {
			f.Title += ", " + bytes(float64(size))
			f.Evidence = append(f.Evidence, moment("memory", bytes(float64(size)), "MEMORY USAGE, an estimate"))
		}
		if _, of := w.memoryRoom(); known && of > 0 && float64(size) >= w.Limit("memory_share")*of {
			f.Severity = stats.Warning
		}
		f.Evidence = append(f.Evidence, w.over("entries")...)
		found = append(found, f)
	}
	return found
}

var publishUnheard = Rule{
	ID: "publish-unheard", Title: "Messages are published and nobody is subscribed", Group: messages,
	What: "PUBLISH is called, and no client is subscribed to any channel or pattern of this server.",
	Why:  "Pub/Sub delivers at most once: what nobody is subscribed to at that moment is lost, and the publisher is told only by the number in the reply.",
	How:  "INFO commandstats (publish) and INFO stats (pubsub_channels, pubsub_patterns). Single channels among others that have subscribers are not judged: their table says which were heard by nobody. Subscribers of replicas and of other nodes of a cluster are not seen from here.",
	Do:   "If somebody should hear it, see whether the subscribers run and are connected to this server; where messages must not be lost, use a stream. If nobody should, leave it out.",
	Limits: []Limit{
		{"per_second", 1, "messages: frameworks publish some now and then that nobody needs"},
	},
	Check: checkUnheard,
}

func checkUnheard(w *Window) []stats.Finding {
	channels, known := w.Now.PubSub.Channels.Get()
	patterns, known2 := w.Now.PubSub.Patterns.Get()
	if !known || !known2 || channels+patterns > 0 || w.Now.Server.Mode == "cluster" {
		return nil
	}
	work := w.Work("publish")
	if work.Elapsed < 10*time.Second || work.PerSecond < w.Limit("per_second") {
		return nil
	}
	perSec := work.PerSecond
	f := stats.Finding{
		Weight: perSec, Severity: stats.Info, Confidence: stats.Certain,
		Title: perSecond(perSec) + " messages are published and nobody is subscribed",
		Evidence: []stats.Evidence{
			w.evidence("PUBLISH", plural(work.Calls, "call"), "INFO commandstats"),
			moment("channels and patterns with subscribers", "none", "INFO stats"),
		},
		Impact: "All of these messages are lost: Pub/Sub delivers at most once.",
		Remedy: []string{"See whether the subscribers run and are connected to this server", "Where messages must not be lost, use a stream instead"},
	}
	if n := w.Now.Replication.ConnectedReplicas.Or(0); n > 0 {
		f.Confidence = stats.Possible
		f.Unknown = []string{"whether clients are subscribed on a replica, which gets the messages too"}
	}
	return []stats.Finding{f}
}
