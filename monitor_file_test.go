package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"redistop/internal/stats"
)

// saved reads a text as the verb does.
func saved(t *testing.T, m *monitoring, src io.Reader) *savedStream {
	t.Helper()
	s := newSavedStream(m, &monitorReport{}, io.Discard, func() {})
	if err := s.read(src); err != nil {
		t.Fatal(err)
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSavedForms(t *testing.T) {
	const get = `1339518083.000000 [0 10.0.0.1:5000] "GET" "a"`
	const set = `1339518085.000000 [0 10.0.0.1:5000] "SET" "a" "b"`
	for _, tt := range []struct {
		name, text             string
		commands, unread, long int64
	}{
		{"redis-cli", "OK\n" + get + "\n" + set + "\n", 2, 0, 0},
		{"the protocol", "+OK\r\n+" + get + "\r\n+" + set + "\r\n", 2, 0, 0},
		{"without the last line's end", get + "\n" + set, 2, 0, 0},
		{"half a last line", get + "\n" + set[:len(set)-1], 1, 1, 0},
		{"junk", "\x00\xff\n\n" + get + "\nnot a line\n-ERR\n" + set + "\n", 2, 3, 0},
		{"times that go back", set + "\n" + get + "\n", 2, 0, 0},
		{"a line of 100 MB", get + "\n" + set[:len(set)-2] + strings.Repeat("v", 100<<20) + "\"\n" + get + "\n", 3, 0, 1},
		{"junk of 100 MB", get + "\n" + strings.Repeat("v", 100<<20) + "\n" + set + "\n", 2, 1, 0},
	} {
		s := saved(t, &monitoring{from: "x"}, strings.NewReader(tt.text))
		if got := s.report.Sampled.Commands; got != tt.commands || s.report.Unread != tt.unread || s.report.Long != tt.long {
			t.Errorf("%s: %d commands, %d unread, %d long; want %d, %d, %d", tt.name, got, s.report.Unread, s.report.Long, tt.commands, tt.unread, tt.long)
		}
	}
	s := saved(t, &monitoring{from: "x"}, iotest.OneByteReader(strings.NewReader(get+"\r\n"+set+"\r\n")))
	if rate := s.report.Sampled.VisibleCommandsPerSecond.Or(-1); rate != 1 {
		t.Errorf("two commands in 2 s are %g a second", rate)
	}
	s = saved(t, &monitoring{from: "x"}, strings.NewReader(get+"\n"))
	s.report.Source = "-"
	if text := reportText(s.report); !strings.HasPrefix(text, "standard input: 1 command\n") {
		t.Errorf("of one command:\n%s", text)
	}
	for name, want := range map[string]string{"two words": `"two words"`, "a:*": "a:*", stats.OtherKeys: stats.OtherKeys, "x\n": `"x\n"`} {
		if got := reportedName(stats.Part{Name: name}, ""); got != want {
			t.Errorf("%q is written as %s, want %s", name, got, want)
		}
	}
	s = saved(t, &monitoring{from: "x"}, strings.NewReader(get+"\n"))
	if rate, known := s.report.Sampled.VisibleCommandsPerSecond.Get(); known {
		t.Errorf("a single command is %g a second", rate)
	}
	if text := reportText(s.report); !strings.Contains(text, "n/a") || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("its summary is\n%s", text)
	}
}

// A stream that stays open does not hold up the end.
func TestEndingReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	src, writer := io.Pipe()
	defer writer.Close()
	r := &endingReader{ctx: ctx, src: src}
	go writer.Write([]byte("abc"))
	if b, err := io.ReadAll(io.LimitReader(r, 3)); string(b) != "abc" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	time.AfterFunc(10*time.Millisecond, cancel)
	if b, err := io.ReadAll(r); len(b) > 0 || err != nil {
		t.Errorf("%q, %v after the end of its context", b, err)
	}
}

// However hostile a stream is, what is printed of it is whole lines without a control byte.
func FuzzSavedStream(f *testing.F) {
	f.Add([]byte(`1339518083.107412 [0 127.0.0.1:60866] "SET" "k\x1b[2J" "v"` + "\n"))
	f.Add([]byte("+1339518083.107412 [3 unix:/tmp/\x1b[2J x] \"auth\" \"\xe2\x80\xae\"\r\n"))
	f.Add([]byte(`1339518083.107412 "get" "` + strings.Repeat(`\xff`, 300) + `"`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, m := range []*monitoring{{from: "x", lines: true}, {from: "x", lines: true, values: true}, {from: "x", lines: true, json: true}} {
			var out bytes.Buffer
			s := newSavedStream(m, &monitorReport{}, &out, func() {})
			if err := s.read(bytes.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			if err := s.finish(); err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(out.Bytes()) {
				line = bytes.TrimSuffix(line, []byte("\n"))
				if i := bytes.IndexFunc(line, func(r rune) bool { return r < ' ' || isHidden(r) }); i >= 0 {
					t.Errorf("%+v: %q has a control character at %d", m, line, i)
				}
			}
			if n := bytes.Count(out.Bytes(), []byte("\n")); int64(n) != s.lines {
				t.Errorf("%d lines for %d commands", n, s.lines)
			}
			if text := reportText(s.report); strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), func(r rune) bool { return r < ' ' || isHidden(r) }) {
				t.Errorf("a control character in %q", text)
			}
		}
	})
}

func BenchmarkSaved(b *testing.B) {
	var text bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d.%06d [0 10.0.0.%d:5000] \"GET\" \"user:%d:profile\"\n", 1339518083+i/20_000, i%20_000*50, i%50, i%5000)
	}
	for _, m := range []*monitoring{{from: "x"}, {from: "x", lines: true}, {from: "x", lines: true, json: true}} {
		b.Run(fmt.Sprintf("lines %v json %v", m.lines, m.json), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := newSavedStream(m, &monitorReport{}, io.Discard, func() {})
				if err := s.read(bytes.NewReader(text.Bytes())); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
