package redis

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{`user:42 {"a":"b\n"}`, `user:42 {"a":"b\n"}`},
		{"two\nlines\r\n\ttab", `two\nlines\r\n\ttab`},
		{"\x1b[31mred\x1b]0;title\a", `\x1b[31mred\x1b]0;title\x07`},
		{"\x00\x7f\u009b31m\u0085", `\x00\x7f\u009b31m\u0085`},
		{"\xff\xc3(\xe2\x82", `\xff\xc3(\xe2\x82`},
		{"\u202eevil\u2066\u200b\u200d\ufeff\u2028", `\u202eevil\u2066\u200b\u200d\ufeff\u2028`},
		{"\U000e0041\ue000\u0378", `\U000e0041\ue000\u0378`},
		{"a\u3164b\u115f\ufe0f\u034f", `a\u3164b\u115f\ufe0f\u034f`},
		{"naïve 日本語 עברית العربية 😀 e\u0301", "naïve 日本語 עברית العربية 😀 e\u0301"},
		{"\ufffd", "\ufffd"},
	} {
		if got := Printable(test.in); got != test.want {
			t.Errorf("Printable(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestPrintableCut(t *testing.T) {
	for _, test := range []struct {
		in   string
		max  int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"abcd", 1, "…"},
		{"abcd", 0, ""},
		{"", 0, ""},
		{"日本語", 3, "日本語"},
		{"日本語x", 3, "日本…"},
		{"\x1b", 4, `\x1b`},
		{"\x1b", 3, "…"},
		{"a\x1bb", 5, "a…"},
		{"a\x1bb", 6, `a\x1bb`},
		{"ab\n", 3, "ab…"},
		{strings.Repeat("x", 1<<20), 5, "xxxx…"},
	} {
		if got := PrintableCut(test.in, test.max); got != test.want {
			t.Errorf("PrintableCut(%.20q, %d) = %q, want %q", test.in, test.max, got, test.want)
		}
	}
	huge := strings.Repeat("\x1b", 512<<10)
	if n := testing.AllocsPerRun(5, func() { PrintableCut(huge, 20) }); n > 20 {
		t.Errorf("%v allocations to cut a huge string", n)
	}
}

func TestArgument(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"user:42", "user:42"},
		{"日本語", "日本語"},
		{"{a}*?$", "{a}*?$"},
		{"", `""`},
		{"two words", `"two words"`},
		{`say "hi"`, `"say \"hi\""`},
		{`it's`, `"it's"`},
		{`C:\dir`, `"C:\\dir"`},
		{"a\r\n\tb", `"a\r\n\tb"`},
		{"\x1b[31m\x00\xff", `"\x1b[31m\x00\xff"`},
		{"\u202e日", `"\xe2\x80\xae日"`},
		{"no\u00a0break", `"no\xc2\xa0break"`},
	} {
		got := Argument(test.in)
		if got != test.want {
			t.Errorf("Argument(%q) = %s, want %s", test.in, got, test.want)
		}
		if back := readBack(t, got); back != test.in {
			t.Errorf("%s reads back as %q, want %q", got, back, test.in)
		}
	}
}

// readBack reads one argument by the rules of redis-cli's command line.
func readBack(t *testing.T, s string) string {
	t.Helper()
	body, quoted := strings.CutPrefix(s, `"`)
	if !quoted {
		if s == "" || strings.ContainsAny(s, " \t\r\n\"'") {
			t.Fatalf("%q is not one bare argument", s)
		}
		return s
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == '"':
			if i != len(body)-1 {
				t.Fatalf("%q ends early", s)
			}
			return b.String()
		case body[i] != '\\':
			b.WriteByte(body[i])
		case strings.HasPrefix(body[i:], `\x`) && len(body) > i+3:
			b.WriteByte(hexDigit(body[i+2])<<4 | hexDigit(body[i+3]))
			i += 3
		default:
			i++
			if at := strings.IndexByte("nrtba", body[i]); at >= 0 {
				b.WriteByte("\n\r\t\b\a"[at])
			} else {
				b.WriteByte(body[i])
			}
		}
	}
	t.Fatalf("%q has no end", s)
	return ""
}

func hexDigit(c byte) byte {
	return byte(strings.IndexByte("0123456789abcdef", c))
}

// wantSafe fails when a terminal would do anything with s but show it.
func wantSafe(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("not UTF-8: %q", s)
	}
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) {
			t.Fatalf("%U in %q", r, s)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[2J", "\u202e\u2066", "\xff\xfe", "日本語", "\U000e0041", `back\slash "q"`, "a b\u00a0c"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit %= 1000
		whole := Printable(s)
		wantSafe(t, whole)
		if again := Printable(whole); again != whole {
			t.Fatalf("not stable: %q, then %q", whole, again)
		}
		cut := PrintableCut(s, limit)
		wantSafe(t, cut)
		if n := utf8.RuneCountInString(cut); n > max(limit, 0) {
			t.Fatalf("%d runes, want %d at most", n, limit)
		}
		if begin, shortened := strings.CutSuffix(cut, "…"); !shortened && limit > 0 && cut != whole || !strings.HasPrefix(whole, begin) {
			t.Fatalf("PrintableCut(%q, %d) = %q is no beginning of %q", s, limit, cut, whole)
		}
		arg := Argument(s)
		wantSafe(t, arg)
		if back := readBack(t, arg); back != s {
			t.Fatalf("%s reads back as %q, want %q", arg, back, s)
		}
	})
}
