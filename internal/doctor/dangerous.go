package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var dangerousCommand = Rule{
	ID:    "dangerous-command",
	Title: "A command that an application should not send",
	Group: "Commands",
	What: "FLUSHALL or FLUSHDB, SAVE, DEBUG, SCRIPT FLUSH, CLIENT PAUSE, SWAPDB, CONFIG SET, changes of users or of replication came in, " +
		"or KEYS comes regularly, though it is quick as yet.",
	Why: "They remove data, stop everybody, or change how the server works for all. Most come from a person, a deployment or a test that is connected to the wrong " +
		"server. KEYS grows with every key of everybody.",
	How: "INFO commandstats counts them; SLOWLOG and the last command of the connections tell the sender, where they still can. MONITOR does not show " +
		"the administrative ones. What CONFIG SET changed is seen by comparing CONFIG GET, where that may be asked.",
	Do: "Find out who it was; give applications a user without @dangerous commands, so that it cannot happen by mistake.",
	Limits: append([]Limit{
		{"keys_lost", 1000, "keys that a flush removed: a test or a developer's server holds fewer; so many are missed by somebody"},
		{"regular_calls", 10, "KEYS in a minute: a start-up sends some, more come from code that runs all the time"},
	}, timeLimits...),
	Check: checkDangerous,
}

// danger is a command whose coming alone is worth a word.
type danger struct {
	severity stats.Severity
	claim    string // follows the command's name and how often it came
	impact   string
	remedy   string
	timed    bool // its time stops the server; the severity is at least what it cost
}

const restrict = "take the right away from applications: ACL SETUSER app -@dangerous (redistop acl prints what a user needs)"

var dangers = map[string]danger{
	"save": {stats.Info, "came %s", "SAVE writes the whole dataset before the server answers anybody again.",
		"use BGSAVE: a child process writes, the server goes on", true},
	"debug": {stats.Info, "came %s", "DEBUG is made for developing the server: it can stop, change or end it.",
		"keep it off with enable-debug-command no (7.0+), or take the right away", true},
	"script|flush": {stats.Info, "came %s", "Every script is forgotten: an EVALSHA fails with NOSCRIPT until its client sends the script again.",
		"send it only where all clients fall back to EVAL, as most libraries do", true},
	"function|flush":  {stats.Warning, "removed all functions", "Every FCALL fails until the functions are loaded again.", "load them again with FUNCTION LOAD or FUNCTION RESTORE", true},
	"function|delete": {stats.Info, "came %s", "FCALL of what was deleted fails.", "load the library again if it was not on purpose", false},
	"client|pause":    {stats.Warning, "holds the commands of all clients", "Commands wait until the pause is over or CLIENT UNPAUSE is sent: clients run into their time-outs.", "CLIENT UNPAUSE ends it; failover tools use it for a moment", false},
	"swapdb":          {stats.Info, "exchanged two databases %s", "Clients of both see other data from one moment to the next.", "make sure that both applications expect it", false},
	"replicaof":       {stats.Info, "came %s", "The server changes its role or its primary: a new replica drops its data and loads the primary's.", "make sure that a failover or a person meant it", false},
	"slaveof":         {stats.Info, "came %s", "The server changes its role or its primary: a new replica drops its data and loads the primary's.", "make sure that a failover or a person meant it", false},
	"failover":        {stats.Info, "came %s", "A replica takes over: writes are refused for a moment.", "make sure that a person meant it", false},
	"acl|setuser":     {stats.Info, "changed a user's rights %s", "What a client may do can be other than before.", "look at ACL LIST, and at ACL LOG for what is refused since", false},
	"acl|deluser":     {stats.Info, "removed users", "Connections of a removed user are closed.", "look at ACL LIST", false},
	"module|load":     {stats.Info, "loaded a module", "New code runs inside the server.", "make sure that a person meant it", false},
	"module|unload":   {stats.Info, "removed a module", "Its commands are unknown now.", "make sure that a person meant it", false},
	"cluster|reset":   {stats.Warning, "took this node out of its cluster", "It does not know the others and its slots any more.", "join it again with CLUSTER MEET, and see that its slots are served", false},
}

func checkDangerous(w *Window) []stats.Finding {
	found := w.flushes()
	found = append(found, w.configChanges()...)
	for _, k := range w.Works() {
		if k.Calls == 0 {
			continue
		}
		if d, ok := dangers[family(k.Name)]; ok {
			found = append(found, w.danger(k, d))
		} else if k.Name == "keys" {
			found = append(found, w.regularKeys(k)...)
		}
	}
	return append(found, w.dangersBefore()...)
}

// dangerous says that the cost of a command is this rule's to tell.
func dangerous(command string) bool {
	return command == "flushall" || command == "flushdb" || dangers[family(command)].timed
}

// dangersBefore are those that the counters do not hold, and that held everybody up.
func (w *Window) dangersBefore() []stats.Finding {
	var found []stats.Finding
	for _, c := range w.costsBefore() {
		name := c.work.Name
		if !dangerous(name) || w.Work(name).Calls > 0 {
			continue
		}
		for _, f := range w.blockingFindings(&c) {
			impact, remedies := flushImpact, flushRemedies
			if d, ok := dangers[family(name)]; ok {
				impact, remedies = d.impact, []string{d.remedy, restrict}
				if d.severity.Rank() > f.Severity.Rank() {
					f.Severity = d.severity
				}
			}
			f.Impact, f.Remedy = impact+" "+f.Impact, remedies
			found = append(found, f)
		}
	}
	return found
}

const flushImpact = "What was in there is gone: a cache is cold and the databases behind it feel that; sessions, queues and locks are lost."

var flushRemedies = []string{
	restrict,
	"where it is meant: FLUSHALL ASYNC frees the memory in the background; lazyfree-lazy-user-flush yes makes that the default",
	"if it was a mistake, stop the server from saving over its last RDB file (CONFIG SET save \"\"), copy dump.rdb away, and load it into another server",
}

func (w *Window) danger(k Work, d danger) stats.Finding {
	c := w.costOf(k)
	severity, impact, rows := d.severity, d.impact, []stats.Evidence{w.callsRow(k)}
	if s := w.severity(&c); d.timed && s.Rank() > severity.Rank() {
		severity = s
		impact += " " + w.impact(&c, nil)
		rows = append(rows, w.over(w.limitsOver(&c)...)...)
	}
	claim := d.claim
	if strings.Contains(claim, "%s") {
		claim = fmt.Sprintf(claim, times(k.Calls))
	}
	if d.timed && c.longest >= w.Limit("call_usec") {
		claim += ", for " + c.longestText()
	}
	by := w.whoSends(k.Name, w.Slowest(k.Name), float64(k.Usec), "")
	return stats.Finding{
		Subject: k.Name, Weight: float64(k.Usec), Severity: severity, Confidence: stats.Certain,
		Title:    commandName(k.Name) + " " + claim,
		Evidence: rows,
		Culprits: by.culprits, Impact: impact,
		Remedy:  []string{d.remedy, restrict},
		Unknown: unknownSender(by),
	}
}

// times writes how often something came.
func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return count(n) + " times"
}

func (w *Window) callsRow(k Work) stats.Evidence {
	text := plural(k.Calls, "call") + ", " + usec(k.UsecPerCall)
	if k.Calls > 1 {
		text += " each"
	}
	return w.evidence("calls of "+commandName(k.Name), text, "INFO commandstats")
}

// unknownSender says that nobody knows who it was.
func unknownSender(by caller) []string {
	if len(by.culprits) > 0 {
		if by.source == "CLIENT LIST" {
			return []string{"whether it was really this client: known by its connection's last command only"}
		}
		return nil
	}
	return []string{"who sent it: its connection is gone or has sent something else since, and it was too quick for the slow log"}
}

// flushes are FLUSHALL and FLUSHDB, by what they removed.
func (w *Window) flushes() []stats.Finding {
	var found []stats.Finding
	for _, name := range []string{"flushall", "flushdb"} {
		k := w.Work(name)
		if k.Calls == 0 {
			continue
		}
		c := w.costOf(k)
		before, after := w.drop()
		lost := before - after
		severity := stats.Info
		if s := w.severity(&c); s.Rank() > 0 {
			severity = s
		}
		title := strings.ToUpper(name) + " came " + times(k.Calls)
		if lost > 0 {
			title = strings.ToUpper(name) + " removed " + plural(lost, "key")
		}
		if float64(lost) >= w.Limit("keys_lost") {
			severity = stats.Critical
		}
		if c.longest >= w.Limit("call_usec") {
			title += " and blocked this server for " + c.longestText()
		}
		by := w.whoSends(name, w.Slowest(name), float64(k.Usec), "")
		f := stats.Finding{
			Subject: name, Weight: float64(lost), Severity: severity, Confidence: stats.Certain, Title: title,
			Evidence: []stats.Evidence{w.callsRow(k), w.evidence("keys in all databases", count(before)+" before, "+count(after)+" after", "INFO keyspace")},
			Culprits: by.culprits,
			Impact:   flushImpact,
			Remedy:   flushRemedies,
			Unknown:  unknownSender(by),
		}
		if c.longest >= w.Limit("call_usec") {
			f.Impact += " " + w.impact(&c, by.culprits)
			f.Evidence = append(f.Evidence, w.over(w.limitsOver(&c)...)...)
		}
		found = append(found, f)
	}
	return found
}

// drop is the largest loss of keys from one Snapshot of the recent window to the next.
func (w *Window) drop() (before, after int64) {
	next := int64(-1)
	w.recent(func(s *stats.Snapshot) bool {
		n := keysOf(s)
		if next >= 0 && n-next > before-after {
			before, after = n, next
		}
		next = n
		return true
	})
	return before, after
}

// regularKeys is KEYS as a habit, while it is still quick.
func (w *Window) regularKeys(k Work) []stats.Finding {
	c := w.costOf(k)
	if float64(c.work.Calls) < w.Limit("regular_calls") || c.calls == 0 && c.counted || w.severity(&c) != "" || w.spread("keys") < 4 {
		return nil
	}
	by := w.whoSends("keys", c.slow, float64(k.Usec), "")
	return []stats.Finding{{
		Subject: "keys", Weight: float64(k.Usec), Severity: stats.Info, Confidence: stats.Certain,
		Title:    "KEYS is in regular use: " + perSecond(k.PerSecond) + ", " + usec(k.UsecPerCall) + " each",
		Evidence: []stats.Evidence{w.callsRow(k), moment("keys it walks over", count(w.keys()), "INFO keyspace")},
		Culprits: by.culprits,
		Impact:   "Nobody feels it yet. It takes longer with every key that is added, whoever adds it, and everybody waits while it runs.",
		Remedy:   w.remedies("keys", w.askedPattern()),
		Unknown:  unknownSender(by),
	}}
}

// askedPattern is what KEYS looks for where all that is known of it is alike: by the log, else by the samples,
// which know the kind of it; "" where it is not known, or there are several.
func (w *Window) askedPattern() string {
	pattern := ""
	for _, e := range w.Slow(func(c *SlowCommand) bool { return c.Kind == stats.Slow && c.Command == "keys" && !c.Script }) {
		if key := e.rawKey(); pattern != "" && key != pattern {
			return ""
		} else {
			pattern = key
		}
	}
	if pattern != "" {
		return pattern
	}
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if r.Command != "keys" || r.Script || r.Pattern == "" {
			continue
		}
		if r.Pattern == stats.OtherKeys || pattern != "" && r.Pattern != pattern {
			return ""
		}
		pattern = r.Pattern
	}
	return pattern
}

// spread is in how many Snapshots of the recent window a command was called.
func (w *Window) spread(command string) (n int) {
	w.recent(func(s *stats.Snapshot) bool {
		for i := range s.Commands {
			if s.Commands[i].Name == command && s.Commands[i].CallsPerSecond.Or(0) > 0 {
				n++
			}
		}
		return true
	})
	return n
}

// configSpan is how far back the configuration is compared: it is read less often than the counters.
const configSpan = 5 * time.Minute

// configChanges is what CONFIG SET changed.
func (w *Window) configChanges() []stats.Finding {
	changes, risky := w.configDiff()
	k := w.Work("config|set")
	if len(changes) == 0 && k.Calls == 0 {
		return nil
	}
	f := stats.Finding{
		Subject: "config|set", Severity: stats.Info, Confidence: stats.Certain,
		Title:  "CONFIG SET came " + times(k.Calls),
		Impact: "The server may work otherwise than its configuration file says, and will again after a restart unless CONFIG REWRITE was sent.",
		Remedy: []string{"find out who changed it and why; put what shall last into the configuration file", restrict},
	}
	if len(changes) > 0 {
		f.Title = "The configuration was changed: " + listed(changes[:min(3, len(changes))])
	}
	if risky {
		f.Severity = stats.Warning
	}
	for _, c := range changes[:min(8, len(changes))] {
		f.Evidence = append(f.Evidence, stats.Evidence{What: "changed", Value: c, Source: "CONFIG GET", Seconds: stats.Some(configSpan.Seconds())})
	}
	if k.Calls > 0 {
		f.Evidence = append(f.Evidence, w.callsRow(k))
	}
	by := w.whoSends("config|set", w.Slowest("config|set"), float64(k.Usec), "CONFIG SET")
	f.Culprits, f.Unknown = by.culprits, unknownSender(by)
	if len(changes) == 0 {
		f.Unknown = append(f.Unknown, "what it changed: CONFIG GET shows no difference in what is read of it")
	}
	return []stats.Finding{f}
}

// configDiff is what differs from some minutes ago, and whether data is less safe by it.
func (w *Window) configDiff() (changes []string, risky bool) {
	then := w.oldestConfig()
	for name, now := range w.Now.Config {
		was, ok := then[name]
		if !ok || was == now {
			continue
		}
		changes = append(changes, fmt.Sprintf("%s from %s to %s", redis.PrintableCut(name, 40), configValue(was), configValue(now)))
		switch name {
		case "appendonly", "protected-mode":
			risky = risky || now == "no"
		case "save":
			risky = risky || now == ""
		}
	}
	slices.Sort(changes)
	return changes, risky
}

func configValue(v string) string { return redis.PrintableCut(redis.Argument(v), 60) }

func (w *Window) oldestConfig() map[string]string {
	for _, s := range w.Past {
		if len(s.Config) > 0 && w.Now.Time.Sub(s.Time) <= configSpan {
			return s.Config
		}
	}
	return nil
}

// family is the name under which dangers knows a command: every DEBUG is one.
func family(command string) string {
	if strings.HasPrefix(command, "debug|") {
		return "debug"
	}
	return command
}
