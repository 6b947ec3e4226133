package tui

import (
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// selected finds the selected row.
func (m *app) selected() (row, bool) {
	v := m.view
	_, ts := v.state(v.focus)
	list, ok := v.body(v.focus).(rows)
	if !ok || list.count(v, v.focus) == 0 || !ts.selected {
		return row{}, false
	}
	return list.at(v, v.focus, ts.index), true
}

// move moves the selection; the first move selects the first row that is shown.
func (m *app) move(by int) tea.Cmd {
	v := m.view
	_, ts := v.state(v.focus)
	list, ok := v.body(v.focus).(rows)
	if !ok {
		return nil
	}
	n := list.count(v, v.focus)
	if n == 0 {
		return nil
	}
	i := ts.index + by
	if !ts.selected && by >= -1 && by <= 1 {
		i = ts.offset
	}
	m.selectRow(v.focus, max(min(i, n-1), 0))
	return nil
}

func (m *app) selectRow(panel, i int) {
	v := m.view
	list, ok := v.body(panel).(rows)
	if !ok || i < 0 || i >= list.count(v, panel) {
		return
	}
	_, ts := v.state(panel)
	ts.selected, ts.index = true, i
	ts.id = list.at(v, panel, i).id
}

// page moves by the rows that the panel shows.
func (m *app) page(by int) tea.Cmd {
	shown := 0
	for _, h := range m.view.hits {
		if h.kind == hitRow && h.panel == m.view.focus {
			shown++
		}
	}
	return m.move(by * max(shown-1, 2))
}

func (m *app) sort(by int) tea.Cmd {
	v := m.view
	_, ts := v.state(v.focus)
	list, ok := v.body(v.focus).(rows)
	if !ok {
		return nil
	}
	from := list.sortColumn(ts)
	if from < 0 && by < 0 {
		from = 0
	}
	n := list.columns()
	for range n {
		if from = (from + by + n) % n; !list.hidden(v, from) {
			break
		}
	}
	m.sortBy(v.focus, from)
	return nil
}

// sortBy sorts a table by a column; by the same column again, the other way round.
func (m *app) sortBy(panel, column int) {
	_, ts := m.view.state(panel)
	list, ok := m.view.body(panel).(rows)
	if !ok {
		return
	}
	if list.sortColumn(ts) == column {
		ts.reversed = !ts.reversed
	} else {
		ts.sort, ts.reversed = column+1, false
	}
}

func (m *app) reverse() tea.Cmd {
	_, ts := m.view.state(m.view.focus)
	ts.reversed = !ts.reversed
	return nil
}

// details opens the page of the selected row, or of the first one; on a drill page that of the row
// where it began.
func (m *app) details() tea.Cmd {
	v := m.view
	panel := v.focus
	var r row
	var ok bool
	if v.drill != nil {
		panel = v.drill.panel
		r, ok = v.drill.origin(v)
	} else {
		if _, ts := v.state(panel); !ts.selected {
			m.move(0)
		}
		r, ok = m.selected()
	}
	switch {
	case !ok:
	case panels[panel].id == findingsPanel.id:
		m.showFinding(r)
	default:
		v.overlay = overlay{kind: overlayDetails, title: panels[panel].title + " · " + r.fields[0].value, fields: r.fields}
	}
	return nil
}

func (m *app) startFilter() tea.Cmd {
	v := m.view
	if _, ok := v.body(v.focus).(rows); !ok {
		return m.say(styleDim, panels[v.focus].title+" has no rows to filter")
	}
	v.typing = true
	return nil
}

const mostFilter = 100 // bytes

// typeFilter changes the filter of the focused panel letter by letter.
func (m *app) typeFilter(msg tea.KeyPressMsg) {
	v := m.view
	filter := v.panels[v.focus].filter
	switch msg.String() {
	case "enter":
		// A filter that the feed refuses stays open, with what is wrong beside it.
		v.typing = v.focus == v.live.panel && v.live.problem != ""
	case "esc":
		v.typing = false
		m.setFilter(v.focus, "")
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(filter)
		m.setFilter(v.focus, filter[:len(filter)-size])
	case "ctrl+u":
		m.setFilter(v.focus, "")
	default:
		m.addFilter(msg.Text)
	}
}

// paste adds to the filter that is being typed.
func (m *app) paste(text string) {
	if m.view.typing {
		m.addFilter(text)
	}
}

func (m *app) addFilter(text string) {
	filter := m.view.panels[m.view.focus].filter
	for _, r := range text {
		if unicode.IsPrint(r) && len(filter)+utf8.RuneLen(r) <= mostFilter {
			filter += string(r)
		}
	}
	m.setFilter(m.view.focus, filter)
}
