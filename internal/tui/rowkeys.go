package tui

import (
	"context"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/redis"
)

// selection is the selected row of the focused panel.
type selection struct {
	fields []field
	target rowTarget
}

// selected finds the selected row.
func (m *app) selected() (selection, bool) {
	v := m.view
	_, ts := v.state(v.focus)
	list, ok := v.body(v.focus).(rows)
	if !ok || list.count(v, v.focus) == 0 || !ts.selected {
		return selection{}, false
	}
	_, fields, target := list.at(v, v.focus, ts.index)
	return selection{fields, target}, true
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
	ts.id, _, _ = list.at(v, panel, i)
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
	m.sortBy(v.focus, (from+by+list.columns())%list.columns())
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

// details opens the page of the selected row, or of the first one.
func (m *app) details() tea.Cmd {
	v := m.view
	if _, ts := v.state(v.focus); !ts.selected {
		m.move(0)
	}
	row, ok := m.selected()
	if !ok {
		return nil
	}
	title := panels[v.focus].title + " · " + row.fields[0].value
	v.overlay = overlay{kind: overlayDetails, title: title, fields: row.fields}
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
	ps, _ := v.state(v.focus)
	switch msg.String() {
	case "enter":
		v.typing = false
	case "esc":
		v.typing, ps.filter = false, ""
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(ps.filter)
		ps.filter = ps.filter[:len(ps.filter)-size]
	case "ctrl+u":
		ps.filter = ""
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
	ps, _ := m.view.state(m.view.focus)
	for _, r := range text {
		if unicode.IsPrint(r) && len(ps.filter)+utf8.RuneLen(r) <= mostFilter {
			ps.filter += string(r)
		}
	}
}

const killTimeout = 5 * time.Second

// askKill opens the question for the selected connection.
func (m *app) askKill() tea.Cmd {
	v := m.view
	if m.Kill == nil {
		return m.say(styleWarn, "killing is not offered: this is a read-only screen")
	}
	row, ok := m.selected()
	switch {
	case v.focus != panelIndex("clients"):
		return m.say(styleWarn, "k kills a connection: select one in the clients panel (2, g)")
	case !ok:
		return m.say(styleWarn, "select a connection first: arrows, or g until every connection is listed")
	case row.target.id == 0:
		return m.say(styleWarn, "this is a group: g shows its connections one by one")
	}
	v.dialog = &killDialog{target: row.target}
	return nil
}

// answer takes the key pressed at the question.
func (m *app) answer(key string) tea.Cmd {
	v := m.view
	d := v.dialog
	if d.sending {
		return nil
	}
	if key != "y" && key != "Y" {
		v.dialog = nil
		return m.say(styleDim, "kept")
	}
	d.sending = true
	kill, ctx, target := m.Kill, m.ctx, d.target
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, killTimeout)
		defer cancel()
		return killedMsg{target, kill(ctx, target.id, target.addr)}
	}
}

func (m *app) killed(msg killedMsg) tea.Cmd {
	m.view.dialog = nil
	who := fmt.Sprintf("client id=%d %s", msg.target.id, redis.PrintableCut(msg.target.addr, 80))
	if msg.err != nil {
		return m.say(styleBad, "not killed: "+who+": "+safe(msg.err.Error(), 300))
	}
	return m.say(styleGood, "killed "+who)
}
