package tui

import (
	"math"
	"strconv"
	"time"
)

// zooms are the spans of time that the graph can show; 0 gives every sample a column of its own.
var zooms = []time.Duration{0, 5 * time.Minute, 15 * time.Minute, time.Hour}

const axisWidth = 8 // cells of the labels of the upright axis

// drawGraph draws the chosen series: a title, the plot with its scale, and the time axis.
func drawGraph(a area, v *view) {
	look := seriesLooks[seriesTable[v.series].Unit]
	inner := a.sub(axisWidth, 1, a.w-axisWidth-1, a.h-2)
	from, span := v.frameOf(inner.w * 2)
	values := columnsOf(v.samples(v.series), from, span, inner.w*2)
	peak := highest(values)
	drawGraphTitle(a, v, peak, span)
	if inner.w < 4 || inner.h < 1 {
		return
	}
	top := look.top(peak)
	if !math.IsNaN(peak) {
		a.right(0, 1, axisWidth-1, styleDim, look.text(top))
		if inner.h >= 5 {
			a.right(0, 1+inner.h/2, axisWidth-1, styleDim, look.text(top/2))
		}
		a.right(0, inner.h, axisWidth-1, styleDim, "0")
	}
	plot(inner, values, top, styleGraph)
	if v.pinned {
		drawMoment(inner, v.snap.Time.Sub(from), span)
	}
	drawTimeAxis(a.sub(axisWidth, a.h-1, inner.w+1, 1), span)
	v.hits = append(v.hits, hit{kind: hitGraph, at: inner, from: from, span: span})
}

// highest is the largest figure that is known, NaN when none is.
func highest(values []float64) float64 {
	peak := math.NaN()
	for _, n := range values {
		if !math.IsNaN(n) && !(n <= peak) {
			peak = n
		}
	}
	return peak
}

// lowest is the smallest figure that is known, NaN when none is.
func lowest(values []float64) float64 {
	least := math.NaN()
	for _, n := range values {
		if !math.IsNaN(n) && !(n >= least) {
			least = n
		}
	}
	return least
}

func drawGraphTitle(a area, v *view, peak float64, span time.Duration) {
	def := &seriesTable[v.series]
	write := seriesLooks[def.Unit].text
	x := a.cut(1, 0, a.w-1, styleTitle, def.Title)
	x = a.cut(x+2, 0, a.w, styleDim, map[bool]string{false: "now", true: "then"}[v.back])
	x = a.cut(x+1, 0, a.w, styleStrong, known(def.Value(v.snap), write))
	x = a.cut(x+2, 0, a.w, styleDim, "max")
	text := unknown
	if !math.IsNaN(peak) {
		text = write(peak)
	}
	x = a.cut(x+1, 0, a.w, styleText, text)
	right := "last " + durationText(span)
	if v.keys {
		right = "n next · x zoom · " + right
	}
	if w := textWidth(right); x+3+w < a.w {
		a.fill(x+2, 0, a.w-x-w-5, styleFaint, "─")
		a.right(0, 0, a.w-1, styleDim, right)
	}
}

// drawMoment marks the moment of the history that the tables show.
func drawMoment(a area, at, span time.Duration) {
	if at < 0 || span <= 0 {
		return
	}
	x := min(int(float64(at)/float64(span)*float64(a.w)), a.w-1)
	for y := range a.h {
		a.put(x, y, styleCursor, "│")
	}
}

var timeSteps = []time.Duration{
	5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// drawTimeAxis labels how long ago things were, at round times.
func drawTimeAxis(a area, span time.Duration) {
	const apart = 11 // cells between labels
	if a.w < 8 {
		return
	}
	a.fill(0, 0, a.w-1, styleFaint, "─")
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if float64(a.w)*float64(s)/float64(span) >= apart {
			step = s
			break
		}
	}
	for ago := step; ago < span; ago += step {
		label := "-" + shortDuration(ago)
		x := a.w - 1 - int(float64(ago)/float64(span)*float64(a.w-1)+0.5)
		if at := x - textWidth(label)/2; at >= 0 && x < a.w-7 {
			a.put(at, 0, styleDim, label)
		}
	}
	a.right(0, 0, a.w, styleDim, "now")
}

// shortDuration writes a round time in one unit where it can: 30s, 5m, 1h.
func shortDuration(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return durationText(d)
}
