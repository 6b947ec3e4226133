package doctor

import (
	"math"
	"slices"
	"time"

	"redistop/internal/stats"
)

// The limits that every rule about the time of commands shares. What a waiting client feels is the measure.
var timeLimits = []Limit{
	{"call_usec", 10_000, "a call that others notice: a command usually takes some microseconds and its way there and back under a millisecond; the servers' own slow log begins here too"},
	{"time_share", 0.02, "of the time in such calls: with 2 % one of fifty commands of everybody else meets one and waits"},
	{"critical_share", 0.10, "one of ten commands waits: no longer an outlier but the service that all get"},
	{"stall_usec", 100_000, "a pause that people feel, and longer than many clients wait before they try again; one is a warning, two in the window are critical"},
	{"freeze_usec", 1_000_000, "many clients give up after a second, all of them at once, and come back with new connections: one is critical"},
	{"heavy_usec", 2_000, "no single such call is felt, but it is a thousand times what a GET takes"},
	{"heavy_share", 0.25, "of the time in calls of that kind: a quarter of the server for one kind of question is worth a look"},
}

// shortest is the time that shares are of at the least: in the first seconds two calls would else seem to
// take most of it.
const shortest = 5.0 // seconds

// cost is what the slow calls of one command came to in the recent window.
type cost struct {
	work    Work
	slow    []SlowCommand // of SLOWLOG, newest first, without those that scripts called
	calls   int64         // the slow ones
	usec    float64       // they took
	share   float64       // of the time
	longest float64       // usec
	exact   bool          // longest is; else it is at most that
	unknown bool          // longest is not known at all: it is the mean
	stalls  int64         // calls of at least stall_usec, at the least
	counted bool          // calls and usec are the server's counters; else only what its log holds
	past    bool          // the counters of the window do not hold them: they are over, and share is not known
	now     time.Time     // of the newest Snapshot; where past
	hosts   bool          // so few of so many alike, and so short, that the host may have stopped the server in them
}

// costOf takes a command's work apart. What scripts called is the script's cost, not the command's.
func (w *Window) costOf(k Work) cost {
	c := cost{work: k}
	var logged, scripted float64
	for _, e := range w.slowSince(k.Name) {
		if e.Script {
			scripted += float64(e.Usec.Or(0))
			continue
		}
		logged += float64(e.Usec.Or(0))
		c.slow = append(c.slow, e)
	}
	own := w.unscripted(k.Name, logged, scripted)
	c.calls, c.usec = int64(math.Round(float64(k.Calls)*own)), float64(k.Usec)*own
	if c.calls == 0 {
		return c
	}
	c.counted = c.mean() >= w.Limit("heavy_usec")
	if !c.counted {
		c.countLogged(w.Limit("call_usec"))
	}
	c.share = c.usec / 1e6 / max(shortest, k.Elapsed.Seconds())
	c.longest, c.exact = k.MaxUsec.Or(0), k.Exact
	if c.unknown = !k.MaxUsec.Known(); c.unknown {
		c.longest = c.mean()
	}
	c.countStalls(w.Limit("stall_usec"))
	c.hosts = !c.counted && float64(c.calls) <= rare*float64(k.Calls) && longestOf(c.slow) <= w.hostPause()
	return c
}

// rare is the share of slow calls among quick ones up to which they may be chance: a host that stops a busy
// server for a moment does it in whatever command happens to run.
const rare = 0.01

func longestOf(entries []SlowCommand) (usec float64) {
	for i := range entries {
		usec = max(usec, float64(entries[i].Usec.Or(0)))
	}
	return usec
}

// hostPause is for how long the server's host did not run programs that had work, in microseconds: ours, or
// any where far more of them want to run than there are processors; 0 where it is another host than ours.
func (w *Window) hostPause() (usec float64) {
	if w.Now.Latency.Remote {
		return 0
	}
	usec = w.Now.Latency.BaselineUsec.Or(0)
	w.recent(func(s *stats.Snapshot) bool {
		usec = max(usec, s.Latency.HereMaxUsec.Or(0))
		return true
	})
	if w.crowded() {
		usec = max(usec, w.Limit("stall_usec"))
	}
	return usec
}

// slowSince are a command's entries in the log that the counters of the recent window hold too.
func (w *Window) slowSince(command string) []SlowCommand {
	then, _ := w.Since(Recent)
	return w.Slow(func(c *SlowCommand) bool {
		return c.Kind == stats.Slow && statName(c) == command && then != nil && c.Seen.After(then.Time)
	})
}

// unscripted is the share of a command's time that scripts do not account for.
func (w *Window) unscripted(command string, logged, scripted float64) float64 {
	if logged+scripted > 0 {
		return logged / (logged + scripted)
	}
	var all, by float64
	for i := range w.Samples() {
		if r := &w.Samples()[i]; r.Command == command && !r.Further {
			all += float64(r.Seen)
			if r.Script {
				by += float64(r.Seen)
			}
		}
	}
	if all == 0 {
		return 1
	}
	return 1 - by/all
}

// countLogged takes the slow calls from the log, where most calls are quick.
func (c *cost) countLogged(atLeast float64) {
	c.calls, c.usec = 0, 0
	for i := range c.slow {
		if v := float64(c.slow[i].Usec.Or(0)); v >= atLeast {
			c.calls++
			c.usec += v
		}
	}
	c.usec = min(c.usec, float64(c.work.Usec))
}

func (c *cost) countStalls(atLeast float64) {
	for i := range c.slow {
		if float64(c.slow[i].Usec.Or(0)) >= atLeast {
			c.stalls++
		}
	}
	if c.counted && c.mean() >= atLeast {
		c.stalls = max(c.stalls, c.calls)
	}
	if c.calls > 0 && c.longest >= 2*atLeast { // even where it is the upper edge of a bucket
		c.stalls = max(c.stalls, 1)
	}
}

// mean is how long a slow call takes, in microseconds.
func (c *cost) mean() float64 {
	if c.calls == 0 {
		return 0
	}
	return c.usec / float64(c.calls)
}

// severity judges a cost by the rule's limits; "" is not worth a word.
func (w *Window) severity(c *cost) stats.Severity {
	if c.past {
		return w.severityBefore(c)
	}
	s := w.severityByCost(c)
	if c.hosts && s != "" {
		return stats.Info
	}
	return s
}

func (w *Window) severityByCost(c *cost) stats.Severity {
	mean := c.mean()
	slow, again := mean >= w.Limit("call_usec")/2, c.calls >= 2
	switch {
	case c.calls == 0, c.work.TimeShare > 1.1: // a module's own threads: not the time of the one that all wait for
		return ""
	case slow && again && (c.share >= w.Limit("critical_share") || c.stalls >= 2),
		c.stalls > 0 && c.longest >= w.Limit("freeze_usec"):
		if w.alone(c) {
			return stats.Warning
		}
		return stats.Critical
	case slow && again && c.share >= w.Limit("time_share"), c.stalls > 0,
		mean >= w.Limit("heavy_usec") && c.share >= w.Limit("heavy_share"):
		return stats.Warning
	}
	return ""
}

// alone says that nobody else is there to wait for slow calls: hardly a command of others, no connection of
// another client in use, no PING that waited as long as clients give up after.
func (w *Window) alone(c *cost) bool {
	if w.others(c.work) >= 1 {
		return false
	}
	if ping, ok := w.pingMax(); ok && ping >= w.Limit("freeze_usec") {
		return false
	}
	senders := make([]stats.Culprit, len(c.slow))
	for i := range c.slow {
		senders[i] = c.slow[i].Who
	}
	for i := range w.Now.Connections {
		o := &w.Now.Connections[i]
		if inUse(o) && o.LastCommand != c.work.Name && !among(o, senders) {
			return false
		}
	}
	return true
}

// lowered says that a cost is no more than a warning only because nobody else is there.
func (w *Window) lowered(c *cost) bool {
	over := w.limitsOver(c)
	grave := slices.Contains(over, "critical_share") || slices.Contains(over, "freeze_usec") || slices.Contains(over, "stall_usec") && c.stalls >= 2 && c.calls >= 2
	return grave && !c.past && w.severity(c) == stats.Warning
}

// limitsOver names the limits of the rule that a cost is over, those of its share first.
func (w *Window) limitsOver(c *cost) (names []string) {
	mean := c.mean()
	often := !c.past && mean >= w.Limit("call_usec")/2 && c.calls >= 2
	for _, l := range []struct {
		name string
		over bool
	}{
		{"time_share", often && c.share >= w.Limit("time_share")},
		{"critical_share", often && c.share >= w.Limit("critical_share")},
		{"stall_usec", c.stalls > 0},
		{"freeze_usec", c.stalls > 0 && c.longest >= w.Limit("freeze_usec")},
		{"heavy_share", !c.past && mean >= w.Limit("heavy_usec") && c.share >= w.Limit("heavy_share")},
	} {
		if l.over {
			names = append(names, l.name)
		}
	}
	return names
}

// others is the rate of all other commands.
func (w *Window) others(k Work) float64 {
	var rate float64
	for _, o := range w.Works() {
		if o.Name != k.Name {
			rate += o.PerSecond
		}
	}
	return rate
}
