package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// guide runs the Python programs of bench/messaging/guide, the shapes that people copy, against one server.
type guide struct {
	*testing.T
	python string
	server *redistest.Server
}

// python is a Python 3 that has redis-py; a test without one is skipped.
func python(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(path, "-c", "import redis; redis.Redis.xreadgroup").Run() == nil {
			return path
		}
	}
	t.Skip("no Python 3 with redis-py here: scripts/install redis-py")
	return ""
}

// program is one of them at work.
type guideProgram struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// start runs a program; it is killed when the test ends, if it is not over by then.
func (g *guide) start(name string, args ...string) *guideProgram {
	g.Helper()
	cmd := exec.CommandContext(g.Context(), g.python, append([]string{"bench/messaging/guide/" + name + ".py"}, args...)...)
	cmd.Env = append(os.Environ(), "REDIS_URL=unix://"+g.server.Socket(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		g.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &guideProgram{g.T, cmd, bufio.NewScanner(out)}
}

// says waits for a line with this beginning and returns the rest of it. Lines before it are passed over.
func (p *guideProgram) says(beginning string) string {
	p.t.Helper()
	for p.lines.Scan() {
		if rest, ok := strings.CutPrefix(p.lines.Text(), beginning); ok {
			return strings.TrimSpace(rest)
		}
	}
	p.t.Fatalf("%s ended before it said %q", strings.Join(p.cmd.Args, " "), beginning)
	return ""
}

// all waits until the program ends and returns the rest of what it said.
func (p *guideProgram) all() (lines []string) {
	p.t.Helper()
	for p.lines.Scan() {
		lines = append(lines, p.lines.Text())
	}
	return lines
}

// redistop runs redistop on the server and returns what it prints.
func (g *guide) redistop(args ...string) string {
	g.Helper()
	cmd := exec.Command("redistop", append(args, g.server.Socket())...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		g.Fatalf("redistop %s: %v: %s", strings.Join(args, " "), err, &problems)
	}
	return string(out)
}

// messages is what redistop tells of the server's messages.
func (g *guide) messages() *stats.Messaging {
	g.Helper()
	var m stats.Messaging
	text := g.redistop("messaging", "--json", "--all", "--interval", "500ms", "--budget", "100%")
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		g.Fatal(err)
	}
	return &m
}

// group is the one group of the stream of orders.
func (g *guide) group(m *stats.Messaging) *stats.GroupRow {
	g.Helper()
	for _, s := range m.Streams {
		if s.Key == "orders" && len(s.Groups) == 1 {
			return &s.Groups[0]
		}
	}
	g.Fatalf("no stream orders with one group: %+v", m.Streams)
	return nil
}

// TestGuide holds that the examples which people copy are seen as what they are, and that what a worker held when it was
// killed, between reading and acknowledging, shows as pending and is processed by the one that it is given to.
func TestGuide(t *testing.T) {
	t.Parallel()
	g := &guide{t, python(t), redistest.New(t)}
	subscriber, patterns := g.start("subscriber", "news", "weather"), g.start("subscriber", "news.*", "*.alerts")
	reader, doomed := g.start("reader"), g.start("worker", "one", "3")
	for _, p := range []*guideProgram{subscriber, subscriber, patterns, patterns, reader, doomed} {
		p.says("ready")
	}
	const orders = 10
	added := g.start("producer", fmt.Sprint(orders)).all()
	if len(added) != orders {
		t.Fatalf("added %q", added)
	}
	doomed.says("holding")
	g.seen(g.messages())
	reader.says("seen " + strings.TrimPrefix(added[orders-1], "added "))
	for channel, heard := range map[string]string{"news": "1", "news.sport": "1", "nobody": "0"} {
		if n := g.start("publisher", channel, "1").says("heard by"); n != heard {
			t.Errorf("%s is heard by %s, want %s", channel, n, heard)
		}
	}
	subscriber.says("got news")
	patterns.says("got news.sport")
	doomed.cmd.Process.Kill()
	doomed.cmd.Wait()
	g.claimed(added)
}

// seen wants the programs told as what they are, while the worker holds what it read.
func (g *guide) seen(m *stats.Messaging) {
	g.Helper()
	group := g.group(m)
	if group.Name != "billing" || group.Pending < 1 || len(group.Consumers) != 1 || group.Consumers[0].Name != "one" || group.Consumers[0].Pending != group.Pending {
		g.Errorf("group: %+v", group)
	}
	if lag, known := group.Lag.Get(); !known || 3+group.Pending+lag != 10 {
		g.Errorf("3 orders were billed, %d are pending, %v are not delivered: not 10 together", group.Pending, group.Lag)
	}
	var streams, channels []string
	for _, s := range m.Streams {
		streams = append(streams, fmt.Sprintf("%s %d %d", s.Key, s.Length, len(s.Groups)))
	}
	for _, c := range m.Channels {
		channels = append(channels, fmt.Sprintf("%s %d", c.Name, c.Subscribers))
	}
	slices.Sort(streams)
	slices.Sort(channels)
	if got, want := fmt.Sprint(streams, channels, m.Patterns.Or(-1), len(m.Queues)), "[invoices 3 0 orders 10 1] [news 1 weather 1] 2 0"; got != want {
		g.Errorf("streams, channels, patterns and queues are %s, want %s", got, want)
	}
}

// claimed gives what the dead worker held to another one, and wants each order billed once.
func (g *guide) claimed(added []string) {
	g.Helper()
	held := g.group(g.messages()).Pending
	said := g.redistop("messaging", "claim", "orders", "billing", "--from", "one", "--to", "two", "--create", "--min-idle", "0s", "--yes")
	if want := fmt.Sprintf("%d entries given to two", held); !strings.Contains(strings.Replace(said, "1 entry ", "1 entries ", 1), want) {
		g.Errorf("claim says %q, want %q", said, want)
	}
	live := g.start("worker", "two")
	if n := live.says("reloaded"); n != fmt.Sprint(held) {
		g.Errorf("the other worker takes up %s entries, want %d", n, held)
	}
	for range len(added) - 3 {
		live.says("billed")
	}
	var billed []string
	text, err := g.server.CLI("--json", "xrange", "invoices", "-", "+")
	if err != nil {
		g.Fatal(err)
	}
	for _, line := range added {
		id := strings.TrimPrefix(line, "added ")
		if n := strings.Count(text, `"order","`+id+`"`); n != 1 {
			billed = append(billed, fmt.Sprintf("%s %d times", id, n))
		}
	}
	if billed != nil {
		g.Errorf("billed not once: %q in %s", billed, text)
	}
	if group := g.group(g.messages()); group.Pending != 0 || group.Lag.Or(-1) != 0 {
		g.Errorf("left: %+v", group)
	}
}
