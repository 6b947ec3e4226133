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

// literal finds where the first literal or comment of a script begins, and the sign that ends it; -1: there
// is none. Comments are gone over since a quote in one begins nothing.
func literal(script string) (open int, end string) {
	for i := range len(script) {
		switch c := script[i]; {
		case c == '\'' || c == '"':
			return i + 1, script[i : i+1]
		case c == '[' && longBracket(script[i:]) > 0:
			n := longBracket(script[i:])
			return i + n, strings.ReplaceAll(script[i:i+n], "[", "]")
		case strings.HasPrefix(script[i:], "--") && longBracket(script[i+2:]) == 0:
			return i + 2, "\n"
		}
	}
	return -1, ""
}

// longBracket is the length of the sign that begins a literal of several lines, "[[" or "[==["; 0: it is none.
func longBracket(script string) int {
	if script == "" || script[0] != '[' {
		return 0
	}
	if n := 1 + prefixOfByte(script[1:], '='); n < len(script) && script[n] == '[' {
		return n + 1
	}
	return 0
}

func prefixOfByte(s string, c byte) int { return len(s) - len(strings.TrimLeft(s, string(c))) }

// closing is where a literal ends: before its end sign, which a backslash escapes in one of quotes, or with
// the text.
func closing(text, end string) int {
	quotes := end == "'" || end == `"`
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && quotes {
			i++
		} else if strings.HasPrefix(text[i:], end) {
			return i
		}
	}
	return len(text)
}
