package tui

import "slices"

// A layout says what stands where on terminals of at least its size. Panels are named by id.
type layout struct {
	width, height int  // the least
	context       int  // lines of facts
	sampled       bool // only while the command stream is seen
	bands         []band
}

// band is a strip of the screen from left to right.
type band struct {
	lines  int // fixed height; 0: weight of what is left
	weight int
	slots  []slot
}

// slot is a place for a panel in a band.
type slot struct {
	panel  string
	weight int
}

// Slots that are no panel: the panel of the user's choice, and the graph.
const (
	chosen    = "chosen"
	graphSlot = "graph"
)

// layouts from the largest; the first that fits is taken.
var layouts = []layout{
	{width: 180, height: 46, context: 4, bands: []band{
		{lines: 12, slots: []slot{{graphSlot, 43}, {"vitals", 32}, {"memory", 23}}},
		{weight: 1, slots: []slot{{"commands", 50}, {"slow", 32}, {"errors", 15}}},
		{weight: 1, slots: []slot{{"clients", 1}, {chosen, 1}}},
	}},
	{width: 140, height: 46, context: 4, bands: []band{
		{lines: 12, slots: []slot{{graphSlot, 7}, {"memory", 5}}},
		{weight: 1, slots: []slot{{"commands", 1}}},
		{weight: 1, slots: []slot{{"clients", 1}}},
		{weight: 1, slots: []slot{{chosen, 1}}},
	}},
	{width: 110, height: 34, context: 4, sampled: true, bands: []band{
		{lines: 12, slots: []slot{{graphSlot, 7}, {"keys", 6}}},
		{weight: 1, slots: []slot{{"commands", 1}}},
		{weight: 1, slots: []slot{{chosen, 1}}},
	}},
	{width: 110, height: 34, context: 4, bands: []band{
		{lines: 12, slots: []slot{{graphSlot, 7}, {"memory", 5}}},
		{weight: 1, slots: []slot{{"commands", 1}}},
		{weight: 1, slots: []slot{{chosen, 1}}},
	}},
	{width: 110, height: 24, context: 4, bands: []band{
		{lines: 7, slots: []slot{{graphSlot, 1}}},
		{weight: 1, slots: []slot{{chosen, 1}}},
	}},
	{width: 50, height: 30, context: 4, bands: []band{
		{lines: 9, slots: []slot{{graphSlot, 1}}},
		{weight: 1, slots: []slot{{chosen, 1}}},
	}},
	{width: 50, height: 22, context: 4, bands: []band{
		{lines: 7, slots: []slot{{graphSlot, 1}}},
		{weight: 1, slots: []slot{{chosen, 1}}},
	}},
	{width: 50, height: 14, context: 4, bands: []band{{weight: 1, slots: []slot{{chosen, 1}}}}},
	{width: 20, height: 11, context: 2, bands: []band{{weight: 1, slots: []slot{{chosen, 1}}}}},
	{width: 20, height: 5, context: 0, bands: []band{{weight: 1, slots: []slot{{chosen, 1}}}}},
}

// fullLayout is one panel alone.
var fullLayout = layout{bands: []band{{weight: 1, slots: []slot{{chosen, 1}}}}}

// layoutFor finds the layout for a size; false: too small for any.
func layoutFor(width, height int, sampled bool) (layout, bool) {
	for _, l := range layouts {
		if width >= l.width && height >= l.height && (sampled || !l.sampled) {
			return l, true
		}
	}
	return layout{}, false
}

// shows says whether the layout has a place for this panel of its own.
func (l layout) shows(id string) bool {
	for _, b := range l.bands {
		for _, s := range b.slots {
			if s.panel == id {
				return true
			}
		}
	}
	return false
}

// chosenPanel is what fills the chosen slot: of the panels without a place of their own the one
// that had the focus last. Until the user has chosen any it is the findings, where something hurts.
func (l layout) chosenPanel(v *view) int {
	if critical, warning := standing(v.snap); critical+warning > 0 && l.shows(panels[v.focus].id) && slices.IsSorted(v.recent) {
		return panelIndex(findingsPanel.id)
	}
	for _, i := range v.recent {
		if !l.shows(panels[i].id) && v.offers(i) {
			return i
		}
	}
	return v.recent[0]
}

// split divides n cells by weights; the last part takes the rest.
func split(n int, weights []int) []int {
	total := 0
	for _, w := range weights {
		total += w
	}
	parts := make([]int, len(weights))
	left := n
	for i, w := range weights {
		parts[i] = left
		if i < len(weights)-1 {
			parts[i] = n * w / max(total, 1)
		}
		left -= parts[i]
	}
	return parts
}
