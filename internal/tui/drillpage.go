package tui

import "redistop/internal/stats"

// Sizes of the parts of a drill page, in cells.
const (
	drillBeside = 100 // from this width lists stand side by side
	drillFacts  = 150 // from this width all about the first row stands beside them
	factsWidth  = 54
)

// drawDrill draws the page: where we are, what it comes to, all about where it began where there is
// room, and the lists.
func (v *view) drawDrill(a area) {
	d := v.drill
	drawCrumbs(a.sub(0, 0, a.w, 1), v)
	a.cut(2, 1, a.w-2, styleText, drillSum(v.snap, &d.now(v).Total))
	top := min(3, max(a.h-1, 0))
	if a.h < 16 {
		top = min(2, a.h)
	}
	body := a.sub(0, top, a.w, a.h-top)
	if a.w >= drillFacts {
		v.drawOrigin(body.sub(0, 0, factsWidth, body.h))
		body = body.sub(factsWidth+bandGap, 0, body.w, body.h)
	}
	lists := d.lists()
	weights := make([]int, len(lists))
	for i := range weights {
		weights[i] = 1
	}
	at := 0
	if body.w >= drillBeside {
		for i, w := range split(body.w-bandGap*(len(lists)-1), weights) {
			v.drawPanel(body.sub(at, 0, w, body.h), lists[i], false)
			at += w + bandGap
		}
		return
	}
	for i, h := range split(body.h, weights) {
		v.drawPanel(body.sub(0, at, body.w, h), lists[i], false)
		at += h
	}
}

// drawCrumbs writes the way to the page.
func drawCrumbs(a area, v *view) {
	d := v.drill
	right := a.w
	if hint := "i all about it · Esc back"; v.keys && a.w >= 60 {
		right -= textWidth(hint) + 2
		a.put(right+1, 0, styleKey, hint)
	}
	p := &panels[d.panel]
	text := p.title
	if name := p.modes[d.mode].name; name != "" {
		text += " " + name
	}
	x := a.cut(1, 0, right-1, styleTitle, text)
	for i, c := range d.crumbs {
		st := styleName
		if i == len(d.crumbs)-1 {
			st = styleFocus
		}
		x = a.cut(x+1, 0, right-x-1, styleDim, "›")
		// The last of many crumbs is the one that must be read.
		x = a.cut(x+1, 0, min(right-x-1, max((right-x)/(len(d.crumbs)-i), 8)), st, c.text())
	}
	a.fill(x+1, 0, right-x-1, styleFaint, "─")
}

// drillSum is what a selection comes to.
func drillSum(s *stats.Snapshot, total *stats.Part) string {
	switch {
	case s.Stale:
		return "no figures while the server does not answer"
	case s.Sampled.Commands == 0:
		return "no samples at this moment"
	case total.Seen == 0:
		return "none of the " + whole(s.Sampled.Commands) + " commands seen is of this"
	}
	text := estimated(total.CommandsPerSecond, total.Error) + " commands/s · " + known(total.Share, percent) + " of all"
	text += " · " + whole(total.Seen) + " of " + whole(s.Sampled.Commands) + " seen"
	if s.Sampled.Complete {
		return text + ", exact"
	}
	return text + " in " + whole(int64(s.Sampled.Windows)) + " windows"
}

// drawOrigin tells all about the row that the page began with.
func (v *view) drawOrigin(a area) {
	r, ok := v.drill.origin(v)
	x := a.cut(1, 0, a.w-1, styleTitle, "All about it")
	a.fill(x+1, 0, a.w-x-1, styleFaint, "─")
	body := a.sub(0, 1, a.w, a.h-1)
	if !ok {
		body.cut(2, 0, body.w-2, styleDim, "no longer there")
		return
	}
	for y, l := range wrapLines(detailLines(r.fields), a.w-1) {
		if y >= body.h {
			return
		}
		drawPageLine(body.sub(0, y, body.w, 1), l)
	}
}
