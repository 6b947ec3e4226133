package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
)

// all is a budget for tests: as fast as it goes.
var all = server.ToolOptions{Budget: 1, Values: true, Actions: true}

func target(s *redistest.Server) server.Target {
	return server.Target{Network: "unix", Address: s.Socket()}
}

func open(t *testing.T, s *redistest.Server, o server.ToolOptions) *server.Tool {
	t.Helper()
	tool, err := server.OpenTool(t.Context(), target(s), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tool.Close() })
	return tool
}

// send has redis-cli send a command and returns the reply.
func send(t *testing.T, s *redistest.Server, args ...string) string {
	t.Helper()
	out, err := s.CLI(args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// fill runs a line of Lua for i from 1 to n.
func fill(t *testing.T, s *redistest.Server, n int, line string) {
	t.Helper()
	const atOnce = 100_000
	for from := 1; from <= n; from += atOnce {
		send(t, s, "EVAL", fmt.Sprintf("for i=%d,%d do %s end", from, min(n, from+atOnce-1), line), "0")
	}
}

// numbers tells that each of 1 to n came exactly once.
type numbers struct {
	times []uint8
	wrong []string
}

func newNumbers(n int) *numbers { return &numbers{times: make([]uint8, n+1)} }

func (n *numbers) add(text string) {
	i, err := strconv.Atoi(text)
	if err != nil || i < 1 || i >= len(n.times) || n.times[i] > 0 {
		n.wrong = append(n.wrong, text)
		return
	}
	n.times[i]++
}

func (n *numbers) check(t *testing.T, what string) {
	t.Helper()
	missing := 0
	for _, times := range n.times[1:] {
		if times == 0 {
			missing++
		}
	}
	if missing > 0 || len(n.wrong) > 0 {
		t.Errorf("%s: %d of %d are missing, %d are wrong or came twice: %.10q", what, missing, len(n.times)-1, len(n.wrong), n.wrong)
	}
}

func list(t *testing.T, tool *server.Tool, search Search, each func(string)) *Scan {
	t.Helper()
	scan, err := NewScan(tool, search)
	if err != nil {
		t.Fatal(err)
	}
	for {
		names, err := scan.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return scan
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			each(name)
		}
	}
}

// quick wants what run does to take no more than most usec of the server a call, by its count. That is
// time by the clock, in which a busy machine may run something else, so one quick run of many is enough.
func quick(t *testing.T, s *redistest.Server, command string, most float64, run func()) {
	t.Helper()
	usec := 0.0
	for range 20 {
		calls, took := countOf(t, s, command)
		run()
		moreCalls, tookMore := countOf(t, s, command)
		if moreCalls == calls {
			t.Fatalf("%s was not called", command)
		}
		if usec = (tookMore - took) / (moreCalls - calls); usec <= most {
			return
		}
	}
	t.Errorf("one %s took %.0f usec on average", command, usec)
}

// countOf is how often a command was called, and how long that took, by the server's count.
func countOf(t *testing.T, s *redistest.Server, command string) (calls, usec float64) {
	t.Helper()
	for _, c := range redis.ParseInfo(send(t, s, "INFO", "commandstats")).Commands {
		if c.Name == command {
			return float64(c.Calls), float64(c.Usec)
		}
	}
	return 0, 0
}

func read(ctx context.Context, v *Value, each func(Element)) error {
	for {
		elements, err := v.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, e := range elements {
			each(e)
		}
	}
}

// ownUsec is what all our commands took until now, by the server's count.
func ownUsec(t *testing.T, s *redistest.Server) float64 {
	t.Helper()
	usec := 0.0
	for _, c := range redis.ParseInfo(send(t, s, "INFO", "commandstats")).Commands {
		if slices.Contains([]string{"scan", "type", "memory|usage", "info", "command|info"}, c.Name) {
			usec += float64(c.Usec)
		}
	}
	return usec
}
