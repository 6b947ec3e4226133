package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// hitAt finds the last thing drawn at a place of the screen.
func (v *view) hitAt(x, y int) (hit, bool) {
	for i := len(v.hits) - 1; i >= 0; i-- {
		if v.hits[i].at.has(x, y) {
			return v.hits[i], true
		}
	}
	return hit{}, false
}

// click selects a panel, a row, or the column to sort by; in the graph it goes to that time.
func (m *app) click(msg tea.MouseClickMsg) tea.Cmd {
	v := m.view
	h, ok := v.hitAt(msg.X, msg.Y)
	if !ok || msg.Button != tea.MouseLeft || v.dialog != nil || v.overlay.kind != overlayNone {
		return nil
	}
	m.dirty = true
	if h.kind == hitGraph {
		part := float64(msg.X-h.at.x+1) / float64(max(h.at.w, 1))
		return m.showTime(h.from.Add(time.Duration(part * float64(h.span))))
	}
	v.setFocus(h.panel)
	switch h.kind {
	case hitRow:
		m.selectRow(h.panel, h.index)
	case hitColumn:
		m.sortBy(h.panel, h.index)
	}
	return nil
}

// wheel scrolls the page that is open, else the table under the pointer.
func (m *app) wheel(msg tea.MouseWheelMsg) {
	v := m.view
	by := 0
	switch msg.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
		by = 3
	}
	if v.overlay.kind != overlayNone {
		v.overlay.scroll = max(v.overlay.scroll+by, 0)
		return
	}
	h, ok := v.hitAt(msg.X, msg.Y)
	if !ok || h.kind == hitGraph {
		return
	}
	_, ts := v.state(h.panel)
	ts.offset = max(ts.offset+by, 0)
	if ts.selected {
		// The window follows the selection, so the selection goes along.
		ts.selected = false
	}
}
