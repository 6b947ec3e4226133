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
	rated, shares := map[string]float64{}, 0.0
	for i, s := range w.seen {
		if i == 0 || s.Observer.ClientsTime.Equal(*w.seen[i-1].Observer.ClientsTime) {
			continue
		}
		elapsed := s.Observer.ClientsTime.Sub(*w.seen[i-1].Observer.ClientsTime)
		for _, g := range s.Clients {
			rated[g.IP] += g.CommandsPerSecond.Or(0) * elapsed.Seconds()
			shares += g.Share.Or(0)
		}
	}
	for _, ip := range []string{webIP, jobsIP, scriptIP} {
		was, is := groupOf(t, first.Clients, ip), groupOf(t, last.Clients, ip)
		if n := is.TotalCommands.Or(-1) - was.TotalCommands.Or(-1); n != l.byIP[ip] {
			t.Errorf("%s: %d commands by its connections' counters, want %d", ip, n, l.byIP[ip])
		}
		// The time between two passes is known to a few microseconds.
		if want := float64(l.byIP[ip]); math.Abs(rated[ip]-want) > want/50 {
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

// wantSlow wants the one slow command as its program sent it, nothing of redistop's, and a count of
// the entries that came and were pushed out between two polls.
func wantSlow(t *testing.T, w *watched, last *stats.Snapshot, l *load, control *program) {
	t.Helper()
	slow := slowRows(last)
	if len(slow) != 1 || len(last.SlowLost) > 0 {
		t.Errorf("slow: %+v, lost %+v; want one command", slow, last.SlowLost)
	}
	wantSlowest(t, slow, l)

	slowBurst(control)
	last = w.settled()
	kept := entries(t, control)
	newest, lost := kept[0].ID, int64(burst+1-len(kept))
	want := []stats.SlowLoss{{Kind: stats.Slow, Total: lost}}
	if d := cmp.Diff(want, last.SlowLost); d != "" || len(kept) != 128 {
		t.Errorf("%d entries are kept; lost (-want +shown):\n%s", len(kept), d)
	}
	if slow = slowRows(last); len(slow) != len(kept)+1 || slow[0].ID != newest {
		t.Errorf("%d rows, newest %d; want %d, %d", len(slow), slow[0].ID, len(kept)+1, newest)
	}
	wantSlowest(t, slow[len(slow)-1:], l)
	for _, e := range kept {
		if e.Name != "control" {
			t.Errorf("%s is in the slow log: %+v", e.Name, e)
		}
	}
}

func slowRows(s *stats.Snapshot) []stats.SlowRow {
	return slices.DeleteFunc(slices.Clone(s.Slowlog), func(r stats.SlowRow) bool { return r.Kind != stats.Slow })
}

func wantSlowest(t *testing.T, rows []stats.SlowRow, l *load) {
	t.Helper()
	for _, r := range rows {
		if r.Command != "eval" || !slices.Equal(r.Args, []string{"EVAL", busyLoop, "0"}) || r.Addr != l.script.addr() ||
			r.Name != "script" || r.Usec.Or(0) < 20_000 {
			t.Errorf("slow: %+v", r)
		}
	}
}

// entries is the server's own slow log.
func entries(t *testing.T, control *program) []redis.SlowEntry {
	t.Helper()
	list, err := redis.ParseSlowlog(control.must("SLOWLOG", "GET", "-1"))
	if err != nil || len(list) == 0 {
		t.Fatalf("slow log: %v, %v", list, err)
	}
	return list
}

// wantFrame wants in a plain frame what the JSON says, of what does not change any more.
func wantFrame(t *testing.T, s *redistest.Server, last *stats.Snapshot) {
	t.Helper()
	text := frame(t, s, "220", "90")
	for _, row := range last.Commands {
		if row.OwnCalls == 0 && row.Name != "config|set" && !hasRow(text, row.Name, fmt.Sprint(row.Calls)) {
			t.Errorf("no row %s ... %d in the frame", row.Name, row.Calls)
		}
	}
	for _, e := range last.Errors {
		if !hasRow(text, e.Code, fmt.Sprint(e.Count)) {
			t.Errorf("no row %s ... %d in the frame", e.Code, e.Count)
		}
	}
	for _, g := range last.Clients {
		if g.IP == "127.0.0.1" {
			g.Connections++ // to this redistop, the other one is another program
		}
		if !hasRow(text, g.IP, fmt.Sprint(g.Connections)) {
			t.Errorf("no row %s ... %d in the frame", g.IP, g.Connections)
		}
	}
	for _, want := range []string{s.Addr(), s.Binary().String(), "clients 6/"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the frame", want)
		}
	}
	if t.Failed() {
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
