package usage

import (
	"slices"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// acts is what samples of the command stream show to be done with the keys of one pattern: by clients themselves, and by
// their scripts. It tells locks, limits and counters that have no word for it in their names.
type acts struct {
	plain, scripted map[string]bool
}

// actsOf are those of every pattern in the samples, by its name there.
func actsOf(s *stats.Snapshot) map[string]acts {
	all := map[string]acts{}
	for i := range s.Samples {
		r := &s.Samples[i]
		if r.Pattern == "" {
			continue
		}
		a, known := all[r.Pattern]
		if !known {
			a = acts{map[string]bool{}, map[string]bool{}}
			all[r.Pattern] = a
		}
		if r.Script {
			a.scripted[r.Command] = true
		} else {
			a.plain[r.Command] = true
		}
	}
	return all
}

// any says whether clients or scripts sent one of some commands.
func (a acts) any(commands ...string) bool {
	return slices.ContainsFunc(commands, func(c string) bool { return a.plain[c] || a.scripted[c] })
}

// readers are the commands by which a value is wanted.
var readers = []string{"get", "mget", "getex", "strlen", "getrange"}

// byActs judges a string by what is done with it. expiring says that such keys expire.
func (w world) byActs(l *stats.Layout, expiring bool) (verdict, bool) {
	a, seen := w.acts[redis.PrintableCut(l.Pattern, 128)]
	if !seen || l.Type != "string" {
		return verdict{}, false
	}
	short := l.MaxTTL.Or(0) <= shortTTL
	counted := a.any(countCommands...) && !a.any("set", "setex", "psetex", "mset", "append")
	switch {
	case counted && short && (expiring || a.any("expire", "pexpire", "expireat", "pexpireat")):
		return verdict{stats.UseRateLimit, stats.Likely, "counted, and gone within an hour (samples)"}, true
	case counted && !expiring:
		return verdict{stats.UseCounter, stats.Likely, "counted (samples)"}, true
	case expiring && short && (a.plain["set"] || a.plain["setnx"]) && a.scripted["get"] && a.scripted["del"] && !slices.ContainsFunc(readers, func(c string) bool { return a.plain[c] }):
		return verdict{stats.UseLock, stats.Likely, "set for a short time, read by nobody, and deleted by a script that compares first (samples)"}, true
	}
	return verdict{}, false
}
