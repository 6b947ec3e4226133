package tui

import (
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// drawBar draws a line over share of width cells, to half a cell: what is less than a quarter of a
// cell is no line, the figure beside it says all. A line leaves room to the rows above and below.
func drawBar(a area, x, y, width int, share float64, st style) {
	if width <= 0 || !(share > 0) {
		return
	}
	halves := int(min(share, 1)*float64(width)*2 + 0.5)
	a.put(x, y, st, strings.Repeat("━", halves/2)+strings.Repeat("╸", halves%2))
}

// barStyle is the colour of a bar behind a figure of this severity.
func barStyle(st style) style {
	if st == styleWarn || st == styleBad {
		return st
	}
	return styleBar
}

// sign says in letters what a colour says.
func sign(st style) string {
	switch st {
	case styleWarn:
		return "!"
	case styleBad:
		return "!!"
	}
	return ""
}

// severity grades a figure: warn from one bound, bad from another.
func severity(v, warn, bad float64) style {
	switch {
	case v >= bad:
		return styleBad
	case v >= warn:
		return styleWarn
	}
	return styleText
}

// drawMissing says in place of a panel what took it away and what brings it back.
func drawMissing(a area, m stats.Missing) {
	x := a.cut(2, 0, a.w-2, styleWarn, "! "+safe(m.Command, 60)+": "+safe(m.Reason, 400))
	if m.Remedy == "" {
		return
	}
	remedy := "→ " + safe(m.Remedy, 400)
	if a.h > 1 {
		a.cut(2, 1, a.w-2, styleText, remedy)
	} else {
		a.cut(x+2, 0, a.w-x-2, styleText, remedy)
	}
}

// safe makes text from a server fit to draw, and bounds it.
func safe(s string, limit int) string { return redis.PrintableCut(s, limit) }
