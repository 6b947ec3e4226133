package redis

// The classes of bytes.
const (
	digit   = 1 << iota
	lower   // a to z
	upper   // A to Z
	hexa    // 0 to 9 and a to f of either case, beside their own class
	joint   // separators that something variable may hold: @ . _ - + %
	special // a backslash, and what is not printable ASCII

	alnum = digit | lower | upper
)

// class is immutable.
var class = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case '0' <= c && c <= '9':
			t[i] = digit
		case 'a' <= c && c <= 'z':
			t[i] = lower
		case 'A' <= c && c <= 'Z':
			t[i] = upper
		case c == '@' || c == '.' || c == '_' || c == '-' || c == '+' || c == '%':
			t[i] = joint
		case c < ' ' || c > '~' || c == '\\':
			t[i] = special
		}
		if hexValue(byte(i)) < 16 {
			t[i] |= hexa
		}
	}
	return t
}()

const (
	minNumber = 3 // digits among letters that make a variable number
	minHex    = 8 // digits of a hexadecimal number with letters
	minHash   = 16
	minRandom = 16
	// minMixed is minRandom for text of digits and both cases.
	minMixed = 10
)

// shape is what a segment looks like.
type shape struct {
	len     int
	classes uint8 // of alnum
	hex     bool  // hexadecimal digits only
	// changes counts where a digit stands beside a letter, a capital behind a small letter, or a
	// small letter behind a capital that follows a capital or a digit: "camelCase" has 1, "xY7bQRs" 5.
	changes int
}

// measure looks at the segment at the beginning of b.
func measure(b []byte) shape {
	var s shape
	var before, last uint8 // the classes of the runs before this one
	var lastLen int
	common := uint8(hexa)
	for n := 0; n < len(b); {
		run, start := class[b[n]]&alnum, n
		if run == 0 {
			break
		}
		for n < len(b) {
			c := class[b[n]]
			if c&run == 0 {
				break
			}
			common &= c
			n++
		}
		if last != 0 && (last != upper || run != lower || lastLen > 1 || before == digit) {
			s.changes++
		}
		s.classes |= run
		before, last, lastLen = last, run, n-start
		s.len = n
	}
	s.hex = common != 0
	return s
}

// variable says how many bytes at the beginning of b, whose first segment has the shape s, are a
// variable part; 0 when the segment is not one.
func variable(b []byte, s shape) int {
	if s.classes&digit == 0 && !s.hex && s.changes == 0 && s.len >= minNumber {
		return 0 // a word: the rest would find nothing
	}
	next := byte(0)
	if s.len < len(b) {
		next = b[s.len]
	}
	if next != 0 || s.classes == digit|upper {
		if n := compound(b, s, next); n > 0 {
			return n
		}
	}
	if (next == '-' || next == '_') && (s.changes > 0 || s.len < minNumber && !prefixed(b[s.len+1:])) {
		if n := randomRun(b); n > 0 {
			return n
		}
	}
	switch {
	case s.classes == digit:
		return s.len
	case s.len < minHex:
	case s.hex && (s.classes&digit != 0 || s.len >= minHash):
		return s.len
	case s.random() || ulid(b[:s.len]) || isHexNumber(b[:s.len]):
		return s.len
	}
	return 0
}

// random says that the segment is no word.
func (s shape) random() bool {
	if s.classes&digit == 0 || s.classes&(lower|upper) == 0 {
		return false
	}
	if s.classes&(lower|upper) != lower|upper { // only digits can make changes
		return s.len >= minRandom && s.changes*6 >= s.len
	}
	return s.len >= minRandom && s.changes*4 >= s.len || s.len >= minMixed && s.changes*5 >= s.len*2
}

// ulid: 26 characters of Crockford's base 32, the first of them 0 to 7.
func ulid(b []byte) bool {
	if len(b) != 26 || b[0] < '0' || b[0] > '7' {
		return false
	}
	for _, c := range b {
		if c |= 0x20; c == 'i' || c == 'l' || c == 'o' || c == 'u' {
			return false
		}
	}
	return true
}

// isHexNumber: "0x" and hexadecimal digits.
func isHexNumber(b []byte) bool {
	return b[0] == '0' && b[1]|0x20 == 'x' && prefixOf(b[2:], hexa) == len(b)-2
}

// prefixed says that what stands behind a short segment is variable by itself, and all of the run:
// "u_x7Yq..." is a prefix and a name.
func prefixed(b []byte) bool {
	s := measure(b)
	if s.len < len(b) && (b[s.len] == '-' || b[s.len] == '_') {
		return false
	}
	return s.hex && s.len >= minHex || s.random()
}

// randomRun is the length of the random text at the beginning of b that '-' and '_' may be a part
// of, as in base 64url; 0 when it is none. A run with a word in it is not: in "task_x7Yq..." only
// the part behind the word is variable.
func randomRun(b []byte) int {
	n, changes := 0, 0
	var classes uint8
	for n < len(b) {
		s := measure(b[n:])
		if s.len >= minNumber && s.word() {
			return 0
		}
		classes |= s.classes
		changes += s.changes
		n += s.len
		if n == len(b) || b[n] != '-' && b[n] != '_' {
			break
		}
		n++
	}
	const all = digit | lower | upper
	if n < minRandom || classes != all || changes*4 < n {
		return 0
	}
	return n
}

// word says that the segment is of letters in one case, or has one capital at its beginning.
func (s shape) word() bool { return s.classes&digit == 0 && s.changes == 0 }

// prefixOf is the number of bytes at the beginning of b that are of one of the classes.
func prefixOf(b []byte, classes uint8) int {
	n := 0
	for n < len(b) && class[b[n]]&classes != 0 {
		n++
	}
	return n
}
