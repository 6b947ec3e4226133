package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

func TestKeysOpenPanels(t *testing.T) {
	d := start(t, 80, 24, Options{Live: &feed{}})
	d.shows("▸Commands now")
	for i, p := range mainPanels {
		d.press(panelKey(i))
		d.shows("▸" + p.title)
	}
	d.press("1", "tab")
	d.shows("▸Clients by ip")
	d.press("f")
	d.hides("net out", "max")
	d.press("esc")
	d.shows("net out")
}

func TestModesCycle(t *testing.T) {
	d := start(t, 80, 24, Options{})
	for _, want := range []string{"by name", "by user", "by library", "connections", "by ip"} {
		d.press("g")
		d.shows("▸Clients " + want)
	}
	d.press("t")
	d.shows("▸Commands since start", "27.9G")
	d.press("t")
	d.shows("▸Commands now")
}

func TestGraphSeriesAndZoom(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.shows(" commands/s  now 41.2k  max 41.2k")
	d.press("n")
	d.shows(" network in  now 12.4MiB/s")
	d.press("N", "x")
	d.shows("last 5m00s", "-2m")
	d.press("x")
	d.shows("last 15m00s")
}

func TestInterval(t *testing.T) {
	var got []time.Duration
	d := start(t, 80, 24, Options{SetInterval: func(i time.Duration) { got = append(got, i) }})
	d.press("+", "+", "-", "-", "-", "-", "-")
	want := []time.Duration{5 * time.Second, 10 * time.Second, 5 * time.Second, 2 * time.Second, time.Second, 500 * time.Millisecond}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	d.shows("every 500ms")
}

func TestSave(t *testing.T) {
	var saved *stats.Snapshot
	d := start(t, 80, 24, Options{Save: func(s *stats.Snapshot) (string, error) { saved = s; return "/tmp/a\x1b[2J.json", nil }})
	d.press("[")
	d.send(d.press("S")())
	d.shows(`saved to /tmp/a\x1b[2J.json`)
	if saved == nil || !saved.Time.Equal(noon.Add(-2*time.Second)) {
		t.Errorf("saved %v, not the Snapshot on the screen", saved)
	}
	d.m.Save = func(*stats.Snapshot) (string, error) { return "", errors.New("disk full") }
	d.send(d.press("w")())
	d.shows("not saved: disk full")
}

func TestHelpIsMadeOfTheKeyTable(t *testing.T) {
	d := start(t, 220, 60, Options{Kill: func(context.Context, int64, string) error { return nil }})
	d.press("?")
	for _, b := range keyTable {
		d.shows(b.help)
	}
	d.shows("client|list", "1,200 calls, 402ms", "our share by calls", "9,120 calls, 812ms")
	d.press("esc")
	d.shows("▸1 Commands")
}

func TestKeysAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, b := range keyTable {
		if b.do == nil || b.help == "" || b.group == "" {
			t.Errorf("%v does nothing", b.keys)
		}
		for _, k := range b.keys {
			if other, ok := seen[k]; ok {
				t.Errorf("key %q is both %q and %q", k, other, b.help)
			}
			seen[k] = b.help
		}
	}
}

func TestQuit(t *testing.T) {
	d := start(t, 80, 24, Options{})
	for _, keys := range [][]string{{"q"}, {"/", "ctrl+c"}, {"?", "ctrl+c"}} {
		cmd := d.press(keys...)
		if cmd == nil {
			t.Fatalf("%v does not quit", keys)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%v does not quit", keys)
		}
	}
}
func TestMouse(t *testing.T) {
	d := start(t, 200, 60, Options{})
	at := func(part string) tea.MouseClickMsg {
		t.Helper()
		for y, line := range strings.Split(d.screen(), "\n") {
			if i := strings.Index(line, part); i >= 0 {
				return tea.MouseClickMsg{X: textWidth(line[:i]) + 1, Y: y, Button: tea.MouseLeft}
			}
		}
		t.Fatalf("no %q on the screen", part)
		return tea.MouseClickMsg{}
	}
	d.send(at("10.0.2.20   "))
	d.shows("▸2 Clients", "▸ 10.0.2.20")
	d.send(at("µs/call"))
	d.shows("▸1 Commands", "µs/call▼")
	d.send(at("µs/call"))
	d.shows("µs/call▲")
	d.send(at("5 Slow"))
	d.shows("▸5 Slow")

	d = start(t, 80, 24, Options{})
	d.send(at("5 Slow"))
	d.shows("▸Slow")
	d.press("2", "g", "g", "g", "g")
	click := at("10.0.1.11:40000")
	d.send(tea.MouseWheelMsg{X: click.X, Y: click.Y, Button: tea.MouseWheelDown})
	d.hides("10.0.1.11:40000")
	d.send(tea.MouseWheelMsg{X: click.X, Y: click.Y, Button: tea.MouseWheelUp})
	d.shows("10.0.1.11:40000")

	for _, h := range d.m.view.hits {
		if h.kind == hitGraph {
			d.send(tea.MouseClickMsg{X: h.at.x + h.at.w - 2, Y: h.at.y + 1, Button: tea.MouseLeft})
		}
	}
	d.shows("◂ ")
}
