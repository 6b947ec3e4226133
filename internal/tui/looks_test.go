package tui

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"redistop/internal/stats"
)

func TestBarsNameOnlyWhatIsSeen(t *testing.T) {
	for share, want := range map[float64]string{
		-1: "", 0: "", math.NaN(): "", .01: "", .06: "", .07: "╸", .5: "━━", .62: "━━╸", 1: "━━━━", 7: "━━━━",
	} {
		s := newSurface(8, 1)
		drawBar(s.area(), 0, 0, 4, share, styleBar)
		if got := s.encode(nil); got != want {
			t.Errorf("a share of %v is %q, want %q", share, got, want)
		}
	}
}

func TestSparklines(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		name   string
		values []float64
		base   float64
		want   string
	}{
		{"nothing happens", []float64{0, 0, 0, 0}, 0, ""},
		{"nobody knows", []float64{none, none}, 0, ""},
		{"never changes", []float64{7, 7, 7, 7}, 0, "⣀⣀"},
		{"a rate from 0", []float64{0, 2, 4, none}, 0, "⢠⡆"},
		{"a level from its least", []float64{100, 110, 120, 120}, 100, "⣠⣶"},
	} {
		s := newSurface(2, 1)
		sparkline(s.area(), c.values, c.base, styleGraph)
		if got := s.encode(nil); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What one column of text does not want goes to the others.
func TestColumnsGrowByTheirTexts(t *testing.T) {
	cols := []column[int]{{title: "a", width: 5, grow: 3, limit: 50, left: true}, {title: "b", width: 5, grow: 1, limit: 50, left: true}}
	for _, c := range []struct{ width, a, b, wantA, wantB int }{
		{40, 50, 50, 26, 12}, {40, 6, 30, 6, 30}, {40, 6, 50, 6, 32}, {40, 0, 0, 5, 5}, {12, 50, 50, 5, 5},
	} {
		got := fit(newView(0, 0), cols, c.width, func(col int) int { return []int{c.a, c.b}[col] })
		if got[0].w != c.wantA || got[1].w != c.wantB {
			t.Errorf("%+v: widths %d and %d", c, got[0].w, got[1].w)
		}
	}
}

func TestHelpColumnsNeverEndWithATitle(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.press("?")
	d.hides("help  f full")
	d.shows("Esc close  ↑ ↓ scroll")
	lines := helpLines(d.m.view)
	alignKeys(lines)
	for height := 3; height < len(lines); height++ {
		for _, scroll := range []int{0, 5, 1 << 20} {
			o := overlay{scroll: scroll}
			flow, more := o.flow(lines, 2, height)
			for _, column := range flow[:1] {
				if column[len(column)-1].head || column[0].empty() {
					t.Fatalf("height %d from %d: a column begins with %+v and ends with %+v", height, scroll, column[0], column[len(column)-1])
				}
			}
			if scroll > len(lines) && more {
				t.Errorf("height %d: the end is not reached", height)
			}
		}
	}
}

func TestHelpCountsOneCall(t *testing.T) {
	o := &stats.Observer{Receipt: []stats.ReceiptRow{{Command: "latency|histogram", Calls: 1, Usec: 3}}}
	if text := fmt.Sprint(receiptLines(o)); !strings.Contains(text, "1 call,") {
		t.Errorf("no 1 call in %s", text)
	}
}

// The dearest command is found however rare it is: by name above the table, and in its own row.
func TestRareAndDearCommandsStandOut(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.shows("keys 11 % of time !")
	if line := lineWith(d.screen(), "keys       "); !strings.Contains(line, "220ms!!") {
		t.Errorf("the time of a call is not marked: %q", line)
	}
	s := busyCache(noon.Add(2e9), 1)
	s.Commands[10].TimeShare = some(.06)
	d.feed(s)
	d.shows("keys 6.0 % of time (")
	s = busyCache(noon.Add(4e9), 1)
	s.Commands[10].TimeShare = some(.03)
	d.feed(s)
	d.hides("of time")
}

func TestSlowNamesTheKindOfASize(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("5")
	d.shows("took/size", "large-reply")
	s := busyCache(noon.Add(2e9), 1)
	s.Slowlog = append(s.Slowlog[:1:1], s.Slowlog[2:]...)
	d.feed(s)
	d.hides("took/size", "large-reply")
	d.shows("took")
}

func TestTitleSaysWhenAllIsSeen(t *testing.T) {
	d := startSampled(t, 120, 40, Options{})
	d.shows("seen 1.0 %")
	s := sampledCache(noon.Add(2e9), 1)
	s.Sampled.Complete, s.Observer.MonitorDuty = true, some(.83)
	d.feed(s)
	d.shows("seen all")
	d.hides("83 %")
}

func TestFactsDoNotRepeatThemselves(t *testing.T) {
	d := start(t, 240, 60, Options{})
	d.shows("main 47 %", "main    47 %", "short-lived 26 (4,810 so far)", "changes")
	s := busyCache(noon.Add(2e9), 1)
	s.CPU.MainThread, s.Server.PID = s.CPU.Total, 4_194_303
	d.feed(s)
	d.hides("main 5", "main    ")
	d.shows("in cmds 31 %", "pid       4194303")
}

// Bands that need few lines leave them to those that need more.
func TestSpareLinesGoWhereTheyAreNeeded(t *testing.T) {
	v := newView(200, 60)
	v.snap, v.now, v.keys = busyCache(noon, 1), noon, true
	for i := range 14 {
		v.snap.Commands = append(v.snap.Commands, stats.CommandRow{Name: fmt.Sprintf("rare-%d", i)})
	}
	frame := v.render().encode(nil)
	for _, want := range []string{"rare-13", "10.0.1.11", "unix socket"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %s in\n%s", want, frame)
		}
	}
}
