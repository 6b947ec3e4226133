package tui

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"redistop/internal/stats"
)

// checkFrame holds every frame to its terminal: no line too wide by either way that terminals
// measure, not too many lines, and nothing that a terminal would act on.
func checkFrame(t *testing.T, what, frame string, width, height int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) > height {
		t.Fatalf("%s at %dx%d: %d lines", what, width, height, len(lines))
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > width {
			t.Fatalf("%s at %dx%d: line %d is %d cells wide: %q", what, width, height, i, w, line)
		}
		if w := ansi.StringWidthWc(line); w > width {
			t.Fatalf("%s at %dx%d: line %d is %d cells wide by code point: %q", what, width, height, i, w, line)
		}
		checkPlain(t, what, ansi.Strip(line))
	}
}

func checkPlain(t *testing.T, what, line string) {
	t.Helper()
	if !utf8.ValidString(line) {
		t.Fatalf("%s: not UTF-8: %q", what, line)
	}
	for _, r := range line {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u200d' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			t.Fatalf("%s: control character %q in %q", what, r, line)
		}
	}
}

// everyScreen calls f with the views of all panels and modes, and of all that can lie over them.
func everyScreen(width, height int, f func(name string, v *view)) {
	hist := busyHistory(noon)
	fresh := func() *view {
		v := newView(width, height)
		v.hist, v.snap, v.now, v.keys, v.canKill = hist, hist.Latest(), noon, true, true
		return v
	}
	for p := range panels {
		for m := range panels[p].modes {
			for _, full := range []bool{false, true} {
				v := fresh()
				v.setFocus(p)
				v.panels[p].mode, v.full = m, full
				f(panels[p].id, v)
			}
		}
	}
	for name, change := range map[string]func(v *view){
		"nothing":   func(v *view) { v.snap, v.hist = newView(0, 0).snap, nil },
		"pipe":      func(v *view) { v.keys = false },
		"help":      func(v *view) { v.overlay.kind = overlayHelp; v.overlay.scroll = 7 },
		"details":   func(v *view) { v.overlay = overlay{kind: overlayDetails, title: hostile[0], fields: hostileFields()} },
		"dialog":    func(v *view) { v.dialog = &killDialog{target: rowTarget{1, hostile[0], hostile[1], hostile[3]}} },
		"filter":    func(v *view) { v.typing, v.panels[0].filter = true, "世界世界世界世界" },
		"stale":     func(v *view) { v.snap = downSnapshot() },
		"missing":   func(v *view) { v.snap = refusingSnapshot() },
		"back":      func(v *view) { v.pinned, v.back, v.snap = true, true, hist.At(3) },
		"selection": func(v *view) { v.panels[0].tables[0].selected, v.panels[0].tables[0].id = true, rowID{s: "keys"} },
	} {
		v := fresh()
		change(v)
		f(name, v)
	}
	everySampledScreen(width, height, f)
	everyFinding(width, height, f)
}

// everyFinding calls f with what shows findings.
func everyFinding(width, height int, f func(name string, v *view)) {
	findings := panelIndex(findingsPanel.id)
	for name, change := range map[string]func(m *app){
		"sick-screen":  func(*app) {},
		"sick-pipe":    func(m *app) { m.view.keys = false },
		"sick-panel":   func(m *app) { m.view.setFocus(findings) },
		"sick-page":    func(m *app) { m.view.setFocus(findings); m.open() },
		"sick-hostile": func(m *app) { m.view.setFocus(findings); m.selectRow(findings, 2); m.open() },
		"sick-over":    func(m *app) { m.view.setFocus(findings); m.selectRow(findings, 3); m.open() },
		"sick-scroll":  func(m *app) { m.view.setFocus(findings); m.open(); m.view.overlay.scroll = 1 << 30 },
	} {
		m := newApp(context.Background(), Options{})
		for i := range 3 {
			m.take(sickCache(noon.Add(time.Duration(i-2) * 2 * time.Second)))
		}
		m.view.width, m.view.height = 200, 60
		m.view.render()
		change(m)
		m.view.width, m.view.height = width, height
		f(name, m.view)
	}
}

// everySampledScreen calls f with what shows the samples of the command stream.
func everySampledScreen(width, height int, f func(name string, v *view)) {
	clients, keys, live := panelIndex("clients"), panelIndex("keys"), panelIndex("live")
	for name, change := range map[string]func(m *app){
		"sampled-clients":     func(m *app) { m.view.setFocus(clients) },
		"sampled-names":       func(m *app) { m.view.setFocus(clients); m.view.panels[clients].mode = 1 },
		"sampled-connections": func(m *app) { m.view.setFocus(clients); m.view.panels[clients].mode = connectionsMode },
		"sampled-keys":        func(m *app) { m.view.setFocus(keys) },
		"sampled-hot-keys":    func(m *app) { m.view.setFocus(keys); m.view.panels[keys].mode = 1 },
		"sampled-live":        func(m *app) { m.view.setFocus(live) },
		"sampled-values":      func(m *app) { m.view.setFocus(live); m.view.live.values = true },
		"sampled-full":        func(m *app) { m.view.setFocus(live); m.view.full = true },
		"sampled-watch":       func(m *app) { m.toggleWatch() },
		"sampled-monitor":     func(m *app) { m.view.watch = watch{asked: noon, until: noon.Add(6500 * time.Millisecond)} },
		"sampled-paused":      func(m *app) { m.view.setFocus(keys); m.view.snap = pausedSnapshot() },
		"sampled-client":      func(m *app) { m.view.setFocus(clients); m.open() },
		"sampled-command":     func(m *app) { m.open() },
		"sampled-pattern":     func(m *app) { m.view.setFocus(keys); m.open(); m.move(0); m.open() },
		"sampled-odd": func(m *app) {
			m.view.setFocus(clients)
			m.selectRow(clients, 3)
			m.open()
			m.view.focus = panelIndex(drillKeys)
			m.selectRow(m.view.focus, 7)
			m.open()
		},
		"sampled-stale": func(m *app) { m.open(); m.view.snap = downSnapshot() },
	} {
		m := newApp(context.Background(), Options{Watch: func(time.Duration) {}, SetSampling: func(bool) {}, Live: busyFeed()})
		m.view.width, m.view.height = 200, 60
		for i := range 3 {
			m.take(sampledCache(noon.Add(time.Duration(i-2)*2*time.Second), 0.9+float64(i)*0.05))
		}
		m.view.setFocus(live)
		m.view.render()
		m.pull()
		m.view.setFocus(0)
		change(m)
		m.view.width, m.view.height = width, height
		f(name, m.view)
	}
}

// pausedSnapshot is of a server that has no room for windows.
func pausedSnapshot() *stats.Snapshot {
	s := busyCache(noon, 1)
	s.Observer.Mode, s.Observer.SamplingPaused = "sample", "used memory is within 10 % of maxmemory"
	return s
}

func hostileFields() []field {
	var fields []field
	for _, h := range hostile {
		fields = append(fields, field{safe(h, 100), safe(strings.Repeat(h, 50), 2000)})
	}
	return fields
}

func downSnapshot() *stats.Snapshot {
	s := *busyCache(noon, 1)
	s.Stale = true
	s.Link = stats.Link{State: stats.Stalled, Since: noon.Add(-12e9), Message: "no reply to INFO", Hint: hostile[3]}
	s.Throughput, s.CPU = stats.Throughput{}, stats.CPU{}
	return &s
}

func refusingSnapshot() *stats.Snapshot {
	s := *busyCache(noon, 1)
	for part, command := range map[string]string{"commands": "INFO commandstats", "clients": "CLIENT LIST", "slow": "SLOWLOG GET", "memory": "MEMORY STATS", "latency": "LATENCY HISTOGRAM"} {
		s.Missing = append(s.Missing, stats.Missing{Part: part, Command: command, Reason: "NOPERM this user has no permissions", Remedy: "ACL SETUSER app +" + strings.ToLower(strings.ReplaceAll(command, " ", "|"))})
	}
	s.Commands, s.Clients, s.Connections, s.Slowlog = nil, nil, nil, nil
	return &s
}

func TestFrameNeverLeavesTheTerminal(t *testing.T) {
	widths := []int{1, 2, 3, 5, 9, 10, 19, 20, 21, 33, 39, 40, 49, 50, 64, 79, 80, 81, 100, 110, 120, 139, 140, 170, 180, 200, 220}
	heights := []int{1, 2, 3, 4, 5, 6, 8, 11, 13, 14, 21, 22, 24, 30, 34, 40, 46, 60, 70}
	turn := 0
	everyScreen(0, 0, func(name string, v *view) {
		turn++
		every := 5
		if strings.HasPrefix(name, "sampled-") {
			every = 13
		}
		for i, w := range widths {
			for j, h := range heights {
				// Every screen at a part of the sizes, each time at another part; the small ones are cheap.
				if (i+3*j+turn)%every != 0 && w*h > 200 {
					continue
				}
				v.width, v.height = w, h
				frame := v.render()
				checkFrame(t, name, frame.encode(nil), w, h)
				checkFrame(t, name+" in colour", frame.encode(themes["dark"]), w, h)
			}
		}
	})
}

func TestFrameIsPlainText(t *testing.T) {
	hist := busyHistory(noon)
	frame := Frame(hist.Latest(), hist, 120, 40)
	if strings.ContainsRune(frame, '\x1b') {
		t.Error("a frame for a pipe has escape codes")
	}
	for _, line := range strings.Split(frame, "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line ends with blanks: %q", line)
		}
	}
	for _, key := range []string{"q quit", "? help", "zoom"} {
		if strings.Contains(frame, key) {
			t.Errorf("a pipe is offered a key: %q", key)
		}
	}
	if got := Frame(hist.Latest(), nil, 80, 24); !strings.Contains(got, "cost 0.03 %") {
		t.Errorf("no frame without a history:\n%s", got)
	}
}

// The busiest rows must be there on any terminal that has room for a row at all: a tool that shows
// the end of a table hides what it is run for.
func TestTopOfTableIsAlwaysShown(t *testing.T) {
	for _, size := range [][2]int{{20, 5}, {30, 6}, {40, 10}, {50, 14}, {80, 22}, {80, 24}, {120, 40}, {200, 60}} {
		snap := busyCache(noon, 1)
		if frame := Frame(snap, nil, size[0], size[1]); !strings.Contains(frame, "get") {
			t.Errorf("%v: the busiest command is not on the screen:\n%s", size, frame)
		}
		v := newView(size[0], size[1])
		v.snap, v.now, v.keys = snap, noon, true
		v.setFocus(panelIndex("clients"))
		if frame := v.render().encode(nil); !strings.Contains(frame, "10.0.1.11") {
			t.Errorf("%v: the busiest client is not on the screen:\n%s", size, frame)
		}
	}
}

func TestTinyTerminalsSayTheRate(t *testing.T) {
	got := Frame(busyCache(noon, 1), nil, 40, 3)
	if want := "redistop: 41.2k cmd/s · cpu 52 % · mem …"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownIsNeverZero(t *testing.T) {
	snap := &stats.Snapshot{Time: noon, Link: stats.Link{State: stats.Up}}
	snap.Server = stats.Server{Addr: "old:6379", Flavor: "redis", Version: "5.0.14", Role: "primary"}
	snap.Commands = []stats.CommandRow{{Name: "get", Calls: 5}}
	snap.Clients = []stats.ClientGroup{{Key: "10.0.0.1", Connections: 2}}
	v := newView(200, 60)
	v.snap, v.now = snap, noon
	frame := v.render().encode(nil)
	for _, want := range []string{"cmd/s   –", "err/s   –", "blocked –", "cost –", "cmd/s needs samples"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q in\n%s", want, frame)
		}
	}
	line := lineWith(frame, "10.0.0.1")
	if strings.Count(line, "–") < 4 {
		t.Errorf("rates that nobody counts are not shown as unknown: %q", line)
	}
}

func lineWith(frame, part string) string {
	for _, line := range strings.Split(frame, "\n") {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}
