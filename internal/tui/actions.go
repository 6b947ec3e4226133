package tui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

func (m *app) quit() tea.Cmd { return tea.Quit }

func (m *app) help() tea.Cmd {
	m.view.overlay = overlay{kind: overlayHelp}
	return nil
}

// escape takes one step back.
func (m *app) escape() tea.Cmd {
	v := m.view
	ps, ts := v.state(v.focus)
	switch {
	case v.drill == nil && v.monitorLeft() > 0:
		return m.endWatch()
	case ps.filter != "":
		m.setFilter(v.focus, "")
	case v.drill != nil:
		m.shallower()
	case ts.selected || ts.offset > 0:
		ts.selected, ts.offset = false, 0
	case v.full:
		v.full = false
	case v.pinned:
		m.live()
	}
	return nil
}

// turnPage handles the keys of a page over the panels; false: the key is not one of them and acts
// as ever, on a closed page.
func (m *app) turnPage(key string) bool {
	o := &m.view.overlay
	step := max(m.view.height-6, 1)
	switch key {
	case "up", "ctrl+p":
		o.scroll--
	case "down", "ctrl+n":
		o.scroll++
	case "pgup", "ctrl+b":
		o.scroll -= step
	case "pgdown", "ctrl+f", "space":
		o.scroll += step
	case "home":
		o.scroll = 0
	case "end":
		o.scroll = 1 << 30
	case "esc", "q", "enter", "?":
		*o = overlay{}
	case "y":
		return false
	default:
		*o = overlay{}
		return false
	}
	o.scroll = max(o.scroll, 0)
	return true
}

// openNumbered opens the panel that the pressed digit names; 0 is the tenth.
func (m *app) openNumbered() tea.Cmd { return m.openPanel((int(m.key[0]-'0') + 9) % 10) }

func (m *app) openPanel(i int) tea.Cmd {
	if i < len(mainPanels) && m.view.offers(i) {
		m.view.overlay = overlay{}
		if ps := &m.view.panels[i]; panels[i].opens != nil && !ps.chosen && m.view.focus != i {
			ps.mode = panels[i].opens(m.view)
		}
		m.view.setFocus(i)
	}
	return nil
}

// cycle goes to the next panel, on a drill page to the next list.
func (m *app) cycle(by int) tea.Cmd {
	v := m.view
	if v.drill != nil {
		lists := v.drill.lists()
		i := max(slices.Index(lists, v.focus), 0)
		v.focus = lists[(i+by+len(lists))%len(lists)]
		return nil
	}
	n := len(mainPanels)
	i := (v.focus + by + n) % n
	for !v.offers(i) {
		i = (i + by + n) % n
	}
	return m.openPanel(i)
}

func (m *app) toggleFull() tea.Cmd {
	m.view.full = !m.view.full
	return nil
}

func (m *app) nextTheme() tea.Cmd {
	m.plain = false
	i := slices.Index(themeNames, m.theme.name)
	m.choose(themeNames[(i+1)%len(themeNames)])
	return m.say(styleDim, "theme: "+m.theme.name)
}

// intervals that the keys step through.
var intervals = []time.Duration{
	500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

func (m *app) pace(by int) tea.Cmd {
	v := m.view
	next := v.interval
	for _, d := range intervals {
		if by > 0 && d > v.interval {
			next = d
			break
		}
		if by < 0 && d < v.interval {
			next = d
		}
	}
	if next != v.interval && m.SetInterval != nil {
		v.interval = next
		m.SetInterval(next)
	}
	return m.say(styleDim, "every "+intervalText(v.interval))
}

func (m *app) turnSeries(by int) tea.Cmd {
	m.view.series = (m.view.series + by + len(seriesTable)) % len(seriesTable)
	return nil
}

func (m *app) nextZoom() tea.Cmd {
	m.view.zoom = (m.view.zoom + 1) % len(zooms)
	return nil
}

// group shows the clients in the next grouping, or the keys by the other one.
func (m *app) group() tea.Cmd {
	v := m.view
	switch {
	case v.drill != nil && slices.Contains(v.drill.lists(), panelIndex(drillClients)):
		return m.nextMode(drillClients)
	case v.drill == nil && v.focus == panelIndex(keysPanel.id):
		return m.nextMode(keysPanel.id)
	case v.drill == nil && v.focus == panelIndex(messagesPanel.id):
		return m.nextMode(messagesPanel.id)
	case v.drill == nil:
		return m.nextMode(clientsPanel.id)
	}
	return nil
}

// totals shows the commands now or since the start.
func (m *app) totals() tea.Cmd { return m.nextMode("commands") }

func (m *app) nextMode(id string) tea.Cmd {
	i := panelIndex(id)
	ps := &m.view.panels[i]
	ps.mode, ps.chosen = (ps.mode+1)%len(panels[i].modes), true
	m.view.setFocus(i)
	return nil
}

func (m *app) save() tea.Cmd {
	if m.Save == nil {
		return m.say(styleWarn, "saving is not offered here")
	}
	snap, save := m.view.snap, m.Save
	return func() tea.Msg {
		path, err := save(snap)
		return savedMsg{path, err}
	}
}

func (m *app) saved(msg savedMsg) tea.Cmd {
	if msg.err != nil {
		return m.say(styleBad, "not saved: "+safe(msg.err.Error(), 300))
	}
	return m.say(styleGood, "saved to "+safe(msg.path, 300))
}

// copyRow gives the selected row, or the details that are open, to the terminal's clipboard.
func (m *app) copyRow() tea.Cmd {
	var fields []field
	if m.view.overlay.kind == overlayDetails || m.view.overlay.kind == overlayFinding {
		fields = m.view.overlay.fields
	} else if r, ok := m.selected(); ok {
		fields = r.fields
	}
	if len(fields) == 0 {
		return m.say(styleWarn, "no row is selected")
	}
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = f.value
	}
	return tea.Batch(tea.SetClipboard(strings.Join(values, "\t")), m.say(styleGood, "copied the row"))
}
