package tui

import (
	"math"

	"redistop/internal/stats"
)

var vitalsPanel = panel{
	id:    "vitals",
	title: "Vitals",
	short: "Vit",
	about: "small graphs: rates from 0, levels from min",
	modes: []mode{{"", vitals{}}},
}

// vitals are small graphs, one a series, a line or more each.
type vitals struct{}

func (vitals) note(*view, int) []string { return []string{"now, min and max of each"} }

// level says that figures of a unit stand rather than flow: how they change is seen only between
// their least and their most.
func level(u stats.Unit) bool { return u == stats.Bytes || u == stats.Count || u == stats.Share }

func (vitals) draw(a area, v *view, _ int) {
	const label, figure = 18, 10
	each := min(max(a.h/len(seriesTable), 1), 3)
	inner := a.w - label - 3*figure - 1
	if inner < 4 {
		inner = 0
	}
	from, span := v.frameOf(2 * max(inner, 60))
	for i := range seriesTable {
		def := &seriesTable[i]
		write := seriesLooks[def.Unit].text
		line := a.sub(0, i*each, a.w, each)
		foot := line.h - 1
		line.cut(2, foot, label-2, styleDim, def.Title)
		values := columnsOf(v.samples(i), from, span, 2*max(inner, 60))
		least, most := lowest(values), highest(values)
		if inner > 0 {
			values = columnsOf(v.samples(i), from, span, 2*inner)
			base := 0.0
			if level(def.Unit) {
				base = lowest(values)
			}
			sparkline(line.sub(label, 0, inner, each), values, base, styleGraph)
		}
		x := label + inner
		line.right(x, foot, figure, styleStrong, known(def.Value(v.snap), write))
		for k, n := range []float64{least, most} {
			text := unknown
			if !math.IsNaN(n) {
				text = write(n)
			}
			line.right(x+(k+1)*figure, foot, figure, styleDim, text)
		}
	}
}
