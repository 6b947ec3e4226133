package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

// Live is the recent commands that passed a filter.
type Live interface {
	// Filter lets through only what the text says from now on; "" is all. An error says what is wrong
	// with the text, and leaves the filter as it was.
	Filter(text string) error
	// Since gives the commands after seq, oldest first and at most 1,000, and the seq to go on from.
	// dropped counts those after seq that were gone before they were asked for.
	Since(seq int64) (lines []stats.LiveCommand, next, dropped int64)
}

// liveView is what the live panel shows.
type liveView struct {
	offered bool
	panel   int       // its index
	shown   []liveRow // newest first; stays while the screen is paused
	latest  []liveRow // newest first
	version int64     // changes with shown
	count   int64     // rows in all: the number of the newest
	dropped int64     // commands that were too many to show
	values  bool      // the user wants to see them
	problem string    // what is wrong with the filter that is typed

	seq    int64
	joined bool // the latest Since was a moment ago: what is dropped was missed
}

const (
	liveEvery = 250 * time.Millisecond
	liveRows  = 1000 // kept for the screen
)

type liveMsg struct{}

func liveTick() tea.Cmd { return tea.Tick(liveEvery, func(time.Time) tea.Msg { return liveMsg{} }) }

// pull asks the feed for what is new while the panel is on the screen.
func (m *app) pull() {
	v := m.view
	l := &v.live
	if !v.drawn(l.panel) {
		l.joined = false
		return
	}
	lines, next, dropped := m.Live.Since(l.seq)
	l.seq = next
	if l.joined && dropped > 0 {
		l.dropped += dropped
		m.dirty = true
	}
	l.joined = true
	if len(lines) == 0 {
		return
	}
	rows := make([]liveRow, 0, liveRows)
	for i := len(lines) - 1; i >= 0 && len(rows) < liveRows; i-- {
		rows = append(rows, liveRow{l.count + int64(i) + 1, &lines[i]})
	}
	l.count += int64(len(lines))
	l.latest = append(rows, l.latest[:min(len(l.latest), liveRows-len(rows))]...)
	if !v.pinned {
		l.show()
	}
	m.dirty = true
}

// show brings the latest rows to the screen.
func (l *liveView) show() {
	l.shown = l.latest
	l.version++
}

// newer counts the rows that wait while the screen is paused.
func (l *liveView) newer() int64 {
	if len(l.shown) == 0 {
		return int64(len(l.latest))
	}
	return l.count - l.shown[0].n
}

// drawn says whether the last frame showed a panel's table.
func (v *view) drawn(panel int) bool {
	for _, h := range v.hits {
		if h.kind == hitPanel && h.panel == panel && h.at.h > 1 {
			return true
		}
	}
	return false
}

// setFilter changes the filter of a panel. That of the live panel is the feed's, which may refuse it.
func (m *app) setFilter(panel int, text string) {
	v := m.view
	v.panels[panel].filter = text
	l := &v.live
	if panel != l.panel || m.Live == nil {
		return
	}
	if err := m.Live.Filter(text); err != nil {
		l.problem = safe(err.Error(), 200)
		return
	}
	// What came before passed another filter.
	l.problem, l.latest, l.dropped = "", nil, 0
	l.show()
}

func (m *app) toggleValues() tea.Cmd {
	l := &m.view.live
	if !l.offered {
		return nil
	}
	l.values = !l.values
	return nil
}
