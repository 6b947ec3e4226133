package tui

import (
	"slices"

	"redistop/internal/stats"
)

// axis is a property of the sampled commands that they can be taken apart by.
type axis uint8

const (
	noAxis axis = iota
	commandAxis
	patternAxis
	ipAxis
	nameAxis
	userAxis
	libraryAxis
	numAxes
)

// axes say how each property is selected, and what a selection has of it.
var axes = [numAxes]struct {
	what    string // one of them
	unnamed string // how "" is written
	fix     func(f *stats.Filter, value string)
	parts   func(d *stats.Drilled) []stats.Part
}{
	commandAxis: {"command", "(no name)", func(f *stats.Filter, s string) { f.Command = stats.Some(s) }, func(d *stats.Drilled) []stats.Part { return d.Commands }},
	patternAxis: {"key pattern", "(no key)", func(f *stats.Filter, s string) { f.Pattern = stats.Some(s) }, func(d *stats.Drilled) []stats.Part { return d.Patterns }},
	ipAxis:      {"address", "(no room)", func(f *stats.Filter, s string) { f.IP = stats.Some(s) }, func(d *stats.Drilled) []stats.Part { return d.IPs }},
	nameAxis:    {"name", "(no name)", func(f *stats.Filter, s string) { f.Name = stats.Some(s) }, func(d *stats.Drilled) []stats.Part { return d.Names }},
	userAxis:    {"user", "(no user)", func(f *stats.Filter, s string) { f.User = stats.Some(s) }, func(d *stats.Drilled) []stats.Part { return d.Users }},
	libraryAxis: {"library", "(not told)", func(f *stats.Filter, s string) { f.Library = stats.Some(s) }, func(d *stats.Drilled) []stats.Part { return d.Libraries }},
}

// clientAxes are the properties that say who a client is, in the order of the modes.
var clientAxes = []axis{ipAxis, nameAxis, userAxis, libraryAxis}

// part is one value of an axis; the zero value is none.
type part struct {
	axis  axis
	value string
}

// text is the value as it is shown.
func (p part) text() string {
	if p.value == "" {
		return axes[p.axis].unnamed
	}
	return safe(p.value, 200)
}

// drill is the page that takes the samples apart: what all of its crumbs have in common, by the
// properties that no crumb has fixed yet.
type drill struct {
	panel, mode int   // where it began
	row         rowID // there
	crumbs      []part
	before      []drillLevel // the pages that Esc goes back to, one a crumb but the last

	turn    int64           // changes with crumbs
	snap    *stats.Snapshot // that drilled is of
	made    int64           // the turn that drilled is of
	drilled stats.Drilled
}

// drillLevel is what the user had chosen on a page when going deeper.
type drillLevel struct {
	focus  int
	panels []panelState
}

func (d *drill) filter() stats.Filter {
	var f stats.Filter
	for _, c := range d.crumbs {
		axes[c.axis].fix(&f, c.value)
	}
	return f
}

func (d *drill) fixed(a axis) bool {
	return slices.ContainsFunc(d.crumbs, func(c part) bool { return c.axis == a })
}

func (d *drill) clientFixed() bool { return slices.ContainsFunc(clientAxes, d.fixed) }

// now is the selection in the Snapshot that is shown.
func (d *drill) now(v *view) *stats.Drilled {
	if d.snap != v.snap || d.made != d.turn {
		d.drilled, d.snap, d.made = v.snap.Drill(d.filter()), v.snap, d.turn
	}
	return &d.drilled
}

// lists are the panels of the page: by what the selection can still be taken apart.
func (d *drill) lists() []int {
	var list []int
	for i, p := range drillPanels {
		switch {
		case p.id == drillClients && (!d.clientFixed() || len(list) == 0),
			p.id == drillCommands && !d.fixed(commandAxis),
			p.id == drillKeys && !d.fixed(patternAxis):
			list = append(list, len(mainPanels)+i)
		}
	}
	return list
}

// The panels of a drill page.
const (
	drillCommands = "drill-commands"
	drillKeys     = "drill-keys"
	drillClients  = "drill-clients"
)

var drillPanels = []panel{
	{id: drillCommands, title: "Commands", modes: []mode{{"", partsTable(commandAxis)}}},
	{id: drillKeys, title: "Key patterns", modes: []mode{{"", partsTable(patternAxis)}}},
	{id: drillClients, title: "Clients", modes: []mode{
		{"by ip", partsTable(ipAxis)}, {"by name", partsTable(nameAxis)},
		{"by user", partsTable(userAxis)}, {"by library", partsTable(libraryAxis)},
	}},
}

func partsTable(a axis) *table[stats.Part] {
	type row = stats.Part
	name := func(r *row) string {
		if r.Unknown {
			return "(not known)"
		}
		return part{a, r.Name}.text()
	}
	cols := []column[row]{{
		title: axes[a].what, long: axes[a].what, width: 12, grow: 1, limit: 100, prio: 0, left: true,
		cell: func(_ *view, r *row) mark { return mark{text: name(r), style: nameStyle(r.Name == "" || r.Unknown)} },
		str:  func(r *row) string { return r.Name },
	}}
	cols = append(cols, estimateColumns("cmd/s", "commands a second", 1,
		func(r *row) rate { return rate{r.CommandsPerSecond, r.Error} },
		func(v *view) bool { return !v.snap.Sampled.Complete })...)
	cols = append(cols,
		shareColumn("share", "share of the selection", 2, 8, func(r *row) stats.Maybe[float64] { return r.Share }),
		column[row]{
			title: "seen", long: "commands in the samples", width: 6, prio: 3,
			cell: func(_ *view, r *row) mark { return mark{text: whole(r.Seen), style: styleDim} },
			num:  func(r *row) (float64, bool) { return float64(r.Seen), true },
		})
	return &table[row]{
		list: func(v *view) []row {
			if v.drill == nil {
				return nil
			}
			return axes[a].parts(v.drill.now(v))
		},
		version: func(v *view) int64 {
			if v.drill == nil {
				return 0
			}
			return v.drill.turn
		},
		id:    func(r *row) rowID { return rowID{n: map[bool]int64{true: 1}[r.Unknown], s: r.Name} },
		match: func(r *row, has func(string) bool) bool { return has(name(r)) },
		drill: func(r *row) part {
			if r.Unknown {
				return part{}
			}
			return part{a, r.Name}
		},
		about:   func(_ *view, shown, total int) []string { return []string{counted(shown, total)} },
		empty:   func(*view) string { return "none in the samples" },
		natural: 1,
		initial: -1,
		cols:    cols,
	}
}

func nameStyle(unnamed bool) style {
	if unnamed {
		return styleDim
	}
	return styleName
}
