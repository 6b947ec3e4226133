package tui

import (
	"fmt"
	"slices"
	"strings"
)

// render draws the view as it is. It is the only way to a frame: the live screen and the frames for
// a pipe come from here.
func (v *view) render() *surface {
	s := newSurface(v.width, v.height)
	v.hits = v.hits[:0]
	if v.width <= 0 || v.height <= 0 {
		return s
	}
	a := s.area()
	l, ok := layoutFor(v.width, v.height, v.sampling)
	if !ok {
		drawOneLine(a, v)
		return s
	}
	alone := v.full || !l.shows(panels[v.focus].id) && !l.shows(chosen)
	if alone {
		l.context, l.bands = 0, fullLayout.bands
	}
	drawTitle(a.sub(0, 0, a.w, 1), v)
	y := 1
	for _, b := range banners(v) {
		if y < a.h-3 {
			line := a.sub(0, y, a.w, 1)
			drawBanner(line, b)
			if b.opens != "" {
				v.hits = append(v.hits, hit{kind: hitPanel, at: line, panel: panelIndex(b.opens)})
			}
			y++
		}
	}
	foot := 0
	if v.keys {
		foot = 1
		drawHints(a.sub(0, a.h-1, a.w, 1), v)
	}
	main := a.sub(0, y, a.w, a.h-y-foot)
	if v.drill != nil {
		v.drawDrill(main)
	} else {
		v.drawMain(main, l)
	}
	if v.snap.Stale {
		main.fade(styleDim)
	}
	if v.overlay.kind != overlayNone {
		drawOverlay(a.sub(0, 1, a.w, a.h-1-foot), v)
	}
	if v.dialog != nil {
		drawDialog(a, v)
	}
	return s
}

// drawMain draws the context and the bands.
func (v *view) drawMain(a area, l layout) {
	context := min(l.context, a.h)
	if context > 0 {
		drawContext(a.sub(0, 0, a.w, context), v)
	}
	y := context
	for i, lines := range v.bandHeights(l, a.h-context) {
		v.drawBand(a.sub(0, y, a.w, lines), l, l.bands[i])
		y += lines
	}
}

// bandHeights gives the fixed bands what they ask for and shares what is left by weight. A band whose
// tables need less leaves the rest to those that need more; needs are counted in steps, so that the
// screen does not move with every row that comes and goes.
func (v *view) bandHeights(l layout, lines int) []int {
	heights := make([]int, len(l.bands))
	var weights []int
	for i, b := range l.bands {
		heights[i] = min(b.lines, max(lines, 0))
		lines -= heights[i]
		if b.lines == 0 {
			weights = append(weights, b.weight)
		}
	}
	shares := split(max(lines, 0), weights)
	spare := 0
	for i, b := range l.bands {
		if b.lines > 0 {
			continue
		}
		heights[i], shares = shares[0], shares[1:]
		if need := v.bandNeed(l, b); need < heights[i] {
			spare += heights[i] - need
			heights[i] = need
		}
	}
	return v.giveSpare(l, heights, spare)
}

// giveSpare gives the lines that some bands do not need to those that need more, in their order, and
// the rest to the first band of all, where graphs take any number.
func (v *view) giveSpare(l layout, heights []int, spare int) []int {
	for i, b := range l.bands {
		if b.lines == 0 {
			n := min(max(v.bandNeed(l, b)-heights[i], 0), spare)
			heights[i] += n
			spare -= n
		}
	}
	if len(heights) > 0 {
		heights[0] += spare
	}
	return heights
}

const needStep = 4 // lines

// bandNeed is how many lines the tables of a band would fill; sheets and graphs take any number.
func (v *view) bandNeed(l layout, b band) int {
	need, least := 0, 0
	for _, s := range b.slots {
		panel := panelIndex(s.panel)
		if s.panel == chosen {
			panel = l.chosenPanel(v)
		}
		if panel < 0 {
			continue
		}
		lines := 0
		switch b := v.body(panel).(type) {
		case memoryBars:
			lines = 1 + len(memoryParts)
		case rows:
			lines = 1 + b.count(v, panel)
		default:
			return 1 << 20
		}
		if panel == v.live.panel {
			return 1 << 20
		}
		if s.panel == chosen {
			least, lines = tabsLines, lines+1
		}
		need = max(need, lines)
	}
	return max((need+needStep-1)/needStep*needStep+1, least)
}

const bandGap = 2

func (v *view) drawBand(a area, l layout, b band) {
	weights := make([]int, len(b.slots))
	for i, s := range b.slots {
		weights[i] = s.weight
	}
	x := 0
	for i, w := range split(a.w-bandGap*(len(b.slots)-1), weights) {
		part := a.sub(x, 0, w, a.h)
		switch name := b.slots[i].panel; name {
		case graphSlot:
			drawGraph(part, v)
		case chosen:
			v.drawPanel(part, l.chosenPanel(v), true)
		default:
			v.drawPanel(part, panelIndex(name), false)
		}
		x += w + bandGap
	}
}

func (v *view) drawPanel(a area, panel int, tabs bool) {
	if a.w < 1 || a.h < 1 {
		return
	}
	v.hits = append(v.hits, hit{kind: hitPanel, at: a, panel: panel})
	inline := tabs && v.keys
	if inline && a.h >= tabsLines && a.w-v.tabsWidth(false) < titleRoom && a.w >= v.tabsWidth(true) {
		v.drawTabLine(a.sub(0, 0, a.w, 1), panel)
		a, inline = a.sub(0, 1, a.w, a.h-1), false
	}
	v.drawPanelTitle(a.sub(0, 0, a.w, 1), panel, tabs, inline)
	v.body(panel).draw(a.sub(0, 1, a.w, a.h-1), v, panel)
}

// drawPanelTitle writes the title, what the panel says of itself, and the other panels as tabs.
func (v *view) drawPanelTitle(a area, panel int, tabs, inline bool) {
	p, ps := &panels[panel], &v.panels[panel]
	st := styleTitle
	x := 1
	if v.focus == panel && v.keys {
		st = styleFocus
		a.put(0, 0, styleFocus, "▸")
	}
	if v.keys && !tabs && panel < len(mainPanels) {
		x = a.put(x, 0, styleKey, panelKey(panel)) + 1
	}
	right := a.w + 1
	if inline {
		right = v.drawTabs(a, panel)
	}
	x = a.cut(x, 0, right-x, st, p.title)
	if name := p.modes[ps.mode].name; name != "" {
		x = a.cut(x+1, 0, right-x-1, styleText, name)
	}
	if ps.filter != "" || v.typing && panel == v.focus {
		text := " /" + safe(ps.filter, 60)
		if v.typing && panel == v.focus {
			text += "▏"
		}
		x = a.cut(x+1, 0, right-x-1, styleCursor, text)
	}
	for _, note := range v.body(panel).note(v, panel) {
		if x+3+textWidth(note) < right {
			x = a.put(x, 0, styleDim, " · "+note)
		}
	}
	a.fill(x+1, 0, right-x-2, styleFaint, "─")
}

// drawOneLine is what is left on the smallest terminals.
func drawOneLine(a area, v *view) {
	s := v.snap
	parts := []string{"redistop: " + known(s.Throughput.CommandsPerSecond, count) + " cmd/s"}
	if v.troubled() {
		parts = []string{"redistop: " + linkWord(v)}
	}
	if critical, _ := standing(s); critical > 0 {
		parts[0] = fmt.Sprintf("%d!! %s", critical, parts[0])
	}
	if left := v.monitorLeft(); left > 0 {
		parts = append([]string{monitorText(left)}, parts...)
	}
	parts = append(parts,
		"cpu "+known(s.CPU.Total, percent),
		"mem "+known(s.Memory.Used, wholeBytes),
		"clients "+known(s.Connected.Clients, whole))
	a.cut(0, 0, a.w, styleText, strings.Join(parts, " · "))
}

// drawHints is the last line: what the last key did, or which keys there are.
func drawHints(a area, v *view) {
	switch {
	case v.typing:
		x := a.cut(1, 0, a.w-1, styleCursor, "filter “"+safe(v.panels[v.focus].filter, 60)+"▏”")
		st, text := styleCursor, "Enter keeps it, Esc clears it"
		if v.focus == v.live.panel && v.live.problem != "" {
			st, text = styleBad, v.live.problem
		} else if v.focus == v.live.panel {
			text = "client: name: user: command:@write key:user:* db:0 -not — Enter, Esc"
		}
		a.cut(x+1, 0, a.w-x-1, st, "— "+text)
		return
	case v.notice.text != "":
		a.cut(1, 0, a.w-1, v.notice.style, v.notice.text)
		return
	case v.overlay.kind != overlayNone:
		drawPageHints(a, v)
		return
	}
	x := 1
	for i := range keyTable {
		b := &keyTable[i]
		if b.hint == "" || len(b.panels) > 0 && !slices.Contains(b.panels, panels[v.focus].id) || b.off != nil && b.off(v) != "" {
			continue
		}
		if x+textWidth(b.name())+1+textWidth(b.hint) > a.w {
			return
		}
		x = a.put(x, 0, styleKey, b.name())
		x = a.put(x+1, 0, styleDim, b.hint) + 2
	}
}

// drawPageHints names the keys that a page over the panels takes.
func drawPageHints(a area, v *view) {
	hints := [][2]string{{"Esc", "close"}, {"↑ ↓", "scroll"}, {"PgUp PgDn", "page"}, {"Home End", "first, last"}}
	if v.overlay.kind != overlayHelp {
		hints = append(hints, [2]string{"y", "copy"})
	}
	x := 1
	for _, h := range hints {
		if x+textWidth(h[0])+1+textWidth(h[1]) > a.w {
			return
		}
		x = a.put(x, 0, styleKey, h[0])
		x = a.put(x+1, 0, styleDim, h[1]) + 2
	}
}
