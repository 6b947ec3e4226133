package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// wantClients wants what each address sent, where the server counts by connection (Valkey 8.0+),
// and elsewhere no number instead of a wrong one.
func wantClients(t *testing.T, w *watched, l *load, s *redistest.Server) {
	t.Helper()
	first, last := w.seen[0], w.seen[len(w.seen)-1]
	if s.Binary().Flavor == "redis" {
		for _, g := range slices.Concat(last.Clients, last.ClientsByName, last.ClientsByUser) {
			if g.CommandsPerSecond.Known() || g.TotalCommands.Known() || g.Share.Known() {
				t.Errorf("%s does not count by connection, but group %q has %+v", s.Binary(), g.Key, g)
			}
		}
		return
	}
	rated := map[string]float64{}
	for i, s := range w.seen {
		if i == 0 || s.Observer.ClientsTime.Equal(*w.seen[i-1].Observer.ClientsTime) {
			continue
		}
		elapsed := s.Observer.ClientsTime.Sub(*w.seen[i-1].Observer.ClientsTime)
		for _, g := range s.Clients {
			rated[g.IP] += g.CommandsPerSecond.Or(0) * elapsed.Seconds()
		}
	}
	for _, ip := range []string{webIP, jobsIP, scriptIP} {
		was, is := groupOf(t, first.Clients, ip), groupOf(t, last.Clients, ip)
		if n := is.TotalCommands.Or(-1) - was.TotalCommands.Or(-1); n != l.byIP[ip] {
			t.Errorf("%s: %d commands by its connections' counters, want %d", ip, n, l.byIP[ip])
		}
		// The time between two sightings of a connection is not told, only when the passes ended.
		if want := float64(l.byIP[ip]); math.Abs(rated[ip]-want) > want/10 {
			t.Errorf("%s: %v commands by its rates, want %v", ip, rated[ip], want)
		}
		if d := cmp.Diff(is.TotalCommands, groupOf(t, last.ClientsByName, is.Names[0]).TotalCommands); d != "" {
			t.Errorf("%s: (-by address +by name):\n%s", ip, d)
		}
	}
}

func groupOf(t *testing.T, groups []stats.ClientGroup, key string) stats.ClientGroup {
	t.Helper()
	for _, g := range groups {
		if g.Key == key {
			return g
		}
	}
	t.Errorf("no group %s in %+v", key, groups)
	return stats.ClientGroup{Names: []string{""}}
}

// wantSlow wants the one slow command as its program sent it.
func wantSlow(t *testing.T, rows []stats.SlowRow, l *load) {
	t.Helper()
	if len(rows) != 1 {
		t.Errorf("slow: %+v; want one command", rows)
	}
	for _, r := range rows {
		if r.Command != "eval" || !slices.Equal(r.Args, []string{"EVAL", busyLoop, "0"}) || r.Addr != l.script.addr() ||
			r.Name != "script" || r.Usec.Or(0) < 30_000 {
			t.Errorf("slow: %+v", r)
		}
	}
}

// wantLost wants all that the server keeps in its log, the slow command that it no longer keeps, a
// count of the entries that came and were pushed out between two polls, and nothing of redistop's.
func wantLost(t *testing.T, w *watched, last *stats.Snapshot, l *load, h *hostile, control *program) {
	t.Helper()
	kept, err := redis.ParseSlowlog(control.must("SLOWLOG", "GET", "-1"))
	if err != nil || len(kept) != 128 {
		t.Fatalf("slow log of %d entries: %v", len(kept), err)
	}
	slow := slowRows(last)
	if len(slow) != len(kept)+1 {
		t.Fatalf("%d slow commands, want %d", len(slow), len(kept)+1)
	}
	for i, e := range kept {
		if slow[i].ID != e.ID || e.Name == "redistop" {
			t.Errorf("slow: %+v, but the server says %+v", slow[i], e)
		}
	}
	wantSlow(t, slow[len(kept):], l)
	came := kept[0].ID - slow[len(kept)].ID
	if came < int64(h.sent) {
		t.Errorf("%d entries came, want at least %d", came, h.sent)
	}
	lost, all := came-int64(len(kept)), int64(0)
	for _, s := range w.seen {
		for _, loss := range s.SlowLost {
			all += loss.Interval
		}
	}
	if n := len(last.SlowLost); n != 1 || last.SlowLost[0].Kind != stats.Slow || last.SlowLost[0].Total != lost || all != lost {
		t.Errorf("lost %+v, %d by the intervals; want %d", last.SlowLost, all, lost)
	}
}

func slowRows(s *stats.Snapshot) []stats.SlowRow {
	return slices.DeleteFunc(slices.Clone(s.Slowlog), func(r stats.SlowRow) bool { return r.Kind != stats.Slow })
}

// wantFrame wants in a plain frame what the JSON says, of what does not change any more.
func wantFrame(t *testing.T, s *redistest.Server, last *stats.Snapshot, text string) {
	t.Helper()
	failed := t.Failed()
	for _, row := range last.Commands {
		if row.OwnCalls == 0 && !hasRow(text, row.Name, fmt.Sprint(row.Calls)) {
			t.Errorf("no row %s ... %d in the frame", row.Name, row.Calls)
		}
	}
	for _, e := range last.Errors {
		if !hasRow(text, redis.Printable(e.Code), fmt.Sprint(e.Count)) {
			t.Errorf("no row %s ... %d in the frame", e.Code, e.Count)
		}
	}
	for _, g := range last.Clients {
		// To each of the two redistops the other one is another program at 127.0.0.1.
		if g.IP != "127.0.0.1" && !hasRow(text, g.IP, fmt.Sprint(g.Connections)) {
			t.Errorf("no row %s ... %d in the frame", g.IP, g.Connections)
		}
	}
	for _, want := range []string{s.Addr(), s.Binary().String(), "clients 7/"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the frame", want)
		}
	}
	if t.Failed() && !failed {
		t.Logf("the frame:\n%s", text)
	}
}

// wantRestart kills the server under redistop: the counters go back to 0, and what is sent
// afterwards is all there is.
func wantRestart(t *testing.T, w *watched, s *redistest.Server) {
	t.Helper()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	first := w.until("a restart", func(s *stats.Snapshot) bool { return s.Server.Restarts > 0 })
	if first.IntervalSeconds.Known() || first.Throughput.CommandsPerSecond.Known() || first.Throughput.TotalErrors.Or(-1) != 0 {
		t.Errorf("over a restart: %v seconds, %+v", first.IntervalSeconds, first.Throughput)
	}
	w.seen = nil
	p := dial(t, s, webIP)
	p.send(123, "ECHO", "x")
	last := w.settled()
	if last.Server.Restarts != 1 {
		t.Errorf("%d restarts, want 1", last.Server.Restarts)
	}
	for name, got := range map[string]int64{
		"by the rates": w.total("commands", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.CommandsPerSecond }),
		"of echo":      commandRows(last)["echo"].Calls,
	} {
		if got != 123 {
			t.Errorf("after a restart %s: %d", name, got)
		}
	}
}
