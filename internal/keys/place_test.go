package keys

import (
	"errors"
	"testing"
)

func TestPlaceReadsWhatItWrote(t *testing.T) {
	for _, p := range []Place{
		{},
		{Cursor: 1<<64 - 1, Search: 7, Server: "0123456789ab"},
		{Cursor: 28672, Skip: 3, Count: 2000, Mark: 1<<64 - 1, Search: 1<<32 - 1, Server: "ff"},
		{Skip: 1, Count: 1},
	} {
		if got, err := ParsePlace(p.String()); err != nil || got != p {
			t.Errorf("%s: %+v, %v; want %+v", p, got, err, p)
		}
	}
}

func TestParsePlaceRefuses(t *testing.T) {
	for _, s := range []string{"", "0", "12", "x.0.ab", "1.x.ab", "1.0", "1.0.AB", "1.0.ab.c", "1.0.0123456789abc", "1+2.0.ab", "1+2-3.0.ab", "1+0-3-a.0.ab",
		"1+1-0-a.0.ab", "1+1-2001-a.0.ab", "1+1-3-x.0.ab", "-1.0.ab", "18446744073709551616.0.ab", "1.100000000.ab"} {
		if p, err := ParsePlace(s); !errors.Is(err, ErrPlace) {
			t.Errorf("%q: %+v, %v", s, p, err)
		}
	}
}

func FuzzParsePlace(f *testing.F) {
	for _, s := range []string{"0.00000000.", "28672+3-100-1ed8063d29481a2c.03b15e16.04dcbbdff6cf", "1+2-3-4.5.6"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePlace(s)
		if err != nil {
			return
		}
		if again, err := ParsePlace(p.String()); err != nil || again != p {
			t.Errorf("%q: %+v becomes %+v, %v", s, p, again, err)
		}
	})
}

func TestLiteral(t *testing.T) {
	for pattern, want := range map[string]string{"user:1": "user:1", `a\*b`: "a*b", `a\`: `a\`, "": "", "a]b": "a]b"} {
		if got, ok := Literal(pattern); !ok || got != want {
			t.Errorf("%q: %q, %v; want %q", pattern, got, ok, want)
		}
	}
	for _, pattern := range []string{"*", "a?", "[ab]", `\\*`} {
		if got, ok := Literal(pattern); ok {
			t.Errorf("%q means one key: %q", pattern, got)
		}
	}
}
