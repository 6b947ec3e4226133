package redis

import (
	"slices"
	"strings"
)

// queries are commands whose arguments are patterns, ranges, cursors and options: they say what the
// command costs, and none is a value.
var queries = []string{
	"keys", "scan", "hscan", "sscan", "zscan", "lrange", "ltrim", "getrange", "substr", "zcount", "zlexcount", "zrange",
	"zrangebylex", "zrangebyscore", "zrevrange", "zrevrangebylex", "zrevrangebyscore", "zrangestore", "zremrangebyrank",
	"zremrangebyscore", "zinter", "zunion", "zdiff", "zinterstore", "zunionstore", "sort", "sort_ro", "xrange", "xrevrange",
	"xread", "xreadgroup", "xtrim", "flushall", "flushdb", "swapdb", "select", "wait", "info",
}

// programs are commands whose first argument is a script.
var programs = []string{"eval", "eval_ro"}

// LogArgs is RedactArgs for a person who wants to know what a command costs: the arguments of queries,
// such as a pattern or a range, stay, and so does the text of a script, without its literals.
func LogArgs(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	command := strings.ToLower(args[0])
	if slices.Contains(queries, command) {
		return args
	}
	kept := RedactArgs(args)
	if slices.Contains(programs, command) && len(args) > 1 {
		kept[1] = withoutLiterals(args[1])
	}
	return kept
}

// withoutLiterals is the text of a script with "…" in the place of its literals, other than names of
// commands: an application that builds its scripts puts values there.
func withoutLiterals(script string) string {
	var b strings.Builder
	for {
		open, end := literal(script)
		if open < 0 {
			b.WriteString(script)
			return b.String()
		}
		b.WriteString(script[:open])
		script = script[open:]
		size := closing(script, end)
		if _, ok := LookupCommand([]byte(script[:size])); ok {
			b.WriteString(script[:size])
		} else if size > 0 {
			b.WriteString("…")
		}
		rest := min(size+len(end), len(script))
		b.WriteString(script[size:rest])
		script = script[rest:]
	}
}

// literal finds where the first literal of a script begins, and the sign that ends it; -1: there is none.
func literal(script string) (open int, end string) {
	short, long := strings.IndexAny(script, `'"`), strings.Index(script, "[[")
	switch {
	case long >= 0 && (short < 0 || long < short):
		return long + 2, "]]"
	case short >= 0:
		return short + 1, script[short : short+1]
	}
	return -1, ""
}

// closing is where a literal ends: before its end sign that no backslash escapes, or with the text.
func closing(text, end string) int {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && end != "]]" {
			i++
		} else if strings.HasPrefix(text[i:], end) {
			return i
		}
	}
	return len(text)
}
