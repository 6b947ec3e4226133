package tui

// Where tabs leave less room than this for a panel's title, they get a line of their own, if the
// panel has that many lines.
const titleRoom, tabsLines = 60, 8

// tabsWidth is the width of all tabs, with a blank between two.
func (v *view) tabsWidth(short bool) int {
	width := -1
	for i := range mainPanels {
		if v.offers(i) {
			width += textWidth(tabName(i, short)) + 3
		}
	}
	return width
}

func tabName(panel int, short bool) string {
	if short {
		return mainPanels[panel].short
	}
	return mainPanels[panel].title
}

// drawTabLine writes the panels with their number keys on a line of their own.
func (v *view) drawTabLine(a area, panel int) {
	short := v.tabsWidth(false)+1 > a.w
	x := v.drawTabNames(a, 1, panel, short)
	a.fill(x, 0, a.w-x, styleFaint, "─")
}

// drawTabs writes the tabs at the right end of a panel's title, short where it is narrow, and
// returns where they begin.
func (v *view) drawTabs(a area, panel int) int {
	const leastTitle = 26
	for _, short := range []bool{false, true} {
		if left := a.w - v.tabsWidth(short); left >= titleRoom || short && left >= leastTitle {
			v.drawTabNames(a, left, panel, short)
			return left
		}
	}
	return a.w + 1
}

// drawTabNames writes the tabs from x on, and returns the x behind them.
func (v *view) drawTabNames(a area, x, panel int, short bool) int {
	for i := range mainPanels {
		if !v.offers(i) {
			continue
		}
		st, key := styleDim, styleKey
		if i == panel {
			st, key = styleFocus, styleFocus
		}
		from := x
		x = a.put(x, 0, key, panelKey(i))
		x = a.put(x+1, 0, st, tabName(i, short)) + 1
		v.hits = append(v.hits, hit{kind: hitPanel, at: a.sub(from, 0, x-from, 1), panel: i})
	}
	return x
}
