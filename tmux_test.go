package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redistest"
)

// A terminal is a tmux session of a fixed size with a shell in it.
type terminal struct {
	t      *testing.T
	socket string
	dir    string // the shell's working directory
}

// newTerminal starts tmux. Where it is missing the test is skipped, but not in CI.
func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no tmux here and CI=true: install tmux")
		}
		t.Skip("no tmux here: the live screen is not tested in a real terminal; install tmux")
	}
	dir, err := os.MkdirTemp("", "tmux-") // t.TempDir() is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t, filepath.Join(dir, "s"), t.TempDir()}
	t.Cleanup(func() {
		term.tmux("kill-server")
		os.RemoveAll(dir)
	})
	term.must("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "-c", term.dir,
		"env", "-u", "NO_COLOR", "-u", "REDISCLI_AUTH", "PS1=ready> ", "LANG=C.UTF-8", "sh")
	term.wait("ready>")
	return term
}

func (m *terminal) tmux(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-u", "-S", m.socket}, args...)...).CombinedOutput()
	return string(out), err
}

func (m *terminal) must(args ...string) string {
	m.t.Helper()
	out, err := m.tmux(args...)
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return out
}

func (m *terminal) press(keys ...string) {
	m.t.Helper()
	m.must(append([]string{"send-keys"}, keys...)...)
}

// screen is what a person sees.
func (m *terminal) screen() string {
	m.t.Helper()
	return m.must("capture-pane", "-p")
}

// wait returns the screen once all the texts stand on it.
func (m *terminal) wait(texts ...string) string {
	m.t.Helper()
	return m.waitFor(fmt.Sprintf("%q", texts), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
}

func (m *terminal) waitFor(what string, ok func(screen string) bool) string {
	m.t.Helper()
	screen := ""
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if screen = m.screen(); ok(screen) {
			return screen
		}
	}
	m.t.Fatalf("no %s on the screen:\n%s", what, screen)
	return ""
}

// modes are those of the terminal that a program on the whole screen changes.
func (m *terminal) modes() string {
	m.t.Helper()
	return m.must("display-message", "-p", "alternate=#{alternate_on} cursor=#{cursor_flag} mouse=#{mouse_any_flag} "+
		"keypad=#{keypad_flag} wrap=#{wrap_flag} origin=#{origin_flag}")
}

// sameLine wants the terminal's line settings, which the shell wrote before and after the program,
// to be the same.
func (m *terminal) sameLine() {
	m.t.Helper()
	m.press("clear; cmp before after && echo same", "Enter")
	m.waitFor(`"same" alone`, func(screen string) bool { return strings.HasPrefix(screen, "same\n") })
}

// busyServer is a server that was sent exactly 123 SETs.
func busyServer(t *testing.T) *redistest.Server {
	t.Helper()
	s := redistest.New(t, redistest.TCP())
	conn, err := net.Dial("unix", s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte("CLIENT SETNAME shopper\r\n" + strings.Repeat("SET basket 1\r\n", 123))); err != nil {
		t.Fatal(err)
	}
	for left, buf := len("+OK\r\n")*124, make([]byte, 4096); left > 0; {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		left -= n
	}
	return s
}

// TestScreen drives the real program in a real terminal: the first frame, a panel by its key, the
// help, and the way out, which leaves the terminal as it was.
func TestScreen(t *testing.T) {
	s := busyServer(t)
	for _, size := range []struct{ width, height int }{{80, 24}, {200, 60}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			t.Parallel()
			m := newTerminal(t, size.width, size.height)
			modes := m.modes()
			m.press("stty -g > before; redistop "+s.Addr()+"; echo code $?; stty -g > after", "Enter")

			frame := m.wait(s.Addr(), "commands/s", "Commands")
			if lines := strings.Split(strings.TrimSuffix(frame, "\n"), "\n"); len(lines) != size.height || strings.Contains(frame, "ready>") {
				t.Errorf("not a frame of the whole screen:\n%s", frame)
			}
			m.press("t") // totals since the server began
			m.waitFor("row of set with 123 calls", func(screen string) bool { return hasRow(screen, "set", "123") })
			m.press("2") // clients
			m.wait("Clients by ip")
			m.press("g") // by name
			m.wait("Clients by name", "shopper")
			m.press("f") // on the full screen
			m.waitFor("clients alone", func(screen string) bool {
				return strings.Contains(screen, "shopper") && !strings.Contains(screen, "commands/s")
			})
			m.press("f", "?")
			m.wait("what redistop costs")
			m.press("q") // closes the help
			m.waitFor("panels after the help", func(screen string) bool {
				return strings.Contains(screen, "commands/s") && !strings.Contains(screen, "what redistop costs")
			})

			m.press("q")
			m.wait("code 0")
			if d := cmp.Diff(modes, m.modes()); d != "" {
				t.Errorf("the terminal is not as it was (-before +after):\n%s", d)
			}
			if left := m.screen(); strings.Contains(left, "commands/s") {
				t.Errorf("the frame is still there:\n%s", left)
			}
			m.sameLine()
		})
	}
}

// hasRow finds a line of a table with these words.
func hasRow(screen string, words ...string) bool {
	for line := range strings.Lines(screen) {
		fields, found := strings.Fields(line), 0
		for _, f := range fields {
			if found < len(words) && f == words[found] {
				found++
			}
		}
		if found == len(words) {
			return true
		}
	}
	return false
}

// TestScreenEndsBySignal wants the terminal restored whatever ends the program.
func TestScreenEndsBySignal(t *testing.T) {
	s := busyServer(t)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			m := newTerminal(t, 80, 24)
			modes := m.modes()
			m.press(`stty -g > before; sh -c 'echo $$ > pid; exec redistop `+s.Addr()+`'; echo code $?; stty -g > after`, "Enter")
			m.wait("commands/s", "Commands")
			text, err := os.ReadFile(filepath.Join(m.dir, "pid"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, sig); err != nil {
				t.Fatal(err)
			}
			m.wait(fmt.Sprint("code ", exitSignal+int(sig)))
			if d := cmp.Diff(modes, m.modes()); d != "" {
				t.Errorf("the terminal is not as it was (-before +after):\n%s", d)
			}
			m.sameLine()
		})
	}
}

// TestAskpass types a password that nobody sees, then sees the server.
func TestAskpass(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config(`requirepass "zz secret"`))
	m := newTerminal(t, 80, 24)
	m.press("redistop --askpass "+s.Addr(), "Enter")
	if screen := m.wait("Password:"); strings.Contains(screen, "commands/s") {
		t.Errorf("a frame before the password:\n%s", screen)
	}
	m.press("-l", "zz secret")
	m.press("Enter")
	if screen := m.wait("commands/s", "Commands"); strings.Contains(screen, "zz") {
		t.Errorf("the password is on the screen:\n%s", screen)
	}
	m.press("q")
	back := func(screen string) bool { return strings.Count(screen, "ready>") == 2 }
	if screen := m.waitFor("prompt", back); strings.Contains(screen, "zz") {
		t.Errorf("the password is on the screen:\n%s", screen)
	}
}

// TestScreenShowsFindings looks at a server that is hurt, at 80x24: what hurts is on the screen without a
// key, and a key and Enter show who does it.
func TestScreenShowsFindings(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go slowScripts(ctx, s)
	m := newTerminal(t, 80, 24)
	m.press("redistop "+s.Addr()+" --interval 500ms; echo code $?", "Enter")
	m.wait("EVAL", "commands/s")
	m.press("0")
	m.wait("Findings", "since", "who")
	m.press("Enter")
	m.wait("Finding ─", "Impact", "first seen", "Esc closes")
	m.press("End")
	m.wait("redistop doctor rules slow-script")
	m.press("Escape")
	m.wait("commands/s")
	m.press("q")
	m.wait("code 0")
}
