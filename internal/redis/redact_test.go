package redis

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRedact(t *testing.T) {
	many := func(n int, word string) string { return strings.Repeat(" "+word, n) }
	for _, tt := range []struct{ name, args, want string }{
		{"no argument", `"PING"`, `PING`},
		{"a key stays", `"get" "user:1"`, `get user:1`},
		{"a value does not", `"SET" "user:1" "secret" "EX" "60"`, `SET user:1 (6 B) (2 B) (2 B)`},
		{"the length is that of the bytes", `"SET" "k" "\x00\n\"a"`, `SET k (4 B)`},
		{"an empty value", `"SET" "k" ""`, `SET k (0 B)`},
		{"an empty key", `"GET" ""`, `GET ""`},
		{"several keys", `"MSET" "a" "12" "b" "345"`, `MSET a (2 B) b (3 B)`},
		{"many values", `"RPUSH" "l"` + many(5, `"ab"`), `RPUSH l (5 values, 10 B)`},
		{"a few values", `"RPUSH" "l"` + many(4, `"ab"`), `RPUSH l (2 B) (2 B) (2 B) (2 B)`},
		{"a script", `"EVAL" "return 'x'" "2" "k1" "k2" "arg"`, `EVAL (10 B) (1 B) k1 k2 (3 B)`},
		{"keys behind a keyword", `"XREAD" "COUNT" "5" "STREAMS" "s1" "s2" "0" "0"`, `XREAD (5 B) (1 B) (7 B) s1 s2 (1 B) (1 B)`},
		{"a subcommand", `"OBJECT" "ENCODING" "k"`, `OBJECT ENCODING k`},
		{"one that is not known", `"CLIENT" "SECRET" "x"`, `CLIENT (6 B) (1 B)`},
		{"a module's command", `"JSON.SET" "k" "$" "{}"`, `JSON.SET (1 B) (1 B) (2 B)`},
		{"a channel", `"PUBLISH" "news" "text"`, `PUBLISH news (4 B)`},
		{"channels", `"psubscribe" "a*" "b*"`, `psubscribe a* b*`},
		{"a password", `"AUTH" "secret"`, `AUTH (hidden)`},
		{"a user and a password", `"hello" "3" "AUTH" "user" "secret"`, `hello (hidden)`},
		{"without arguments nothing is hidden", `"HELLO"`, `HELLO`},
		{"requirepass", `"CONFIG" "SET" "requirepass" "secret"`, `CONFIG (hidden)`},
		{"a setting that is read", `"CONFIG" "GET" "maxmemory"`, `CONFIG GET (9 B)`},
		{"an ACL user", `"ACL" "SETUSER" "u" ">secret"`, `ACL (hidden)`},
		{"a migration", `"MIGRATE" "h" "6379" "k" "0" "9" "AUTH" "secret"`, `MIGRATE (hidden)`},
		{"a Sentinel's", `"SENTINEL" "SET" "m" "auth-pass" "secret"`, `SENTINEL (hidden)`},
		{"a key with escapes", `"GET" "a b\n\x1b[2J\"\\\xff"`, `GET "a b\n\x1b[2J\"\\\xff"`},
		{"a key in another script", `"GET" "\xe6\x97\xa5"`, `GET 日`},
		{"a key that reorders text", `"GET" "\xe2\x80\xaex"`, `GET "\xe2\x80\xaex"`},
		{"raw bytes", "\"GET\" \"a\x1b[2J\"", `GET "a\x1b[2J"`},
		{"a long key", `"GET" "` + strings.Repeat("k", 181) + `"`, `GET ` + strings.Repeat("k", 180) + `…`},
		{"no escape is cut in two", `"GET" "` + strings.Repeat("k", 178) + `\xffz"`, `GET ` + strings.Repeat("k", 178) + `…`},
		{"nor a backslash", `"GET" "` + strings.Repeat("k", 178) + `\\zz"`, `GET "` + strings.Repeat("k", 178) + `\\"…`},
		{"a long name", `"` + strings.Repeat("n", 300) + `" "x"`, strings.Repeat("n", 180) + `… (1 B)`},
		{"half an argument", `"SET" "k" "val`, `SET k …`},
		{"half a name", `"SE`, `…`},
	} {
		if got := string(Redact([]byte("> "), []byte(tt.args))); got != "> "+tt.want {
			t.Errorf("%s: Redact(%s)\n got %s\nwant > %s", tt.name, tt.args, got, tt.want)
		}
	}
}

func TestReveal(t *testing.T) {
	for _, tt := range []struct {
		args string
		most int
		want string
	}{
		{`"SET" "k" "v w" "EX" "5"`, 0, `SET k "v w" EX 5`},
		{`"PING"`, 0, `PING`},
		{`"SET" "k" "` + strings.Repeat("v", 3000) + `"`, 0, `SET k ` + strings.Repeat("v", 3000)},
		{`"SET" "key" "value" "EX" "5"`, 20, `SET key value EX …`},
		{`"AUTH" "secret"`, 0, `AUTH (hidden)`},
		{`"SET" "k" "half`, 0, `SET k …`},
	} {
		if got := string(Reveal(nil, []byte(tt.args), tt.most)); got != tt.want {
			t.Errorf("Reveal(%s, %d)\n got %s\nwant %s", tt.args, tt.most, got, tt.want)
		}
	}
}

// What a person sees is one line, bounded, and without a character that acts on a terminal.
func FuzzRedact(f *testing.F) {
	files, err := filepath.Glob("testdata/monitor/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d recorded sessions, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var l MonitorLine
			if l.Parse([]byte(line)) == nil {
				f.Add(string(l.Args))
			}
		}
	}
	f.Add(`"MGET"` + strings.Repeat(` "`+strings.Repeat("\x01", 200)+`"`, 100))
	f.Fuzz(func(t *testing.T, args string) {
		for name, text := range map[string]string{
			"Redact": string(Redact(nil, []byte(args))),
			"Reveal": string(Reveal(nil, []byte(args), maxRedacted)),
		} {
			if len(text) > maxRedacted || !utf8.ValidString(text) || Printable(text) != text {
				t.Errorf("%s(%q) = %q, %d bytes", name, args, text, len(text))
			}
		}
	})
}

// No value of a real session is seen in what Redact leaves of it.
func TestRedactRecorded(t *testing.T) {
	files, _ := filepath.Glob("testdata/monitor/*.txt")
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var l MonitorLine
			if l.Parse([]byte(line)) != nil {
				continue
			}
			lines++
			got := string(Redact(nil, l.Args))
			for _, value := range []string{"return redis.call", "本語", lastCommand, "x\\x00x"} {
				if strings.Contains(got, value) {
					t.Errorf("%s: %s is shown as %s", filepath.Base(file), value, got)
				}
			}
		}
	}
	if lines < 50 {
		t.Errorf("only %d recorded lines", lines)
	}
}

func BenchmarkRedact(b *testing.B) {
	for i, args := range []string{`"GET" "user:123"`, `"SET" "user:123" "value" "EX" "60"`, `"MGET" "a" "b" "c"`} {
		b.Run(fmt.Sprint(i), func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = Redact(dst[:0], []byte(args))
			}
		})
	}
}
