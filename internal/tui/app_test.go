package tui

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

// driver presses keys and reads the screen.
type driver struct {
	*testing.T
	m *app
}

// start gives a running screen with three Snapshots, two seconds apart.
func start(t *testing.T, width, height int, o Options) *driver {
	if o.Interval == 0 {
		o.Interval = 2 * time.Second
	}
	d := &driver{t, newApp(t.Context(), o)}
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	for i := range 3 {
		d.feed(busyCache(noon.Add(time.Duration(i-2)*2*time.Second), 0.8+float64(i)*0.1))
	}
	return d
}

// send gives the model a message and returns what its command brought, when that comes at once.
func (d *driver) send(msg tea.Msg) tea.Cmd {
	d.Helper()
	_, cmd := d.m.Update(msg)
	checkFrame(d.T, "screen", d.screen(), d.m.view.width, d.m.view.height)
	return cmd
}

func (d *driver) feed(s *stats.Snapshot) { d.send(snapshotMsg{s}) }

// codes of the keys that are not letters.
var codes = map[string]tea.Key{
	"esc": {Code: tea.KeyEscape}, "enter": {Code: tea.KeyEnter}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp},
	"down": {Code: tea.KeyDown}, "end": {Code: tea.KeyEnd}, "home": {Code: tea.KeyHome}, "pgdown": {Code: tea.KeyPgDown},
	"backspace": {Code: tea.KeyBackspace}, "space": {Code: tea.KeySpace, Text: " "}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
}

func (d *driver) press(keys ...string) (last tea.Cmd) {
	d.Helper()
	for _, k := range keys {
		key, ok := codes[k]
		if !ok {
			key = tea.Key{Code: []rune(k)[0], Text: k}
		}
		last = d.send(tea.KeyPressMsg(key))
	}
	return last
}

func (d *driver) screen() string { return d.m.view.render().encode(nil) }

func (d *driver) shows(parts ...string) {
	d.Helper()
	screen := d.screen()
	for _, p := range parts {
		if !strings.Contains(screen, p) {
			d.Errorf("%q is not on the screen:\n%s", p, screen)
		}
	}
}

func (d *driver) hides(parts ...string) {
	d.Helper()
	screen := d.screen()
	for _, p := range parts {
		if strings.Contains(screen, p) {
			d.Errorf("%q is on the screen:\n%s", p, screen)
		}
	}
}

func TestKeysOpenPanels(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.shows("▸Commands now")
	for i, p := range panels {
		d.press(string(rune('1' + i)))
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

func TestSortByAnyColumn(t *testing.T) {
	d := start(t, 200, 60, Options{})
	first := func() string {
		lines := strings.Split(d.screen(), "\n")
		for i, line := range lines {
			if strings.Contains(line, "Commands now") {
				return strings.Fields(lines[i+2])[0]
			}
		}
		return ""
	}
	if first() != "get" {
		t.Fatalf("not by calls at first but %q first", first())
	}
	seen := map[string]string{}
	for range len(nowColumns) {
		d.press(">")
		col := d.m.view.body(0).(rows).sortColumn(&d.m.view.panels[0].tables[0])
		seen[nowColumns[col].title] = first()
	}
	want := map[string]string{
		"command": "brpop", "calls/s": "get", "share": "get", "µs/call": "keys", "time": "keys", "p50": "keys", "p99": "keys",
		"fail/s": "hgetall", "rej/s": "get", "calls": "get",
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("first row by column:\n got %v\nwant %v", seen, want)
	}
	d.press("r")
	if first() != "eval" {
		t.Errorf("reversed calls/s has %q first, want eval with none", first())
	}
}

func TestFilter(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("/", "X", "A", "C")
	d.shows("/XAC▏", "xack", "1 of 12")
	d.hides("hgetall")
	d.press("backspace", "backspace", "q", "enter")
	d.shows("/Xq", "nothing matches")
	d.press("esc")
	d.shows("hgetall")
	d.press("/", "e", "esc")
	d.hides("/e")
	d.send(tea.PasteMsg{Content: "ignored while nobody types"})
	d.shows("hgetall")
	d.press("/")
	d.send(tea.PasteMsg{Content: "xre\x1b[2J"})
	d.shows("/xre[2J▏")
}

func TestSelectionSticksToItsRow(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("down", "down", "down")
	d.shows("▸ hgetall")
	d.press(">", ">", ">")
	d.shows("▸ hgetall")
	next := busyCache(noon.Add(2*time.Second), 1)
	slices.Reverse(next.Commands)
	d.feed(next)
	d.shows("▸ hgetall")

	gone := busyCache(noon.Add(4*time.Second), 1)
	gone.Commands = slices.DeleteFunc(gone.Commands, func(r stats.CommandRow) bool { return r.Name == "hgetall" })
	d.feed(gone)
	d.hides("▸ ")
	d.press("k")
	d.hides("Kill")
}

func TestScrollToTheEndAndBack(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.press("g", "g", "g", "g", "end")
	d.shows("▸ 10.0.1.14:40023")
	d.hides("10.0.1.11:40000")
	d.press("home")
	d.shows("▸ 10.0.1.11:40000")
	d.press("pgdown", "esc")
	d.shows("10.0.1.11:40000")
	d.hides("▸ ")
}

func TestDetailsAndCopy(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.press("3", "down", "enter")
	d.shows("Slow · 3s", "argument 1", "cron", "221ms")
	d.press("esc", "down", "down", "enter")
	d.shows(`"# \x1b[31mred`, "世界のキャッシュ一号機")
	if cmd := d.press("y"); cmd == nil {
		t.Fatal("y copies nothing")
	}
	d.press("esc")
	d.shows("copied")
}

func TestPauseAndTravel(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.shows("cmd/s   41.2k")
	d.press("space")
	d.shows("PAUSED")
	d.feed(busyCache(noon.Add(2*time.Second), 2))
	d.shows("PAUSED", "cmd/s   41.2k")
	d.press("space")
	d.hides("PAUSED")
	d.shows("cmd/s   82.5k")

	d.press("[", "[", "[")
	d.shows("◂ 6s ago", "cmd/s   33.0k", "then 33.0k", "max 82.5k")
	d.feed(busyCache(noon.Add(4*time.Second), 3))
	d.shows("◂ 8s ago", "cmd/s   33.0k", "max 124k")
	d.press("[")
	d.shows("oldest that is kept")
	d.press("]", "]", "]", "]")
	d.hides("ago  cost")
	d.shows("cmd/s   124k")
	d.press("[", "esc")
	d.shows("cmd/s   124k")
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

func TestKillAsksAndNames(t *testing.T) {
	type call struct {
		id   int64
		addr string
	}
	var calls []call
	result := error(nil)
	kill := func(ctx context.Context, id int64, addr string) error {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("no deadline")
		}
		calls = append(calls, call{id, addr})
		return result
	}
	d := start(t, 80, 24, Options{Kill: kill})
	d.press("2", "k")
	d.shows("select a connection first")
	d.press("down", "k")
	d.shows("this is a group")
	d.press("g", "g", "g", "g", "down", "down", "k")
	d.shows("Kill client id=1001 10.0.1.12:40001", `name=two\nlines\r\ttab  user=app?`, "[y/N]")
	d.press("n")
	d.shows("kept")
	if len(calls) != 0 {
		t.Fatalf("killed without a yes: %v", calls)
	}
	cmd := d.press("k", "y")
	d.shows("asking the server")
	d.press("y", "q")
	d.send(cmd())
	d.shows("killed client id=1001 10.0.1.12:40001")
	if !slices.Equal(calls, []call{{1001, "10.0.1.12:40001"}}) {
		t.Errorf("calls %v", calls)
	}
	result = errors.New("NOPERM no right to CLIENT KILL")
	d.send(d.press("k", "y")())
	d.shows("not killed: client id=1001 10.0.1.12:40001: NOPERM")
}

func TestReadOnlyOffersNoKill(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.press("2", "g", "g", "g", "g", "down")
	d.hides("k kill")
	d.press("k")
	d.shows("read-only")
	d.hides("Kill client")
	d.press("?")
	d.shows("not offered: read-only")
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
		if b.do == nil && b.label == "" || b.group == "" {
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

func TestMissingPartsNameTheirRemedy(t *testing.T) {
	d := start(t, 200, 60, Options{})
	d.feed(refusingSnapshot())
	for _, want := range []string{
		"! INFO commandstats: NOPERM", "→ ACL SETUSER app +info|commandstats", "! CLIENT LIST: NOPERM", "→ ACL SETUSER app +client|list",
		"! SLOWLOG GET: NOPERM", "! MEMORY STATS: NOPERM",
	} {
		d.shows(want)
	}
	d.press("?")
	d.shows("latency: NOPERM", "+latency|histogram")
}

func TestLinkTroubleIsLoud(t *testing.T) {
	d := start(t, 120, 40, Options{})
	d.hides("STALLED")
	s := downSnapshot()
	s.Time = noon.Add(14 * time.Second)
	s.Link.Since = noon.Add(2 * time.Second)
	d.feed(s)
	d.shows("STALLED 12s · figures 14s old · no reply to INFO")
	d.send(tickMsg(noon.Add(20 * time.Second)))
	d.shows("STALLED 18s · figures 20s old")

	retry := noon.Add(23 * time.Second)
	s = downSnapshot()
	s.Time = noon.Add(20 * time.Second)
	s.Link = stats.Link{State: stats.Down, Message: "connection refused", NextTry: &retry}
	d.feed(s)
	d.shows("DOWN, retry in 3s · figures 20s old · connection refused")

	s = busyCache(noon.Add(22*time.Second), 1)
	s.Link = stats.Link{State: stats.Loading}
	s.Persistence.Loading, s.Persistence.LoadedShare = true, some(.43)
	d.feed(s)
	d.shows("LOADING 43 %")

	s = downSnapshot()
	s.Time = noon.Add(24 * time.Second)
	s.Link = stats.Link{State: stats.Denied, Message: "WRONGPASS", Hint: "check --user and the password"}
	d.feed(s)
	d.shows("DENIED", "check --user and the password")

	d.feed(busyCache(noon.Add(26*time.Second), 1))
	d.hides("DENIED", "figures")
}

func TestStaleFiguresAreDimmed(t *testing.T) {
	v := newView(120, 40)
	v.snap, v.now = downSnapshot(), noon
	s := v.render()
	for y := 2; y < s.height; y++ {
		for x := range s.width {
			if c := s.cells[y*s.width+x]; c.text != "" && c.style != styleDim {
				t.Fatalf("cell %d,%d %q of old figures has style %d", x, y, c.text, c.style)
			}
		}
	}
}

func TestPacingNote(t *testing.T) {
	d := start(t, 80, 24, Options{})
	s := busyCache(noon.Add(2*time.Second), 1)
	s.Observer.PausedReason = "CLIENT LIST every 12 s: it costs 11 ms"
	s.Observer.ClientsKnown, s.Observer.ClientsExpected = 4000, 10_000
	d.feed(s)
	d.shows("! CLIENT LIST every 12 s: it costs 11 ms")
	d.press("2")
	d.shows("seen 4,000 of 10,000")
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
	d.send(at("3 Slow"))
	d.shows("▸3 Slow")

	d = start(t, 80, 24, Options{})
	d.send(at("3 Slow"))
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

func TestThemes(t *testing.T) {
	d := start(t, 80, 24, Options{Theme: "auto"})
	d.send(tea.BackgroundColorMsg{Color: hex("#ffffff")})
	if d.m.theme.name != "light" {
		t.Errorf("on a light terminal the theme is %s", d.m.theme.name)
	}
	d.send(tea.EnvMsg{"NO_COLOR=1"})
	if d.m.theme.name != "none" {
		t.Errorf("with NO_COLOR the theme is %s", d.m.theme.name)
	}
	if frame := d.m.View().Content; strings.Contains(frame, "38;") || strings.Contains(frame, "48;") {
		t.Error("colours in a frame without colours")
	}
	d.press("T")
	if d.m.theme.name != "dark" {
		t.Errorf("after none comes %s", d.m.theme.name)
	}
	for _, th := range themes {
		for g := range th.codes {
			for st, code := range th.codes[g] {
				if !strings.HasPrefix(code, "\x1b[0") {
					t.Errorf("%s: style %d does not begin with a reset: %q", th.name, st, code)
				}
			}
		}
	}
}

func TestNothingIsDrawnTwice(t *testing.T) {
	d := start(t, 80, 24, Options{})
	d.m.View()
	d.send(tickMsg(noon.Add(5 * time.Second)))
	if d.m.dirty {
		t.Error("a tick draws a live screen anew")
	}
	d.press("space")
	d.m.View()
	d.send(tickMsg(noon.Add(6 * time.Second)))
	if !d.m.dirty {
		t.Error("a tick does not move the clock of a paused screen")
	}
}

func TestTheEndOfTheObserver(t *testing.T) {
	ch := make(chan *stats.Snapshot, 1)
	d := start(t, 80, 24, Options{Snapshots: ch})
	ch <- busyCache(noon.Add(2*time.Second), 2)
	close(ch)
	d.send(d.m.next()())
	d.shows("82.5k")
	d.send(d.m.next()())
	d.shows("the observer has ended", "82.5k")
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
