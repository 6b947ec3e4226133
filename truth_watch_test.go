package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// watched is a running redistop --json, as far as its standard output was read.
type watched struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout io.ReadCloser
	stderr bytes.Buffer
	lines  chan []byte
	seen   []*stats.Snapshot
}

// quick is the smallest interval, a budget that stretches it on no machine, and the counters alone.
var quick = []string{"--interval", "500ms", "--budget", "50%", "--no-sample", "--no-probe", "--no-messaging"}

// watch starts redistop --json on a server and waits for its first line.
func watch(t *testing.T, s *redistest.Server) *watched {
	t.Helper()
	w := &watched{t: t, lines: make(chan []byte, 1000)}
	w.cmd = exec.Command("redistop", append([]string{"top", "--json", s.Addr()}, quick...)...)
	w.cmd.Stderr = &w.stderr
	var err error
	if w.stdout, err = w.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	start(t, w.cmd)
	go func() {
		defer close(w.lines)
		r := bufio.NewReader(w.stdout)
		for {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return
			}
			w.lines <- line
		}
	}()
	w.next()
	return w
}

// next is the next line.
func (w *watched) next() *stats.Snapshot {
	w.t.Helper()
	select {
	case line, open := <-w.lines:
		if !open {
			w.t.Fatalf("redistop ended (stderr: %s)", &w.stderr)
		}
		s := decode(w.t, line)
		w.seen = append(w.seen, s)
		return s
	case <-time.After(30 * time.Second):
		w.t.Fatal("no line for 30 s")
	}
	return nil
}

// until reads lines until one is as wanted, and returns that.
func (w *watched) until(what string, ok func(*stats.Snapshot) bool) *stats.Snapshot {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if s := w.next(); ok(s) {
			return s
		}
	}
	w.t.Fatalf("no snapshot with %s", what)
	return nil
}

// settled returns a Snapshot whose every question was asked after this moment. The first one to
// come may have been on its way; so may the pass over the connections that the second one shows.
func (w *watched) settled() *stats.Snapshot {
	w.t.Helper()
	pass, fresh := time.Now(), 0
	return w.until("all that was sent", func(s *stats.Snapshot) bool {
		if at := s.Observer.ClientsTime; s.IntervalSeconds.Known() && at != nil && at.After(pass) && s.Time.After(pass) {
			pass = *at
			fresh++
		}
		return fresh == 2
	})
}

// leave closes the pipe, which redistop takes as the wish to end.
func (w *watched) leave() {
	w.t.Helper()
	w.stdout.Close()
	if err := w.cmd.Wait(); err != nil || w.stderr.Len() > 0 {
		w.t.Errorf("ended with %v, stderr %q; want a quiet end", err, &w.stderr)
	}
}

// decode reads one line, which must hold nothing that the contract lacks, nothing that a terminal
// acts on, and no rate below zero.
func decode(t *testing.T, line []byte) *stats.Snapshot {
	t.Helper()
	wantHarmless(t, strings.TrimSuffix(string(line), "\n"))
	var s stats.Snapshot
	strict := json.NewDecoder(bytes.NewReader(line))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&s); err != nil {
		t.Fatalf("%v in %.200q", err, line)
	}
	var tree any
	if err := json.Unmarshal(line, &tree); err != nil {
		t.Fatal(err)
	}
	wantPlausible(t, "", tree)
	return &s
}

// wantHarmless wants nothing that a terminal acts on.
func wantHarmless(t *testing.T, text string) {
	t.Helper()
	at := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
	if at >= 0 || !utf8.ValidString(text) {
		t.Errorf("a terminal acts on %.40q, or it is not UTF-8", text[max(at, 0):])
	}
}

// most is more than any rate, in events or bytes, of the small loads here.
const most = 1e9

func wantPlausible(t *testing.T, name string, node any) {
	t.Helper()
	switch n := node.(type) {
	case map[string]any:
		for name, child := range n {
			wantPlausible(t, name, child)
		}
	case []any:
		for _, child := range n {
			wantPlausible(t, name, child)
		}
	case float64:
		if strings.HasSuffix(name, "_per_second") && (n < 0 || n > most) {
			t.Errorf("%s is %g", name, n)
		}
	}
}

// perInterval is what a rate stands for in its interval. All that is counted is whole, so the
// product is, but for the last digits of a float.
func perInterval(t *testing.T, what string, rate stats.Maybe[float64], s *stats.Snapshot) int64 {
	t.Helper()
	n := rate.Or(0) * s.IntervalSeconds.Or(0)
	if math.Abs(n-math.Round(n)) > 1e-6 {
		t.Errorf("%s: %v a second for %v s are %v, not a whole number", what, rate, s.IntervalSeconds, n)
	}
	return int64(math.Round(n))
}

// total adds up what a rate stands for over all lines.
func (w *watched) total(what string, rate func(*stats.Snapshot) stats.Maybe[float64]) int64 {
	w.t.Helper()
	var sum int64
	for _, s := range w.seen {
		sum += perInterval(w.t, what, rate(s), s)
	}
	return sum
}

// frame begins to make one plain frame and returns how to get it.
func frame(t *testing.T, s *redistest.Server, columns, lines string) (text func() string) {
	t.Helper()
	cmd := exec.Command("redistop", append([]string{"--text", "--once", s.Addr()}, quick...)...)
	cmd.Env = append(cmd.Environ(), "COLUMNS="+columns, "LINES="+lines)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	start(t, cmd)
	return func() string {
		t.Helper()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("redistop --text --once: %v: %s", err, &stderr)
		}
		wantHarmless(t, strings.ReplaceAll(out.String(), "\n", ""))
		return out.String()
	}
}
