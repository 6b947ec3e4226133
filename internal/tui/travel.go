package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// Going back in time shows an older Snapshot of the history; new ones are kept meanwhile.

// pause holds the newest Snapshot, or goes on.
func (m *app) pause() tea.Cmd {
	v := m.view
	if v.pinned {
		m.live()
		return nil
	}
	v.pinned, v.back = true, false
	return nil
}

// live shows the newest Snapshot and follows.
func (m *app) live() {
	v := m.view
	v.pinned, v.back = false, false
	v.live.show()
	if s := v.hist.Latest(); s != nil {
		v.snap = s
	}
	m.dirty = true
}

// travel moves by Snapshots. Going past the newest is live again.
func (m *app) travel(by int) tea.Cmd {
	v := m.view
	return m.show(v.hist.Before(v.snap.Time) + by)
}

// jump moves by minutes.
func (m *app) jump(minutes int) tea.Cmd {
	return m.showTime(m.view.snap.Time.Add(time.Duration(minutes) * time.Minute))
}

func (m *app) showTime(t time.Time) tea.Cmd { return m.show(m.view.hist.Before(t)) }

// show pins Snapshot i of the history.
func (m *app) show(i int) tea.Cmd {
	v := m.view
	switch {
	case v.hist.Len() == 0:
		return nil
	case i >= v.hist.Len()-1:
		m.live()
		return nil
	case i < 0:
		m.pin(0)
		return m.say(styleDim, "this is the oldest that is kept")
	}
	m.pin(i)
	return nil
}

func (m *app) pin(i int) {
	v := m.view
	if i == v.hist.Len()-1 {
		return
	}
	v.snap, v.pinned, v.back = v.hist.At(i), true, true
	m.dirty = true
}
