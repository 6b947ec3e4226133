package monitor

import "strings"

// A glob is a pattern as Redis has it: * any bytes, ? one byte, [a-z] and [^a] one of a set, and \ takes
// the meaning from what follows. As in KEYS, a set that does not end goes on to the pattern's end.
type glob struct {
	tokens  []token
	literal string // where no token is special
	plain   bool
}

// A token matches one byte, or with star any number of them.
type token struct {
	star bool
	set  *[4]uint64 // nil: the byte alone
	b    byte
}

// anyByte is the set of ?.
var anyByte = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

func compileGlob(pattern string) glob {
	var g glob
	var literal strings.Builder
	g.plain = true
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*':
			g.plain = false
			if n := len(g.tokens); n == 0 || !g.tokens[n-1].star {
				g.tokens = append(g.tokens, token{star: true})
			}
		case c == '?':
			g.plain = false
			g.tokens = append(g.tokens, token{set: &anyByte})
		case c == '[':
			g.plain = false
			set, end := compileSet(pattern, i+1)
			g.tokens = append(g.tokens, token{set: set})
			i = end
		default:
			if c == '\\' && i+1 < len(pattern) {
				i++
			}
			g.tokens = append(g.tokens, token{b: pattern[i]})
			literal.WriteByte(pattern[i])
		}
	}
	g.literal = literal.String()
	return g
}

// compileSet reads a set from behind its bracket on; end is where the closing one is.
func compileSet(pattern string, i int) (set *[4]uint64, end int) {
	set = new([4]uint64)
	negate := i < len(pattern) && pattern[i] == '^'
	if negate {
		i++
	}
	for ; i < len(pattern) && pattern[i] != ']'; i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			add(set, pattern[i], pattern[i])
		case i+2 < len(pattern) && pattern[i+1] == '-':
			add(set, min(pattern[i], pattern[i+2]), max(pattern[i], pattern[i+2]))
			i += 2
		default:
			add(set, pattern[i], pattern[i])
		}
	}
	if negate {
		for w := range set {
			set[w] = ^set[w]
		}
	}
	return set, i
}

func add(set *[4]uint64, from, to byte) {
	for c := int(from); c <= int(to); c++ {
		set[c/64] |= 1 << (c % 64)
	}
}

func (t *token) fits(c byte) bool {
	if t.set == nil {
		return t.b == c
	}
	return t.set[c/64]&(1<<(c%64)) != 0
}

func (g *glob) match(s string) bool {
	if g.plain {
		return s == g.literal
	}
	return walk(g.tokens, s, false)
}

func (g *glob) matchBytes(b []byte) bool {
	if g.plain {
		return string(b) == g.literal
	}
	return walk(g.tokens, b, false)
}

// matchLower matches what b is in lower case.
func (g *glob) matchLower(b []byte) bool { return walk(g.tokens, b, true) }

// walk goes back to the latest star only, so that no pattern takes longer than the product of both lengths.
func walk[T string | []byte](tokens []token, s T, lower bool) bool {
	t, star, from := 0, -1, 0
	for i := 0; i < len(s); {
		c := s[i]
		if lower {
			c = lowered(c)
		}
		switch {
		case t < len(tokens) && tokens[t].star:
			star, from = t, i
			t++
		case t < len(tokens) && tokens[t].fits(c):
			t++
			i++
		case star >= 0:
			from++
			t, i = star+1, from
		default:
			return false
		}
	}
	for t < len(tokens) && tokens[t].star {
		t++
	}
	return t == len(tokens)
}

func anyGlob(globs []glob, s string) bool {
	for i := range globs {
		if globs[i].match(s) {
			return true
		}
	}
	return false
}

// splitValues cuts at commas that no backslash stands before; those behind one lose it only where a glob
// is made of the value, which reads it anyway.
func splitValues(s string) []string {
	var values []string
	begin := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			values = append(values, s[begin:i])
			begin = i + 1
		}
	}
	return append(values, s[begin:])
}

// unescaped is a word without the backslashes that take the meaning from what follows.
func unescaped(s string) []byte {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return out
}
