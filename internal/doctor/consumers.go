package doctor

import (
	"fmt"
	"slices"
	"strings"

	"redistop/internal/stats"
)

const messages = "Messages" // the group of rules

var stuckConsumer = Rule{
	ID: "stuck-consumer", Title: "A consumer holds entries and acknowledges none", Group: messages,
	What: "A consumer of a stream's group got entries some time ago and has acknowledged none of them since: it is stuck, or stalled, where it is not known whether it still asks the server for something.",
	Why:  "What it holds is done by nobody else: the group counts these entries as delivered. They wait until somebody claims them.",
	How:  "XINFO CONSUMERS and XPENDING (the oldest entries, up to 100 of the group), and CLIENT LIST: a connection by the consumer's name that reads. Whether it works on them at this moment cannot be seen: work that takes this long looks the same. Before Redis 7.2 the server does not tell when a consumer last asked, only when it last got something: then one that is gone looks the same too.",
	Do:   "Look at the process behind the consumer; if it is stuck or gone, stop it and give its entries to another consumer with redistop messaging claim; have consumers read their own pending entries when they start. XAUTOCLAIM does it too, but takes old entries of every consumer of the group, 100 a call, and drops those that were deleted from the stream without a word.",
	Limits: []Limit{
		{"held_seconds", 120, "since its oldest entry was delivered: longer than nearly all work on one entry. Nobody counts as stuck before one minute"},
	},
	Check: func(w *Window) []stats.Finding {
		return w.consumers(func(c *stats.ConsumerRow) bool {
			return (c.State == stats.ConsumerStuck || c.State == stats.ConsumerStalled) && heldFor(c) >= w.Limit("held_seconds")
		}, w.tellStuck)
	},
}

var deadConsumer = Rule{
	ID: "dead-consumer", Title: "A consumer that is gone holds entries", Group: messages,
	What: "A consumer of a stream's group holds entries and has asked for nothing for long: its process ended, or was renamed, without having acknowledged them.",
	Why:  "These entries are delivered, so no other consumer gets them by asking for new ones: they are lost work until somebody claims them.",
	How:  "XINFO CONSUMERS (idle, pending), from Redis 7.2 on: before, idle does not tell when a consumer last asked, and stuck-consumer tells of it. A consumer that reads without a time limit and waits looks gone as well, unless a connection by its name is seen to wait (CLIENT LIST).",
	Do:   "Give its entries to a consumer that lives with redistop messaging claim, then delete it with redistop messaging delconsumer, which refuses while it holds any. XGROUP DELCONSUMER drops what a consumer still holds; XAUTOCLAIM takes entries of every consumer, 100 a call, and drops those that were deleted from the stream without a word. Give consumers names that survive a restart, or have each one claim what others left behind.",
	Limits: []Limit{
		{"idle_seconds", 300, "a blocking read comes back within seconds or minutes; a deployment takes less. Nobody counts as dead before five minutes"},
	},
	Check: func(w *Window) []stats.Finding {
		return w.consumers(func(c *stats.ConsumerRow) bool {
			return c.State == stats.ConsumerDead && c.IdleSeconds.Or(0) >= w.Limit("idle_seconds")
		}, w.tellDead)
	},
}

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

// heldFor is how long ago a consumer last got anything, or the oldest seen of what it holds.
func heldFor(c *stats.ConsumerRow) float64 {
	return max(c.OldestSeconds.Or(0), c.InactiveSeconds.Or(0))
}

// holders are consumers of one group that a rule is about.
type holders struct {
	stream   *stats.StreamRow
	group    *stats.GroupRow
	rows     []*stats.ConsumerRow // at least one
	pending  int64
	culprits []stats.Culprit
}

// consumers finds those that are grave, a finding for each group; tell says what is particular about them.
func (w *Window) consumers(grave func(*stats.ConsumerRow) bool, tell func(*stats.Finding, holders)) []stats.Finding {
	return w.eachGroup(func(s *stats.StreamRow, g *stats.GroupRow) (stats.Finding, bool) {
		h := holders{stream: s, group: g}
		var longest float64
		for i := range g.Consumers {
			if c := &g.Consumers[i]; grave(c) {
				h.rows, h.culprits = append(h.rows, c), append(h.culprits, w.consumer(c))
				h.pending += c.Pending
				longest = max(longest, heldFor(c), c.IdleSeconds.Or(0))
			}
		}
		if len(h.rows) == 0 {
			return stats.Finding{}, false
		}
		one := h.pending == 1
		f := stats.Finding{
			Subject: streamName(s, g), Weight: float64(h.pending), Severity: stats.Warning, Confidence: stats.Likely,
			Evidence: []stats.Evidence{moment("pending", h.entries()+", the oldest untouched for "+seconds(longest), "XINFO CONSUMERS, XPENDING")},
			Culprits: h.culprits[:min(len(h.culprits), mostCulprits)],
			Impact:   "Nobody else works on " + pick(one, "this entry", "these entries") + ": " + pick(one, "it is", "they are") + " delivered.",
		}
		tell(&f, h)
		return f, true
	})
}

func (h *holders) entries() string { return plural(h.pending, "entry", "entries") }

// who begins a title: the consumer, or how many they are, and whose.
func (h *holders) who() string {
	name := "consumer " + quoted(h.rows[0].Name)
	if len(h.rows) > 1 {
		name = plural(int64(len(h.rows)), "consumer")
	}
	return capital(name) + " of " + groupName(h.stream, h.group)
}

// tellDead is about consumers that are gone.
func (w *Window) tellDead(f *stats.Finding, h holders) {
	one := len(h.rows) == 1
	f.Title = h.who() + pick(one, " is gone and holds ", " are gone and hold ") + h.entries()
	f.Remedy = []string{
		"Give what it holds to a consumer that lives: " + w.claim(h, "") + " (without --yes it only lists it)",
		"Then delete it: " + w.onGroup("delconsumer", h, shellName(h.rows[0].Name, "NAME"), "") + ", which refuses while it holds anything",
	}
	if !one {
		f.Remedy = append(f.Remedy, "The same for the others")
	}
	switch n, known := w.waitingReaders(); {
	case !known:
		f.Unknown = []string{"whether one of them waits in XREADGROUP without a time limit: the connections were not seen"}
	case n > 0:
		f.Unknown = []string{"whether one of them waits in XREADGROUP without a time limit: " + plural(n, "connection does", "connections do") + ", under another name"}
	default:
		f.Confidence = stats.Certain
	}
}

// waitingReaders counts connections that wait in XREADGROUP, where all connections are known.
func (w *Window) waitingReaders() (n int64, known bool) {
	o := &w.Now.Observer
	if o.ClientsTime == nil || w.Now.ConnectionsOmitted > 0 || o.ClientsKnown < o.ClientsExpected {
		return 0, false
	}
	reads := func(c *stats.ConnectionRow) bool { return c.LastCommand == "xreadgroup" && hasFlag(c, "b") && !c.Own }
	return int64(len(w.connections(reads))), true
}

// tellStuck is about consumers that acknowledge nothing.
func (w *Window) tellStuck(f *stats.Finding, h holders) {
	c := h.rows[0]
	f.Title = h.who() + pick(len(h.rows) == 1, " holds ", " hold ") + h.entries() + pick(len(h.rows) == 1, " and acknowledges none", " and acknowledge none")
	look := "Look at the process of " + whoText(h.culprits[0])
	f.Unknown = []string{"whether it works on them at this moment: only the process itself tells"}
	idle, told := c.IdleSeconds.Get()
	switch {
	case c.State == stats.ConsumerStuck:
		look += ": it asks the server, but does not finish its work"
	case told:
		look += ": it has not asked the server for anything for " + seconds(idle) + ", so it is at long work, stuck or gone"
	default:
		look += ", if it is there: it got something " + seconds(c.InactiveSeconds.Or(0)) + " ago, and may be at long work, stuck or gone"
		f.Unknown = append(f.Unknown, "whether it still asks the server for anything: servers before Redis 7.2 do not tell")
	}
	stop := pick(c.State == stats.ConsumerStuck, "If it is stuck, stop it", "If it is stuck or gone, stop it")
	f.Remedy = []string{look, stop + ", and give what it holds to another one: " + w.claim(h, "--min-idle 1m") + " (without --yes it only lists it)"}
	if c.State == stats.ConsumerStalled {
		f.Remedy = append(f.Remedy, "If it does not come back, delete it then: "+w.onGroup("delconsumer", h, shellName(c.Name, "NAME"), "")+", which refuses while it holds anything")
	}
	if len(h.rows) > 1 {
		f.Remedy = append(f.Remedy, "The same for the others")
	}
}

// claim is the command line that gives the first holder's entries to somebody else, and loses none of them.
func (w *Window) claim(h holders, more string) string {
	return w.onGroup("claim", h, "", strings.TrimSpace("--from "+shellName(h.rows[0].Name, "NAME")+" --to CONSUMER "+more))
}

// onGroup is a command line of redistop messaging to copy, about the group, with one more argument and options.
func (w *Window) onGroup(verb string, h holders, argument, options string) string {
	words := []string{"redistop messaging", verb, shellName(h.stream.Key, "STREAM"), shellName(h.group.Name, "GROUP"), argument, w.address(), options}
	if h.stream.DB != 0 {
		words = append(words, fmt.Sprintf("-n %d", h.stream.DB))
	}
	words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
	return "`" + strings.Join(words, " ") + "`"
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
