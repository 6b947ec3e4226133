package redis

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what Redact and Reveal write, in bytes.
const (
	maxRedacted = 1 << 10
	// maxWord is how much is shown of one word, as quoted. Where each of its bytes becomes an escape of
	// four, a command's name and one key still fit.
	maxWord = 180
	// hiddenRun is how many values are told one by one.
	hiddenRun = 4
)

// Redact appends a command line as a person may read it who must not see values: the command with its
// subcommand, its keys and its channels stay, and of any other argument only the length is told:
//
//	SET session:12 (230 B) (2 B) (4 B)
//	HSET user:7 (40 values, 1830 B)
//	AUTH (hidden)
//
// args are those of a MonitorLine. What it appends is safe to print, and at most 1 KiB; "…" stands where
// something was left out. Of a command that it does not know, such as a module's, no argument counts as
// a key. Of commands whose arguments may be secrets (AUTH, HELLO, CONFIG SET, ACL, MIGRATE, SENTINEL) not
// even the lengths are told.
func Redact(dst, args []byte) []byte {
	return describe(dst, args, false, maxRedacted)
}

// Reveal is Redact with the values shown, in the form that redis-cli reads. It appends at most most bytes; 0
// means all of them. Secrets stay hidden.
func Reveal(dst, args []byte, most int) []byte {
	if most <= 0 {
		most = math.MaxInt / 2
	}
	return describe(dst, args, true, most)
}

// describe writes one word after the other for as long as there is room.
func describe(dst, args []byte, values bool, most int) []byte {
	limit := len(dst) + most // a place in dst
	name, rest, ok := NextArg(args)
	if !ok {
		return append(dst, ellipsis...)
	}
	info, _ := LookupArgs(args)
	dst, fits := appendWord(dst, name, limit, maxWord)
	if !fits {
		return dst
	}
	if secret(info, name) {
		if len(rest) > 0 {
			dst = append(dst, " (hidden)"...)
		}
		return dst
	}
	if values {
		return appendValues(dst, rest, limit)
	}
	return appendShape(dst, rest, shownArgs(info, args), limit)
}

// Secret says whether the arguments of a command may hold a password; args are those of a MonitorLine.
func Secret(args []byte) bool {
	name, _, _ := NextArg(args)
	info, _ := LookupArgs(args)
	return secret(info, name)
}

// secret says whether a command's arguments may hold a password.
func secret(info *CommandInfo, name []byte) bool {
	if info == nil {
		return equalFold("sentinel", name) // not in the table of commands, which is that of data servers
	}
	family, sub, _ := strings.Cut(info.Name, "|")
	switch family {
	case "auth", "hello", "migrate", "acl":
		return true
	}
	return family == "config" && sub != "get"
}

func appendValues(dst, rest []byte, limit int) []byte {
	for len(rest) > 0 {
		arg, after, ok := NextArg(rest)
		if !ok {
			return appendEllipsis(dst, limit)
		}
		var fits bool
		if dst, fits = appendWord(append(dst, ' '), arg, limit, max(maxWord, limit)); !fits {
			return dst
		}
		rest = after
	}
	return dst
}

// shown says which arguments of a command are no values. A part of the line is known by how much of
// the line's array follows the place where it begins.
type shown struct {
	first int // the one behind the command's name
	rooms []int
	all   bool
}

func (s *shown) has(part []byte) bool {
	return s.all || cap(part) == s.first || slices.Contains(s.rooms, cap(part))
}

// shownArgs are the subcommand, the keys and the channels.
func shownArgs(info *CommandInfo, args []byte) (s shown) {
	_, rest, _ := NextArg(args)
	first, _, ok := NextArg(rest)
	if info == nil || !ok {
		return s
	}
	switch {
	case info.firstOnly, info.Name == "publish", info.Name == "spublish":
		return shown{first: cap(first)} // nearly always
	case strings.Contains(info.Name, "|"):
		s.first = cap(first)
	case info.Has("pubsub"): // SUBSCRIBE and its like; PUBSUB is a container
		s.all = !info.Container()
	}
	s.rooms = keyRooms(info, args)
	return s
}

// keyRooms tells where the keys are.
func keyRooms(info *CommandInfo, args []byte) (rooms []int) {
	info.EachKey(args, func(key []byte) bool {
		rooms = append(rooms, cap(key))
		return true
	})
	return rooms
}

// appendShape writes the arguments that are shown, and the lengths of the others.
func appendShape(dst, rest []byte, show shown, limit int) []byte {
	var run [hiddenRun]int // lengths of the values since the last word
	values, size := 0, 0
	for {
		arg, after, ok := NextArg(rest)
		word := ok && show.has(arg)
		if !ok || word {
			var fits bool
			if dst, fits = appendLengths(dst, run[:min(values, len(run))], values, size, limit); !fits {
				return dst
			}
			values, size = 0, 0
		}
		switch {
		case !ok && len(rest) > 0: // half an argument
			return appendEllipsis(dst, limit)
		case !ok:
			return dst
		case word:
			if dst, ok = appendWord(append(dst, ' '), arg, limit, maxWord); !ok {
				return dst
			}
		default:
			n := UnquotedLen(arg)
			if values < len(run) {
				run[values] = n
			}
			values++
			size += n
		}
		rest = after
	}
}

// appendLengths writes (12 B) for each of a few values, or what many come to.
func appendLengths(dst []byte, lengths []int, values, size, limit int) ([]byte, bool) {
	begin := len(dst)
	if values > len(lengths) {
		dst = append(dst, " ("...)
		dst = strconv.AppendInt(dst, int64(values), 10)
		dst = append(dst, " values, "...)
		dst = strconv.AppendInt(dst, int64(size), 10)
		dst = append(dst, " B)"...)
		return within(dst, begin, limit)
	}
	for _, n := range lengths {
		dst = append(dst, " ("...)
		dst = strconv.AppendInt(dst, int64(n), 10)
		dst = append(dst, " B)"...)
	}
	return within(dst, begin, limit)
}

// appendWord writes an argument the way redis-cli takes it, at most most of its bytes as quoted.
func appendWord(dst, quoted []byte, limit, most int) ([]byte, bool) {
	begin := len(dst)
	part := cutQuoted(quoted, most)
	if plainWord(part) {
		dst = append(dst, part...)
	} else {
		dst = append(dst, Argument(string(Unquote(nil, part)))...)
	}
	if len(part) < len(quoted) {
		dst = append(dst, ellipsis...)
	}
	return within(dst, begin, limit)
}

// plainWord says whether a quoted argument needs neither quotes nor a look at its escapes.
func plainWord(quoted []byte) bool {
	for _, c := range quoted {
		if c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	return len(quoted) > 0
}

// cutQuoted is the beginning of a quoted argument, without half an escape at its end.
func cutQuoted(quoted []byte, most int) []byte {
	if len(quoted) <= most {
		return quoted
	}
	part := quoted[:most]
	if i := bytes.LastIndexByte(part, '\\'); i >= 0 && len(part)-i < len(`\x00`) && !escaped(part[:i]) {
		part = part[:i]
	}
	return part
}

// within takes back what was written from begin on when it does not leave room for an ellipsis.
func within(dst []byte, begin, limit int) ([]byte, bool) {
	if len(dst)+len(" "+ellipsis) <= limit {
		return dst, true
	}
	return appendEllipsis(bytes.TrimRight(dst[:begin], " "), limit), false
}

// appendEllipsis says that something is missing. within has left room for it.
func appendEllipsis(dst []byte, limit int) []byte {
	if len(dst)+len(" "+ellipsis) > limit {
		return dst
	}
	return append(dst, " "+ellipsis...)
}
