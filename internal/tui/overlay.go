package tui

import (
	"strings"

	"redistop/internal/stats"
)

// overlayKind is what lies over the panels.
type overlayKind uint8

const (
	overlayNone overlayKind = iota
	overlayHelp
	overlayDetails
	overlayFinding
)

// overlay is a page over the panels that can be scrolled.
type overlay struct {
	kind   overlayKind
	title  string
	fields []field // of the row that is shown
	scroll int

	finding rowID          // whose page it is
	last    *stats.Finding // as it was seen last
}

// pageLine is one line of a page.
type pageLine struct {
	key   string // stands out, in a column of its own
	text  string
	keys  int // cells to where text begins
	style style
	head  bool
}

func drawOverlay(a area, v *view) {
	a.clear()
	columns, title := 1, v.overlay.title
	lines := detailLines(v.overlay.fields)
	if v.overlay.kind == overlayHelp {
		columns, title = max(a.w/helpColumn, 1), "Help"
		lines = helpLines(v)
		alignKeys(lines)
	}
	if v.overlay.kind == overlayFinding {
		lines = findingLines(v, v.findingShown(&v.overlay), a.w)
	}
	page := a.sub(0, 1, a.w, a.h-1)
	width := page.w / columns
	lines = wrapLines(lines, width-1)
	flow, more := v.overlay.flow(lines, columns, page.h)
	hint := " Esc closes "
	if more {
		hint = " ↓ more · Esc closes "
	}
	x := a.cut(1, 0, a.w-2, styleFocus, title)
	a.fill(x+1, 0, a.w-x-2, styleFaint, "─")
	a.right(0, 0, a.w-2, styleKey, hint)
	if page.h < 1 {
		return
	}
	for c, column := range flow {
		for y, l := range column {
			drawPageLine(page.sub(c*width, y, width-1, 1), l)
		}
	}
}

// flow gives the columns of a page their lines from the scroll offset on, which it keeps from going
// further than the last page needs, and says whether more follow.
func (o *overlay) flow(lines []pageLine, columns, height int) (flow [][]pageLine, more bool) {
	o.scroll = max(min(o.scroll, len(lines)), 0)
	flow, n := flowLines(lines[o.scroll:], columns, height)
	for o.scroll > 0 && o.scroll+n == len(lines) {
		before, m := flowLines(lines[o.scroll-1:], columns, height)
		if o.scroll-1+m < len(lines) {
			break
		}
		o.scroll, flow, n = o.scroll-1, before, m
	}
	return flow, o.scroll+n < len(lines)
}

// flowLines fills columns with lines, and says how many it took. No column begins with an empty line
// or ends with a title.
func flowLines(lines []pageLine, columns, height int) (flow [][]pageLine, taken int) {
	for range columns {
		for taken < len(lines) && lines[taken].empty() {
			taken++
		}
		end := min(taken+height, len(lines))
		if end > taken+1 && end < len(lines) && lines[end-1].head {
			end--
		}
		flow = append(flow, lines[taken:end])
		taken = end
	}
	return flow, taken
}

func (l pageLine) empty() bool { return l.key == "" && l.text == "" }

// The least width of a column of the help, the width of the first column of other pages, and the
// most of the help's.
const helpColumn, detailKey, helpKey = 60, 26, 26

// alignKeys gives the first column of each section of the help the width of its widest key.
func alignKeys(lines []pageLine) {
	for from := 0; from < len(lines); {
		to, width := from+1, textWidth(lines[from].key)
		for to < len(lines) && !lines[to].head {
			width = max(width, textWidth(lines[to].key))
			to++
		}
		for i := from; i < to; i++ {
			lines[i].keys = min(width+4, helpKey)
		}
		from = to
	}
}

func drawPageLine(a area, l pageLine) {
	if l.head {
		a.cut(1, 0, a.w-1, styleTitle, l.text)
		return
	}
	a.cut(2, 0, l.keys-3, styleKey, l.key)
	a.cut(l.keys, 0, a.w-l.keys, l.style, l.text)
}

func detailLines(fields []field) []pageLine {
	lines := make([]pageLine, len(fields))
	for i, f := range fields {
		lines[i] = pageLine{key: f.label, text: f.value, keys: detailKey}
	}
	return lines
}

// wrapLines gives long texts as many lines of this width as they need.
func wrapLines(lines []pageLine, width int) []pageLine {
	var out []pageLine
	for _, l := range lines {
		for _, part := range wrapText(l.text, max(width-l.keys, 10)) {
			l.text = part
			out = append(out, l)
			l.key = ""
		}
	}
	return out
}

// wrapText cuts text into lines of at most width cells, between words where that wastes little.
func wrapText(text string, width int) []string {
	var lines []string
	for {
		end, blank, n := 0, 0, 0
		for end < len(text) {
			_, size, w := nextCluster(text[end:])
			if n+w > width {
				break
			}
			if text[end] == ' ' && n >= width/3 && !strings.HasPrefix(text[end:], " %") {
				blank = end + 1
			}
			end += size
			n += w
		}
		if end == len(text) {
			return append(lines, text)
		}
		if blank > 0 {
			end = blank
		}
		if end == 0 {
			return append(lines, text)
		}
		lines, text = append(lines, text[:end]), text[end:]
	}
}
