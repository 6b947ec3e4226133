package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

// watchTimes are how long every command can be seen, in seconds; the first digit chooses one.
var watchTimes = []int{5, 10, 30, 60}

// watchDialog asks before every command is seen, and names the price.
type watchDialog struct {
	chosen int // index into watchTimes
	price  string
}

func (d *watchDialog) lines(width int) []dialogLine {
	price := "Its price here has not been measured; it can halve the speed of a busy server."
	if d.price != "" {
		price = "Price measured so far: " + d.price + "."
	}
	lines := []dialogLine{{text: fmt.Sprintf("See every command for %d s?", watchTimes[d.chosen]), style: styleStrong}}
	for _, text := range wrapText(price, width) {
		lines = append(lines, dialogLine{text: text, style: styleWarn})
	}
	lines = append(lines,
		dialogLine{text: "A window costs at most its own length; the server ends it by itself."},
		dialogLine{})
	var choices strings.Builder
	for i, n := range watchTimes {
		text := fmt.Sprintf("  %d s  ", n)
		if i == d.chosen {
			text = fmt.Sprintf("▸[%d s] ", n)
		}
		choices.WriteString(text)
	}
	return append(lines,
		dialogLine{text: choices.String(), style: styleStrong},
		dialogLine{text: "← → or the first digit choose · Enter starts · Esc leaves", style: styleDim})
}

func (d *watchDialog) short() string {
	return fmt.Sprintf("See every command for %d s? Enter/Esc", watchTimes[d.chosen])
}

func (d *watchDialog) press(m *app, key string) tea.Cmd {
	switch key {
	case "left", "down", "shift+tab":
		d.chosen = max(d.chosen-1, 0)
	case "right", "up", "tab":
		d.chosen = min(d.chosen+1, len(watchTimes)-1)
	case "enter":
		m.view.dialog = nil
		return m.startWatch(time.Duration(watchTimes[d.chosen]) * time.Second)
	case "esc", "n", "q", "m":
		m.view.dialog = nil
	default:
		for i, n := range watchTimes {
			if key == fmt.Sprint(n)[:1] {
				d.chosen = i
			}
		}
	}
	return nil
}

// toggleWatch asks for how long every command shall be seen, or ends it early.
func (m *app) toggleWatch() tea.Cmd {
	v := m.view
	switch {
	case m.Watch == nil:
		return m.say(styleWarn, "MONITOR is not offered here")
	case v.monitorLeft() > 0:
		return m.endWatch()
	case v.latest().Time.IsZero():
		return m.say(styleWarn, "there is no server yet")
	}
	v.dialog = &watchDialog{chosen: 1, price: priceText(&v.latest().Observer)}
	return nil
}

func (m *app) startWatch(d time.Duration) tea.Cmd {
	v := m.view
	v.watch = watch{asked: v.now, until: v.now.Add(d)}
	m.Watch(d)
	return m.say(styleWarn, "every command is seen for "+durationText(d)+"; m or Esc ends it")
}

func (m *app) endWatch() tea.Cmd {
	m.view.watch = watch{asked: m.view.now}
	m.Watch(0)
	return m.say(styleDim, "MONITOR ended")
}

// toggleSampling switches the windows on or off.
func (m *app) toggleSampling() tea.Cmd {
	v := m.view
	if m.SetSampling == nil {
		return m.say(styleWarn, "sampling is not offered here")
	}
	v.sampling = !v.sampling
	m.SetSampling(v.sampling)
	if v.sampling {
		return m.say(styleDim, "sampling: short windows of MONITOR, within the budget")
	}
	return m.say(styleDim, "sampling is off: counters only")
}

// learnSampling notes from a Snapshot whether sampling is on. MONITOR for a while leaves it as it is.
func (v *view) learnSampling(s *stats.Snapshot) {
	switch stats.SamplingMode(s.Observer.Mode) {
	case stats.ModeSample:
		v.sampling = true
	case stats.ModePoll:
		v.sampling = false
	}
}
