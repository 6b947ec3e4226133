package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Bounds of what is shown of a stranger's words, in runes.
const (
	mostTitle = 400
	mostProse = 2000
	mostName  = 200
)

func title(s string) string { return redis.PrintableCut(s, mostTitle) }
func prose(s string) string { return redis.PrintableCut(s, mostProse) }
func name(s string) string  { return redis.PrintableCut(s, mostName) }

// server is who was observed: "127.0.0.1:6379 · redis 8.0.1 primary, up 3d 4h".
func (r *Report) server() (addr, facts string) {
	s := &r.Server
	var parts []string
	if s.Version != "" {
		parts = append(parts, name(strings.TrimSpace(s.Flavor+" "+s.Version+" "+s.Role)))
	}
	if s.Mode != "" && s.Mode != "standalone" {
		parts = append(parts, name(s.Mode))
	}
	if n, ok := s.UptimeSeconds.Get(); ok {
		parts = append(parts, "up "+span(float64(n)))
	}
	return name(s.Addr), strings.Join(parts, ", ")
}

// window is when and for how long: "10 s, 12 looks, 2026-03-01 12:00:00 to 12:00:10 UTC".
func (r *Report) window() string {
	from, to := r.Started.UTC(), r.Ended.UTC()
	end := to.Format("15:04:05")
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		end = to.Format(time.DateTime)
	}
	return fmt.Sprintf("%s, %s, %s to %s UTC", span(r.WindowSeconds), counted(int64(r.Looks), "look", "looks"), from.Format(time.DateTime), end)
}

// verdict is the report in one line.
func (r *Report) verdict() string {
	c := r.Counts
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Critical, "critical"}, {c.Warning, "warning"}, {c.Info, "for information"}} {
		if p.n > 0 {
			word := p.word
			if word == "warning" && p.n > 1 {
				word = "warnings"
			}
			parts = append(parts, fmt.Sprintf("%d %s", p.n, word))
		}
	}
	found := strings.Join(parts, ", ")
	switch {
	case r.Looks == 0:
		return "Nothing could be looked at"
	case r.unanswered() != "" && found != "":
		return r.unanswered() + "; until then " + found
	case r.unanswered() != "":
		return r.unanswered()
	case c.Critical+c.Warning > 0:
		return found
	case len(r.Trouble) > 0 && found != "":
		return r.stumbled() + "; " + found
	case len(r.Trouble) > 0:
		return r.stumbled()
	case c.Info > 0:
		return "Nothing was found that hurts this server; " + found
	}
	return "Nothing was found that hurts this server"
}

// silences are the states of a server that says nothing at all.
var silences = []stats.LinkState{stats.Stalled, stats.Down, stats.Connecting}

// unanswered tells of a server that does not serve us at the end; "" where it does. One that stalls and is then
// not reached stopped answering when it stalled.
func (r *Report) unanswered() string {
	n := len(r.Trouble)
	if n == 0 || !r.Trouble[n-1].Lasting {
		return ""
	}
	first := n - 1
	if !slices.Contains(silences, r.Trouble[first].State) {
		return "From " + clock(r.Trouble[first].From) + " to the end " + stateText(r.Trouble[first].State)
	}
	for ; first > 0; first-- {
		before := &r.Trouble[first-1]
		end := before.From.Add(time.Duration(before.Seconds * float64(time.Second)))
		if !slices.Contains(silences, before.State) || r.Trouble[first].From.Sub(end) > 2*sameTrouble {
			break
		}
	}
	return "The server stopped answering at " + clock(r.Trouble[first].From) + " and still does not"
}

// stumbled tells of a server that did not serve us in between though no rule found anything that hurts.
func (r *Report) stumbled() string {
	longest := r.Trouble[0]
	for _, t := range r.Trouble {
		if t.Seconds > longest.Seconds {
			longest = t
		}
	}
	what := "For up to " + span(longest.Seconds) + " " + stateText(longest.State)
	if slices.Contains(silences, longest.State) {
		what = "The server did not answer for up to " + span(longest.Seconds)
	}
	return what + ", and no rule that was asked says why"
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") + " UTC" }

// troubled says that the verdict is no all-clear, whatever was found.
func (r *Report) troubled() bool { return r.Looks == 0 || len(r.Trouble) > 0 }

// incomplete says why the report tells less than it was asked for; "" when it does not.
func (r *Report) incomplete() string {
	switch r.Outcome {
	case Observed:
		return ""
	case Interrupted:
		return fmt.Sprintf("Interrupted after %s of %s: what was seen until then.", span(r.WindowSeconds), span(r.AskedSeconds))
	}
	text := "At the end " + stateText(r.Link.State)
	if r.Link.Message != "" {
		text += ": " + prose(r.Link.Message)
	}
	if r.Link.Hint != "" {
		text += " (" + prose(r.Link.Hint) + ")"
	}
	return text + "."
}

func stateText(s stats.LinkState) string {
	switch s {
	case stats.Stalled:
		return "the server owed an answer"
	case stats.Loading:
		return "the server was loading its data"
	case stats.Busy:
		return "the server was busy with a script and refused everything else"
	case stats.Down:
		return "the server could not be reached"
	case stats.Denied:
		return "the server let us in no more"
	case stats.Connecting:
		return "the connection was not yet there"
	}
	return "the link was " + name(string(s))
}

// troubles are the times without an answer, in words: a line for each kind.
func (r *Report) troubles() []string {
	var list []string
	var told []stats.LinkState
	for i, t := range r.Trouble {
		if slices.Contains(told, t.State) {
			continue
		}
		told = append(told, t.State)
		n, last, longest := 0, t, t.Seconds
		for _, o := range r.Trouble[i:] {
			if o.State == t.State {
				n, last, longest = n+1, o, max(longest, o.Seconds)
			}
		}
		from := t.From.UTC().Format("15:04:05")
		if n == 1 {
			list = append(list, fmt.Sprintf("%s UTC for %s: %s", from, span(t.Seconds), stateText(t.State)))
			continue
		}
		often := thousands(int64(n))
		if len(r.Trouble) >= mostTrouble {
			often = "at least " + often
		}
		list = append(list, fmt.Sprintf("%s to %s UTC, %s times, for up to %s: %s", from, last.From.UTC().Format("15:04:05"), often, span(longest), stateText(t.State)))
	}
	return list
}

// looked tells what was looked at.
func (r *Report) looked() []string {
	l := &r.Looked
	rules := counted(int64(l.Rules), "rule", "rules")
	if len(l.Groups) > 0 {
		groups := make([]string, len(l.Groups))
		for i, g := range l.Groups {
			groups[i] = strings.ToLower(name(g))
		}
		rules += ": " + strings.Join(groups, ", ")
	}
	list := []string{rules}
	seen := []string{}
	if n, ok := l.Commands.Get(); ok {
		seen = append(seen, counted(n, "command", "commands"))
	}
	if l.Sampled > 0 {
		seen = append(seen, thousands(l.Sampled)+" seen one by one in samples")
	}
	if n, ok := l.Connections.Get(); ok {
		seen = append(seen, counted(n, "connection", "connections")+" with ours")
	}
	seen = append(seen, counted(l.Keys, "key", "keys"), counted(int64(l.SlowEntries), "recent slow-log entry", "recent slow-log entries"))
	list = append(list, strings.Join(seen, ", "))
	if cost, ok := l.Cost.Get(); ok {
		text := "looking took " + percent(cost) + " of the server's main thread"
		if r.Observer.BudgetShare > 0 {
			text += ", " + percent(r.Observer.BudgetShare) + " was allowed"
		}
		list = append(list, text)
	}
	return list
}

// gap is a thing that could not be looked at, and what would bring it.
type gap struct{ What, Why, Remedy string }

func (r *Report) gaps() []gap {
	var list []gap
	for _, m := range r.Missing {
		what := name(m.Part)
		if m.Command != "" {
			what += " (" + name(m.Command) + ")"
		}
		list = append(list, gap{what, prose(m.Reason), prose(m.Remedy)})
	}
	if r.Looked.Unsampled != "" && r.Looks > 0 {
		list = append(list, gap{What: "samples of the command stream", Why: prose(r.Looked.Unsampled)})
	}
	for _, id := range r.Looked.Off {
		list = append(list, gap{What: "rule " + name(id), Why: "switched off by the configuration file"})
	}
	return list
}

// life is when a finding was there: "since 12:00:03 UTC", or "from … to …, gone".
func life(f *stats.Finding) string {
	from := f.FirstSeen.UTC().Format("15:04:05")
	if f.Resolved != nil {
		return "from " + from + " to " + f.Resolved.UTC().Format("15:04:05") + " UTC, resolved"
	}
	return "since " + from + " UTC"
}

// source is where a value is from: "INFO commandstats, over 10 s".
func source(e *stats.Evidence) string {
	text := prose(e.Source)
	if n, ok := e.Seconds.Get(); ok {
		text += ", over " + span(n)
	}
	return text
}

// who is what is known of a culprit, in a few parts.
func who(c *stats.Culprit) []string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	addr := c.Addr
	if addr == "" || c.Connections > 1 {
		addr = c.IP
	}
	add(name(addr))
	add(labelled("name ", c.Name))
	add(labelled("user ", c.User))
	add(name(c.Library))
	if c.Connections > 1 {
		add(counted(int64(c.Connections), "connection", "connections"))
	}
	if c.Gone {
		add("gone by now")
	}
	if len(parts) == 0 {
		parts = []string{"unknown"}
	}
	return parts
}

func labelled(label, s string) string {
	if s == "" {
		return ""
	}
	return label + name(s)
}

// deed is what a culprit did: its share, and how we know.
func deed(c *stats.Culprit) string {
	var parts []string
	if n, ok := c.Share.Get(); ok {
		parts = append(parts, percent(n)+" of it")
	}
	if c.Source != "" {
		parts = append(parts, "by "+name(c.Source))
	}
	return strings.Join(parts, ", ")
}

// sure is how sure a finding is, in words.
func sure(c stats.Confidence) string {
	switch c {
	case stats.Certain:
		return "certain: the server's own counters or logs say so"
	case stats.Likely:
		return "likely: estimated from samples, or inferred from facts that rarely mean anything else"
	case stats.Possible:
		return "possible: one explanation among others"
	}
	return name(string(c))
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func percent(share float64) string {
	switch p := share * 100; {
	case p > 0 && p < 0.01:
		return "<0.01 %"
	case p < 10:
		return strconv.FormatFloat(p, 'g', 2, 64) + " %"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
}

// span is a length of time as people say it: 300 ms, 9.5 s, 10 s, 3 min 20 s, 3 d 4 h.
func span(seconds float64) string {
	if seconds < 0.9995 {
		return strconv.FormatFloat(max(seconds, 0)*1000, 'f', 0, 64) + " ms"
	}
	if seconds < 120 {
		return strings.TrimSuffix(strconv.FormatFloat(seconds, 'f', 1, 64), ".0") + " s"
	}
	for _, u := range []struct {
		length       int64
		large, small string
		part         int64
	}{{86400, "d", "h", 3600}, {3600, "h", "min", 60}, {60, "min", "s", 1}} {
		if n := int64(seconds); n >= u.length {
			text := fmt.Sprintf("%d %s", n/u.length, u.large)
			if rest := n % u.length / u.part; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, u.small)
			}
			return text
		}
	}
	return ""
}

// A piece is a part of a text: prose, or a command line that stood between backticks.
type piece struct {
	Text string
	Code bool
}

// pieces takes a text apart at its backticks; one without a second is a letter as any other.
func pieces(text string) []piece {
	var list []piece
	for text != "" {
		before, rest, ok := strings.Cut(text, "`")
		inside, after, closed := strings.Cut(rest, "`")
		if !ok || !closed {
			return append(list, piece{Text: text})
		}
		if before != "" {
			list = append(list, piece{Text: before})
		}
		if inside != "" {
			list = append(list, piece{Text: inside, Code: true})
		}
		text = after
	}
	return list
}
