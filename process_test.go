package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPasswordsLeaveTheProcessList starts the program with a password in every place that takes
// one and reads the process's arguments as ps does.
func TestPasswordsLeaveTheProcessList(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("no /proc here")
	}
	for _, tc := range []struct {
		name string
		args []string
		want string // what is seen; NULs that fill the gaps are left out
	}{
		{"shorthand", []string{"-a", "zzsecret", "--own"}, "-a *** --own"},
		{"shorthand joined", []string{"-azzsecret", "--own"}, "-a*** --own"},
		{"long", []string{"--pass", "zz secret'\"", "127.0.0.1:1"}, "--pass *** 127.0.0.1:1"},
		{"long joined", []string{"--pass=zzsecret", "127.0.0.1:1"}, "--pass=*** 127.0.0.1:1"},
		{"URI flag", []string{"-u", "redis://ann:zzsecret@127.0.0.1:1/2"}, "-u redis://ann:***@127.0.0.1:1/2"},
		{"URI flag joined", []string{"--uri=redis://:zzsecret@127.0.0.1:1"}, "--uri=redis://:***@127.0.0.1:1"},
		{"ADDRESS", []string{"top", "redis://:zzsecret@127.0.0.1:1"}, "top redis://:***@127.0.0.1:1"},
		{"ADDRESS after --", []string{"--own", "--", "redis://:zzsecret@127.0.0.1:1"}, "--own -- redis://:***@127.0.0.1:1"},
		{"with an @ in it", []string{"-u", "unix://:zz%40@secret@/tmp/none"}, "-u unix://:***@/tmp/none"},
		{"as a parameter", []string{"-u", "redis://127.0.0.1:1?password=zzsecret"}, "-u redis://127.0.0.1:1?***"},
		{"as a parameter too", []string{"-u", "redis://ann:zzsecret@127.0.0.1:1?db=1&password=zzsecret"}, "-u redis://ann:***"},
		{"short", []string{"-a", "zz", "--own"}, "-a ** --own"},
		{"looks like a flag", []string{"-a", "--zzsecret", "--own"}, "-a *** --own"},
		{"beside an empty one", []string{"--user", "", "-a", "zzsecret"}, "--user -a ***"},
		{"not a password", []string{"-s", "/tmp/anna", "--user", "ann"}, "-s /tmp/anna --user ann"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("redistop", append([]string{"--json"}, tc.args...)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			start(t, cmd)
			want := "redistop --json " + tc.want
			seen := ""
			for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				if seen = commandLine(t, cmd.Process.Pid); seen == want {
					return
				}
			}
			t.Errorf("ps shows %q, want %q (stderr: %s)", seen, want, &stderr)
		})
	}
}

func commandLine(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.Join(bytes.FieldsFunc(b, func(r rune) bool { return r == 0 }), []byte(" ")))
}

// start runs cmd and kills it when the test ends, if it still runs then.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// TestSignals ends a demo by each signal while its traffic runs: the exit code says which, and
// nothing is left behind.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			cmd := exec.Command("redistop", "demo", "--json", "--interval", "500ms")
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			start(t, cmd)
			if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Fatalf("read first line: %v (stderr: %s)", err, &stderr)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitSignal+int(sig) {
				t.Errorf("ended with %v, want exit code %d", err, exitSignal+int(sig))
			}
			if err := nothingLeft(stderr.String(), tmp); err != nil {
				t.Error(err)
			}
			if n := strings.Count(stderr.String(), "\n"); n != 1 {
				t.Errorf("stderr has %d lines, want the one of the start:\n%s", n, &stderr)
			}
		})
	}
}
