package doctor

import (
	"redistop/internal/stats"
)

var unreadGroup = Rule{
	ID: "unread-group", Title: "A consumer group that nobody reads", Group: messages,
	What: "A group of a stream has entries to read, and it has no consumer, or none that has asked for anything for long.",
	Why:  "Whoever made the group expects these entries to be worked on. And a stream that is trimmed by what all groups have read grows for ever.",
	How:  "XINFO GROUPS and XINFO CONSUMERS (idle). A job that reads once a day looks the same: the limit says from when on it counts.",
	Do:   "Start the consumers, or remove the group with XGROUP DESTROY if nothing needs it any more.",
	Limits: []Limit{
		{"idle_seconds", 600, "consumers ask again within seconds or minutes; a deployment takes less"},
		{"entries", 1, "to read: a single one that is never read is one too many"},
	},
	Check: checkUnread,
}

// idlest is how long no consumer of a group has asked, and whether that is known: of all of them.
func idlest(g *stats.GroupRow) (idle float64, known bool) {
	if len(g.Consumers) == 0 {
		return 0, false
	}
	idle = unheard(&g.Consumers[0])
	for i := range g.Consumers {
		idle = min(idle, unheard(&g.Consumers[i]))
	}
	return idle, g.ConsumersMore == 0
}

func (w *Window) unread(g *stats.GroupRow) bool {
	idle, known := idlest(g)
	nobody := len(g.Consumers) == 0 && g.ConsumersMore == 0
	return float64(g.Lag.Or(0)) >= w.Limit("entries") && g.ReadPerSecond.Or(1) == 0 && (nobody || known && idle >= w.Limit("idle_seconds"))
}

func checkUnread(w *Window) []stats.Finding {
	return w.eachGroup(func(s *stats.StreamRow, g *stats.GroupRow) (stats.Finding, bool) {
		if !w.unread(g) {
			return stats.Finding{}, false
		}
		lag := g.Lag.Or(0)
		f := stats.Finding{
			Subject: streamName(s, g), Weight: float64(lag), Severity: stats.Info, Confidence: stats.Likely,
			Title:    capital(groupName(s, g)) + " is read by nobody: " + plural(lag, "entry waits", "entries wait"),
			Evidence: []stats.Evidence{moment("lag", plural(lag, "entry", "entries"), "XINFO GROUPS, XINFO STREAM")},
			Impact:   "What was added since then is not worked on.",
			Remedy:   []string{"Start the consumers of the group", "If nothing needs it any more: XGROUP DESTROY " + quoted(s.Key) + " " + quoted(g.Name)},
		}
		if idle, ok := idlest(g); ok {
			f.Evidence = append(f.Evidence, moment("the last question of a consumer", seconds(idle)+" ago", "XINFO CONSUMERS"))
		} else {
			f.Evidence = append(f.Evidence, moment("consumers", "none", "XINFO CONSUMERS"))
		}
		if s.AddedPerSecond.Or(0) > 0 {
			f.Severity = stats.Warning
			f.Evidence = append(f.Evidence, moment("added", perSecond(s.AddedPerSecond.Or(0)), "XINFO STREAM"))
		}
		return f, true
	})
}

var growingLag = Rule{
	ID: "growing-lag", Title: "A consumer group falls behind", Group: messages,
	What: "More is added to a stream than one of its groups reads: its lag grows all the time.",
	Why:  "What is done, is done later and later; where the stream is trimmed, entries are lost before the group has seen them.",
	How:  "XINFO GROUPS (lag, corrected where the server's count is wrong) look after look. A lag that the server does not know is not judged.",
	Do:   "Run more consumers in the group, read more entries at a time (XREADGROUP COUNT), or make the work on an entry quicker; find out whether one of them is stuck.",
	Limits: []Limit{
		{"entries", 100, "that wait: fewer are a burst"},
		{"held_seconds", 60, "without becoming less: a burst is worked off by then"},
		{"growth", 0.5, "entries a second: less is within what two looks differ by"},
	},
	Behind: []string{"stuck-consumer", "dead-consumer"},
	Check: func(w *Window) []stats.Finding {
		return w.eachGroup(func(s *stats.StreamRow, g *stats.GroupRow) (stats.Finding, bool) {
			h := w.backlogs.held[groupMark(s, g)]
			nobody := len(g.Consumers) == 0 && g.ConsumersMore == 0 // unread-group says so
			if float64(h.lastN) < w.Limit("entries") || h.seconds() < w.Limit("held_seconds") || h.speed() < w.Limit("growth") || nobody {
				return stats.Finding{}, false
			}
			f := stats.Finding{
				Subject: streamName(s, g), Weight: float64(h.lastN), Severity: stats.Warning, Confidence: stats.Certain,
				Title: capital(groupName(s, g)) + " falls behind: " + plural(h.lastN, "entry waits", "entries wait") + ", " + perSecond(h.speed()) + " more",
				Evidence: []stats.Evidence{
					{What: "lag", Value: count(h.sinceN) + ", then " + count(h.lastN), Source: "XINFO GROUPS", Seconds: stats.Some(h.seconds())},
				},
				Impact: "What is added now is worked on later and later.",
				Remedy: []string{"Run more consumers in the group, or read more entries at a time (XREADGROUP COUNT)", "Make the work on an entry quicker: look at the consumers, not at the server"},
			}
			if added, ok := s.AddedPerSecond.Get(); ok {
				f.Evidence = append(f.Evidence, moment("added", perSecond(added), "XINFO STREAM"))
			}
			if acked, ok := g.AckedPerSecond.Get(); ok {
				f.Evidence = append(f.Evidence, moment("acknowledged", perSecond(acked)+" by "+plural(int64(len(g.Consumers)+g.ConsumersMore), "consumer"), "XINFO GROUPS"))
			}
			f.Evidence = append(f.Evidence, w.over("entries", "held_seconds")...)
			return f, true
		})
	},
}

var poisonEntry = Rule{
	ID: "poison-entry", Title: "An entry that is delivered again and again", Group: messages,
	What: "An entry of a stream was delivered many times and is still not acknowledged: each consumer that gets it fails.",
	Why:  "It takes the time of consumers again and again, may crash each of them in turn, and holds up what comes behind it where the order counts.",
	How:  "XPENDING with its deliveries: all that a group has pending is looked through, 500 entries a look, and then anew; the worst that were found are asked about at every look. The entry itself is not read. A consumer that reads its own pending entries on each start counts as a delivery too.",
	Do:   "Look at the entry (XRANGE stream id id), mend the consumer or put the entry aside, and acknowledge it (XACK). Have consumers put aside what was delivered a few times.",
	Limits: []Limit{
		{"deliveries", 5, "retries are usually three; the tables call an entry poison from as many on"},
	},
	Check: func(w *Window) []stats.Finding {
		return w.eachGroup(func(s *stats.StreamRow, g *stats.GroupRow) (stats.Finding, bool) {
			n := 0
			for n < len(g.Poison) && float64(g.Poison[n].Deliveries) >= w.Limit("deliveries") {
				n++
			}
			if n == 0 {
				return stats.Finding{}, false
			}
			p := &g.Poison[0]
			f := stats.Finding{
				Subject: streamName(s, g), Weight: float64(p.Deliveries), Severity: stats.Warning, Confidence: stats.Certain,
				Title:    "Entry " + safeName(p.ID) + " of stream " + quoted(s.Key) + " was delivered " + count(p.Deliveries) + " times to group " + quoted(g.Name) + " and is not done",
				Culprits: []stats.Culprit{w.consumer(&stats.ConsumerRow{Name: p.Consumer})},
				Impact:   "Consumers fail on it again and again, and may crash.",
				Remedy:   []string{"Look at it: XRANGE " + quoted(s.Key) + " " + safeName(p.ID) + " " + safeName(p.ID), "Put it aside, then: XACK " + quoted(s.Key) + " " + quoted(g.Name) + " " + safeName(p.ID)},
			}
			for _, e := range g.Poison[:n] {
				f.Evidence = append(f.Evidence, moment("entry "+safeName(e.ID), count(e.Deliveries)+" deliveries, the last "+seconds(e.IdleSeconds)+" ago to "+safeName(e.Consumer), "XPENDING"))
			}
			f.Evidence = append(append(f.Evidence, passed(g)...), w.over("deliveries")...)
			return f, true
		})
	},
}

// passed says how many entries of a group are like those that are shown, and of how many, where that is more than is shown.
func passed(g *stats.GroupRow) []stats.Evidence {
	p := g.PendingPass
	switch {
	case p == nil:
		return nil
	case p.WholeTime == nil:
		return []stats.Evidence{moment("looked at so far", "the first "+count(p.Looked)+" of "+count(g.Pending)+" pending", "XPENDING")}
	case p.Poison > int64(len(g.Poison)):
		return []stats.Evidence{moment("delivered "+count(stats.PoisonFrom)+" times or more", count(p.Poison)+" of all that were pending", "XPENDING")}
	}
	return nil
}
