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
	columns, keys, title := 1, detailKey, v.overlay.title
	lines := detailLines(v.overlay.fields)
	if v.overlay.kind == overlayHelp {
		columns, keys, title = max(a.w/helpColumn, 1), helpKey, "Help"
		lines = helpLines(v)
	}
	page := a.sub(0, 1, a.w, a.h-1)
	width, shown := page.w/columns, page.h*columns
	lines = wrapLines(lines, max(width-keys-1, 10))
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
		drawPageLine(page.sub(i/page.h*width, i%page.h, width-1, 1), l, keys)
	}
}

// The least width of a column of the help, and the widths of the first columns of pages.
const helpColumn, helpKey, detailKey = 60, 19, 26

func drawPageLine(a area, l pageLine, keys int) {
	if l.head {
		a.cut(1, 0, a.w-1, styleTitle, l.text)
		return
	}
	a.cut(2, 0, keys-3, styleKey, l.key)
	a.cut(keys, 0, a.w-keys, l.style, l.text)
}

func detailLines(fields []field) []pageLine {
	lines := make([]pageLine, len(fields))
	for i, f := range fields {
		lines[i] = pageLine{key: f.label, text: f.value}
	}
	return lines
}

// wrapLines gives long texts as many lines as they need.
func wrapLines(lines []pageLine, width int) []pageLine {
	var out []pageLine
	for _, l := range lines {
		for _, part := range wrapText(l.text, width) {
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
