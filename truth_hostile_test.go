package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// What a hostile program can make a server say. Names of users hold anything but spaces and NUL,
// names of connections only what ASCII prints, keys and values everything.
const (
	hostileUser  = "u\x1b]0;pwn\x07\u202e漢字=\u200b"
	hostileName  = `"a=b',<;`
	hostileKey   = "\x1b[2J\r\n\x00\xff\u202e漢字\u009b31m"
	hostileError = "\x1b[31mEVIL"

	burst = 300       // slow commands at once; the log keeps 128
	large = 100 << 20 // bytes
)

// hostile is a program that has just sent the worst it can.
type hostile struct {
	*program
	sent  int            // entries that it made in the slow log
	large stats.SlowKind // the log that holds its large value; empty: none was sent
}

// attack fills the slow log several times over in one go, so that entries are lost, with the
// hostile ones last. In a transaction nobody's commands come in between. The oldest version gets a
// large value in it, the newest one behind it: a transaction's commands are no large requests.
func attack(t *testing.T, s *redistest.Server, control *program) *hostile {
	t.Helper()
	control.must("ACL", "SETUSER", hostileUser, "on", "nopass", "~*", "+@all")
	h := &hostile{program: dial(t, s, "127.0.0.15"), sent: 1 + burst + 1}
	h.must("AUTH", hostileUser, "x")
	h.must("CLIENT", "SETNAME", hostileName)
	h.send(1, "EVAL", "return redis.error_reply(ARGV[1])", "0", hostileError+" boom")

	b := redis.AppendCommand(nil, "MULTI")
	b = redis.AppendCommand(b, "CONFIG", "SET", "slowlog-log-slower-than", "0")
	for range burst {
		b = redis.AppendCommand(b, "PING")
	}
	h.write(redis.AppendCommand(b, "SET", hostileKey, "x"))
	if s.Binary().Series() == "7.0" {
		h.large = stats.Slow
		h.writeLarge("large", large)
		h.sent++
	}
	b = redis.AppendCommand(nil, "CONFIG", "SET", "slowlog-log-slower-than", slowFrom)
	h.write(redis.AppendCommand(b, "EXEC"))
	queued := h.sent + 1
	if v := h.read(1 + queued + 1); v.Err() != nil || len(v.Elems) != queued {
		t.Fatalf("EXEC: %d replies, %v", len(v.Elems), v.Err())
	}
	if strings.HasPrefix(s.Binary().Version, "9.") {
		h.large = stats.LargeRequest
		h.writeLarge("large", large)
		h.read(1)
	}
	return h
}

// writeLarge sends a SET of a value that nobody keeps here.
func (p *program) writeLarge(key string, size int) {
	p.t.Helper()
	head := redis.AppendCommand(nil, "SET", key, "")
	p.write(append(bytes.TrimSuffix(head, []byte("$0\r\n\r\n")), "$"+strconv.Itoa(size)+"\r\n"...))
	if _, err := io.CopyN(p.conn, zeros{}, int64(size)); err != nil {
		p.t.Fatal(err)
	}
	p.write([]byte("\r\n"))
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// wantHostile wants all of it told, and harmless: what a line or a frame may hold is checked where
// it is read.
func wantHostile(t *testing.T, h *hostile, last *stats.Snapshot, text string) {
	t.Helper()
	if g := groupOf(t, last.ClientsByUser, hostileUser); g.Connections != 1 || !slices.Equal(g.Names, []string{hostileName}) {
		t.Errorf("hostile user: %+v", g)
	}
	want := []string{"SET", string([]rune(hostileKey)), "x"} // JSON has no bytes that are not UTF-8
	if !slices.ContainsFunc(slowRows(last), func(r stats.SlowRow) bool {
		return r.Command == "set" && slices.Equal(r.Args, want) && r.Addr == h.addr() && r.Name == hostileName
	}) {
		t.Errorf("no slow %q", want)
	}
	if !slices.ContainsFunc(last.Errors, func(e stats.ErrorRow) bool { return e.Code == hostileError && e.Count == 1 }) {
		t.Errorf("no error %q in %+v", hostileError, last.Errors)
	}
	for _, s := range []string{redis.Printable(hostileError), `\x1b[2J`, `u\x1b]0;pwn\x07`} {
		if !strings.Contains(text, s) {
			t.Errorf("no %s in the frame", s)
		}
	}
	if h.large != "" {
		wantLarge(t, h, last)
	}
}

// wantLarge wants a value of 100 MiB in its log, and no more of it than the server's cut.
func wantLarge(t *testing.T, h *hostile, last *stats.Snapshot) {
	t.Helper()
	for _, r := range last.Slowlog {
		if r.Kind != h.large || len(r.Args) != 3 || r.Args[1] != "large" {
			continue
		}
		if len(r.Args[2]) > 200 || r.Kind == stats.LargeRequest && r.Bytes.Or(0) < large {
			t.Errorf("%s of %v bytes, %d of them shown", r.Kind, r.Bytes, len(r.Args[2]))
		}
		return
	}
	t.Errorf("no large value in the %s log", h.large)
}

// peak is the most memory that a process has held, in bytes; 0 where the system does not tell.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kB, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
