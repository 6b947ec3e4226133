package tui

import (
	"slices"
	"time"

	"redistop/internal/stats"
)

// A view is all that a frame is made from. Rendering reads it and changes only what is derived:
// the cached orders, the scroll offsets that the size dictates, and hits.
type view struct {
	snap *stats.Snapshot // what is shown; an empty one before the first
	hist *stats.History
	now  time.Time // for "14s ago"; the newest time that the screen was told

	width, height int
	keys          bool // false: nobody can press a key here (a pipe), so none is offered
	interval      time.Duration
	canKill       bool
	canWatch      bool
	canSample     bool

	focus  int   // index into panels
	recent []int // panels by when they had the focus, the newest first
	full   bool
	series int  // index into seriesTable
	zoom   int  // index into zooms
	pinned bool // snap is not the newest: paused, or a moment of the history
	back   bool // pinned by going back
	panels []panelState

	typing  bool // the filter of the focused panel is being typed
	notice  notice
	overlay overlay
	dialog  dialog
	drill   *drill // the page that takes samples apart; nil: not open

	live     liveView
	watch    watch
	sampling bool // windows are wanted

	flows flows // derived of snap

	hits []hit // where things were drawn, for the mouse; made anew by every render
}

// notice is one line about what the last key did.
type notice struct {
	text  string
	style style
	id    int // which notice a timer may remove
}

// panelState is what the user chose in one panel.
type panelState struct {
	mode   int
	chosen bool // the mode is the user's
	filter string
	tables []tableState // one a mode
}

// hitKind says what a click on a place means.
type hitKind uint8

const (
	hitPanel hitKind = iota
	hitColumn
	hitRow
	hitGraph
)

// hit is a place on the screen that the mouse can act on.
type hit struct {
	kind  hitKind
	at    area
	panel int
	index int       // the column, or the row's place in the order
	from  time.Time // the graph's first moment
	span  time.Duration
}

func newView(width, height int) *view {
	v := &view{
		snap:  &stats.Snapshot{Link: stats.Link{State: stats.Connecting}},
		width: width, height: height,
		panels: make([]panelState, len(panels)),
	}
	for i := range panels {
		v.panels[i] = newPanelState(i)
		if i < len(mainPanels) {
			v.recent = append(v.recent, i)
		}
	}
	v.live.panel = panelIndex(livePanel.id)
	return v
}

func newPanelState(panel int) panelState {
	return panelState{tables: make([]tableState, len(panels[panel].modes))}
}

// offers says that a panel has a subject here.
func (v *view) offers(panel int) bool { return panels[panel].off == nil || !panels[panel].off(v) }

// state is the state of a panel's present mode.
func (v *view) state(panel int) (*panelState, *tableState) {
	ps := &v.panels[panel]
	return ps, &ps.tables[ps.mode]
}

// body is what a panel shows in its present mode.
func (v *view) body(panel int) body { return panels[panel].modes[v.panels[panel].mode].body }

// troubled says that the link is not as it should be.
func (v *view) troubled() bool { return v.latest().Link.State != stats.Up }

// latest is the newest Snapshot, also while an older one is shown.
func (v *view) latest() *stats.Snapshot {
	if v.pinned && v.hist != nil && v.hist.Len() > 0 {
		return v.hist.Latest()
	}
	return v.snap
}

// setFocus gives the keys to a panel. One of the main screen closes a drill page.
func (v *view) setFocus(panel int) {
	v.focus = panel
	if panel >= len(mainPanels) {
		return
	}
	v.drill = nil
	v.recent = slices.DeleteFunc(v.recent, func(i int) bool { return i == panel })
	v.recent = slices.Insert(v.recent, 0, panel)
}

// figuresTime is when the figures shown were true: the last time that the server answered with any.
// Zero when it never did.
func (v *view) figuresTime() time.Time {
	if v.hist == nil {
		return time.Time{}
	}
	points := v.hist.Points()
	for i := len(points) - 1; i >= 0; i-- {
		if points[i].Time.After(v.snap.Time) {
			continue
		}
		for _, value := range points[i].Values {
			if value.Known() {
				return points[i].Time
			}
		}
	}
	return time.Time{}
}

// missing finds what took a part of the picture away.
func (v *view) missing(part string) (stats.Missing, bool) {
	for _, m := range v.snap.Missing {
		if m.Part == part {
			return m, true
		}
	}
	return stats.Missing{}, false
}
