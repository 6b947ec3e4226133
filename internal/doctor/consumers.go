package doctor

import (
	"fmt"
	"strings"

	"redistop/internal/stats"
)

const messages = "Messages" // the group of rules

var stuckConsumer = Rule{
	ID: "stuck-consumer", Title: "A consumer holds entries and acknowledges none", Group: messages,
	What: "A consumer of a stream's group got entries some time ago and has acknowledged none of them since, though it has not gone quiet for so long that it must be gone.",
	Why:  "What it holds is done by nobody else: the group counts these entries as delivered. They wait until somebody claims them.",
	How:  "XINFO CONSUMERS and XPENDING (the oldest entries, up to 100 of the group; of one that holds more, when it last got something). Before 7.2 the server does not tell when a consumer last asked: one that is gone is called stuck there while any connection reads a group. Whether it works on them at this moment cannot be seen: work that takes this long looks the same.",
	Do:   "Look at the process behind the consumer; if it is stuck, restart it and claim its entries for another consumer (redistop messaging claim; XAUTOCLAIM takes those of all consumers, and drops without a word what was deleted from the stream); have consumers read their own pending entries when they start.",
	Limits: []Limit{
		{"held_seconds", 120, "since its oldest entry was delivered, or since it last got anything: longer than nearly all work on one entry"},
	},
	Check: func(w *Window) []stats.Finding {
		return w.consumers(stats.ConsumerStuck, func(c *stats.ConsumerRow) bool {
			return c.State == stats.ConsumerStuck && !goneFor(c, w.allLimits["dead-consumer"]["idle_seconds"]) && max(c.OldestSeconds.Or(0), c.InactiveSeconds.Or(0)) >= w.Limit("held_seconds")
		})
	},
}

var deadConsumer = Rule{
	ID: "dead-consumer", Title: "A consumer that is gone holds entries", Group: messages,
	What: "A consumer of a stream's group holds entries and has asked for nothing for long: its process ended, or was renamed, without having acknowledged them.",
	Why:  "These entries are delivered, so no other consumer gets them by asking for new ones: they are lost work until somebody claims them.",
	How:  "XINFO CONSUMERS (idle, pending); before 7.2, which does not tell when it last asked, that it got nothing for long and that of all connections none has its name or reads a group. A consumer that reads without a time limit and waits looks idle as well, but then it holds nothing that it has not done.",
	Do:   "Claim its entries for a consumer that lives (redistop messaging claim; one XAUTOCLAIM takes no more than its COUNT, 100 by default), then delete it (redistop messaging delconsumer; XGROUP DELCONSUMER drops what it still holds). Give consumers names that survive a restart, or have each one claim what others left behind.",
	Limits: []Limit{
		{"idle_seconds", 300, "a blocking read comes back within seconds or minutes. With less, who is at long work on a batch counts as gone"},
	},
	Check: func(w *Window) []stats.Finding {
		return w.consumers(stats.ConsumerDead, func(c *stats.ConsumerRow) bool { return goneFor(c, w.Limit("idle_seconds")) })
	},
}

// goneFor says that a consumer holds entries and has asked for nothing for so many seconds, the limit of the rule
// dead-consumer; 0 where that is not asked. Where its state does not say so, it has to be told when it asked, and no connection may
// have its name.
func goneFor(c *stats.ConsumerRow, limit float64) bool {
	told := c.IdleSeconds.Known() && !c.Online.Or(false)
	return limit > 0 && c.Pending > 0 && unheard(c) >= limit && (c.State == stats.ConsumerDead || told)
}

// unheard is how long a consumer has asked for nothing; before 7.2, since it last got something, which is as long or longer.
func unheard(c *stats.ConsumerRow) float64 { return c.IdleSeconds.Or(c.InactiveSeconds.Or(0)) }

// mostOfARule bounds the findings that one rule makes of messages.
const mostOfARule = 16

// eachGroup calls f with the groups of all streams until it has made enough findings.
func (w *Window) eachGroup(f func(s *stats.StreamRow, g *stats.GroupRow) (stats.Finding, bool)) []stats.Finding {
	var found []stats.Finding
	m := w.Now.Messaging
	if m == nil {
		return nil
	}
	for i := range m.Streams {
		for j := range m.Streams[i].Groups {
			if len(found) == mostOfARule {
				return found
			}
			if one, ok := f(&m.Streams[i], &m.Streams[i].Groups[j]); ok {
				found = append(found, one)
			}
		}
	}
	return found
}

// consumers finds those in a state, a finding for each group.
func (w *Window) consumers(state stats.ConsumerState, grave func(*stats.ConsumerRow) bool) []stats.Finding {
	return w.eachGroup(func(s *stats.StreamRow, g *stats.GroupRow) (stats.Finding, bool) {
		var culprits []stats.Culprit
		var pending, oldest, deleted float64
		asked := stats.Maybe[float64]{}
		for i := range g.Consumers {
			c := &g.Consumers[i]
			if !grave(c) {
				continue
			}
			pending += float64(c.Pending)
			deleted += float64(c.PendingDeleted)
			oldest = max(oldest, c.OldestSeconds.Or(0), c.InactiveSeconds.Or(0))
			if len(culprits) == 0 {
				asked = c.IdleSeconds
			}
			culprits = append(culprits, w.consumer(c))
		}
		if len(culprits) == 0 {
			return stats.Finding{}, false
		}
		name := "consumer " + quoted(culprits[0].Name)
		if len(culprits) > 1 {
			name = plural(int64(len(culprits)), "consumer")
		}
		f := stats.Finding{
			Subject: streamName(s, g), Weight: pending, Severity: stats.Warning, Confidence: stats.Likely,
			Evidence: []stats.Evidence{moment("pending", plural(int64(pending), "entry", "entries")+", the oldest untouched for "+seconds(oldest), "XINFO CONSUMERS, XPENDING")},
			Culprits: culprits[:min(len(culprits), mostCulprits)],
			Impact:   "Nobody else works on " + pick(pending == 1, "this entry", "these entries") + ": " + pick(pending == 1, "it is", "they are") + " delivered.",
		}
		if state == stats.ConsumerDead {
			f.Title = fmt.Sprintf("%s of %s %s %s", capital(name), groupName(s, g), pick(len(culprits) == 1, "is gone and holds", "are gone and hold"), plural(int64(pending), "entry", "entries"))
			if unknown := w.mayWait(); unknown != "" {
				f.Unknown = []string{unknown}
			} else if asked.Known() {
				f.Confidence = stats.Certain
			}
			f.Remedy = []string{
				"Claim what it holds for a consumer that lives: " + w.claimLine(s, g, culprits[0].Name) + " (a dry run until --yes)",
				"Then delete it: " + w.messagingLine("delconsumer", s, g, culprits[0].Name) + " (which refuses while it holds anything)",
			}
			w.tellDeleted(&f, s, g, int64(pending), int64(deleted))
			return f, true
		}
		f.Title = fmt.Sprintf("%s of %s %s %s and %s none", capital(name), groupName(s, g), pick(len(culprits) == 1, "holds", "hold"), plural(int64(pending), "entry", "entries"), pick(len(culprits) == 1, "acknowledges", "acknowledge"))
		f.Remedy = []string{
			"Look at the process of " + whoText(culprits[0]) + ": " + askedText(asked),
			"If it is stuck, restart it, and claim what it holds: " + w.claimLine(s, g, culprits[0].Name, "--min-idle", "2m") + " (a dry run until --yes)",
		}
		f.Unknown = []string{"whether it works on them at this moment: only the process itself tells"}
		w.tellDeleted(&f, s, g, int64(pending), int64(deleted))
		return f, true
	})
}

// tellDeleted changes a finding where entries that are held were trimmed from the stream: a claim gives them to nobody.
func (w *Window) tellDeleted(f *stats.Finding, s *stats.StreamRow, g *stats.GroupRow, pending, deleted int64) {
	if deleted == 0 {
		return
	}
	f.Evidence = append(f.Evidence, moment("trimmed from the stream", count(deleted)+" of "+count(pending), "XINFO STREAM (first-entry), XPENDING"))
	drop := w.claimLine(s, g, f.Culprits[0].Name, dropDeleted) + " (a dry run until --yes)"
	if deleted < pending {
		f.Remedy = append(f.Remedy, "Nobody can process what was trimmed; to acknowledge it: "+drop)
		return
	}
	f.Title += ", all trimmed from the stream"
	f.Impact = "Nobody can process " + pick(pending == 1, "it", "them") + " any more, whoever claims " + pick(pending == 1, "it", "them") + ": the work is lost, unless it is in the application's own records."
	for i := range f.Remedy {
		if strings.Contains(f.Remedy[i], " claim ") {
			f.Remedy[i] = "Acknowledge what it holds, since no claim can give it to anybody: " + drop
		}
	}
	f.Remedy = append(f.Remedy, "See that the stream keeps entries until all groups have acknowledged them: a larger MAXLEN, or MINID by the oldest pending entry")
}

// dropDeleted is the flag of redistop messaging claim that acknowledges what was deleted.
const dropDeleted = "--drop-deleted"

// asksNow is how lately a consumer asked that still asks.
const asksNow = 30

// askedText says what is known of a consumer that acknowledges nothing.
func askedText(asked stats.Maybe[float64]) string {
	switch ago, known := asked.Get(); {
	case !known:
		return "whether it still asks, the server does not tell before 7.2"
	case ago < asksNow:
		return "it asks the server, but does not finish its work"
	default:
		return "it has asked for nothing for " + seconds(ago) + ": it works on, hangs, or is gone"
	}
}

// claimLine gives what a consumer holds to another one of its group, which is named where one is at work.
func (w *Window) claimLine(s *stats.StreamRow, g *stats.GroupRow, from string, more ...string) string {
	to := ""
	for i := range g.Consumers {
		if c := &g.Consumers[i]; c.State == stats.ConsumerActive && c.Name != from {
			to = c.Name
			break
		}
	}
	return w.messagingLine("claim", s, g, "", append([]string{"--from", from, "--to", to}, more...)...)
}

// messagingLine is a command line of redistop messaging about a group.
func (w *Window) messagingLine(verb string, s *stats.StreamRow, g *stats.GroupRow, consumer string, flags ...string) string {
	word := func(name, placeholder string) string {
		if strings.HasPrefix(name, "-") { // it would be read as a flag
			name = ""
		}
		return shellWord(name, placeholder)
	}
	line := "redistop messaging " + verb + " " + word(s.Key, "STREAM") + " " + word(g.Name, "GROUP")
	if consumer != "" {
		line += " " + word(consumer, "CONSUMER")
	}
	if s.DB != 0 {
		line += fmt.Sprintf(" -n %d", s.DB)
	}
	for i := 0; i < len(flags); i++ {
		line += " " + flags[i]
		if flags[i] != dropDeleted {
			i++
			line += " " + word(flags[i], "CONSUMER")
		}
	}
	return w.tool(line, "", "")
}

// mayWait says why one that seems gone may wait in XREADGROUP without a time limit; "" where no connection does.
func (w *Window) mayWait() string {
	o := &w.Now.Observer
	if o.ClientsTime == nil || w.Now.ConnectionsOmitted > 0 || o.ClientsKnown < o.ClientsExpected {
		return "whether it waits in XREADGROUP without a time limit: not all connections were seen"
	}
	n := len(w.connections(func(c *stats.ConnectionRow) bool { return c.LastCommand == "xreadgroup" && hasFlag(c, "b") && !c.Own }))
	if n == 0 {
		return ""
	}
	return "whether it waits in XREADGROUP without a time limit: " + plural(int64(n), "connection does", "connections do") + " so for some consumer"
}

// consumer is a culprit, with what is known of the connections by its name.
func (w *Window) consumer(c *stats.ConsumerRow) stats.Culprit {
	k := stats.Culprit{Name: c.Name, Source: "XINFO CONSUMERS"}
	for i := range w.Now.Connections {
		row := &w.Now.Connections[i]
		if row.Name != c.Name || c.Name == "" || row.Own {
			continue
		}
		if k.Connections++; k.Connections == 1 {
			k.Addr, k.User, k.Library = row.Addr, row.User, row.Library
			k.Source = "XINFO CONSUMERS, CLIENT LIST: a connection by this name"
		} else {
			k.Addr = ""
		}
	}
	return k
}

// streamName tells findings of streams and groups apart.
func streamName(s *stats.StreamRow, g *stats.GroupRow) string {
	name := fmt.Sprintf("stream %d %s", s.DB, quoted(s.Key))
	if g != nil {
		name += " group " + quoted(g.Name)
	}
	return name
}

func groupName(s *stats.StreamRow, g *stats.GroupRow) string {
	return "group " + quoted(g.Name) + " of stream " + quoted(s.Key)
}

// capital begins a sentence; the words are ours and plain.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
