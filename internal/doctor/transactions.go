package doctor

import (
	"fmt"
	"strings"

	"redistop/internal/stats"
)

var failingTransactions = Rule{
	ID:    "failing-transactions",
	Title: "Transactions that mostly fail",
	Group: "Commands",
	What:  "Clients WATCH keys that others change before their EXEC, so that most of their transactions do nothing and are tried again; or EXEC is refused since a command in it was.",
	Why:   "All the work of the attempts that fail is for nothing, and grows with the number of clients that compete: the more of them, the less gets done.",
	How: "EXEC that WATCH lets fail is no error, so no counter tells. But each that works executes at least one write: where a client sends far more EXEC than writes and scripts " +
		"come of it, the rest has failed. This is by samples for each client, without samples by INFO commandstats for all together, and a lower bound. Refused ones are EXECABORT in INFO errorstats.",
	Do: "Let the server do it in one step: a command such as INCR, a script or function, or a lock that lets one client try at a time.",
	Limits: []Limit{
		{"failed_share", 0.5, "of the transactions: more work is thrown away than done"},
		{"exec_per_second", 1, "fewer cost nothing, whatever becomes of them"},
		{"warn_per_second", 10, "EXEC a second: from here on it is felt by those who try"},
		{"seen", 20, "EXEC in the samples, or calls: fewer may be chance"},
		{"aborted", 10, "EXECABORT in a minute: a person or a deployment causes some"},
	},
	Check: checkTransactions,
}

// optimist is what one client, or all together, did with transactions, in commands a second.
type optimist struct {
	who         stats.Culprit
	exec, watch float64
	changes     float64 // writes and scripts that ran
	seen        int64   // EXEC
}

// failed is the share of transactions that cannot have done anything.
func (o *optimist) failed() float64 {
	if o.exec <= 0 || o.watch < o.exec/2 { // without WATCH they do not fail this way
		return 0
	}
	return max(0, 1-o.changes/o.exec)
}

func checkTransactions(w *Window) []stats.Finding {
	found := w.abortedTransactions()
	all := w.optimistsOfAll()
	if all.exec == 0 || all.watch == 0 {
		return found
	}
	if all.exec < w.Limit("exec_per_second") {
		return found
	}
	var guilty []optimist
	source := "samples"
	for _, o := range w.optimists() {
		if float64(o.seen) >= w.Limit("seen") && o.failed() >= w.Limit("failed_share") {
			guilty = append(guilty, o)
		}
	}
	if !w.samplesTellOf("exec") && all.failed() >= w.Limit("failed_share") && float64(all.seen) >= w.Limit("seen") {
		guilty, source = []optimist{all}, "INFO commandstats"
	}
	if len(guilty) == 0 {
		return found
	}
	return append(found, w.transactionFinding(guilty, source))
}

func (w *Window) transactionFinding(guilty []optimist, source string) stats.Finding {
	var sum optimist
	var who []stats.Culprit
	var weights []float64
	for _, o := range guilty {
		sum.exec, sum.watch, sum.changes = sum.exec+o.exec, sum.watch+o.watch, sum.changes+o.changes
		if o.who.IP != "" || o.who.Name != "" {
			who, weights = append(who, o.who), append(weights, o.exec*o.failed())
		}
	}
	f := stats.Finding{
		Subject: "watch", Weight: sum.exec, Severity: stats.Info, Confidence: stats.Likely,
		Title: fmt.Sprintf("At least %s of the transactions fail: %s EXEC, %s changes", percent(sum.failed()), perSecond(sum.exec), perSecond(sum.changes)),
		Evidence: []stats.Evidence{
			w.evidence("EXEC", perSecond(sum.exec), source),
			w.evidence("WATCH", perSecond(sum.watch), source),
			w.evidence("writes and scripts that ran for these clients", perSecond(sum.changes), source),
		},
		Culprits: w.culprits(who, weights),
		Impact:   "What fails is tried again: the more clients compete for the same keys, the less gets done, and the longer each takes.",
		Remedy: []string{
			"do it in one step: a command that does it (INCR, HINCRBY, SET with NX, GETDEL, SPOP), or a script or function that checks and writes",
			"or let one client at a time try: a lock (SET key value NX PX), or a queue",
			"WATCH few keys, as late as possible, and wait a random time before the next try",
		},
		Unknown: []string{"how many fail exactly: EXEC that does nothing is no error and in no counter; other writes of the same clients hide some"},
	}
	if sum.exec >= w.Limit("warn_per_second") {
		f.Severity = stats.Warning
	}
	if len(who) == 0 {
		w.watchers(&f)
	}
	return f
}

// samplesTellOf says that the samples saw enough calls of a command.
func (w *Window) samplesTellOf(command string) bool {
	var seen int64
	for i := range w.Samples() {
		if r := &w.Samples()[i]; r.Command == command && !r.Further {
			seen += r.Seen
		}
	}
	return float64(seen) >= w.Limit("seen")
}

// watchers are the connections with keys under WATCH, where nothing better is known.
func (w *Window) watchers(f *stats.Finding) {
	for _, last := range []string{"exec", "watch", "multi"} {
		list, ones := w.lastSenders(last, "WATCH, MULTI, EXEC")
		if len(list) > 0 {
			f.Culprits = w.culprits(list, ones)
			return
		}
	}
}

// optimists are the clients that use transactions, by the samples.
func (w *Window) optimists() []optimist {
	index := map[stats.Identity]int{}
	var list []optimist
	for i := range w.Samples() {
		r := &w.Samples()[i]
		if r.Further || r.Script {
			continue
		}
		at, ok := index[r.Identity]
		if !ok {
			at = len(list)
			index[r.Identity] = at
			list = append(list, optimist{who: w.sampledCulprit(r, "WATCH, MULTI, EXEC")})
		}
		list[at].add(r.Command, r.CommandsPerSecond.Or(0), r.Seen)
	}
	return list
}

// optimistsOfAll is all clients together, by the counters.
func (w *Window) optimistsOfAll() (all optimist) {
	for _, k := range w.Works() {
		all.add(k.Name, k.PerSecond, k.Calls)
	}
	return all
}

func (o *optimist) add(command string, rate float64, n int64) {
	switch {
	case command == "exec":
		o.exec, o.seen = o.exec+rate, o.seen+n
	case command == "watch":
		o.watch += rate
	case scripts[command] || writes(command) || strings.Contains(command, "publish"):
		o.changes += rate
	}
}

// abortedTransactions are those that EXEC refused since a command in them had been refused.
func (w *Window) abortedTransactions() []stats.Finding {
	n, elapsed := w.errorReplies("EXECABORT")
	if elapsed <= 0 || float64(n) < w.Limit("aborted") || w.errorSpread("EXECABORT") < 3 {
		return nil
	}
	rate := float64(n) / max(shortest, elapsed.Seconds())
	exec := w.Work("exec")
	share := float64(n) / float64(max(1, n, exec.Calls+exec.Rejected))
	f := stats.Finding{
		Subject: "aborted", Weight: rate, Severity: stats.Info, Confidence: stats.Certain,
		Title: perSecond(rate) + " transactions are aborted since a command in them is refused",
		Evidence: []stats.Evidence{
			w.evidence("EXECABORT replies", count(n)+", "+percent(share)+" of all EXEC", "INFO errorstats"),
		},
		Impact: "None of the commands of such a transaction is executed.",
		Remedy: []string{"read the error of the command that was refused while it was queued: a wrong number of arguments, an unknown command, no right, no memory"},
	}
	if share >= w.Limit("failed_share") && rate >= w.Limit("exec_per_second") {
		f.Severity = stats.Warning
	}
	for _, k := range w.failingWorks() {
		if k.Rejected > 0 && k.Name != "exec" && len(f.Evidence) < 4 {
			f.Evidence = append(f.Evidence, w.evidence(commandName(k.Name), count(k.Rejected)+" refused before they ran", "INFO commandstats"))
		}
	}
	f.Culprits = w.whoSends("exec", nil, 0, "MULTI, EXEC").culprits
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"who sends them: no sample and no connection's last command names EXEC"}
	}
	return []stats.Finding{f}
}
