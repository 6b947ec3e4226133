package doctor

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// t0 is when synthetic servers begin.
var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A synth makes the Snapshots of a server that does not exist, one a second. Its counters go on from one
// to the next: say what happens in a second with its methods or by changing now, then call next.
type synth struct {
	now    stats.Snapshot // the Snapshot of the second under way
	doctor *Doctor
	took   []stats.Finding // what the doctor said of the last one

	rows  map[string]*stats.CommandRow
	was   map[string]stats.CommandRow
	errs  map[string]int64
	total int64
	slow  int64
}

// newSynth is a quiet, healthy primary that has run for ten days; rules are the doctor's, by default all.
func newSynth(rules ...Rule) *synth {
	return newSynthWith(Options{Rules: rules})
}

func newSynthWith(o Options) *synth {
	s := &synth{doctor: New(o), rows: map[string]*stats.CommandRow{}, was: map[string]stats.CommandRow{}, errs: map[string]int64{}, total: 1_000_000}
	s.now.Time = t0
	s.now.Link = stats.Link{State: stats.Up, Since: t0}
	s.now.Server = stats.Server{Addr: "10.0.3.1:6379", Flavor: "redis", Version: "7.0.15", Role: "primary", Mode: "standalone",
		RunID: "0123456789abcdef0123456789abcdef01234567", PID: 4711, OS: "Linux", UptimeSeconds: stats.Some(int64(864_000))}
	s.now.Memory = stats.Memory{Used: stats.Some(int64(100 << 20)), RSS: stats.Some(int64(110 << 20)), Policy: "noeviction"}
	s.now.Connected = stats.Connected{Clients: stats.Some(int64(3)), Blocked: stats.Some(int64(0)), Max: stats.Some(int64(10_000))}
	s.now.Keyspace = []stats.KeyspaceRow{{DB: 0, Keys: 1000}}
	s.now.CPU = stats.CPU{Total: stats.Some(0.02), MainThread: stats.Some(0.02)}
	s.now.Observer = stats.Observer{Mode: "sample", BudgetShare: 0.01, IntervalSeconds: 1, ActualIntervalSeconds: 1}
	return s
}

// calls lets a command be called n times in this second.
func (s *synth) calls(name string, n int64, usecPerCall float64) *synth {
	row := s.row(name)
	row.Calls += n
	row.TotalUsec += int64(float64(n) * usecPerCall)
	s.total += n
	return s
}

// fails lets calls that calls has counted fail (failed) or be refused before they ran (rejected).
func (s *synth) fails(name string, failed, rejected int64) *synth {
	row := s.row(name)
	row.FailedCalls = stats.Some(row.FailedCalls.Or(0) + failed)
	row.RejectedCalls = stats.Some(row.RejectedCalls.Or(0) + rejected)
	return s
}

// longest is the longest call of the command in this second, by LATENCY HISTOGRAM.
func (s *synth) longest(name string, usec float64) *synth {
	s.row(name).RecentMaxUsec = stats.Some(usec)
	return s
}

// errors adds replies with an error.
func (s *synth) errors(code string, n int64) *synth {
	s.errs[code] += n
	return s
}

func (s *synth) row(name string) *stats.CommandRow {
	row := s.rows[name]
	if row == nil {
		row = &stats.CommandRow{Name: name, FailedCalls: stats.Some(int64(0)), RejectedCalls: stats.Some(int64(0))}
		s.rows[name] = row
	}
	return row
}

// logged adds an entry to the slow log, of now.
func (s *synth) logged(addr, name string, usec int64, args ...string) *synth {
	s.slow++
	s.now.Slowlog = append([]stats.SlowRow{{Kind: stats.Slow, ID: s.slow, Time: s.now.Time, Usec: stats.Some(usec),
		Command: strings.ToLower(args[0]), Args: args, Addr: addr, Name: name}}, s.now.Slowlog...)
	return s
}

// connection adds a connection that stays.
func (s *synth) connection(c stats.ConnectionRow) *synth {
	if c.ID == 0 {
		c.ID = int64(len(s.now.Connections) + 1)
	}
	if c.Addr == "" {
		c.Addr = "10.0.9.1:" + strconv.FormatInt(40000+c.ID, 10)
	}
	if c.User == "" {
		c.User = "default"
	}
	s.now.Connections = append(slices.Clone(s.now.Connections), c)
	s.now.Connected.Clients = stats.Some(int64(len(s.now.Connections)))
	return s
}

// sampled says what the samples show from now on; rates are of what MONITOR shows.
func (s *synth) sampled(rows ...stats.SampleRow) *synth {
	s.now.Samples = rows
	var rate float64
	var seen int64
	for _, r := range rows {
		if !r.Further {
			rate += r.CommandsPerSecond.Or(0)
			seen += r.Seen
		}
	}
	s.now.Sampled = stats.Sampled{Mode: stats.ModeSample, Windows: 100, Seconds: 0.5, Span: 60, Commands: seen, VisibleCommandsPerSecond: stats.Some(rate)}
	return s
}

// next ends the second: the doctor sees its Snapshot. It returns that.
func (s *synth) next() *stats.Snapshot {
	snap := s.snapshot()
	s.took = s.doctor.Observe(snap)
	return snap
}

// snapshot ends the second.
func (s *synth) snapshot() *stats.Snapshot {
	snap := s.now
	snap.IntervalSeconds = stats.Some(1.0)
	snap.Commands = nil
	var calls int64
	for name, row := range s.rows {
		calls += row.Calls - s.was[name].Calls
	}
	for name, row := range s.rows {
		snap.Commands = append(snap.Commands, interval(*row, s.was[name], calls))
		s.was[name] = *row
		row.RecentMaxUsec = stats.Maybe[float64]{}
	}
	slices.SortFunc(snap.Commands, func(a, b stats.CommandRow) int { return int(b.Calls - a.Calls) })
	snap.Throughput.CommandsPerSecond = stats.Some(float64(calls))
	snap.Throughput.TotalCommands = stats.Some(s.total)
	snap.Errors = nil
	for code, n := range s.errs {
		snap.Errors = append(snap.Errors, stats.ErrorRow{Code: code, Count: n})
	}
	slices.SortFunc(snap.Errors, func(a, b stats.ErrorRow) int { return int(b.Count - a.Count) })
	s.now.Time = s.now.Time.Add(time.Second)
	if up, ok := s.now.Server.UptimeSeconds.Get(); ok {
		s.now.Server.UptimeSeconds = stats.Some(up + 1)
	}
	return &snap
}

func interval(row, was stats.CommandRow, all int64) stats.CommandRow {
	calls, usec := row.Calls-was.Calls, row.TotalUsec-was.TotalUsec
	row.CallsPerSecond = stats.Some(float64(calls))
	if all > 0 {
		row.Share = stats.Some(float64(calls) / float64(all))
	}
	if calls > 0 {
		row.UsecPerCall = stats.Some(float64(usec) / float64(calls))
	}
	row.TimeShare = stats.Some(float64(usec) / 1e6)
	row.FailedPerSecond = stats.Some(float64(row.FailedCalls.Or(0) - was.FailedCalls.Or(0)))
	row.RejectedPerSecond = stats.Some(float64(row.RejectedCalls.Or(0) - was.RejectedCalls.Or(0)))
	return row
}

// run lets n seconds pass, in each of which what happens.
func (s *synth) run(n int, what func(second int)) *synth {
	for i := range n {
		if what != nil {
			what(i)
		}
		s.next()
	}
	return s
}

// only wants exactly one finding that stands, of that rule and severity, and returns it.
func (s *synth) only(t *testing.T, rule string, severity stats.Severity) stats.Finding {
	t.Helper()
	var standing []stats.Finding
	for _, f := range s.took {
		if f.Resolved == nil {
			standing = append(standing, f)
		}
	}
	if len(standing) != 1 || standing[0].Rule != rule || standing[0].Severity != severity {
		t.Fatalf("found %s, want one %s of %s", titles(standing), severity, rule)
	}
	return standing[0]
}

// none wants no finding at all.
func (s *synth) none(t *testing.T) {
	t.Helper()
	if len(s.took) > 0 {
		t.Fatalf("found %s, want nothing", titles(s.took))
	}
}

func titles(list []stats.Finding) (all []string) {
	for _, f := range list {
		all = append(all, string(f.Severity)+" "+f.Rule+": "+f.Title)
	}
	return all
}

// wantPrintable wants every text of a finding safe to print.
func wantPrintable(t *testing.T, f stats.Finding) {
	t.Helper()
	texts := append([]string{f.Title, f.Impact}, append(f.Remedy, f.Unknown...)...)
	for _, e := range f.Evidence {
		texts = append(texts, e.What, e.Value, e.Source)
	}
	for _, c := range f.Culprits {
		texts = append(texts, whoText(c))
	}
	if redis.Printable(f.Subject) != f.Subject {
		t.Errorf("subject %q", f.Subject)
	}
	for _, text := range texts {
		if redis.Printable(text) != text {
			t.Errorf("not safe to print: %q", text)
		}
		if text == "" || strings.Contains(text, "%!") {
			t.Errorf("a text is broken: %q in %+v", text, f)
		}
	}
	if f.Title == "" || f.Impact == "" || len(f.Evidence) == 0 || len(f.Remedy) == 0 {
		t.Errorf("a part is missing: %+v", f)
	}
}

// wantUnknown wants exactly these.
func wantUnknown(t *testing.T, f stats.Finding, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, f.Unknown); d != "" {
		t.Errorf("what could not be known (-want +got):\n%s", d)
	}
}

// loggedLarge adds an entry to one of the other logs, of now.
func (s *synth) loggedLarge(kind stats.SlowKind, addr, name string, size int64, args ...string) *synth {
	s.logged(addr, name, 0, args...)
	e := &s.now.Slowlog[0]
	e.Kind, e.Usec, e.Bytes = kind, stats.Maybe[int64]{}, stats.Some(size)
	return s
}
