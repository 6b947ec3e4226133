package stats

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// table is a Snapshot with this many connections, busiest first.
func table(at time.Duration, connections int) *Snapshot {
	s := &Snapshot{Time: t0.Add(at)}
	for i := range connections {
		s.Connections = append(s.Connections, ConnectionRow{ID: int64(i)})
	}
	s.Commands = []CommandRow{{Name: "get"}, {Name: "set"}}
	s.Throughput.CommandsPerSecond = Some(at.Seconds())
	return s
}

func TestHistoryKeepsWhatFits(t *testing.T) {
	h := NewHistory(time.Minute, 1000)
	if h.Latest() != nil || h.Len() != 0 || h.Before(t0) != -1 {
		t.Error("an empty history holds something")
	}
	for i := range 10 {
		h.Add(table(time.Duration(i)*time.Second, 80))
	}
	if h.Len() != 10 || h.Latest() != h.At(9) || !h.At(0).Time.Equal(t0) {
		t.Fatalf("%d Snapshots from %v, want all 10", h.Len(), h.At(0).Time)
	}
	for i := range h.Len() {
		if n := len(h.At(i).Connections); n != 80 {
			t.Errorf("Snapshot %d has %d connections, want all 80 while there is room", i, n)
		}
	}
	for at, want := range map[time.Duration]int{-time.Second: -1, 0: 0, 3500 * time.Millisecond: 3, 9 * time.Second: 9, time.Hour: 9} {
		if got := h.Before(t0.Add(at)); got != want {
			t.Errorf("Before(%v) = %d, want %d", at, got, want)
		}
	}
}

func TestHistoryThinsOldSnapshots(t *testing.T) {
	h := NewHistory(time.Hour, 5000)
	var given []*Snapshot
	for i := range 40 {
		s := table(time.Duration(i)*time.Second, 1000)
		given = append(given, s)
		h.Add(s)
	}
	if h.Len() != 40 {
		t.Errorf("%d Snapshots, want all 40: thinned ones fit", h.Len())
	}
	if got := len(h.Latest().Connections); got != 1000 {
		t.Errorf("the newest has %d connections, want all", got)
	}
	old := h.At(0)
	if len(old.Connections) != thinRows || old.ConnectionsOmitted != 950 || len(old.Commands) != 2 {
		t.Errorf("the oldest has %d connections, %d omitted, %d commands; want 50, 950, 2",
			len(old.Connections), old.ConnectionsOmitted, len(old.Commands))
	}
	if old.Connections[0].ID != 0 || old.Connections[49].ID != 49 {
		t.Error("the busiest connections are not those that stay")
	}
	if len(given[0].Connections) != 1000 || given[0].ConnectionsOmitted != 0 {
		t.Error("thinning changed a Snapshot that others may read")
	}
	if got := rowsIn(h); got > 5000 {
		t.Errorf("%d rows are kept, want 5000 at most", got)
	}
}

// rowsIn counts the rows that a history really holds.
func rowsIn(h *History) int {
	rows := 0
	for i := range h.Len() {
		s := h.At(i)
		rows += len(s.Commands) + len(s.Slowlog)
		for _, groups := range [][]ClientGroup{s.Clients, s.ClientsByName, s.ClientsByUser, s.ClientsByLibrary} {
			rows += len(groups)
		}
		if i == 0 || len(s.Connections) == 0 || len(h.At(i-1).Connections) == 0 || &s.Connections[0] != &h.At(i - 1).Connections[0] {
			rows += len(s.Connections)
		}
	}
	return rows
}

func TestHistoryDropsTheOldestWhenThinIsNotEnough(t *testing.T) {
	h := NewHistory(time.Hour, 1000)
	for i := range 100 {
		h.Add(table(time.Duration(i)*time.Second, 200))
	}
	if got := rowsIn(h); got > 1000 {
		t.Errorf("%d rows are kept, want 1000 at most", got)
	}
	// 202 rows whole and 52 thinned: one whole and 15 thinned fit.
	if h.Len() != 16 || !h.Latest().Time.Equal(t0.Add(99*time.Second)) {
		t.Errorf("%d Snapshots, want the last 16", h.Len())
	}
	h.Add(table(100*time.Second, 5000))
	if h.Len() != 1 || len(h.Latest().Connections) != 5000 {
		t.Errorf("%d Snapshots, want only the newest, whole though it is over the budget alone", h.Len())
	}
}

// 10,000 connections watched for 15 minutes.
func TestHistoryMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h := NewHistory(15*time.Minute, 100_000)
	for i := range 90 {
		h.Add(table(time.Duration(10*i)*time.Second, 10_000))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if h.Len() != 90 {
		t.Errorf("%d Snapshots, want one for each interval", h.Len())
	}
	const limit = 48 << 20
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > limit {
		t.Errorf("a history takes %d MB, want %d at most", grown>>20, limit>>20)
	}
	runtime.KeepAlive(h)
}

// Between two passes Snapshots share their connections: they cost once.
func TestHistoryCountsSharedRowsOnce(t *testing.T) {
	h := NewHistory(time.Hour, 3000)
	first := table(0, 2000)
	h.Add(first)
	for i := range 20 {
		s := *first
		s.Time = t0.Add(time.Duration(i+1) * time.Second)
		h.Add(&s)
	}
	if got := h.At(0).ConnectionsOmitted; h.Len() != 21 || got != 0 {
		t.Errorf("%d Snapshots, %d connections omitted; want 21 whole ones", h.Len(), got)
	}
}

func TestHistorySpan(t *testing.T) {
	for _, c := range []struct {
		name  string
		span  time.Duration
		times []time.Duration
		want  int
	}{
		{"all within", 10 * time.Second, []time.Duration{0, 5 * time.Second, 9 * time.Second}, 3},
		{"the oldest is not needed to cover the span", 10 * time.Second, []time.Duration{0, 5 * time.Second, 15 * time.Second}, 2},
		{"the span is covered only with the oldest", 10 * time.Second, []time.Duration{0, 5 * time.Second, 14 * time.Second}, 3},
		{"a night's sleep", 10 * time.Minute, []time.Duration{0, time.Second, 8 * time.Hour, 8*time.Hour + time.Second}, 4},
		{"the clock was set back", 10 * time.Second, []time.Duration{0, 5 * time.Second, -time.Hour, -time.Hour + time.Second}, 4},
	} {
		h := NewHistory(c.span, 1000)
		for _, at := range c.times {
			h.Add(table(at, 0))
		}
		if h.Len() != c.want {
			t.Errorf("%s: %d Snapshots, want %d", c.name, h.Len(), c.want)
		}
	}
}

func TestPointsCoverFifteenMinutes(t *testing.T) {
	for _, interval := range []time.Duration{500 * time.Millisecond, 2 * time.Second, time.Minute} {
		h := NewHistory(time.Minute, 10)
		for at := time.Duration(0); at <= time.Hour; at += interval {
			h.Add(table(at, 0))
		}
		points := h.Points()
		covered := points[len(points)-1].Time.Sub(points[0].Time)
		if covered < 15*time.Minute || covered > 15*time.Minute+2*interval {
			t.Errorf("every %v: points cover %v, want 15 minutes", interval, covered)
		}
	}
}

func TestPointsHaveGaps(t *testing.T) {
	h := NewHistory(time.Minute, 1000)
	for _, s := range observe(Options{},
		reading(0, "total_commands_processed:0", "used_memory:1000"),
		reading(2*time.Second, "total_commands_processed:100", "used_memory:2000"),
		down(4*time.Second),
		reading(6*time.Second, "total_commands_processed:500", "used_memory:3000")) {
		h.Add(s)
	}
	var commands, memory []string
	show := func(m Maybe[float64]) string {
		v, ok := m.Get()
		if !ok {
			return "gap"
		}
		return fmt.Sprint(v)
	}
	for _, p := range h.Points() {
		commands = append(commands, show(p.Values[SeriesCommands]))
		memory = append(memory, show(p.Values[SeriesMemory]))
	}
	if diff := cmp.Diff([]string{"gap", "50", "gap", "100"}, commands); diff != "" {
		t.Errorf("commands/s: %s", diff)
	}
	if diff := cmp.Diff([]string{"1000", "2000", "gap", "3000"}, memory); diff != "" {
		t.Errorf("memory: %s", diff)
	}
}

// Every series has a name of its own and shows the figure it is named after.
func TestSeries(t *testing.T) {
	s := &Snapshot{}
	s.Throughput = Throughput{
		CommandsPerSecond: Some(1.0), InputBytesPerSecond: Some(2.0), OutputBytesPerSecond: Some(3.0), HitRatio: Some(8.0),
		EvictedPerSecond: Some(9.0), ExpiredPerSecond: Some(10.0), P99Usec: Some(13.0), ErrorsPerSecond: Some(14.0),
	}
	s.Memory.Used, s.Memory.RSS = Some(int64(4)), Some(int64(5))
	s.Connected.Clients, s.Connected.Blocked = Some(int64(6)), Some(int64(7))
	s.CPU.Total, s.CPU.MainThread = Some(11.0), Some(12.0)
	wanted := []string{"commands", "input", "output", "memory", "rss", "clients", "blocked", "hit-ratio", "evicted", "expired",
		"cpu", "main-thread", "p99", "errors"}
	for i, def := range Series() {
		if def.Name != wanted[i] || def.Title == "" || def.Unit == "" {
			t.Errorf("series %d is %+v, want %q with title and unit", i, def, wanted[i])
		}
		want(t, def.Name, def.Value(s), float64(i+1))
	}
}
