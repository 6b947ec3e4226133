package doctor

import (
	"cmp"
	"strings"

	"redistop/internal/stats"
)

// caller is who sends a command, and how well that is known.
type caller struct {
	culprits []stats.Culprit
	covered  float64 // share of the command's time that the entries of the log explain, 0..1
	source   string  // "SLOWLOG", "samples", "CLIENT LIST"; "" where nobody is known
}

// enoughCovered is the share of the time from which on the entries of the log speak for all of it.
const enoughCovered = 0.3

// whoSends finds the senders of a command that took usec in all: by the log, which knows address and name
// of each call; where that holds too little, by the samples; where there are none, by the last command of
// the connections that are not idle. line is what they sent.
func (w *Window) whoSends(command string, entries []SlowCommand, usec float64, line string) caller {
	var c caller
	var list []stats.Culprit
	var weights []float64
	var sum float64
	for i := range entries {
		e := &entries[i]
		who := e.Who
		who.Source, who.Command = "SLOWLOG", cmp.Or(line, e.Line(80))
		list, weights = append(list, who), append(weights, float64(e.Usec.Or(0)))
		sum += float64(e.Usec.Or(0))
	}
	if usec > 0 {
		c.covered = min(1, sum/usec)
	}
	if len(list) > 0 && c.covered >= enoughCovered {
		c.culprits, c.source = w.culprits(list, weights), "SLOWLOG"
		return c
	}
	if sampled, rates := w.sampledSenders(command, line); len(sampled) > 0 {
		c.culprits, c.source = w.culprits(append(list, sampled...), append(weights, rates...)), "samples"
		return c
	}
	last, ones := w.lastSenders(command, line)
	for i := range ones {
		ones[i] *= max(1, sum)
	}
	if len(list)+len(last) > 0 {
		c.culprits, c.source = w.culprits(append(list, last...), append(weights, ones...)), "CLIENT LIST"
		if len(last) == 0 {
			c.source = "SLOWLOG"
		}
	}
	return c
}

// sampledSenders are the clients that the samples saw sending a command.
func (w *Window) sampledSenders(command, line string) (list []stats.Culprit, rates []float64) {
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if r.Command != command || r.Further || r.Script {
			continue
		}
		list = append(list, w.sampledCulprit(r, cmp.Or(line, sampledLine(r))))
		rates = append(rates, max(r.CommandsPerSecond.Or(0), 1e-3))
	}
	return list, rates
}

// sampledCulprit is the sender of a sample. One that was sampled before CLIENT LIST showed it has no name
// there; where all connections of its IP share one now, it is that.
func (w *Window) sampledCulprit(r *stats.SampleRow, line string) stats.Culprit {
	who := stats.Culprit{IP: r.IP, Name: r.Name.Or(""), User: r.User.Or(""), Library: r.Library.Or("")}
	if !r.Name.Known() {
		if only, ok := w.onlyOf(r.IP); ok {
			who = only
		}
	}
	who.Command, who.Source = line, "samples"
	return who
}

// onlyOf is the client that all connections of an IP belong to, if it is one.
func (w *Window) onlyOf(ip string) (only stats.Culprit, ok bool) {
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		if c.Own || ipOf(c.Addr, c.Flags) != ip {
			continue
		}
		who := stats.Culprit{IP: ip, Name: c.Name, User: c.User, Library: c.Library}
		if ok && who != only {
			return stats.Culprit{}, false
		}
		only, ok = who, true
	}
	return only, ok
}

// sampledLine is a sample as a person reads it: "GET user:*".
func sampledLine(r *stats.SampleRow) string {
	return strings.TrimSpace(commandName(r.Command) + " " + r.Pattern)
}

// busy says that a connection did something in the recent window.
func busy(c *stats.ConnectionRow) bool { return c.IdleSeconds <= int64(Recent.Seconds()) && !c.Own }

// lastSenders are the connections whose last command it was, and not long ago. A connection that sends
// other commands too is seen only by chance.
func (w *Window) lastSenders(command, line string) (list []stats.Culprit, ones []float64) {
	for i := range w.Now.Connections {
		c := &w.Now.Connections[i]
		if c.LastCommand != command || !busy(c) {
			continue
		}
		who := CulpritOf(c)
		who.Command = cmp.Or(line, commandName(command))
		list, ones = append(list, who), append(ones, 1)
	}
	return list, ones
}

// unknowns says what about the senders and the calls could not be known, and what would tell.
func (w *Window) unknowns(c *cost, by caller) []string {
	var all []string
	if c.unknown {
		all = append(all, "how long the longest call took: LATENCY HISTOGRAM (Redis 7.0+) was not read, and the slow log does not hold one")
	}
	if by.covered < 0.8 {
		if t := w.slowlogThreshold(); t < 0 {
			all = append(all, "who sent each call: the slow log is off (slowlog-log-slower-than -1); CONFIG SET slowlog-log-slower-than 10000 turns it on")
		} else if t > c.mean() {
			all = append(all, "who sent each call: the slow log begins at "+usec(t)+" (slowlog-log-slower-than), and most calls took less")
		}
	}
	if n := w.slowLost(); n > 0 {
		all = append(all, plural(n, "entry", "entries")+" of the slow log came and were pushed out before they could be read: CONFIG SET slowlog-max-len 1024 keeps more")
	}
	switch {
	case len(by.culprits) == 0:
		all = append(all, "who sends it: no entry of the slow log, no sample and no connection's last command names it")
	case by.source == "CLIENT LIST":
		all = append(all, "whether others send it too: the senders are known by the last command of their connections only")
	}
	for _, who := range by.culprits {
		if who.Gone && who.User == "" {
			all = append(all, "the user and the library of "+whoText(who)+": its connection was gone before CLIENT LIST showed it")
			break
		}
	}
	return all
}

// slowlogThreshold is slowlog-log-slower-than; 10 ms, the default, where it could not be asked.
func (w *Window) slowlogThreshold() float64 {
	if v, ok := number(w.Now.Config["slowlog-log-slower-than"]); ok {
		return v
	}
	return 10_000
}

// slowLost is how many entries of the slow log were lost in the recent window.
func (w *Window) slowLost() int64 {
	lost := func(s *stats.Snapshot) int64 {
		for _, l := range s.SlowLost {
			if l.Kind == stats.Slow {
				return l.Total
			}
		}
		return 0
	}
	then, _ := w.Since(Recent)
	if then == nil {
		return 0
	}
	return max(0, lost(w.Now)-lost(then))
}
