package doctor

import (
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var slowScript = Rule{
	ID:    "slow-script",
	Title: "A script that everybody else waits for",
	Group: "Commands",
	What:  "A script or function (EVAL, EVALSHA, FCALL) runs so long that the server answers nobody meanwhile.",
	Why: "A script is one command: it runs from its beginning to its end, and everybody else waits. Past busy-reply-threshold " +
		"(lua-time-limit, 5 s) the server answers the others with BUSY errors and goes on running it.",
	How: "INFO commandstats counts calls and time, the commands inside included; SLOWLOG names single calls with their sender, and what they called. " +
		"That the server answers BUSY is seen at once. What would be critical is a warning while hardly anybody else uses the server.",
	Do:     "Bound what one call does, and call it again until all is done.",
	Limits: timeLimits,
	Always: true,
	Check:  checkScripts,
}

// scripts are the commands that run one.
var scripts = set("eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro")

func checkScripts(w *Window) []stats.Finding {
	if w.Link.State == stats.Busy {
		return []stats.Finding{w.scriptUnderWay()}
	}
	var found []stats.Finding
	for _, c := range w.costs(func(name string) bool { return scripts[name] }) {
		for _, f := range w.blockingFindings(&c) {
			f.Remedy = scriptRemedies(c.work.Name)
			f.Evidence = append(f.Evidence, w.insideScripts()...)
			found = append(found, f)
		}
	}
	return found
}

func scriptRemedies(command string) []string {
	kind := "EVAL"
	if strings.HasPrefix(command, "fcall") {
		kind = "FCALL"
	}
	return []string{
		"bound what one call does: give it a limit, let it return where it stopped (the cursor of SSCAN, HSCAN or ZRANGE with LIMIT), and send " + kind + " again until it is done; everybody else has a turn in between",
		"move loops over many keys or elements out of the script: what need not be all or nothing goes into a pipeline",
		"KEYS, SMEMBERS and HGETALL inside a script walk over all there is, as outside",
	}
}

// insideScripts is what scripts called that was slow by itself.
func (w *Window) insideScripts() []stats.Evidence {
	inside := w.Slow(func(c *SlowCommand) bool { return c.Kind == stats.Slow && c.Script })
	if len(inside) == 0 {
		return nil
	}
	return []stats.Evidence{w.evidence("slow commands that scripts called", logRow(inside), "SLOWLOG GET")}
}

// scriptUnderWay is a script that runs past its time: the server serves nobody else.
func (w *Window) scriptUnderWay() stats.Finding {
	var list []stats.Culprit
	var ones []float64
	for name := range scripts {
		l, o := w.lastSenders(name, "")
		list, ones = append(list, l...), append(ones, o...)
	}
	message := w.Link.Message
	if message == "" {
		message = "BUSY"
	}
	return stats.Finding{
		Subject: "running", Weight: 1e12, Severity: stats.Critical, Confidence: stats.Certain,
		Title:    "A script has been running past its time limit and nobody else is served",
		Evidence: []stats.Evidence{moment("the server's answer", redis.PrintableCut(message, 120), "INFO")},
		Culprits: w.culprits(list, ones),
		Impact:   "Every other command is answered with a BUSY error until the script ends.",
		Remedy: []string{
			"SCRIPT KILL ends it if it has not written anything yet (FUNCTION KILL ends a function)",
			"if it has written: wait, or SHUTDOWN NOSAVE, which loses what was written since the last save",
			"bound what one call of it does, and call it again until all is done",
		},
		Unknown: []string{"which script it is: while it runs the server tells nothing; its slow log will have it afterwards"},
	}
}

// scriptLabel names a script: its SHA, its function's name, or how its text begins, without the literals in
// it that may be values. Scripts that differ in numbers only are one.
func scriptLabel(text string) string {
	if isSHA(text) {
		return text
	}
	if args := redis.LogArgs([]string{"EVAL", text}); len(args) > 1 {
		text = args[1]
	}
	const most = 48 // characters: a title has room for no more
	label := []rune(strings.Join(strings.Fields(text), " "))
	if len(label) > most {
		label = append(label[:most], '…')
	}
	return redis.PrintableCut(withoutNumbers(string(label)), 64)
}

func isSHA(s string) bool {
	return len(s) == 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// withoutNumbers writes * for numbers of three digits and more.
func withoutNumbers(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 0
		for i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '9' {
			n++
		}
		switch {
		case n >= 3:
			b.WriteByte('*')
		case n == 0:
			b.WriteByte(s[i])
			n = 1
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
