package redis

import "bytes"

// NextArg takes the first argument off MonitorLine.Args: what stands between its quotes, escapes
// still in place, and what follows it. ok is false at the end, and where an argument is not
// quoted or not complete. It allocates nothing.
//
// Valkey 8.1.0 and 8.1.1 do not escape quotes and backslashes (mended in 8.1.2, says its release
// notes), so a quote ends an argument only where the next begins or nothing follows. Such a server
// can still make one argument look like two, or two like one.
func NextArg(args []byte) (quoted, rest []byte, ok bool) {
	if len(args) < 2 || args[0] != '"' {
		return nil, nil, false
	}
	for end := 1; ; end++ {
		i := bytes.IndexByte(args[end:], '"')
		if i < 0 {
			return nil, nil, false
		}
		end += i
		if args[end-1] == '\\' && escaped(args[1:end]) {
			continue
		}
		rest := args[end+1:]
		if len(rest) == 0 {
			return args[1:end], nil, true
		}
		if rest[0] == ' ' && (len(rest) == 1 || rest[1] == '"') {
			return args[1:end], rest[1:], true
		}
	}
}

// escaped says whether the byte behind b is escaped: an odd number of backslashes stands before it.
func escaped(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// Unquote appends the bytes that a quoted argument stands for to dst. The escapes are those of
// the servers, \n \r \t \a \b \" \\ and \xNN; a backslash before any other byte stands for that
// byte, as redis-cli reads it, and one at the end for itself.
func Unquote(dst, quoted []byte) []byte {
	for {
		i := bytes.IndexByte(quoted, '\\')
		if i < 0 || i == len(quoted)-1 {
			return append(dst, quoted...)
		}
		dst = append(dst, quoted[:i]...)
		b, n := unescape(quoted[i:])
		dst = append(dst, b)
		quoted = quoted[i+n:]
	}
}

// UnquotedLen is the length of what Unquote makes of a quoted argument.
func UnquotedLen(quoted []byte) int {
	size := len(quoted)
	for {
		i := bytes.IndexByte(quoted, '\\')
		if i < 0 || i == len(quoted)-1 {
			return size
		}
		_, n := unescape(quoted[i:])
		size -= n - 1
		quoted = quoted[i+n:]
	}
}

// unescape reads one escape, of two bytes at least: the byte that it stands for, and its length.
func unescape(b []byte) (byte, int) {
	switch b[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'a':
		return '\a', 2
	case 'b':
		return '\b', 2
	case 'x':
		if len(b) >= 4 {
			if high, low := hexValue(b[2]), hexValue(b[3]); high < 16 && low < 16 {
				return high<<4 | low, 4
			}
		}
	}
	return b[1], 2
}

// hexValue is the value of a hexadecimal digit, 16 or more for any other byte.
func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}
