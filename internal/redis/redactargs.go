package redis

import (
	"fmt"
	"strconv"
	"strings"
)

// RedactArgs is Redact for arguments that stand apart, as the slow log has them: the command with its
// subcommand, its keys and its channels stay as they are, any other argument becomes its length, and the
// arguments of a command that may hold a password become one "(hidden)". What the server wrote in
// place of arguments that it cut off stays, and the length of one that it cut is that of the whole.
// Unlike Redact it leaves names raw: a reader makes them safe to print. args is not changed.
func RedactArgs(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	var line []byte
	for _, arg := range args {
		line = appendQuoted(line, arg)
	}
	name, rest, _ := NextArg(line)
	info, _ := LookupArgs(line)
	if secret(info, name) {
		if len(args) == 1 {
			return []string{args[0]}
		}
		return []string{args[0], "(hidden)"}
	}
	out := make([]string, 1, len(args))
	out[0] = args[0]
	show := shownArgs(info, line)
	for i, arg := range args[1:] {
		quoted, after, _ := NextArg(rest)
		switch {
		case show.has(quoted), i == len(args)-2 && isCut(arg, "arguments"):
			out = append(out, arg)
		default:
			out = append(out, "("+strconv.Itoa(wholeLen(arg))+" B)")
		}
		rest = after
	}
	return out
}

// appendQuoted appends an argument as MONITOR writes it.
func appendQuoted(line []byte, arg string) []byte {
	line = append(line, '"')
	for i := range len(arg) {
		switch c := arg[i]; {
		case c == '"' || c == '\\':
			line = append(line, '\\', c)
		case c < ' ' || c > '~':
			line = fmt.Appendf(line, `\x%02x`, c)
		default:
			line = append(line, c)
		}
	}
	return append(line, "\" "...)
}

// isCut says whether a server wrote this in place of arguments: "... (12 more arguments)".
func isCut(arg, what string) bool {
	_, ok := cutCount(arg, what)
	return ok && strings.HasPrefix(arg, "... (")
}

// cutCount is the number in "... (12 more bytes)" at the end of s.
func cutCount(s, what string) (int, bool) {
	s, ok := strings.CutSuffix(s, " more "+what+")")
	at := strings.LastIndex(s, "... (")
	if !ok || at < 0 {
		return 0, false
	}
	n, err := strconv.Atoi(s[at+len("... ("):])
	return n, err == nil && n > 0
}

// wholeLen is the length that an argument had before the server cut it, in bytes.
func wholeLen(arg string) int {
	n, ok := cutCount(arg, "bytes")
	if !ok {
		return len(arg)
	}
	return strings.LastIndex(arg, "... (") + n
}
