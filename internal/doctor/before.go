package doctor

import (
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// costs are what the commands that pass cost in the last minute, where that is worth a word: by the counters
// of the recent window, and for the others by what the log holds of the time that those do not cover. A
// command that comes once an hour stopped the server just as well when nobody was looking.
func (w *Window) costs(pass func(command string) bool) []cost {
	var all []cost
	var told []string
	for _, k := range w.Works() {
		if k.Calls == 0 || !pass(k.Name) || !w.mayBlock(&k) {
			continue
		}
		c := w.costOf(k)
		if !c.counted && quickByNature(k.Name, c.slow) || w.severity(&c) == "" {
			continue
		}
		all, told = append(all, c), append(told, k.Name)
	}
	for _, c := range w.costsBefore() {
		if name := c.work.Name; pass(name) && !slices.Contains(told, name) && !quickByNature(name, c.slow) && w.severity(&c) != "" {
			all = append(all, c)
		}
	}
	return all
}

// costsBefore are the calls in the log of the last minute that the counters of the recent window do not hold
// and that were stalls, by command, the one with the newest first.
func (w *Window) costsBefore() []cost {
	var order []string
	entries := map[string][]SlowCommand{}
	least := int64(w.Limit("stall_usec"))
	for i := len(w.slow.entries) - 1; i >= 0; i-- {
		e := &w.slow.entries[i]
		if e.Kind != stats.Slow || e.Script || e.Usec.Or(0) < least || !w.uncounted(e) {
			continue
		}
		name := statName(e)
		if entries[name] == nil {
			order = append(order, name)
		}
		entries[name] = append(entries[name], *e)
	}
	var all []cost
	for _, name := range order {
		c := cost{work: Work{Name: name}}
		all = append(all, c.before(entries[name], w.Now.Time))
	}
	return all
}

// clockSlack is by how much the server's clock may be ahead of ours before the times in its log are taken
// for worthless. They have whole seconds.
const clockSlack = 2 * time.Second

// uncounted says that a call is not in the counters of the recent window: it was before, or they show none.
func (w *Window) uncounted(e *SlowCommand) bool {
	if e.Time.After(e.Seen.Add(clockSlack)) {
		return false // who knows when it was
	}
	if then, _ := w.Since(Recent); then == nil || !e.Seen.After(then.Time) {
		return true
	}
	name := statName(e)
	verb, _, _ := strings.Cut(name, "|") // servers before 7.0 count subcommands as one
	return w.Work(name).Calls+w.Work(verb).Calls == 0
}

// before is what calls cost that only the log tells of, newest first.
func (c cost) before(entries []SlowCommand, now time.Time) cost {
	c = cost{work: Work{Name: c.work.Name}, slow: entries, calls: int64(len(entries)), stalls: int64(len(entries)),
		usec: sumUsec(entries), exact: true, past: true, now: now}
	for i := range entries {
		c.longest = max(c.longest, float64(entries[i].Usec.Or(0)))
	}
	return c
}

// severityBefore judges what is over: it hurts nobody now, and may come again.
func (w *Window) severityBefore(c *cost) stats.Severity {
	switch {
	case c.longest >= w.Limit("freeze_usec"), c.stalls >= 2:
		return stats.Warning
	case c.stalls > 0:
		return stats.Info
	}
	return ""
}

// claimBefore says what such calls did, after the command's name.
func (c *cost) claimBefore() string {
	if c.calls == 1 {
		return "blocked this server for " + usec(c.longest) + ", " + c.ago()
	}
	return "blocked this server " + times(c.calls) + ", for " + c.longestText() + ", the last time " + c.ago()
}

func (c *cost) ago() string {
	age := c.now.Sub(c.slow[0].Seen)
	if age < time.Second {
		return "just now"
	}
	return seconds(age.Round(time.Second).Seconds()) + " ago"
}

// evidenceBefore is what shows such calls.
func (w *Window) evidenceBefore(c *cost, m *matter) []stats.Evidence {
	text := logRow(m.entries) + ", " + usec(float64(m.entries[0].Usec.Or(0))) + ", " + c.ago()
	rows := []stats.Evidence{{What: "in the slow log", Value: text, Source: "SLOWLOG GET", Seconds: stats.Some(Recent.Seconds())}}
	if keys := w.keys(); c.work.Name == "keys" && keys > 0 {
		rows = append(rows, moment("keys it walks over", count(keys), "INFO keyspace"))
	}
	return append(append(rows, w.felt()...), w.over(w.limitsOver(c)...)...)
}

// impactBefore is what others felt of them.
func (c *cost) impactBefore() string {
	if c.calls == 1 {
		return "While it ran everybody else waited, for up to " + usec(c.longest) + ". It is over, and whoever sent it may send it again."
	}
	return "While one of them ran everybody else waited, for up to " + usec(c.longest) + ". They are over, and whoever sent them may send more."
}

const unknownBefore = "how often it comes: the counters of this look do not cover it; a longer one (`redistop doctor --for 10m`, or redistop top) will"
