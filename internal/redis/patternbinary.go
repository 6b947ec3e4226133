package redis

import (
	"bytes"
	"unicode/utf8"
)

// javaString begins a string as Java's serialization writes it, as Spring's RedisTemplate does
// with keys unless told otherwise; one byte of length follows, which may look like text.
var javaString = []byte(`\xac\xed\x00\x05t\x00`)

// minWord letters beside binary bytes are a name; fewer may be bytes that happen to be letters.
const minWord = 4

// binarySpan finds the part of a quoted key that is not text: from the first to the last such
// byte, and what stands beside it up to the next separator.
func binarySpan(key []byte) (from, to int, ok bool) {
	if bytes.HasPrefix(key, javaString) && len(key) > len(javaString) {
		n, _ := element(key[len(javaString):])
		return 0, len(javaString) + n, true
	}
	from = -1
	for i := 0; i < len(key); {
		n, text := element(key[i:])
		if !text {
			if from < 0 {
				from = i
			}
			to = i + n
		}
		i += n
	}
	if from < 0 {
		return 0, 0, false
	}
	return spanStart(key, from), spanEnd(key, to), true
}

// spanStart moves the beginning of a binary part to the separator before it, since some of its
// bytes may happen to be printable; but not over a word that stands right before it.
func spanStart(key []byte, from int) int {
	start := from
	for start > 0 && class[key[start-1]]&alnum != 0 {
		start--
	}
	if isWord(key[start:from]) {
		return from
	}
	for start > 0 && !separates(key[start-1]) {
		start--
	}
	return start
}

// spanEnd is spanStart for the end.
func spanEnd(key []byte, to int) int {
	end := to + prefixOf(key[to:], alnum)
	if isWord(key[to:end]) {
		return to
	}
	for end < len(key) && !separates(key[end]) {
		end++
	}
	return end
}

// separates says whether names are written with this separator.
func separates(c byte) bool {
	switch c {
	case ':', '/', '|', '.', '-', '_', '#', '{', '}':
		return true
	}
	return false
}

func isWord(b []byte) bool { return len(b) >= minWord && prefixOf(b, lower|upper) == len(b) }

// element is the length of the first character of a quoted text, with all its escapes, and
// whether it is text. Escaped bytes that are a visible rune of UTF-8 are.
func element(b []byte) (n int, text bool) {
	c := b[0]
	if c != '\\' {
		if class[c]&special == 0 {
			return 1, true
		}
		r, size := utf8.DecodeRune(b)
		return size, visible(r, size)
	}
	if len(b) == 1 {
		return 1, false
	}
	if b[1] != 'x' || len(b) < 4 {
		return 2, b[1] == '"' || b[1] == '\\' || b[1] == '\''
	}
	var raw [utf8.UTFMax]byte
	size := 0
	for size < len(raw) && len(b) >= 4*(size+1) && b[4*size] == '\\' && b[4*size+1] == 'x' {
		high, low := hexValue(b[4*size+2]), hexValue(b[4*size+3])
		if high > 15 || low > 15 {
			break
		}
		raw[size] = high<<4 | low
		size++
	}
	if size == 0 {
		return 2, false
	}
	r, n := utf8.DecodeRune(raw[:size])
	return 4 * n, visible(r, n)
}

// wholeEscapes is b without an escape at its end that is cut in two, or may be.
func wholeEscapes(b []byte) []byte {
	const longest = len(`\xff`)
	for i := len(b) - 1; i >= 0 && i > len(b)-longest; i-- {
		if b[i] != '\\' || escaped(b[:i]) {
			continue
		}
		if n := len(b) - i; n == 1 || b[i+1] == 'x' {
			return b[:i]
		}
		break
	}
	return b
}
