package redis

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type readLine struct {
	Text string
	Cut  bool
}

func readLines(t *testing.T, r *MonitorReader) []readLine {
	t.Helper()
	var lines []readLine
	for {
		line, cut, err := r.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if cut && len(line) > 40 {
			line = fmt.Appendf(nil, "%s (%d)", line[:5], len(line))
		}
		lines = append(lines, readLine{string(line), cut})
	}
}

func TestMonitorReader(t *testing.T) {
	long := strings.Repeat("0123456789", 200)
	for _, c := range []struct {
		name, stream string
		want         []readLine
	}{
		{"empty", "", nil},
		{"lines and replies", "+OK\r\n+1.2 [0 lua] \"a\"\r\n:0\r\n+RESET\r\n", []readLine{{"+OK", false}, {`+1.2 [0 lua] "a"`, false}, {":0", false}, {"+RESET", false}}},
		{"a file", "a\n\nb\n", []readLine{{"a", false}, {"", false}, {"b", false}}},
		{"ends in a line", "a\nhalf", []readLine{{"a", false}, {"half", true}}},
		{"as long as the buffer", "a\n" + long[:510] + "\r\nb\n", []readLine{{"a", false}, {long[:510], false}, {"b", false}}},
		{"longer", long[:513] + "\nb\n", []readLine{{"01234 (256)", true}, {"b", false}}},
		{"much longer", "a\r\n" + long + "\r\nb\r\n" + long + "\r\n", []readLine{{"a", false}, {"01234 (256)", true}, {"b", false}, {"01234 (256)", true}}},
		{"ends in a long line", "a\r\n" + long, []readLine{{"a", false}, {"01234 (256)", true}}},
		{"no end", strings.Repeat("x", 1e6), []readLine{{"xxxxx (256)", true}}},
	} {
		for kind, source := range map[string]func(io.Reader) io.Reader{
			"whole":       func(r io.Reader) io.Reader { return r },
			"byte":        iotest.OneByteReader,
			"half":        iotest.HalfReader,
			"with an end": iotest.DataErrReader,
		} {
			t.Run(c.name+"/"+kind, func(t *testing.T) {
				r := NewMonitorReader(source(strings.NewReader(c.stream)), 512)
				if diff := cmp.Diff(c.want, readLines(t, r)); diff != "" {
					t.Error(diff)
				}
				if _, _, err := r.Next(); err != io.EOF {
					t.Errorf("after the end: %v", err)
				}
				if r.Buffered() != 0 {
					t.Errorf("%d bytes left", r.Buffered())
				}
			})
		}
	}
}

// zeros is an endless line.
type zeros struct{ left int }

func (z *zeros) Read(b []byte) (int, error) {
	n := min(len(b), z.left)
	z.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	clear(b[:n])
	return n, nil
}

func TestMonitorReaderOfAHugeLine(t *testing.T) {
	head := `+1339518083.107412 [0 10.0.0.1:1] "SET" "the key" "`
	stream := io.MultiReader(
		strings.NewReader(head), &zeros{512 << 20}, strings.NewReader("\"\r\n"+head),
		&zeros{4 << 20}, strings.NewReader("\"\r\n+OK\r\n"))
	r := NewMonitorReader(stream, 0)
	if n := testing.AllocsPerRun(1, func() { // which runs twice
		line, cut, err := r.Next()
		if err != nil || !cut || len(line) > defaultMonitorBuffer {
			t.Fatalf("%d bytes, cut %v, %v", len(line), cut, err)
		}
		var l MonitorLine
		if err := l.ParseHead(line); err != nil {
			t.Fatal(err)
		}
		if err := l.Parse(line); err == nil {
			t.Error("a whole line")
		}
		_, rest, _ := NextArg(l.Args)
		key, rest, ok := NextArg(rest)
		if !ok || string(key) != "the key" {
			t.Errorf("key %q", key)
		}
		if _, _, ok := NextArg(rest); ok {
			t.Error("a whole value")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if line, cut, err := r.Next(); string(line) != "+OK" || cut || err != nil {
		t.Errorf("%q %v %v", line, cut, err)
	}
}

// TestMonitorReaderLive: a line comes when it is whole, and a deadline in its middle loses nothing.
func TestMonitorReaderLive(t *testing.T) {
	server, client := net.Pipe()
	defer server.Close()
	defer client.Close()
	send := func(text string) <-chan struct{} {
		taken := make(chan struct{})
		go func() {
			_, _ = server.Write([]byte(text))
			close(taken)
		}()
		return taken
	}
	r := NewMonitorReader(client, 512)
	next := func(want string, wantCut bool) {
		t.Helper()
		if err := client.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		line, cut, err := r.Next()
		if err != nil || cut != wantCut || !strings.HasPrefix(string(line), want) {
			t.Fatalf("%q, cut %v, %v; want %q", line, cut, err, want)
		}
	}
	late := func() {
		t.Helper()
		if err := client.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if line, _, err := r.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%q, %v", line, err)
		}
	}
	late()
	send("one\r\ntw")
	next("one", false)
	late()
	send("o\r\nthree\r\n")
	next("two", false)
	next("three", false)
	taken := send(strings.Repeat("x", 600)) // the beginning of a long line
	for reading := true; reading; {
		late()
		select {
		case <-taken:
			reading = false
		default:
		}
	}
	send("y\r\nfour\r\n")
	next("xxx", true)
	next("four", false)
}

func FuzzMonitorReader(f *testing.F) {
	f.Add([]byte("a\r\nb\n\n\r\nccc"), 3)
	f.Add(bytes.Repeat([]byte("x"), 3000), 700)
	f.Fuzz(func(t *testing.T, stream []byte, chunk int) {
		r := NewMonitorReader(&chunks{stream, max(1, chunk)}, 512)
		for want := range bytes.Lines(stream) {
			line, cut, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			text := bytes.TrimSuffix(bytes.TrimSuffix(want, []byte("\n")), []byte("\r"))
			if !bytes.HasSuffix(want, []byte("\n")) {
				text = want
			}
			if !cut && !bytes.Equal(line, text) || cut && !bytes.HasPrefix(want, line) {
				t.Fatalf("%q, cut %v; want %q", line, cut, want)
			}
			if cut && len(want) <= 512 && bytes.HasSuffix(want, []byte("\n")) {
				t.Fatalf("a line of %d bytes is cut", len(want))
			}
		}
		if line, _, err := r.Next(); err != io.EOF {
			t.Fatalf("%q, %v after the end", line, err)
		}
	})
}

// chunks gives a few bytes a time.
type chunks struct {
	left []byte
	size int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.left[:min(c.size, len(c.left))])
	c.left = c.left[n:]
	return n, nil
}
