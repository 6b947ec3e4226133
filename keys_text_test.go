package main

import (
	"testing"
	"time"

	"redistop/internal/keys"
)

func TestGoOnIsACommandThatAShellReads(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"/x/redistop", "keys", "user:*", "-p", "6380"}, "go on with: redistop keys 'user:*' -p 6380 --cursor C"},
		{[]string{"r", "keys", "--cursor", "OLD", "a*"}, "go on with: redistop keys 'a*' --cursor C"},
		{[]string{"r", "keys", "--cursor=OLD", "it's"}, `go on with: redistop keys 'it'\''s' --cursor C`},
		{[]string{"r", "keys", "-a", "***\x00\x00", "--", "big"}, "go on (the password in REDISCLI_AUTH) with: redistop keys --cursor C -- big"},
		{[]string{"r", "keys", "-a***", "--pass=***", "--pass", "***", "a"}, "go on (the password in REDISCLI_AUTH) with: redistop keys a --cursor C"},
		{[]string{"r", "keys", "a", "-u", "redis://me:***@h:1"}, "go on (the password in place of ***) with: redistop keys a -u 'redis://me:***@h:1' --cursor C"},
		{[]string{"r", "keys", "--", "-a"}, "go on with: redistop keys --cursor C -- -a"},
		{[]string{"r", "keys", "a\x1b'*"}, `go on with: redistop keys $'a\x1b\'*' --cursor C`},
		{[]string{"r", "keys", ""}, "go on with: redistop keys '' --cursor C"},
	} {
		if got := goOn(tt.args, "C"); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.want)
		}
	}
}

func TestTextsOfKeys(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1023: "1.0 KiB", 1536: "1.5 KiB", 200 << 10: "200 KiB", 1 << 20: "1.0 MiB", 5 << 40: "5.0 TiB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d bytes: %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0ms", 250 * time.Millisecond: "250ms", 61 * time.Second: "1m 1s", time.Hour: "1h",
		50*time.Hour + time.Minute: "2d 2h", 24 * 400 * time.Hour: "1y 35d"} {
		if got := ttlText(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 9999: "9999", 12_345: "12.3k", 999_600: "1.0M", 2.5e9: "2.5G"} {
		if got := countText(v); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
}

// A string in pieces is one line, and a character that two pieces share stays whole.
func TestPiecesOfAString(t *testing.T) {
	text := "añ\"b\n€\xff"
	for cut := range len(text) + 1 {
		f, j := elementFormat{of: "string"}, elementFormat{of: "string", json: true}
		var line, objects []byte
		for _, e := range []keys.Element{{Value: keys.Text{Bytes: text[:cut]}}, {At: int64(cut), Value: keys.Text{Bytes: text[cut:]}}} {
			line = f.append(line, []keys.Element{e})
			objects = j.append(objects, []keys.Element{e})
		}
		line, objects = append(line, f.end()...), append(objects, j.end()...)
		if want := `"añ\"b\n€\xff"` + "\n"; string(line) != want || f.printed != int64(len(text)) {
			t.Errorf("cut at %d: %s, want %s", cut, line, want)
		}
		if len(objects) == 0 || objects[len(objects)-1] != '\n' {
			t.Errorf("cut at %d: %s", cut, objects)
		}
	}
	plain := elementFormat{of: "string"}
	if got := string(append(plain.append(nil, []keys.Element{{Value: keys.Text{Bytes: "plain"}}}), plain.end()...)); got != "plain\n" {
		t.Errorf("a plain string: %q", got)
	}
	plain = elementFormat{of: "string"}
	if got := string(append(plain.append(nil, []keys.Element{{Value: keys.Text{Bytes: "pl"}}, {At: 2, Value: keys.Text{Bytes: "ain"}}}), plain.end()...)); got != "\"plain\"\n" {
		t.Errorf("a plain string in two pieces: %q", got)
	}
	empty := elementFormat{of: "string"}
	if got := string(empty.end()); got != "\"\"\n" {
		t.Errorf("an empty string: %q", got)
	}
}
