package tui

import "strings"

// overlayKind is what lies over the panels.
type overlayKind uint8

const (
	overlayNone overlayKind = iota
	overlayHelp
	overlayDetails
)

// overlay is a page over the panels that can be scrolled.
type overlay struct {
	kind   overlayKind
	title  string
	fields []field // of the row whose details are shown
	scroll int
}

// pageLine is one line of a page.
type pageLine struct {
	key   string // stands out, in a column of its own
	text  string
	style style
	head  bool
}

func drawOverlay(a area, v *view) {
	a.clear()
	columns, title := 1, v.overlay.title
	var lines []pageLine
	if v.overlay.kind == overlayHelp {
		columns, title = max(a.w/helpColumn, 1), "Help"
		lines = helpLines(v, a.w/columns)
	} else {
		lines = detailLines(v.overlay.fields, a.w)
	}
	page := a.sub(0, 1, a.w, a.h-1)
	shown := page.h * columns
	v.overlay.scroll = max(min(v.overlay.scroll, len(lines)-shown), 0)
	hint := " Esc closes "
	if len(lines)-shown > v.overlay.scroll {
		hint = " ↓ more · Esc closes "
	}
	x := a.cut(1, 0, a.w-2, styleFocus, title)
	a.fill(x+1, 0, a.w-x-2, styleFaint, "─")
	a.right(0, 0, a.w-2, styleKey, hint)
	if page.h < 1 {
		return
	}
	for i, l := range lines[v.overlay.scroll:min(v.overlay.scroll+shown, len(lines))] {
		width := page.w / columns
		drawPageLine(page.sub(i/page.h*width, i%page.h, width-1, 1), l)
	}
}

// helpColumn is the least width of a column of the help.
const helpColumn = 78

// pageKey is the width of the first column of a page.
const pageKey = 26

func drawPageLine(a area, l pageLine) {
	if l.head {
		a.cut(1, 0, a.w-1, styleTitle, l.text)
		return
	}
	a.cut(2, 0, pageKey-3, styleKey, l.key)
	a.cut(pageKey, 0, a.w-pageKey, l.style, l.text)
}

// detailLines lays out all fields of a row; long values take as many lines as they need.
func detailLines(fields []field, width int) []pageLine {
	var lines []pageLine
	for _, f := range fields {
		label := f.label
		for _, part := range wrapText(f.value, max(width-pageKey-1, 10)) {
			lines = append(lines, pageLine{key: label, text: part})
			label = ""
		}
	}
	return lines
}

// wrapText cuts text into lines of at most width cells.
func wrapText(text string, width int) []string {
	var lines []string
	var b strings.Builder
	n := 0
	for len(text) > 0 {
		draw, size, w := nextCluster(text)
		text = text[size:]
		if n+w > width {
			lines = append(lines, b.String())
			b.Reset()
			n = 0
		}
		b.WriteString(draw)
		n += w
	}
	return append(lines, b.String())
}
