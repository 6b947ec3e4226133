package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// open shows what the selected row is made of, or, where there are no samples of it, all that is
// known of it.
func (m *app) open() tea.Cmd {
	v := m.view
	if _, ts := v.state(v.focus); !ts.selected {
		m.move(0)
	}
	r, ok := m.selected()
	switch {
	case !ok:
		return nil
	case v.drill != nil:
		return m.deeper(r)
	case r.part.axis == noAxis || v.snap.Sampled.Commands == 0:
		return m.details()
	}
	_, ts := v.state(v.focus)
	d := &drill{panel: v.focus, mode: v.panels[v.focus].mode, row: ts.id, crumbs: []part{r.part}}
	v.drill = d
	m.showLists(0)
	return nil
}

// deeper fixes one property more.
func (m *app) deeper(r row) tea.Cmd {
	v := m.view
	switch d := v.drill; {
	case r.part.axis == noAxis:
		return m.say(styleDim, "nobody knows who these are: the connections were gone before CLIENT LIST showed them")
	case d.fixed(r.part.axis):
		return m.say(styleDim, "this is as deep as it goes")
	default:
		d.before = append(d.before, drillLevel{v.focus, slices.Clone(v.panels[len(mainPanels):])})
		d.crumbs = append(d.crumbs, r.part)
		d.turn++
	}
	m.showLists(v.panels[panelIndex(drillClients)].mode)
	return nil
}

// showLists begins a page with fresh lists, on the first that has anything; the clients stay grouped
// as they were, unless that is fixed.
func (m *app) showLists(clients int) {
	v := m.view
	for i := range drillPanels {
		v.panels[len(mainPanels)+i] = newPanelState(len(mainPanels) + i)
	}
	for range clientAxes {
		if v.drill.fixed(clientAxes[clients]) {
			clients = (clients + 1) % len(clientAxes)
		}
	}
	v.panels[panelIndex(drillClients)].mode = clients
	lists := v.drill.lists()
	v.focus = lists[0]
	for _, i := range lists {
		if v.body(i).(rows).count(v, i) > 0 {
			v.focus = i
			return
		}
	}
}

// shallower goes back one page, and from the first to where it began.
func (m *app) shallower() {
	v := m.view
	d := v.drill
	if len(d.before) == 0 {
		v.setFocus(d.panel)
		return
	}
	last := d.before[len(d.before)-1]
	d.before, d.crumbs = d.before[:len(d.before)-1], d.crumbs[:len(d.crumbs)-1]
	d.turn++
	copy(v.panels[len(mainPanels):], last.panels)
	v.focus = last.focus
}

// origin is the row that the page began with, as it is now.
func (d *drill) origin(v *view) (row, bool) {
	list, ok := panels[d.panel].modes[d.mode].body.(rows)
	if !ok {
		return row{}, false
	}
	return list.find(v, d.row)
}
