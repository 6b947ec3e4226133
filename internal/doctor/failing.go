package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"redistop/internal/stats"
)

var failingCommands = Rule{
	ID:    "failing-commands",
	Title: "Commands fail in number",
	Group: "Commands",
	What:  "Clients get error replies of one kind again and again, and go on sending.",
	Why:   "What they wanted to do does not happen, and often nobody reads the errors. Each costs the server as much as a command that works.",
	How: "INFO errorstats counts replies by their first word (6.2+), and INFO commandstats the failed and refused calls of each command. Which of the one belongs to " +
		"which of the other the server does not tell. Errors that other rules explain (memory, persistence, rights, logins, transactions) are left to those.",
	Do: "Read the whole message in the client's log, or send the command by hand.",
	Limits: []Limit{
		{"replies", 10, "in a minute: a deployment or a person causes some"},
		{"info_per_second", 0.2, "one in five seconds, again and again, is a program"},
		{"per_second", 1, "every second something does not happen that somebody wanted"},
		{"failed_share", 0.01, "of all commands: fewer are lost in what clients try again anyway"},
		{"flood_per_second", 50, "whatever else goes on: a loop that does not look at its errors"},
	},
	Behind: []string{"connection-storm"},
	Check:  checkFailing,
}

// explainedErrors are those that other rules tell of.
var explainedErrors = set("OOM", "NOREPLICAS", "MISCONF", "WRONGPASS", "NOAUTH", "NOPERM", "EXECABORT")

// graveErrors say that the server, not the single command, is the matter.
var graveErrors = set("READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY")

// mostCodes bounds the findings: scripts may make up any number of error codes.
const mostCodes = 5

// failure is error replies of one kind.
type failure struct {
	code  string
	n     int64
	rate  float64
	share float64 // of all commands
}

func checkFailing(w *Window) []stats.Finding {
	var found []stats.Finding
	list := w.failures()
	for _, f := range list[:min(mostCodes, len(list))] {
		severity := stats.Info
		if graveErrors[f.code] || f.rate >= w.Limit("per_second") && f.share >= w.Limit("failed_share") || f.rate >= w.Limit("flood_per_second") {
			severity = stats.Warning
		}
		if w.errorSpread(f.code) < 3 {
			continue // one burst, such as the start of a program
		}
		found = append(found, w.failingFinding(f, severity, len(list)))
	}
	return found
}

// failures are the kinds of error replies that came in number, the most frequent first.
func (w *Window) failures() []failure {
	then, elapsed := w.Since(Recent)
	if then == nil || elapsed <= 0 {
		return nil
	}
	commands, _, _ := w.Growth(Recent, totalCommands)
	var list []failure
	for _, e := range w.Now.Errors {
		f := failure{code: e.Code, n: e.Count - errorCount(then, e.Code)}
		f.rate = float64(f.n) / max(shortest, elapsed.Seconds())
		f.share = float64(f.n) / float64(max(1, commands+f.n))
		if !explainedErrors[e.Code] && float64(f.n) >= w.Limit("replies") && f.rate >= w.Limit("info_per_second") {
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b failure) int { return cmp.Compare(b.n, a.n) })
	return list
}

func errorCount(s *stats.Snapshot, code string) int64 {
	for i := range s.Errors {
		if s.Errors[i].Code == code {
			return s.Errors[i].Count
		}
	}
	return 0
}

// errorSpread is in how many intervals of the recent window such errors came.
func (w *Window) errorSpread(code string) (n int) {
	next := int64(-1)
	w.recent(func(s *stats.Snapshot) bool {
		now := errorCount(s, code)
		if next > now {
			n++
		}
		next = now
		return true
	})
	return n
}

func (w *Window) failingFinding(e failure, severity stats.Severity, kinds int) stats.Finding {
	failing := w.failingWorks()
	f := stats.Finding{
		Subject: safeName(e.code), Weight: float64(e.n), Severity: severity, Confidence: stats.Certain,
		Title: fmt.Sprintf("%s commands fail with %s", perSecond(e.rate), safeName(e.code)),
		Evidence: []stats.Evidence{w.evidence("replies that begin with "+safeName(e.code),
			count(e.n)+", "+percent(e.share)+" of all commands", "INFO errorstats")},
		Impact: "What these commands should do does not happen; whether anybody notices depends on the client.",
		Remedy: errorRemedies(e.code),
	}
	for _, k := range failing[:min(4, len(failing))] {
		text := count(k.Failed) + " failed"
		if k.Rejected > 0 {
			text = count(k.Failed) + " failed, " + count(k.Rejected) + " refused before they ran"
		}
		f.Evidence = append(f.Evidence, w.evidence(commandName(k.Name), text+", "+count(k.Calls)+" calls ran", "INFO commandstats"))
	}
	if len(failing) == 0 {
		f.Unknown = append(f.Unknown, "which commands fail: none is counted as failed (unknown commands are in no counter)")
		return f
	}
	top := failing[0]
	if all := failedOf(failing); float64(top.Failed+top.Rejected) >= 0.5*float64(all) {
		f.Title += ", most of them " + commandName(top.Name)
		f.Culprits = w.whoSends(top.Name, nil, 0, "").culprits
	}
	if kinds > 1 || len(failing) > 1 {
		f.Unknown = append(f.Unknown, "which command gets which error: the server counts both, but not together")
		f.Confidence = stats.Likely
	}
	if len(f.Culprits) > 0 && top.Failed+top.Rejected < top.Calls*9/10 {
		f.Unknown = append(f.Unknown, "whether the calls that fail come from these clients: they send "+commandName(top.Name)+", of which only some fails")
	}
	return f
}

// failingWorks are the commands of which calls fail, most first.
func (w *Window) failingWorks() []Work {
	var list []Work
	for _, k := range w.Works() {
		if k.Failed+k.Rejected > 0 {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b Work) int { return cmp.Compare(b.Failed+b.Rejected, a.Failed+a.Rejected) })
	return list
}

func failedOf(list []Work) (n int64) {
	for _, k := range list {
		n += k.Failed + k.Rejected
	}
	return n
}

var errorAdvice = map[string][]string{
	"WRONGTYPE":   {"the key holds another type than the command expects: look with TYPE; two programs use one name, or one of them changed the type it keeps there"},
	"ERR":         {"read the whole message in the client's log: a wrong number of arguments, a value that is no number, an unknown command or option of another version"},
	"NOSCRIPT":    {"EVALSHA of a script that the server does not know: load it when the client connects, and let it fall back to EVAL, as most libraries do"},
	"MOVED":       {"the client does not follow the cluster's slots: use a client with cluster support, and let it read the slots anew"},
	"ASK":         {"slots are being moved: a client with cluster support follows by itself"},
	"CROSSSLOT":   {"the keys of one command are in different slots: put what belongs together into one {tag} of the names"},
	"CLUSTERDOWN": {"the cluster has slots that nobody serves: CLUSTER INFO and CLUSTER SHARDS show which node is missing"},
	"READONLY":    {"the client writes to a replica: let it ask Sentinel or the cluster for the primary, and reconnect after a failover"},
	"LOADING":     {"the server still reads its dataset: let clients wait and try again with growing pauses"},
	"MASTERDOWN":  {"this replica has lost its primary and serves no old data (replica-serve-stale-data no): mend the link"},
	"BUSY":        {"a script runs past its time limit: SCRIPT KILL, then bound what one call of it does"},
	"NOGROUP":     {"the stream or its consumer group does not exist (any more): create it with XGROUP CREATE ... MKSTREAM when the consumer starts"},
	"BUSYGROUP":   {"XGROUP CREATE of a group that is there: harmless at a start, a mistake in a loop"},
	"BUSYKEY":     {"RESTORE or COPY onto a key that exists: say REPLACE where that is meant"},
	"UNBLOCKED":   {"blocked clients are cut loose, by CLIENT UNBLOCK or since the server became a replica"},
}

func errorRemedies(code string) []string {
	if advice := errorAdvice[code]; advice != nil {
		return advice
	}
	return []string{"read the whole message in the client's log; a script or a module may have made up this word"}
}

var deniedCommands = Rule{
	ID:    "denied-commands",
	Title: "Commands are refused for want of rights",
	Group: "Commands",
	What:  "A user sends commands, or names keys or channels, that its rights do not allow, again and again.",
	Why:   "A part of an application does not work since its rights were cut or its code changed; or somebody tries what it should not.",
	How:   "INFO stats (acl_access_denied_*, 7.2+), NOPERM in INFO errorstats (6.2+), and ACL LOG for user, command and address.",
	Do:    "Give the user the right, or mend the client.",
	Limits: []Limit{
		{"refused", 10, "in a minute: a person tries a few; tools that look for what they may do are refused once for each"},
		{"per_second", 1, "every second something does not happen that an application wanted"},
	},
	Check: checkDenied,
}

func checkDenied(w *Window) []stats.Finding {
	replies, elapsed := w.errorReplies("NOPERM")
	counted, span, _ := w.Growth(Recent, deniedByACL)
	n := max(replies, counted)
	if elapsed = max(elapsed, span); elapsed <= 0 || float64(n) < w.Limit("refused") {
		return nil
	}
	rate := float64(n) / max(shortest, elapsed.Seconds())
	f := stats.Finding{
		Subject: "rights", Weight: float64(n), Severity: stats.Info, Confidence: stats.Certain,
		Title:    plural(n, "command") + " refused for want of rights in " + seconds(elapsed.Seconds()),
		Evidence: []stats.Evidence{w.evidence("refused", count(n), "INFO errorstats (NOPERM), INFO stats (acl_access_denied_*)")},
		Impact:   "What these clients want to do does not happen.",
		Remedy:   []string{"if it should be allowed, give the right: ACL SETUSER user +command ~pattern", "if not, mend the client, or find out who uses its name and password"},
	}
	if rate >= w.Limit("per_second") {
		f.Severity = stats.Warning
	}
	w.deniedDetails(&f)
	return []stats.Finding{f}
}

// deniedByACL is what rights refused, logins apart; absent before 7.2.
func deniedByACL(s *stats.Snapshot) stats.Maybe[int64] {
	h := &s.Housekeeping
	if !h.DeniedCommands.Known() && !h.DeniedKeys.Known() {
		return stats.Maybe[int64]{}
	}
	return stats.Some(h.DeniedCommands.Or(0) + h.DeniedKeys.Or(0) + h.DeniedChannels.Or(0))
}

// deniedDetails adds who and what, by ACL LOG.
func (w *Window) deniedDetails(f *stats.Finding) {
	var who []stats.Culprit
	var weights []float64
	for i := range w.Now.Denied {
		d := &w.Now.Denied[i]
		if d.Reason == "auth" || d.AgeSeconds > Recent.Seconds() {
			continue
		}
		what := d.Reason + " " + quoted(d.Object)
		c := w.Who(d.Addr, d.Name)
		c.User, c.Source, c.Command = d.User, "ACL LOG", what
		who, weights = append(who, c), append(weights, float64(d.Count))
		if len(f.Evidence) < 6 {
			f.Evidence = append(f.Evidence, moment("user "+safeName(d.User), fmt.Sprintf("%s: %s, last %s ago", what, plural(d.Count, "time"),
				seconds(max(0, time.Duration(d.AgeSeconds*float64(time.Second)).Seconds()))), "ACL LOG"))
		}
	}
	f.Culprits = w.culprits(who, weights)
	if len(who) == 0 {
		f.Unknown = []string{"whose commands they are: ACL LOG tells, where it may be asked"}
	} else if top := f.Culprits[0]; top.User != "" {
		f.Title += ", most of user " + safeName(top.User)
	}
}
