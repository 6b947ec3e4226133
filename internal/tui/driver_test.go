package tui

import (
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
	"left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
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

func pasteOf(text string) tea.Msg { return tea.PasteMsg{Content: text} }
