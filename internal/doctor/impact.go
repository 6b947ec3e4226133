package doctor

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"redistop/internal/stats"
)

// costEvidence is what shows a cost: the counters, the log, what was felt, and who else is there.
func (w *Window) costEvidence(c *cost, m *matter) []stats.Evidence {
	name := commandName(c.work.Name)
	rows := []stats.Evidence{w.evidence("time in "+m.text, c.numbers(), c.numbersSource(m))}
	if !c.unknown {
		rows = append(rows, w.evidence("longest call", c.longestRow(), c.longestSource()))
	}
	if c.work.Calls > c.calls {
		rows = append(rows, w.evidence("all calls of "+name,
			fmt.Sprintf("%s, %s each, %s of the time", plural(c.work.Calls, "call"), usec(c.work.UsecPerCall), percent(c.work.TimeShare)), "INFO commandstats"))
	}
	if len(m.entries) > 0 {
		rows = append(rows, w.evidence("in the slow log", logRow(m.entries), "SLOWLOG GET"))
	}
	if keys := w.keys(); c.work.Name == "keys" && keys > 0 {
		rows = append(rows, moment("keys it walks over", count(keys), "INFO keyspace"))
	}
	return append(append(rows, w.felt()...), w.over(w.limitsOver(c)...)...)
}

// numbers are calls, mean and longest.
func (c *cost) numbers() string {
	text := fmt.Sprintf("%s: %s", percent(c.share), plural(c.calls, "call"))
	if c.calls == 1 {
		return text + ", " + usec(c.mean())
	}
	text += ", " + usec(c.mean()) + " each"
	if !c.unknown {
		text += ", the longest " + strings.TrimPrefix(c.longestRow(), "about ")
	}
	return text
}

func (c *cost) numbersSource(m *matter) string {
	switch {
	case !c.counted:
		return "SLOWLOG GET"
	case m.subject != c.work.Name && len(m.entries) > 0:
		return "INFO commandstats, SLOWLOG GET"
	}
	return "INFO commandstats"
}

func (c *cost) longestRow() string {
	if c.exact {
		return usec(c.longest)
	}
	if c.longest > 1e6 { // the histogram's last bucket is open
		return "1 s or more"
	}
	return "at most " + usec(c.longest)
}

func (c *cost) longestSource() string {
	if c.exact {
		return "SLOWLOG GET"
	}
	return "LATENCY HISTOGRAM"
}

func logRow(entries []SlowCommand) string {
	text := plural(int64(len(entries)), "entry", "entries") + ", the newest: " + entries[0].Line(80)
	if keys := distinctKeys(entries); keys > 1 {
		text += "; " + count(int64(keys)) + " different keys"
	}
	return text
}

func distinctKeys(entries []SlowCommand) int {
	keys := map[string]bool{}
	for i := range entries {
		if k, _ := entries[i].keyAndTail(); k != "" {
			keys[k] = true
		}
	}
	return len(keys)
}

// keys is how many keys all databases have.
func (w *Window) keys() int64 { return keysOf(w.Now) }

// felt is what others there are, and what a PING from here felt.
func (w *Window) felt() []stats.Evidence {
	var rows []stats.Evidence
	if rate, ok := w.commandRate(); ok {
		value := perSecond(rate)
		if n := w.busyConnections(nil); n > 0 {
			value += " on " + plural(int64(n), "connection that is in use", "connections that are in use")
		}
		rows = append(rows, w.evidence("commands of all clients", value, "INFO stats, CLIENT LIST"))
	}
	if max, ok := w.pingMax(); ok {
		rows = append(rows, w.evidence("longest PING from here", usec(max), "PING"))
	}
	return rows
}

// commandRate is the rate of all commands in the recent window, ours left out.
func (w *Window) commandRate() (float64, bool) {
	var sum float64
	works := w.Works()
	for _, k := range works {
		sum += k.PerSecond
	}
	return sum, len(works) > 0
}

// busyConnections counts those that did something of late and do not wait in BLPOP and its like, without
// those of the culprits.
func (w *Window) busyConnections(culprits []stats.Culprit) int {
	n := 0
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		if inUse(c) && !among(c, culprits) {
			n++
		}
	}
	return n
}

func inUse(c *stats.ConnectionRow) bool {
	return !c.Own && c.IdleSeconds <= 5 && !hasFlag(c, "bSMO")
}

func among(c *stats.ConnectionRow, culprits []stats.Culprit) bool {
	for i := range culprits {
		if culprits[i].IP == ipOf(c.Addr, c.Flags) && culprits[i].Name == c.Name {
			return true
		}
	}
	return false
}

// pingMax is the longest PING of the recent window, where it tells of the server and not of our own host.
func (w *Window) pingMax() (float64, bool) {
	var longest float64
	w.recent(func(s *stats.Snapshot) bool {
		if v, ok := s.Latency.MaxUsec.Get(); ok && v > 2*s.Latency.HereMaxUsec.Or(0) {
			longest = max(longest, v)
		}
		return true
	})
	return longest, longest > 0
}

// impact says what others feel of slow calls.
func (w *Window) impact(c *cost, culprits []stats.Culprit) string {
	rate := w.others(c.work)
	mean, free := c.mean()/1e6, max(0.05, 1-c.share)
	waiting := rate / free * mean
	others := w.busyConnections(culprits)
	if others == 0 { // all are alike, by address and name: one of them is the culprit
		others = w.busyConnections(nil) - 1
	}
	var b strings.Builder
	switch {
	case rate < 1:
		b.WriteString("Hardly anybody else uses this server at present")
		if w.lowered(c) {
			b.WriteString(", which is why this is a warning and not critical")
		}
		b.WriteString("; who does waits for up to " + usec(c.longest))
	case waiting < 1:
		fmt.Fprintf(&b, "While one runs everybody else waits: a command of others meets one in %s of cases and is late by up to %s", percent(c.share), usec(c.longest))
	default:
		if others > 0 {
			waiting = min(waiting, float64(others)*max(1, pipelined(rate, others)))
		}
		fmt.Fprintf(&b, "While one runs about %s other %s for %s", about(math.Ceil(waiting)), waitVerb(math.Ceil(waiting)), usec(c.mean()))
		if c.longest > 1.2*c.mean() {
			fmt.Fprintf(&b, ", for up to %s behind the longest", usec(c.longest))
		}
	}
	b.WriteString(".")
	if ping, ok := w.pingMax(); ok && ping >= max(c.mean(), c.longest)/2 { // a shorter one met none of the long calls
		fmt.Fprintf(&b, " A PING from here took up to %s.", usec(ping))
	}
	return b.String()
}

func waitVerb(n float64) string {
	if n == 1 {
		return "command waits"
	}
	return "commands wait"
}

// pipelined guesses how many commands a connection has under way: one, unless it sends more a second than
// any that waits for each reply could.
func pipelined(rate float64, connections int) float64 {
	const alone = 20_000 // commands a second of a connection that waits for each reply
	return rate / float64(connections) / alone
}

// number reads a value of the configuration.
func number(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}
