package redis

import "unicode/utf8"

const (
	// MaxPattern is the length of the longest pattern, in bytes.
	MaxPattern = 128
	ellipsis   = "…"
	// foldedKey is how much of a key is looked at.
	foldedKey = 512
)

// FoldKey appends the pattern of a key to dst: its variable parts become '*', so that
// "user:1234:profile" and all its kind become user:*:profile. The key is quoted, as NextArg gives
// it. The pattern is a quoted text too, holds no control byte, and has at most MaxPattern bytes;
// a longer one, or that of a very long key, ends with "…". FoldKey allocates nothing when dst has
// room.
//
// A key is cut into segments of letters and digits. All other characters separate them and stay,
// and nothing is folded across one but what is known to hold it:
//
//   - a segment of digits only: page:3855, web-1, {42}
//   - a number of three or more digits among letters: user1234. One or two digits stay: v2, db0, sha1
//   - 8 or more hexadecimal digits, of which some are letters and some are not; 16 and more of any
//   - UUIDs; ULIDs; dates and times: 2024-06-01, 2024-06-01T10:20:30Z; IP addresses; e-mail addresses
//   - random text in base 36, 62 and 64url: 16 characters that change between letters and digits, or
//     between cases, far more often than words do (10 when digits and both cases are there)
//   - bytes that are not text, from the first to the last with all between
//
// Stars side by side are one, those of the key itself too: KEYS session:*99 and session:*98 ask for one kind.
func FoldKey(dst, key []byte) []byte {
	cut := len(key) > foldedKey
	if cut {
		key = wholeEscapes(key[:foldedKey])
	}
	f := folder{dst: dst, start: len(dst), limit: len(dst) + MaxPattern}
	f.key(key)
	if cut || f.full {
		return f.cutOff()
	}
	return f.dst
}

// folder writes one pattern.
type folder struct {
	dst   []byte
	start int  // of the pattern in dst
	limit int  // of len(dst)
	full  bool // something did not fit
	word  int  // where in dst a mail address could begin that ends with what comes next
}

// put appends a part of the pattern, or what has room of it.
func (f *folder) put(part []byte) {
	if room := f.limit - len(f.dst); room < len(part) {
		f.full = true
		part = part[:room]
	}
	f.dst = append(f.dst, part...)
}

// star stands for a variable part. Beside another it says nothing new: what KEYS looks for may hold stars too.
func (f *folder) star() {
	if n := len(f.dst); n > f.start && f.dst[n-1] == '*' {
		return
	}
	if len(f.dst) == f.limit {
		f.full = true
		return
	}
	f.dst = append(f.dst, '*')
}

// cutOff ends a pattern that is not whole. It takes off what has no room beside the ellipsis, and
// whole escapes and runes of it.
func (f *folder) cutOff() []byte {
	pattern := f.dst[f.start:]
	if most := MaxPattern - len(ellipsis); len(pattern) > most {
		pattern = wholeEscapes(pattern[:most])
		for len(pattern) > 0 && !utf8.Valid(pattern) {
			pattern = pattern[:len(pattern)-1]
		}
	}
	return append(f.dst[:f.start+len(pattern)], ellipsis...)
}

// key folds a quoted key. Bytes that are not text, if there are any, become one star.
func (f *folder) key(key []byte) {
	begin := len(f.dst)
	if f.text(key, false) {
		return
	}
	f.dst, f.full = f.dst[:begin], false
	from, to, ok := binarySpan(key)
	if !ok {
		f.text(key, true)
		return
	}
	f.text(key[:from], true)
	f.star()
	f.key(key[to:])
}

// text folds a key segment by segment. It gives up at a special byte, unless the caller knows that
// they are all text.
func (f *folder) text(key []byte, known bool) bool {
	f.word = len(f.dst)
	for i := 0; i < len(key) && !f.full; {
		c := class[key[i]]
		if c&alnum != 0 {
			i += f.segment(key[i:])
			continue
		}
		n := 1
		switch {
		case key[i] == '*':
			f.star()
			f.word = len(f.dst)
			i++
			continue
		case c&joint != 0:
			i += f.joint(key[i:])
			continue
		case c&special != 0:
			if !known {
				return false
			}
			n, _ = element(key[i:])
		}
		f.put(key[i : i+n])
		f.word = len(f.dst)
		i += n
	}
	return true
}

// segment writes one segment, or a variable part that begins with it, and returns its length.
func (f *folder) segment(key []byte) int {
	s := measure(key)
	if n := variable(key, s); n > 0 {
		f.star()
		return n
	}
	text := key[:s.len]
	if s.classes&digit == 0 || s.len < minNumber {
		f.put(text)
		return s.len
	}
	for len(text) > 0 {
		n := prefixOf(text, digit)
		if n >= minNumber {
			f.star()
			text = text[n:]
			continue
		}
		n += prefixOf(text[n:], lower|upper)
		f.put(text[:n])
		text = text[n:]
	}
	return s.len
}

// joint writes one separator of that class, or a variable part that it is in, and returns its length.
func (f *folder) joint(key []byte) int {
	switch key[0] {
	case '@':
		if end := domain(key[1:]); end > 0 && len(f.dst) > f.word {
			f.dst = f.dst[:f.word]
			f.star()
			return 1 + end
		}
		f.put(key[:1])
		f.word = len(f.dst)
		return 1
	case '%':
		if len(key) >= 3 && hexValue(key[1]) < 16 && hexValue(key[2]) < 16 {
			f.put(key[:3])
			return 3
		}
	case '-', '_':
		if len(f.dst) == f.word {
			if run := randomRun(key); run > 0 {
				f.star()
				return run
			}
		}
	}
	f.put(key[:1])
	return 1
}
