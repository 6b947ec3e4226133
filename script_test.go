package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// TestMain lets scripts and tests run the real main as the program redistop, which it puts on PATH.
// With -race a program sleeps a second when it ends; a hundred of them need not.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){"redistop": main})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server":   startServer,
			"redis":    sendToServer,
			"rules":    sendLines,
			"fits":     fits,
			"snapshot": checkSnapshots,
			"deserted": deserted,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "ip6" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			l, err := net.Listen("tcp", "[::1]:0")
			if err != nil {
				return false, nil
			}
			return true, l.Close()
		},
		Setup: func(e *testscript.Env) error {
			for _, v := range []string{"REDISCLI_AUTH", "COLUMNS", "LINES", "NO_COLOR"} {
				e.Setenv(v, "")
			}
			e.Setenv("GORACE", os.Getenv("GORACE"))
			self, err := exec.LookPath("redistop")
			if err != nil {
				return err
			}
			e.Setenv("REDISTOP", self)
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, "tmp"))
			return os.Mkdir(filepath.Join(e.WorkDir, "tmp"), 0o755)
		},
	})
}

// server NAME [tcp] [tls] [ip6] ['line of redis.conf' ...] starts a server that ends with the
// script. $NAME_SOCKET, $NAME_ADDR, $NAME_PORT, $NAME_TLS and $NAME_CA say where it is.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: server NAME [tcp] [tls] [ip6] [LINE ...]")
	}
	options := redistest.Options{}
	for _, arg := range args[1:] {
		switch arg {
		case "tcp":
			options.TCP = true
		case "tls":
			options.TLS = true
		case "ip6":
			options.TCP, options.Hosts = true, []string{"::1"}
		default:
			options.Config = append(options.Config, arg)
		}
	}
	here := append(redistest.Installed(), redistest.Fetched()...)
	if len(here) == 0 {
		ts.Fatalf("no redis-server or valkey-server on PATH")
	}
	options.Binary = here[0]
	s, err := redistest.Start(context.Background(), options)
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Stop()) })
	ts.Setenv(args[0]+"_SOCKET", s.Socket())
	ts.Setenv(args[0]+"_ADDR", s.Addr())
	ts.Setenv(args[0]+"_PORT", strconv.Itoa(s.Port()))
	ts.Setenv(args[0]+"_TLS", s.TLSAddr())
	if options.TLS {
		ts.Setenv(args[0]+"_CA", s.CAFile())
	}
}

// redis SOCKET COMMAND [ARG ...] sends one inline command and fails on an error reply.
func sendToServer(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: redis SOCKET COMMAND [ARG ...]")
	}
	conn, err := net.Dial("unix", args[0])
	ts.Check(err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%s\r\n", strings.Join(args[1:], " "))
	ts.Check(err)
	reply := make([]byte, 512)
	n, err := conn.Read(reply)
	ts.Check(err)
	if refused := bytes.HasPrefix(reply, []byte("-")); refused != neg {
		ts.Fatalf("reply: %q", reply[:n])
	}
}

// rules SOCKET FILE sends every line of a file to a server.
func sendLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rules SOCKET FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		sendToServer(ts, false, []string{args[0], strings.TrimSpace(line)})
	}
}

// fits FILE LINES COLUMNS asserts that a text fits a screen.
func fits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fits FILE LINES COLUMNS")
	}
	maxLines, err := strconv.Atoi(args[1])
	ts.Check(err)
	maxColumns, err := strconv.Atoi(args[2])
	ts.Check(err)
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	if len(lines) < 3 || len(lines) > maxLines {
		ts.Fatalf("%d lines, want 3 to %d", len(lines), maxLines)
	}
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > maxColumns {
			ts.Fatalf("%d columns, want at most %d: %q", n, maxColumns, line)
		}
	}
}

// snapshot FILE COUNT STATE [PATH|!PATH|PATH=VALUE ...] asserts that a file is COUNT lines of JSON,
// each a Snapshot without a name that the contract does not have, in that link state, in time's
// order; with PATHs that must be there, must not, or must have a value.
func checkSnapshots(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: snapshot FILE COUNT STATE [PATH ...]")
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	if strconv.Itoa(len(lines)) != args[1] {
		ts.Fatalf("%d lines, want %s", len(lines), args[1])
	}
	var last time.Time
	for _, line := range lines {
		var s stats.Snapshot
		strict := json.NewDecoder(strings.NewReader(line))
		strict.DisallowUnknownFields()
		ts.Check(strict.Decode(&s))
		if string(s.Link.State) != args[2] || !s.Time.After(last) {
			ts.Fatalf("state %s at %s after %s, want %s", s.Link.State, s.Time, last, args[2])
		}
		last = s.Time
		var tree any
		ts.Check(json.Unmarshal([]byte(line), &tree))
		for _, path := range args[3:] {
			checkPath(ts, tree, path)
		}
	}
}

func checkPath(ts *testscript.TestScript, tree any, want string) {
	path, value, hasValue := strings.Cut(want, "=")
	path, absent := strings.CutPrefix(path, "!")
	node := tree
	for name := range strings.SplitSeq(path, ".") {
		switch n := node.(type) {
		case map[string]any:
			node = n[name]
		case []any:
			i, err := strconv.Atoi(name)
			ts.Check(err)
			if i >= len(n) {
				ts.Fatalf("%s: only %d elements", path, len(n))
			}
			node = n[i]
		default:
			node = nil
		}
	}
	switch {
	case absent && node != nil:
		ts.Fatalf("%s is there: %v", path, node)
	case !absent && node == nil:
		ts.Fatalf("%s is not there", path)
	case hasValue && fmt.Sprint(node) != value:
		ts.Fatalf("%s is %v, want %s", path, node, value)
	}
}

var demoAddress = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// deserted FILE asserts that nobody listens any more on the address that FILE names, and that the
// folder for temporary files is empty.
func deserted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deserted FILE")
	}
	ts.Check(nothingLeft(ts.ReadFile(args[0]), ts.Getenv("TMPDIR")))
}

func nothingLeft(said, tmp string) error {
	addr := demoAddress.FindString(said)
	if addr == "" {
		return fmt.Errorf("no address in %q", said)
	}
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		return errors.Join(fmt.Errorf("%s still listens", addr), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	left, err := os.ReadDir(tmp)
	if err == nil && len(left) > 0 {
		return fmt.Errorf("%s is left in %s", left[0].Name(), tmp)
	}
	return err
}
