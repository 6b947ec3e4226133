package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"redistop/internal/server"
	"redistop/internal/stats"
)

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		code int
		want string
	}{
		{"none", nil, 0, ""},
		{"plain", errors.New("read thing: gone"), 1, "redistop: read thing: gone\n"},
		{"reader went away", fmt.Errorf("write: %w", syscall.EPIPE), 0, ""},
		{"usage", usagef("-p: no"), 2, "redistop: -p: no\n  see redistop top --help\n"},
		{"hint", &failure{code: 4, err: errors.New("denied"), hint: "do this"}, 4, "redistop: denied\n  do this\n"},
		{"signal", fmt.Errorf("watch: %w", signalError{syscall.SIGTERM}), 143, ""},
		{"joined with a signal", errors.Join(nil, signalError{os.Interrupt}), 130, ""},
		{"hostile", errors.New("say \x1b[2J\r\n\u009b31m"), 1, "redistop: say  [2J   31m\n"},
		{"denied", serverError(fmt.Errorf("log in: %w", server.ErrDenied)), 4, "redistop: log in: denied\n"},
		{"no ACL", serverError(fmt.Errorf("write ACL rule: %w", server.ErrNoACL)), 1, "redistop: write ACL rule: it has no ACL (Redis 6.0 brought it)\n"},
		{"unreachable", serverError(errors.New("connect to x: connection refused")), 3, "redistop: connect to x: connection refused\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b strings.Builder
			code := complain(&b, &cobra.Command{Use: "redistop"}, tc.err)
			got, _, _ := strings.Cut(b.String(), "\n  is the server") // the hint is package server's
			if code != tc.code || strings.TrimSuffix(got, "\n") != strings.TrimSuffix(tc.want, "\n") {
				t.Errorf("code %d, %q; want %d, %q", code, b.String(), tc.code, tc.want)
			}
		})
	}
}

func TestFlagValues(t *testing.T) {
	for text, want := range map[string]time.Duration{"500ms": 500 * time.Millisecond, "1m": time.Minute, "60s": time.Minute,
		"1m1s": 0, "0": 0, "-2s": 0, "2": 0, "": 0} {
		if got, err := parseInterval(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("interval %q: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]float64{"1%": 0.01, "0.5%": 0.005, "0.01": 0.01, "100%": 1, "0.5": 0.5,
		"1": 0, "101%": 0, "0": 0, "-1%": 0, "NaN": 0, "Inf": 0, "%": 0, "": 0} {
		if got, err := parseBudget(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("budget %q: %v, %v; want %v", text, got, err, want)
		}
	}
}

// isHidden says whether a terminal acts on a rune that encoding/json does not escape.
func isHidden(r rune) bool { return r >= 0x7f && r <= 0x9f || unicode.Is(unicode.Bidi_Control, r) }

// up is a Snapshot of a server that answers, the rated one with rates.
func up(n int, rated bool) *stats.Snapshot {
	s := &stats.Snapshot{Time: time.Unix(int64(n), 0), Link: stats.Link{State: stats.Up}, Server: stats.Server{Addr: "a"}}
	if rated {
		s.IntervalSeconds = stats.Some(1.0)
	}
	return s
}

func TestPrintAll(t *testing.T) {
	down := &stats.Snapshot{Time: time.Unix(9, 0), Link: stats.Link{State: stats.Down, Message: "connect to a: refused"}, Server: stats.Server{Addr: "a"}}
	connecting := &stats.Snapshot{Link: stats.Link{State: stats.Connecting}}
	for _, tc := range []struct {
		name  string
		in    []*stats.Snapshot
		limit int
		want  []int64
		code  int
	}{
		{"waits for rates", []*stats.Snapshot{connecting, up(1, false), up(2, true), up(3, true)}, 2, []int64{2, 3}, 0},
		{"a restart has none", []*stats.Snapshot{up(1, true), up(2, false), up(3, true)}, 3, []int64{1, 2, 3}, 0},
		{"down is told", []*stats.Snapshot{connecting, down, up(10, true)}, 1, []int64{9}, 3},
		{"up again at the end", []*stats.Snapshot{down, up(10, true)}, 2, []int64{9, 10}, 0},
		{"no limit", []*stats.Snapshot{up(1, true), down}, 0, []int64{1, 9}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snapshots := make(chan *stats.Snapshot, len(tc.in))
			for _, s := range tc.in {
				snapshots <- s
			}
			close(snapshots)
			var got []int64
			err := printAll(context.Background(), snapshots, tc.limit, func(s *stats.Snapshot) error {
				got = append(got, s.Time.Unix())
				return nil
			})
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("printed (-want +got):\n%s", d)
			}
			if code := complain(&strings.Builder{}, nil, err); code != tc.code {
				t.Errorf("exit code %d (%v), want %d", code, err, tc.code)
			}
		})
	}
}

func TestPrintAllEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		snapshots := make(chan *stats.Snapshot)
		context.AfterFunc(ctx, func() { close(snapshots) })
		time.AfterFunc(time.Second, func() { cancel(signalError{os.Interrupt}) })
		err := printAll(ctx, snapshots, 0, func(*stats.Snapshot) error { return nil })
		if code := complain(&strings.Builder{}, nil, err); code != 130 {
			t.Errorf("exit code %d (%v)", code, err)
		}
	})
}

// TestWriteJSON wants one line, nothing in it that a terminal acts on, and the same text behind it.
func TestWriteJSON(t *testing.T) {
	hostile := "a\x1b[2J\x7f\u009b31m\u0085\u202eb\u2066\n\"<é\U0001F600"
	s := up(1, true)
	s.Slowlog = []stats.SlowRow{{Kind: stats.Slow, Command: "set", Args: []string{hostile, "plain"}}}
	var b bytes.Buffer
	if err := writeJSON(&b, s); err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(b.String(), "\n")
	for _, r := range line {
		if r < ' ' || isHidden(r) {
			t.Errorf("%U stands in %q", r, line)
		}
	}
	if !strings.Contains(line, `é`) || !strings.Contains(line, "<") {
		t.Errorf("harmless text was escaped: %s", line)
	}
	var back stats.Snapshot
	if err := json.Unmarshal([]byte(line), &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Slowlog[0].Args[0]; got != hostile {
		t.Errorf("read back %q, want %q", got, hostile)
	}
}

func TestSaveSnapshot(t *testing.T) {
	t.Chdir(t.TempDir())
	s := up(1, true)
	s.Server.Addr = "unix:///run/a b/../[::1]:6379" + strings.Repeat("x", 300)
	path, err := saveSnapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(path) != "." || !strings.HasPrefix(path, "redistop-unix-run-a-b-..-1-6379xxx") || len(path) > 100 {
		t.Errorf("saved as %q", path)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if _, err := os.ReadFile(path); err != nil {
		t.Error(err)
	}

	// The same moment again: nothing is written over, here or in the other place.
	t.Setenv("TMPDIR", t.TempDir())
	second, err := saveSnapshot(s)
	if err != nil || filepath.Dir(second) != os.TempDir() {
		t.Errorf("second: %q, %v; want it in %s", second, err, os.TempDir())
	}
	if third, err := saveSnapshot(s); err == nil {
		t.Errorf("third: written over %q", third)
	}
}
