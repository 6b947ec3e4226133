package redis

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redistest"
)

// monitored is what a line of MONITOR said.
type monitored struct {
	DB   int
	From string // IP
	Args []string
}

// allBytes is an argument that needs every escape.
var allBytes = func() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}()

// lastCommand ends a recorded session.
const lastCommand = "the end"

// monitorSession is the same traffic for each version: who sends what, and what MONITOR shows
// where that is not the same line.
var monitorSession = []struct {
	network string
	args    []string
	shown   []monitored
}{
	{network: "tcp4", args: []string{"SET", "user:1", "v"}},
	{network: "tcp4", args: []string{"get", ""}},
	{network: "tcp6", args: []string{"GET", "user:1"}},
	{network: "unix", args: []string{"MGET", "a b", `say "hi"`, `back\slash`, "]", `] "x`}},
	{network: "unix", args: []string{"SELECT", "3"}, shown: []monitored{{3, "unix", []string{"SELECT", "3"}}}},
	{network: "unix", args: []string{"SET", "in 3", allBytes}, shown: []monitored{{3, "unix", []string{"SET", "in 3", allBytes}}}},
	{network: "tcp6", args: []string{"SELECT", "15"}, shown: []monitored{{15, "::1", []string{"SELECT", "15"}}}},
	{network: "tcp6", args: []string{"SET", "large", strings.Repeat("x\x00", 2500)}, shown: []monitored{{15, "::1", []string{"SET", "large", strings.Repeat("x\x00", 2500)}}}},
	{network: "tcp4", args: []string{"MULTI"}},
	{network: "tcp4", args: []string{"INCR", "n"}, shown: []monitored{}},
	{network: "tcp4", args: []string{"LPUSH", "l", "日本語"}, shown: []monitored{}},
	{network: "tcp4", args: []string{"EXEC"}, shown: []monitored{
		{0, "127.0.0.1", []string{"INCR", "n"}}, {0, "127.0.0.1", []string{"LPUSH", "l", "日本語"}}, {0, "127.0.0.1", []string{"EXEC"}},
	}},
	{network: "tcp4", args: []string{"EVAL", script, "1", "k", "a\nb"}, shown: []monitored{
		{0, "127.0.0.1", []string{"EVAL", script, "1", "k", "a\nb"}}, {0, "lua", []string{"set", "k", "a\nb"}},
	}},
	{network: "tcp4", args: []string{"NOSUCHCOMMAND", "x"}, shown: []monitored{}},
	{network: "tcp4", args: []string{"CONFIG", "GET", "port"}, shown: []monitored{}}, // ADMIN
	{network: "tcp4", args: []string{"ECHO", lastCommand}},
}

// unescaping are the versions of Valkey that do not escape quotes and backslashes.
const unescaping = "valkey-8.1"

const script = "return redis.call('set', KEYS[1], ARGV[1])"

func wantSession(t *testing.T) []monitored {
	from := map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1", "unix": "unix"}
	var want []monitored
	for _, c := range monitorSession {
		if c.shown == nil {
			want = append(want, monitored{0, from[c.network], c.args})
		}
		want = append(want, c.shown...)
	}
	if strings.Contains(t.Name(), unescaping) { // the backslashes are lost, but nothing else
		for i, m := range want {
			want[i].Args = slices.Clone(m.Args)
			for j, arg := range m.Args {
				want[i].Args[j] = strings.ReplaceAll(arg, `\`, "")
			}
		}
	}
	return want
}

// readSession parses all lines of a stream, but for the replies before the first.
func readSession(t *testing.T, stream io.Reader) []monitored {
	t.Helper()
	var got []monitored
	var last int64
	r := NewMonitorReader(stream, 64<<10)
	for {
		line, cut, err := r.Next()
		if err == io.EOF {
			return got
		}
		if err != nil || cut {
			t.Fatalf("cut %v, error %v", cut, err)
		}
		var l MonitorLine
		if err := l.Parse(line); err != nil {
			if len(got) > 0 || string(line) != "+OK" && string(line) != "OK" {
				t.Fatalf("%q: %v", line, err)
			}
			continue
		}
		if l.Usec < last || l.Usec < time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() {
			t.Errorf("%q: at %d, the line before at %d", line, l.Usec, last)
		}
		if script := l.Script(); script != (string(IP(l.Addr)) == "lua") {
			t.Errorf("%q: script %v", line, script)
		}
		last = l.Usec
		got = append(got, monitored{l.DB, string(IP(l.Addr)), unquoteAll(t, l.Args)})
	}
}

// unquoteAll takes arguments apart, and checks that quoting them again gives the same.
func unquoteAll(t *testing.T, args []byte) []string {
	t.Helper()
	var all []string
	for rest := args; len(rest) > 0; {
		quoted, next, ok := NextArg(rest)
		if !ok {
			t.Fatalf("no argument at %q", rest)
		}
		raw := Unquote(nil, quoted)
		if again := quote(raw); !bytes.Equal(again, quoted) && !strings.Contains(t.Name(), unescaping) {
			t.Errorf("%q quoted is %q", raw, again)
		}
		all = append(all, string(raw))
		rest = next
	}
	return all
}

func TestMonitorCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/monitor/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("recorded: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if diff := cmp.Diff(wantSession(t), readSession(t, f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMonitorOfServers(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		stream := recordSession(t, s)
		if diff := cmp.Diff(wantSession(t), readSession(t, bytes.NewReader(stream))); diff != "" {
			t.Error(diff)
		}
		if *updateData && !t.Failed() {
			file := fmt.Sprintf("testdata/monitor/%s-%s.txt", s.Binary().Flavor, s.Binary().Version)
			stream = bytes.ReplaceAll(stream, []byte(s.Socket()), []byte("/run/redis/redis.sock"))
			if err := os.WriteFile(file, stream, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}, redistest.TCP("::1"))
}

// recordSession is what MONITOR sends of the session.
func recordSession(t *testing.T, s *redistest.Server) []byte {
	t.Helper()
	watcher := dialTo(t, s, "unix")
	if _, err := watcher.Write(AppendCommand(nil, "MONITOR")); err != nil {
		t.Fatal(err)
	}
	var stream bytes.Buffer
	r := NewMonitorReader(io.TeeReader(watcher, &stream), 64<<10)
	if line, _, err := r.Next(); string(line) != "+OK" {
		t.Fatalf("MONITOR: %q, %v", line, err)
	}
	playSession(t, s)
	for {
		line, _, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasSuffix(line, []byte(lastCommand+`"`)) {
			return stream.Bytes()
		}
	}
}

// playSession sends the traffic, one command after the other.
func playSession(t *testing.T, s *redistest.Server) {
	t.Helper()
	conns := map[string]net.Conn{}
	for _, c := range monitorSession {
		conn := conns[c.network]
		if conn == nil {
			conn = dialTo(t, s, c.network)
			conns[c.network] = conn
		}
		if _, err := conn.Write(AppendCommand(nil, c.args...)); err != nil {
			t.Fatal(err)
		}
		if _, err := NewReader(conn, Limits{}).Read(); err != nil {
			t.Fatalf("%q: %v", c.args, err)
		}
	}
}

func dialTo(t *testing.T, s *redistest.Server, network string) net.Conn {
	t.Helper()
	addr := map[string]string{"tcp4": s.Addr(), "tcp6": fmt.Sprintf("[::1]:%d", s.Port()), "unix": s.Socket()}[network]
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestRedisCLI: what "redis-cli monitor > file" wrote is read the same.
func TestRedisCLI(t *testing.T) {
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("no redis-cli here")
	}
	s := redistest.New(t, redistest.TCP("::1"))
	cmd := exec.Command(cli, "-s", s.Socket(), "monitor")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var printed bytes.Buffer
	r := NewMonitorReader(io.TeeReader(out, &printed), 64<<10)
	if line, _, err := r.Next(); string(line) != "OK" {
		t.Fatalf("%q, %v", line, err)
	}
	playSession(t, s)
	for {
		line, _, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasSuffix(line, []byte(lastCommand+`"`)) {
			break
		}
	}
	if diff := cmp.Diff(wantSession(t), readSession(t, &printed)); diff != "" {
		t.Error(diff)
	}
}
