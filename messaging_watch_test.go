package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// watchMessages starts redistop messaging --watch and returns its lines.
func watchMessages(t *testing.T, s *redistest.Server, flags ...string) <-chan string {
	t.Helper()
	cmd := exec.Command("redistop", append([]string{"messaging", s.Addr(), "--watch", "--interval", "500ms", "--no-sample"}, flags...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			if line != "" {
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

// await reads lines until one is as is wished.
func await(t *testing.T, what string, lines <-chan string, wished func(string) bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for last := ""; ; {
		select {
		case line, open := <-lines:
			if !open {
				t.Fatalf("it ended before %s; the last line was %s", what, last)
			}
			if last = line; wished(line) {
				return
			}
		case <-deadline:
			t.Fatalf("no %s; the last line is %s", what, last)
		}
	}
}

// One that watches messages outlives the server: it says that it has lost it, with what it saw last and that this is stale, and goes on
// when the server is there again.
func TestMessagesAreWatchedBeyondARestart(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("appendonly yes", "appendfsync always"))
	ask := func(args ...string) {
		t.Helper()
		if _, err := s.CLI(args...); err != nil {
			t.Fatal(err)
		}
	}
	ask("XGROUP", "CREATE", "orders", "billing", "0", "MKSTREAM")
	ask("XADD", "orders", "1-1", "card", "TopSecret")
	objects, text := watchMessages(t, s, "--json"), watchMessages(t, s)
	says := func(state stats.LinkState, stale bool, length int64) func(string) bool {
		return func(line string) bool {
			var o messagesTold
			if err := json.Unmarshal([]byte(line), &o); err != nil || o.Link == nil {
				t.Fatalf("%v: %s", err, line)
			}
			return o.Link.State == state && o.Stale == stale && (o.Link.NextTry != nil) == stale && o.Messaging != nil &&
				len(o.Streams) == 1 && o.Streams[0].Length == length && len(o.Streams[0].Groups) == 1
		}
	}
	has := func(words string) func(string) bool {
		return func(line string) bool { return strings.Contains(line, words) }
	}
	await(t, "look", objects, says(stats.Up, false, 1))
	await(t, "look", text, has("group billing: lag 1"))
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, "word of the loss", objects, says(stats.Down, true, 1))
	await(t, "word of what was seen last", text, has("group billing: lag 1"))
	await(t, "word of the loss", text, func(line string) bool {
		return strings.HasPrefix(line, "STALE: seen ") && strings.Contains(line, " ago; not connected: ")
	})
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	ask("XADD", "orders", "2-1", "card", "TopSecret")
	await(t, "look after the restart", objects, says(stats.Up, false, 2))
	await(t, "word of the server's return", text, has(s.Addr()+" answers again after "))
	await(t, "look after the restart", text, has("group billing: lag 2"))
}

// Without a server there is nothing to go on with: the first connection fails.
func TestMessagesOfNobodyAreNotWatched(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("redistop", "messaging", s.Addr(), "--watch", "--json")
	var exit *exec.ExitError
	out, err := cmd.Output()
	if !errors.As(err, &exit) || exit.ExitCode() != exitConnect || len(out) != 0 {
		t.Errorf("%v, %s", err, out)
	}
}
