package redis

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes any bytes one line that is safe on a terminal. Control characters are written
// as \n or \x1b, bytes that are not UTF-8 as \xff, and runes that show nothing or change what
// stands around them (bidi overrides, zero-width characters, tags, private and unassigned code
// points) as \u202e. All other text stays, right-to-left and wide letters too. A backslash stays
// as it is: the result is for eyes and cannot be read back; see Argument for that.
func Printable(s string) string {
	plain := plainPrefix(s)
	if plain == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:plain])
	for i := plain; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if visible(r, size) {
			b.WriteString(s[i : i+size])
		} else {
			b.WriteString(escape(s[i], r, size))
		}
		i += size
	}
	return b.String()
}

// PrintableCut is Printable of s when that has at most maxRunes runes; else its beginning and
// "…", together at most maxRunes runes. It reads no more of s than it shows, however long s is,
// and never cuts an escape in two.
func PrintableCut(s string, maxRunes int) string {
	if maxRunes <= 0 {
		return ""
	}
	var b strings.Builder
	runes := 0
	fits := 0 // bytes of b that leave room for "…"
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		part := s[i : i+size]
		n := 1
		if !visible(r, size) {
			part = escape(s[i], r, size)
			n = len(part)
		}
		if runes+n > maxRunes {
			return b.String()[:fits] + "…"
		}
		b.WriteString(part)
		runes += n
		if runes < maxRunes {
			fits = b.Len()
		}
		i += size
	}
	return b.String()
}

// Argument writes one argument of a command the way that redis-cli takes it: bare when it is
// plain, else in double quotes with \n, \" and \xNN. Reading it back gives the same bytes, and it
// is as safe to print as Printable.
func Argument(s string) string {
	if bare(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case r == ' ' || visible(r, size) && !unicode.IsSpace(r):
			b.WriteString(s[i : i+size])
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteString(escape(s[i], r, size))
		default:
			// redis-cli knows no \u: the bytes of the rune one by one.
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

// bare says whether an argument needs no quotes.
func bare(s string) bool {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == '"' || r == '\'' || r == '\\' || unicode.IsSpace(r) || !visible(r, size) {
			return false
		}
		i += size
	}
	return s != ""
}

// plainPrefix is the length of the beginning of s that is printable ASCII: nearly always all.
func plainPrefix(s string) int {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return i
		}
	}
	return len(s)
}

// visible says whether a decoded rune may go to a terminal as it is. IsGraphic leaves out
// control, format, surrogate, private and unassigned code points and the line and paragraph
// separators; the two tables are letters and marks that show nothing by themselves.
func visible(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r <= '~'
	}
	if r == utf8.RuneError && size == 1 {
		return false
	}
	return unicode.IsGraphic(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escape writes a rune that is not visible in ASCII.
func escape(first byte, r rune, size int) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case size == 1:
		return fmt.Sprintf(`\x%02x`, first)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
