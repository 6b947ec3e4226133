package tui

import "math"

var vitalsPanel = panel{
	id:    "vitals",
	title: "Vitals",
	short: "Vit",
	about: "every series as a small graph, on the time of the big one",
	modes: []mode{{"", vitals{}}},
}

// vitals are small graphs, one a series, a line or more each.
type vitals struct{}

func (vitals) note(*view, int) []string { return []string{"now", "max"} }

func (vitals) draw(a area, v *view, _ int) {
	const label, figure = 18, 10
	each := min(max(a.h/len(seriesTable), 1), 3)
	inner := a.w - label - 2*figure - 3
	if inner < 4 {
		inner = 0
	}
	from, span := v.frameOf(2 * max(inner, 60))
	for i := range seriesTable {
		def := &seriesTable[i]
		look := seriesLooks[def.Unit]
		line := a.sub(0, i*each, a.w, each)
		foot := line.h - 1
		line.cut(2, foot, label-2, styleDim, def.Title)
		values := columnsOf(v.samples(i), from, span, 2*inner)
		peak := highest(values)
		plot(line.sub(label, 0, inner, each), values, look.top(peak), styleGraph)
		line.right(label+inner, foot, figure, styleStrong, known(def.Value(v.snap), look.text))
		text := unknown
		if !math.IsNaN(peak) {
			text = look.text(peak)
		}
		line.right(label+inner+figure+1, foot, figure, styleDim, text)
	}
}
