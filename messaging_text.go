package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// messagingText is the tables: streams with their groups, queues, channels.
func messagingText(m *stats.Messaging, all bool) string {
	var b strings.Builder
	t := messagingTable{&b, m.Time, all}
	if len(m.Streams) > 0 {
		t.line("%10s %9s %8s %-8s %8s %8s  %s", "length", "bytes", "added/s", "", "oldest", "newest", "stream")
	}
	for i := range m.Streams {
		t.stream(&m.Streams[i])
	}
	t.results(m)
	t.queues(m)
	t.channels(m)
	if len(m.Streams)+len(m.Results)+len(m.Queues)+len(m.Channels) == 0 {
		b.WriteString("no stream, no queue, no channel with a subscriber was found\n\n")
	}
	if m.Omitted > 0 {
		fmt.Fprintf(&b, "%s more are left out: those with the most waiting are shown\n", thousands(int64(m.Omitted)))
	}
	if n := m.Discovery.LongNames; n > 0 {
		fmt.Fprintf(&b, "%s left out, with a name longer than 16 KiB\n", counted(n, "key"))
	}
	for _, text := range m.Unknown {
		fmt.Fprintf(&b, "not known: %s\n", redis.PrintableCut(text, 400))
	}
	return b.String()
}

// searchedText says how far the search is.
func searchedText(d stats.Discovery) string {
	if d.Complete {
		return thousands(d.Keys) + " keys searched"
	}
	return fmt.Sprintf("%s of %s keys searched%s", thousands(d.Scanned), thousands(d.Keys), toGo(d))
}

// toGo says how long the rest of the search takes, where that is known.
func toGo(d stats.Discovery) string {
	seconds, ok := d.RemainingSeconds.Get()
	if !ok {
		return ""
	}
	return ", about " + shortSpan(seconds) + " to go"
}

// messagingTable writes lines.
type messagingTable struct {
	*strings.Builder
	now time.Time
	all bool // consumers that are well too
}

func (t messagingTable) line(format string, args ...any) {
	t.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// nameOf is a key or name as it can be printed and pasted, with its database where that is not 0.
func nameOf(db int, name string) string {
	text := redis.PrintableCut(redis.Argument(name), longName)
	if db != 0 {
		text += fmt.Sprintf("  (database %d)", db)
	}
	return text
}

func (t messagingTable) stream(s *stats.StreamRow) {
	if s.Error != "" {
		t.line("%10s  %s: %s", "n/a", nameOf(s.DB, s.Key), redis.PrintableCut(s.Error, 120))
		return
	}
	fate := ""
	switch trimmed, known := s.Trimmed.Get(); {
	case known && trimmed:
		fate = "trimmed"
	case s.Growing.Or(false):
		fate = "growing"
	}
	t.line("%10s %9s %8s %-8s %8s %8s  %s", thousands(s.Length), known(s.Bytes, sizeText), known(s.AddedPerSecond, rateText), fate,
		t.ago(s.FirstTime), t.ago(s.LastTime), nameOf(s.DB, s.Key)+ofFramework(s.Framework))
	for i := range s.Groups {
		t.group(s, &s.Groups[i])
	}
}

// ofFramework stands behind the name of what a framework writes.
func ofFramework(name string) string {
	if name == "" {
		return ""
	}
	return "  (" + redis.PrintableCut(name, 60) + ")"
}

// results tells of the streams that are not looked at.
func (t messagingTable) results(m *stats.Messaging) {
	for i := range m.Results {
		r := &m.Results[i]
		t.line("%10s %s %s: results of %s's jobs", thousands(r.Streams), plural(int(r.Streams), "stream", "streams"), nameOf(r.DB, r.Pattern), redis.PrintableCut(r.Framework, 60))
	}
	if len(m.Streams)+len(m.Results) > 0 {
		t.WriteString("\n")
	}
}

// deleted says that pending entries are gone from the stream, and what helps where all of them are.
func (t messagingTable) deleted(s *stats.StreamRow, g *stats.GroupRow) {
	switch n := g.PendingDeleted; {
	case n == 0:
	case n < g.Pending:
		t.line("    %s of the pending trimmed from the stream: nobody can process them", thousands(n))
	default:
		t.line("    all that is pending was trimmed from the stream: nobody can process it, and no claim helps")
		t.line("    to acknowledge it: redistop messaging claim %s %s --from CONSUMER --to CONSUMER --drop-deleted", shellWord(s.Key), shellWord(g.Name))
	}
}

func (t messagingTable) group(s *stats.StreamRow, g *stats.GroupRow) {
	text := fmt.Sprintf("  group %s: lag %s, pending %s", nameOf(0, g.Name), known(g.Lag, thousands), thousands(g.Pending))
	if age, ok := g.OldestSeconds.Get(); ok {
		text += ", the oldest since " + shortSpan(age)
	}
	if read, ok := g.ReadPerSecond.Get(); ok {
		text += "; reads " + rateText(read) + "/s"
	}
	if acked, ok := g.AckedPerSecond.Get(); ok {
		text += ", acknowledges " + rateText(acked) + "/s"
	}
	switch drain, ok := g.DrainSeconds.Get(); {
	case g.DrainNever:
		text += "; never done at this rate"
	case ok && drain > 0:
		text += "; done in " + shortSpan(drain)
	}
	if g.HeldUp > 0 {
		text += ", " + thousands(g.HeldUp) + " held up"
	}
	t.line("%s", text)
	if g.LagNote != "" {
		t.line("    lag %s", redis.PrintableCut(g.LagNote, 200))
	}
	t.deleted(s, g)
	for i := range g.Consumers {
		c := &g.Consumers[i]
		if !t.all && (c.State == stats.ConsumerActive || c.State == stats.ConsumerIdle) {
			continue
		}
		t.line("    consumer %s: %s, pending %s, asked %s, got something %s", nameOf(0, c.Name), c.State, thousands(c.Pending),
			known(c.IdleSeconds, spanAgo), known(c.InactiveSeconds, spanAgo))
	}
	if g.ConsumersMore > 0 {
		t.line("    %s more consumers", thousands(int64(g.ConsumersMore)))
	}
	t.poison(g)
}

// poison is the entries that were delivered again and again, and how far they were looked for.
func (t messagingTable) poison(g *stats.GroupRow) {
	for i := range g.Poison {
		p := &g.Poison[i]
		t.line("    entry %s: delivered %s times, last %s ago to %s", redis.PrintableCut(p.ID, 60), thousands(p.Deliveries), shortSpan(p.IdleSeconds), nameOf(0, p.Consumer))
	}
	switch p := g.PendingPass; {
	case p == nil:
	case p.WholeTime == nil:
		t.line("    delivered %d times or more: %s of the first %s pending; those behind were not looked at yet", stats.PoisonFrom, thousands(p.Poison), thousands(p.Looked))
	case p.Poison > int64(len(g.Poison)):
		t.line("    delivered %d times or more: %s of all pending, when they were last looked through, %s ago", stats.PoisonFrom, thousands(p.Poison), t.ago(p.WholeTime))
	}
}

func (t messagingTable) channels(m *stats.Messaging) {
	patterns := m.Patterns.Or(0)
	if len(m.Channels) == 0 && patterns == 0 {
		return
	}
	if len(m.Queues) > 0 {
		t.WriteString("\n")
	}
	t.line(channelLine, "subscribers", "msg/s", "heard", "channel (delivered at most once: who is not subscribed does not get it)")
	for i := range m.Channels {
		c := &m.Channels[i]
		name := nameOf(0, c.Name)
		if c.Shard {
			name += "  (sharded)"
		}
		if c.SlowSubscribers > 0 {
			name += fmt.Sprintf("  (%d slow)", c.SlowSubscribers)
		}
		t.line(channelLine, thousands(c.Subscribers), known(c.PublishedPerSecond, rateText), map[bool]string{true: "by nobody"}[c.Unheard], name)
	}
	if patterns > 0 {
		t.line("%11s  %s", thousands(patterns), plural(int(patterns), "subscription to a pattern", "subscriptions to patterns"))
	}
	t.slow(m)
	t.WriteString("\n")
}

// channelLine is the columns of a channel.
const channelLine = "%11s %8s  %-9s  %s"

// slow names the subscribers that do not read what is sent to them.
func (t messagingTable) slow(m *stats.Messaging) {
	for i := range m.SlowSubscribers {
		s := &m.SlowSubscribers[i]
		who := redis.PrintableCut(s.Addr, 60)
		if s.Name != "" {
			who = nameOf(0, s.Name) + " (" + who + ")"
		}
		t.line("slow subscriber %s, %s: %s wait for it; of which channel is not told", who, counted(int64(s.Subscriptions), "subscription"), sizeText(s.WaitingBytes))
	}
	if m.SlowSubscribersMore > 0 {
		t.line("%s more", counted(int64(m.SlowSubscribersMore), "slow subscriber"))
	}
}

func (t messagingTable) ago(at *time.Time) string {
	if at == nil {
		return "n/a"
	}
	return shortSpan(t.now.Sub(*at).Seconds())
}

// spanAgo is a time that has passed since.
func spanAgo(seconds float64) string { return shortSpan(seconds) + " ago" }

// rateText is a rate for eyes.
func rateText(v float64) string {
	if v > 0 && v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return countText(v)
}

func signedText(v float64) string {
	switch {
	case v > 0:
		return "+" + rateText(v)
	case v < 0:
		return "-" + rateText(-v)
	}
	return "0"
}

// shortSpan is a time in its largest unit.
func shortSpan(seconds float64) string {
	for _, u := range []struct {
		name    string
		seconds float64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}} {
		if seconds >= 2*u.seconds {
			return strconv.FormatFloat(seconds/u.seconds, 'f', 0, 64) + u.name
		}
	}
	if seconds < 10 {
		return strconv.FormatFloat(max(0, seconds), 'f', 1, 64) + "s"
	}
	return strconv.FormatFloat(seconds, 'f', 0, 64) + "s"
}
