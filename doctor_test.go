package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"redistop/internal/doctor/report"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// doctorRun is what one run of the program came to.
type doctorRun struct {
	stdout, stderr string
	code           int
}

func runDoctor(t *testing.T, args ...string) doctorRun {
	t.Helper()
	cmd := exec.Command("redistop", append([]string{"doctor"}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "REDISCLI_AUTH=", "NO_COLOR=", "COLUMNS=80")
	return endOf(t, cmd, func() {})
}

// endOf runs a command to its end; meanwhile runs beside it.
func endOf(t *testing.T, cmd *exec.Cmd, meanwhile func()) doctorRun {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start(t, cmd)
	meanwhile()
	var exit *exec.ExitError
	r := doctorRun{}
	if err := cmd.Wait(); errors.As(err, &exit) {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	r.stdout, r.stderr = out.String(), errs.String()
	return r
}

// slowScripts keeps a server busy with scripts of a fifth of a second until ctx ends, half a minute at most.
func slowScripts(ctx context.Context, s *redistest.Server) {
	const script = "local t=redis.call('TIME'); local till=t[1]*1e6+t[2]+200000; repeat t=redis.call('TIME') until t[1]*1e6+t[2]>till"
	for end := time.Now().Add(30 * time.Second); ctx.Err() == nil && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		s.CLI("EVAL", script, "0")
	}
}

// TestDoctorNamesWhatHurts looks at a server that is hurt, and at the saved observation of it.
func TestDoctorNamesWhatHurts(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go slowScripts(ctx, s)
	file := filepath.Join(t.TempDir(), "incident.redistop")
	live := runDoctor(t, "-s", s.Socket(), "--for", "4s", "--format", "json", "--save", file)
	cancel()
	var r report.Report
	if err := json.Unmarshal([]byte(live.stdout), &r); err != nil {
		t.Fatalf("%v: %s%s", err, live.stdout, live.stderr)
	}
	if len(r.Findings) == 0 || r.Findings[0].Rule != "slow-script" || r.Findings[0].Severity.Rank() < stats.Warning.Rank() {
		t.Fatalf("want slow-script first: %s", live.stdout)
	}
	if want := map[stats.Severity]int{stats.Warning: exitWarning, stats.Critical: exitCritical}[r.Worst]; live.code != want || live.stderr != "" {
		t.Errorf("code %d of a %s finding, want %d; stderr %q", live.code, r.Worst, want, live.stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the saved file: %v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".redistop*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	if offline := runDoctor(t, file, "--format", "json"); offline.stdout != live.stdout || offline.code != live.code {
		t.Errorf("offline the report is another, or the code %d", offline.code)
	}
	for _, format := range reportFormats {
		if out := runDoctor(t, "--from", file, "--format", format, "--fail-on", "never"); out.code != 0 || !strings.Contains(out.stdout, "slow-script") {
			t.Errorf("--format %s: code %d, %.300s", format, out.code, out.stdout)
		}
	}
	off := filepath.Join(t.TempDir(), "off.yaml")
	if err := os.WriteFile(off, []byte("doctor: {rules: {slow-script: off, blocking-command: off, saturated: off}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if anew := runDoctor(t, file, "--config", off); anew.code != 0 || !strings.Contains(anew.stdout, "rule slow-script: switched off") {
		t.Errorf("with the rules switched off: code %d, %s", anew.code, anew.stdout)
	}
	if again := runDoctor(t, "-s", s.Socket(), "--for", "1s", "--save", file, "--fail-on", "never"); again.code != 0 {
		t.Errorf("an observation is not replaced by a newer one: %+v", again)
	}
}

// TestDoctorReportsWhatItSaw ends observations early, and wants the report of what was seen until then.
func TestDoctorReportsWhatItSaw(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	doctor := func() *exec.Cmd {
		cmd := exec.Command("redistop", "doctor", "-s", s.Socket(), "--for", "5s")
		cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "REDISCLI_AUTH=", "COLUMNS=80")
		return cmd
	}
	looked := func() { // until redistop has looked at the server
		for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if out, _ := s.CLI("INFO", "commandstats"); strings.Contains(out, "cmdstat_slowlog") {
				time.Sleep(700 * time.Millisecond)
				return
			}
		}
		t.Error("it does not look")
	}
	cmd := doctor()
	got := endOf(t, cmd, func() { looked(); cmd.Process.Signal(syscall.SIGINT) })
	if got.code != 130 || !strings.Contains(got.stdout, "Interrupted after ") {
		t.Errorf("by Ctrl-C: %+v", got)
	}
	if _, err := s.CLI("CONFIG", "RESETSTAT"); err != nil {
		t.Fatal(err)
	}
	got = endOf(t, doctor(), func() { looked(); s.Kill() })
	if got.code != exitConnect || !strings.Contains(got.stdout, "At the end the server could not be reached") || !strings.HasPrefix(got.stderr, "redistop: ") {
		t.Errorf("of a server that dies: %+v", got)
	}
	if got := runDoctor(t, "-s", s.Socket(), "--for", "20s"); got.code != exitConnect || got.stdout != "" {
		t.Errorf("of a server that is not there: %+v", got)
	}
}

// TestDoctorOfABusyServer wants an end in time of a server that answers nothing but BUSY.
func TestDoctorOfABusyServer(t *testing.T) {
	t.Parallel()
	s := redistest.New(t, redistest.Config("lua-time-limit 50"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.CLI("EVAL", "while true do end", "0") // ends by SCRIPT KILL below, with an error
	}()
	defer func() { s.CLI("SCRIPT", "KILL"); <-done }()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if out, err := s.CLI("PING"); err != nil || strings.Contains(out, "BUSY") {
			break
		}
	}
	if got := runDoctor(t, "-s", s.Socket(), "--for", "2s"); got.code != exitConnect || !strings.Contains(got.stderr, "script") {
		t.Errorf("%+v", got)
	}
}

// TestDoctorOfASilentServer looks at a server that is stopped when the looking begins: for good, and for
// longer than one attempt to log in lasts.
func TestDoctorOfASilentServer(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	defer s.Resume()
	got := runDoctor(t, "-s", s.Socket(), "--for", "1s")
	if got.code != exitConnect || got.stdout != "" || !strings.Contains(got.stderr, "accepts connections but answers nobody") || !strings.Contains(got.stderr, "state T") {
		t.Errorf("for good: %+v", got)
	}
	socket := relay(t, s, func() { // by the clock of the attempt itself, however late it begins
		wake := time.AfterFunc(6*time.Second, func() { s.Resume() })
		t.Cleanup(func() { wake.Stop() })
	})
	got = runDoctor(t, "-s", socket, "--for", "6s", "--fail-on", "never")
	if got.code != 0 || strings.Count(got.stdout, "the server owed an answer") != 1 {
		t.Errorf("for a while: %+v", got)
	}
}

// TestDoctorOfAServerThatHangs looks at a server that is stopped while it is looked at, and stays so.
func TestDoctorOfAServerThatHangs(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	defer s.Resume()
	socket := relay(t, s, func() { // by the clock of the attempt, however late it begins
		hang := time.AfterFunc(2500*time.Millisecond, func() { s.Pause() })
		t.Cleanup(func() { hang.Stop() })
	})
	got := runDoctor(t, "-s", socket, "--for", "6s", "--format", "json", "--fail-on", "never")
	var r report.Report
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	if n := len(r.Trouble); got.code != exitConnect || n == 0 || !r.Trouble[n-1].Lasting || !strings.Contains(got.stdout, "and still does not") {
		t.Errorf("%+v", got)
	}
}

// TestDoctorTellsTheHostFromTheServer looks at an idle server whose process is stopped again and again, as a
// throttled container is: nothing that it executes is to blame.
func TestDoctorTellsTheHostFromTheServer(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for end := time.Now().Add(30 * time.Second); ctx.Err() == nil && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			s.Pause()
			time.Sleep(150 * time.Millisecond)
			s.Resume()
		}
	}()
	got := runDoctor(t, "-s", s.Socket(), "--for", "5s", "--format", "json", "--fail-on", "never")
	cancel()
	<-done
	var r report.Report
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	var rules []string
	for _, f := range r.Findings {
		rules = append(rules, f.Rule)
	}
	if !slices.Contains(rules, "host-latency") || slices.Contains(rules, "blocking-command") || r.Worst == stats.Critical {
		t.Errorf("found %v: %s", rules, got.stdout)
	}
}
