package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// A monitorRun is the program at work, with the commands that it prints.
type monitorRun struct {
	cmd    *exec.Cmd
	out    io.Reader
	stderr bytes.Buffer
}

// startMonitor starts the program and waits until it has seen the first PING of many.
func startMonitor(t *testing.T, app *goredis.Client, args ...string) *monitorRun {
	t.Helper()
	r := &monitorRun{cmd: exec.Command("redistop", append([]string{"monitor"}, args...)...)}
	r.cmd.Stderr = &r.stderr
	pipe, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, r.cmd)
	out := bufio.NewReader(pipe)
	r.out = out
	seen := make(chan error, 1)
	go func() {
		_, err := out.Peek(1)
		seen <- err
	}()
	for range 1000 {
		app.Ping(t.Context())
		select {
		case err := <-seen:
			if err != nil {
				t.Fatalf("read the first line: %v\n%s", err, &r.stderr)
			}
			return r
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("no command was printed")
	return nil
}

func newApp(t *testing.T, s *redistest.Server) *goredis.Client {
	t.Helper()
	app := goredis.NewClient(&goredis.Options{Addr: s.Addr(), DisableIdentity: true, PoolSize: 1})
	t.Cleanup(func() { app.Close() })
	return app
}

// Every command of a load is printed once, in order, and the summary counts the same. On a machine too busy
// to read in time something may be missed; then the summary says so, and the next attempt counts.
func TestMonitorPrintsAll(t *testing.T) {
	t.Parallel()
	s := redistest.New(t, redistest.TCP())
	app := newApp(t, s)
	const many = 4000
	for range 5 {
		r := startMonitor(t, app, "--for", "1m", "--json", s.Addr())
		for i := range many / 100 {
			if _, err := app.Pipelined(t.Context(), func(p goredis.Pipeliner) error {
				for j := range 100 {
					p.Set(t.Context(), fmt.Sprintf("n:%d", 100*i+j), "secret", 0)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		sets, printed, sum := r.interrupt(t)
		if sum.Ended != "signal" || sum.NotPrinted != 0 || sum.Sampled.Commands != printed {
			t.Errorf("%d commands were printed, the summary is %+v of %+v", printed, sum, sum.Sampled)
		}
		if !sum.Sampled.Complete {
			t.Logf("%d of %d commands were printed, and the summary says that some are missing", len(sets), many)
			continue
		}
		for n, line := range sets {
			if want := fmt.Sprintf("set n:%d (6 B)", n); line != want {
				t.Fatalf("command %d is %s, want %s", n, line, want)
			}
		}
		if len(sets) != many {
			t.Errorf("%d of %d commands were printed", len(sets), many)
		}
		if set := sum.Commands[0]; set.Name != "set" || set.Seen != many || sum.Keys[0].Pattern != "n:*" || sum.Clients[0].Name != "127.0.0.1" {
			t.Errorf("commands %+v, keys %+v, clients %+v", sum.Commands, sum.Keys, sum.Clients)
		}
		return
	}
	t.Error("no attempt saw everything")
}

// interrupt ends the program as Ctrl-C does, and reads what it printed: the lines of SETs, how many commands
// there were, and the summary.
func (r *monitorRun) interrupt(t *testing.T) (sets []string, printed int64, sum monitorReport) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r.out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var l struct {
			Command string         `json:"command"`
			Line    string         `json:"line"`
			Summary *monitorReport `json:"summary"`
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		switch {
		case l.Summary != nil:
			sum = *l.Summary
			continue
		case l.Command == "set":
			sets = append(sets, l.Line)
		}
		printed++
	}
	var exit *exec.ExitError
	if err := r.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitSignal+int(syscall.SIGINT) {
		t.Errorf("ended with %v\n%s", err, &r.stderr)
	}
	if sum.Summary == nil {
		t.Fatalf("no summary\n%s", &r.stderr)
	}
	return sets, printed, sum
}

// A reader of standard output that stops slows neither the windows nor the server: what it misses is counted. A
// program that is itself late, on a busy machine, is shown less; so what it was sent is told by the server.
func TestMonitorSlowReader(t *testing.T) {
	t.Parallel()
	s := redistest.New(t, redistest.TCP())
	app := newApp(t, s)
	sent := func() int64 {
		text, err := app.Info(t.Context(), "stats").Result()
		if err != nil {
			t.Fatal(err)
		}
		return redis.ParseInfo(text).Int("total_net_output_bytes").Or(0)
	}
	r := startMonitor(t, app, "--for", "5m", "--values", "--json", s.Addr()) // nobody reads on
	value := strings.Repeat("v", 100_000)
	const enough = 40 << 20 // more than the queue and the pipe hold
	many, before, deadline := int64(0), sent(), time.Now().Add(2*time.Minute)
	for sent()-before < enough {
		if many++; time.Now().After(deadline) {
			t.Fatalf("after %d SETs MONITOR has shown %d bytes", many, sent()-before)
		}
		if err := app.Set(t.Context(), "k", value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	clients, err := s.CLI("CLIENT", "LIST")
	if err != nil {
		t.Fatal(err)
	}
	list, _ := redis.ParseClientList(clients)
	for _, c := range list {
		if c.OutputBuffer > 4<<20 {
			t.Errorf("the server holds %d bytes for %s %s", c.OutputBuffer, c.Name, c.Flags)
		}
	}
	sets, printed, sum := r.interrupt(t)
	if len(sets) < 10 || !strings.HasPrefix(sets[0], "set k vvv") || sum.NotPrinted < 10 || printed+sum.NotPrinted != sum.Sampled.Commands {
		t.Errorf("of %d commands %d were printed, %d SETs among them, and %d not", sum.Sampled.Commands, printed, len(sets), sum.NotPrinted)
	}
	for _, c := range sum.Commands {
		if c.Name == "set" && (c.Seen > many || sum.Sampled.Complete && c.Seen != many) {
			t.Errorf("%d SETs are %+v of %+v", many, c, sum.Sampled)
		}
	}
	if text := reportText(&sum); !strings.Contains(text, "counted but not printed") {
		t.Errorf("the summary is\n%s", text)
	}
}

// The queue keeps the order, counts what it has no room for, and goes on afterwards.
func TestLineQueue(t *testing.T) {
	q := newLineQueue()
	l := redis.MonitorLine{Usec: 1339518083107412, DB: 3, Addr: []byte("10.0.0.1:5123"), Args: []byte(`"SET" "k" "` + strings.Repeat("v", 1<<20) + `"`)}
	for range 20 {
		q.put(&l)
		l.DB++
	}
	if q.lost() != 20-15 {
		t.Errorf("%d commands of 1 MiB were dropped by a queue of 16 MiB", q.lost())
	}
	records, ok := q.take(nil)
	q.put(&l)
	q.close()
	more, still := q.take(nil)
	if _, open := q.take(nil); !ok || !still || open {
		t.Fatalf("take: %v, %v, then %v", ok, still, open)
	}
	var dbs []int
	for records = append(records, more...); len(records) > 0; {
		var got redis.MonitorLine
		got, records = nextRecord(records)
		if got.Usec != l.Usec || string(got.Addr) != string(l.Addr) || string(got.Args) != string(l.Args) {
			t.Fatalf("%d %s came back", got.Usec, got.Addr)
		}
		dbs = append(dbs, got.DB)
	}
	if want := "[3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 23]"; fmt.Sprint(dbs) != want {
		t.Errorf("databases %v, want %s", dbs, want)
	}
}
