package redis

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// SafeJSON makes JSON safe to print on a terminal. What encoding/json leaves as it is, and a
// terminal acts on, becomes a \u escape: DEL, the C1 controls (U+009B begins a command) and the
// marks that reorder text. All of them can stand in strings alone, so the JSON says the same. It
// returns b itself where nothing is to be done.
func SafeJSON(b []byte) []byte {
	plain := func(b []byte) int { return bytes.IndexFunc(b, isHidden) }
	next := plain(b)
	if next < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for ; next >= 0; next = plain(b) {
		r, size := utf8.DecodeRune(b[next:])
		out = fmt.Appendf(append(out, b[:next]...), `\u%04x`, r)
		b = b[next+size:]
	}
	return append(out, b...)
}

// isHidden says whether a terminal acts on a rune that encoding/json does not escape.
func isHidden(r rune) bool {
	return r >= 0x7f && r <= 0x9f || unicode.Is(unicode.Bidi_Control, r)
}
