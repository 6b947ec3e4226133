package main

import (
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// slowFrom is where the slow log begins, in microseconds: above what a question of redistop takes
// on a busy machine, below busyLoop.
const slowFrom = "30000"

// TestTruth compares what redistop shows with what the server counted and with what was sent, on
// each version of the servers.
func TestTruth(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		t.Parallel()
		// First, while nobody else has asked what it asks.
		wantReceipt(t, s)

		control := named(t, s, "127.0.0.1", "control")
		l := newLoad(t, s)
		before := control.info()
		w := watch(t, s)
		l.run(t, s)
		last := w.settled()
		after := control.info()

		wantCommands(t, w, last, l, before, after)
		wantThroughput(t, w, last, l)
		wantErrors(t, w, last, l, after)
		wantCounts(t, last, before)
		wantBriefConnections(t, w, l)
		wantClients(t, w, l, s)
		wantSlow(t, slowRows(last), l)

		memory := peak(t, w.cmd.Process.Pid)
		h := attack(t, s, control)
		text := frame(t, s, "500", "90") // while w goes on
		last = w.settled()
		if grown := peak(t, w.cmd.Process.Pid) - memory; grown > large/4 {
			t.Errorf("redistop took %d bytes more for a hostile program", grown)
		}
		wantLost(t, w, last, l, h, control)
		frame := text()
		wantHostile(t, h, last, frame)
		wantFrame(t, s, last, frame)

		wantRestart(t, w, s)
		w.leave()
	}, redistest.TCP(), redistest.Config("slowlog-log-slower-than "+slowFrom,
		"protected-mode no")) // before 8.0, 127.0.0.11 is as far away as any
}

// wantReceipt wants that what redistop says it cost is what the server counted for its commands,
// and that it caused no error.
func wantReceipt(t *testing.T, s *redistest.Server) {
	t.Helper()
	out, err := exec.Command("redistop", append([]string{"--json", "--once", "--own", s.Addr()}, quick...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	first := decode(t, out)
	if n, known := first.Throughput.TotalErrors.Get(); n != 0 || !known || len(first.Errors) > 0 {
		t.Errorf("%d errors: %+v", n, first.Errors)
	}
	rows := commandRows(first)
	var usec, calls, login int64
	for _, r := range first.Observer.Receipt {
		row := rows[r.Command]
		if r.Calls != row.Calls || r.Usec != row.TotalUsec || r.Estimated || row.OwnCalls != row.Calls {
			t.Errorf("receipt %+v, but the server counted %+v", r, row)
		}
		usec, calls = usec+r.Usec, calls+r.Calls
		if r.Command == "client|setname" || r.Command == "client|id" { // before the first interval
			login += r.Usec
		}
	}
	for _, name := range []string{"info", "client|list", "slowlog|get", "memory|stats", "latency|histogram"} {
		if !slices.ContainsFunc(first.Observer.Receipt, func(r stats.ReceiptRow) bool { return r.Command == name }) {
			t.Errorf("no receipt for %s", name)
		}
	}
	if o := first.Observer; o.TotalUsec != usec || o.TotalCommands != calls || perInterval(t, "usec", o.UsecPerSecond, first) != usec-login {
		t.Errorf("cost %d usec (%v a second), %d commands; the receipt adds up to %d usec, %d commands", o.TotalUsec, o.UsecPerSecond, o.TotalCommands, usec, calls)
	}
}

func commandRows(s *stats.Snapshot) map[string]stats.CommandRow {
	rows := map[string]stats.CommandRow{}
	for _, r := range s.Commands {
		rows[r.Name] = r
	}
	return rows
}

// wantCommands wants every row of the server's commandstats, exactly, and in the rates all that was
// sent between the first line and the last, and nothing else.
func wantCommands(t *testing.T, w *watched, last *stats.Snapshot, l *load, before, after *redis.Info) {
	t.Helper()
	rows, was := commandRows(last), map[string]int64{"info": 1} // the INFO that brought before
	for _, c := range before.Commands {
		was[c.Name] += c.Calls
	}
	sent := map[string]int64{}
	for _, c := range after.Commands {
		row, ok := rows[c.Name]
		if !ok {
			t.Errorf("no row of %s", c.Name)
			continue
		}
		if own := row.OwnCalls; own > 0 {
			if others := row.Calls - own; others != was[c.Name] {
				t.Errorf("%s: %d calls, %d of them ours; others made %d", c.Name, row.Calls, own, was[c.Name])
			}
		} else if row.Calls != c.Calls || row.TotalUsec != c.Usec || row.FailedCalls != c.Failed || row.RejectedCalls != c.Rejected {
			t.Errorf("row %+v, but the server counted %+v", row, c)
		}
		if l.failed[c.Name] != row.FailedCalls.Or(-1) || l.rejected[c.Name] != row.RejectedCalls.Or(-1) {
			t.Errorf("%s: failed %v, rejected %v; want %d, %d", c.Name, row.FailedCalls, row.RejectedCalls, l.failed[c.Name], l.rejected[c.Name])
		}
		n := w.total(c.Name, func(s *stats.Snapshot) stats.Maybe[float64] { return commandRows(s)[c.Name].CallsPerSecond })
		if n > 0 {
			sent[c.Name] = n
		}
	}
	if d := cmp.Diff(l.calls, sent); d != "" {
		t.Errorf("calls by the rates (-sent +shown):\n%s", d)
	}
}

func wantThroughput(t *testing.T, w *watched, last *stats.Snapshot, l *load) {
	t.Helper()
	var all int64
	for _, row := range last.Commands {
		all += row.Calls
	}
	if got := last.Throughput.TotalCommands.Or(-1); got != all {
		t.Errorf("%d commands in all, %d by the rows", got, all)
	}
	type flow = func(stats.Throughput) stats.Maybe[float64]
	for _, tc := range []struct {
		name string
		rate flow
		want int64
	}{
		{"commands", func(t stats.Throughput) stats.Maybe[float64] { return t.CommandsPerSecond }, l.total()},
		{"hits", func(t stats.Throughput) stats.Maybe[float64] { return t.HitsPerSecond }, l.hits},
		{"misses", func(t stats.Throughput) stats.Maybe[float64] { return t.MissesPerSecond }, l.misses},
		{"evictions", func(t stats.Throughput) stats.Maybe[float64] { return t.EvictedPerSecond }, 0},
	} {
		got := w.total(tc.name, func(s *stats.Snapshot) stats.Maybe[float64] { return tc.rate(s.Throughput) })
		if got != tc.want {
			t.Errorf("%s by the rates: %d, want %d", tc.name, got, tc.want)
		}
	}
	want := float64(l.hits) / float64(l.hits+l.misses)
	if got := last.Throughput.TotalHitRatio.Or(-1); math.Abs(got-want) > 1e-9 {
		t.Errorf("hit ratio %v, want %v", got, want)
	}
	for _, s := range w.seen {
		hits, misses := s.Throughput.HitsPerSecond.Or(0), s.Throughput.MissesPerSecond.Or(0)
		got, known := s.Throughput.HitRatio.Get()
		if known != (hits+misses > 0) || known && math.Abs(got-hits/(hits+misses)) > 1e-9 {
			t.Errorf("hit ratio %v of %v hits and %v misses", s.Throughput.HitRatio, hits, misses)
		}
	}
}

// wantErrors wants the programs' errors by their code, and none of redistop's.
func wantErrors(t *testing.T, w *watched, last *stats.Snapshot, l *load, after *redis.Info) {
	t.Helper()
	shown, counted, rated, all := map[string]int64{}, map[string]int64{}, map[string]int64{}, int64(0)
	for _, e := range last.Errors {
		shown[e.Code] = e.Count
	}
	for _, e := range after.Errors {
		counted[e.Code] = e.Count
		all += e.Count
	}
	for _, s := range w.seen {
		for _, e := range s.Errors {
			rated[e.Code] += perInterval(t, e.Code, e.PerSecond, s)
		}
	}
	for name, got := range map[string]map[string]int64{"shown": shown, "counted by the server": counted, "by the rates": rated} {
		if d := cmp.Diff(l.errors, got); d != "" {
			t.Errorf("errors (-caused +%s):\n%s", name, d)
		}
	}
	rate := w.total("errors", func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.ErrorsPerSecond })
	if last.Throughput.TotalErrors.Or(-1) != all || rate != all {
		t.Errorf("%v errors, %d by the rate, want %d", last.Throughput.TotalErrors, rate, all)
	}
}

// wantCounts wants what is there, not what flows.
func wantCounts(t *testing.T, last *stats.Snapshot, before *redis.Info) {
	t.Helper()
	type db struct{ N, Keys, Expires int64 }
	var dbs []db
	for _, k := range last.Keyspace {
		dbs = append(dbs, db{int64(k.DB), k.Keys, k.Expires})
	}
	if d := cmp.Diff([]db{{0, 2, 0}, {3, 21, 20}}, dbs); d != "" {
		t.Errorf("keyspace (-want +shown):\n%s", d)
	}
	const programs, redistop = 4, 1
	if got := last.Connected.Clients.Or(-1); got != programs+redistop {
		t.Errorf("%d clients are connected, want %d", got, programs+redistop)
	}
	received := before.Int("total_connections_received").Or(-1)
	if got := last.Connected.TotalReceived.Or(-1); got != received+redistop+shortLived {
		t.Errorf("%d connections received, want %d", got, received+redistop+shortLived)
	}
}

// wantBriefConnections wants each connection that came and went counted or seen: of those that
// follow one another, a pass over the connections may catch one.
func wantBriefConnections(t *testing.T, w *watched, l *load) {
	t.Helper()
	caught := map[int64]bool{}
	var sum, total int64
	for _, s := range w.seen {
		for _, c := range s.Connections {
			if strings.HasPrefix(c.Addr, shortIP+":") {
				caught[c.ID] = true
			}
		}
		sum += s.Connected.CameAndWent.Or(0)
		total = s.Connected.TotalCameAndWent.Or(-1)
	}
	if want := int64(l.short - len(caught)); sum != want || total != want {
		t.Errorf("came and went: %d, in all %d; want %d, of %d that were made", sum, total, want, l.short)
	}
}
