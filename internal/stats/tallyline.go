package stats

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"redistop/internal/redis"
)

// lineParts says where in a line's arguments its name and its first argument lie.
type lineParts struct {
	nameEnd int // of args[1:nameEnd]; 0: not found by this quick look
	keyEnd  int // of args[nameEnd+3:keyEnd]; 0 likewise, or there is none
	size    int // as commandBytes; -1 likewise
}

// key is the first argument, as quoted, where scan found it.
func (p lineParts) key(args []byte) []byte { return args[p.nameEnd+len(`" "`) : p.keyEnd] }

// scanned is how far scan looks for the name and the first argument: a bit of a word for each byte.
const scanned = 64

// scan looks once over a line, eight bytes at a time. It finds what has no escapes and what lies near the
// line's beginning; the rest is for redis.NextArg. A quote ends an argument only where the next one
// begins or nothing follows: Valkey 8.1.0 escapes no quotes.
func scan(args []byte) lineParts {
	if len(args) < 8 || args[0] != '"' {
		return lineParts{size: -1}
	}
	var quotes, escapes uint64
	near := args[:min(len(args), scanned)]
	b, shift := near, scanned
	for ; len(b) >= 8; b, shift = b[8:], shift-8 {
		v := binary.LittleEndian.Uint64(b)
		quotes = quotes>>8 | raised(equalBytes(v, '"'))
		escapes |= equalBytes(v, '\\')
	}
	if len(b) > 0 {
		v := binary.LittleEndian.Uint64(near[len(near)-8:]) >> (8 * uint(8-len(b)) & 63)
		quotes = quotes>>8 | raised(equalBytes(v, '"'))
		escapes |= equalBytes(v, '\\')
		shift -= 8
	}
	quotes >>= uint(shift) & 63
	if escapes != 0 {
		return lineParts{size: -1}
	}
	p := lineParts{size: -1}
	n := bits.OnesCount64(quotes)
	if len(args) > scanned {
		further, more := countQuotes(args[scanned:])
		if n += further; more {
			n = -1
		}
	}
	if n >= 0 {
		p.size = plainBytes(len(args), n)
	}
	name, next := endOf(args, quotes&^1)
	if name == 0 {
		return p
	}
	p.nameEnd = name
	if next {
		p.keyEnd, _ = endOf(args, quotes&^(1<<(name+len(`" "`))-1))
	}
	return p
}

// endOf is where the first of quotes stands, if it ends an argument, and whether another follows that begins
// within what was scanned.
func endOf(args []byte, quotes uint64) (end int, next bool) {
	if quotes == 0 {
		return 0, false
	}
	end = bits.TrailingZeros64(quotes)
	switch {
	case end+1 == len(args):
		return end, false
	case end+2 < len(args) && args[end+1] == ' ' && args[end+2] == '"':
		return end, end+2 < scanned
	}
	return 0, false
}

// commandBytes is how long a command and its arguments are together, without the protocol around them.
func commandBytes(args []byte) int {
	if len(args) == 0 {
		return 0
	}
	quotes, escapes := countQuotes(args)
	if !escapes {
		return plainBytes(len(args), quotes)
	}
	size := 0
	for {
		arg, rest, ok := redis.NextArg(args)
		if !ok {
			return size
		}
		size += redis.UnquotedLen(arg)
		args = rest
	}
}

// plainBytes is commandBytes for length bytes with so many quotes and no escapes.
func plainBytes(length, quotes int) int { return length - quotes - max(0, quotes/2-1) }

// countQuotes counts the double quotes, and says whether there is a backslash; then the number is of no
// use.
func countQuotes(b []byte) (quotes int, escapes bool) {
	// Most lines are so short that one look at eight bytes at a time is the quickest. Eight sums side by
	// side, and all of them together, fit a byte.
	if len(b) < 8 || len(b) > 30*8 {
		return bytes.Count(b, []byte{'"'}), bytes.IndexByte(b, '\\') >= 0
	}
	var sums, found uint64
	for i := 0; i < len(b); i += 8 {
		v := wordAt(b, i)
		sums += equalBytes(v, '"') >> 7
		found |= equalBytes(v, '\\')
	}
	return int(sums * everyByte >> 56), found != 0
}
