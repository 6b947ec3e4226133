package tui

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cell is one cell of the terminal. The second cell of a wide letter is a continuation.
type cell struct {
	text   string // one letter with its marks; "" is a blank
	style  style
	ground ground
	cont   bool
}

// surface is a frame under construction: width x height cells.
type surface struct {
	width, height int
	cells         []cell
}

func newSurface(width, height int) *surface {
	width, height = max(width, 0), max(height, 0)
	return &surface{width: width, height: height, cells: make([]cell, width*height)}
}

// area is a rectangle of a surface. Its coordinates begin at 0,0, and what falls outside of it is
// not drawn.
type area struct {
	s          *surface
	x, y, w, h int
}

func (s *surface) area() area { return area{s: s, w: s.width, h: s.height} }

// sub is the part of a that begins at x, y and has at most this width and height.
func (a area) sub(x, y, w, h int) area {
	x, y = max(x, 0), max(y, 0)
	return area{s: a.s, x: a.x + x, y: a.y + y, w: max(min(w, a.w-x), 0), h: max(min(h, a.h-y), 0)}
}

// has says whether the screen position lies in a.
func (a area) has(x, y int) bool { return x >= a.x && x < a.x+a.w && y >= a.y && y < a.y+a.h }

// put draws text at x, y, cut at the right edge without a sign, and returns the x behind it.
func (a area) put(x, y int, st style, text string) int {
	if y < 0 || y >= a.h {
		return x
	}
	for len(text) > 0 {
		cluster, size, width := nextCluster(text)
		text = text[size:]
		if x+width > a.w {
			return x
		}
		if x >= 0 {
			a.set(x, y, cluster, width, st)
		}
		x += width
	}
	return x
}

// set writes one letter into its one or two cells and blanks the halves of wide letters that it
// overwrites.
func (a area) set(x, y int, text string, width int, st style) {
	row := a.s.cells[(a.y+y)*a.s.width : (a.y+y+1)*a.s.width]
	at := a.x + x
	if row[at].cont && at > 0 {
		row[at-1].text = ""
	}
	if end := at + width; end < len(row) && row[end].cont {
		row[end].cont = false
		row[end].text = ""
	}
	row[at] = cell{text: text, style: st, ground: row[at].ground}
	for i := at + 1; i < at+width; i++ {
		row[i] = cell{cont: true, style: st, ground: row[i].ground}
	}
}

// cut draws text within width cells, with "…" in the last one when it does not fit.
func (a area) cut(x, y, width int, st style, text string) int {
	width = min(width, a.w-x)
	if width <= 0 {
		return x
	}
	return a.put(x, y, st, cutText(text, width))
}

// right draws text so that it ends before x+width.
func (a area) right(x, y, width int, st style, text string) {
	text = cutText(text, width)
	a.put(x+width-textWidth(text), y, st, text)
}

// fill draws text of one cell from x to x+width.
func (a area) fill(x, y, width int, st style, text string) {
	for i := max(x, 0); i < min(x+width, a.w); i++ {
		a.put(i, y, st, text)
	}
}

// clear blanks the whole area, for what is drawn over other things.
func (a area) clear() {
	for y := range a.h {
		for x := range a.w {
			a.set(x, y, "", 1, styleText)
		}
	}
}

// paint gives line y of the area a ground.
func (a area) paint(y int, g ground) {
	if y < 0 || y >= a.h {
		return
	}
	row := a.s.cells[(a.y+y)*a.s.width:]
	for x := a.x; x < a.x+a.w; x++ {
		row[x].ground = g
	}
}

// fade gives all that stands in the area one style: old figures must not look alive.
func (a area) fade(st style) {
	for y := range a.h {
		row := a.s.cells[(a.y+y)*a.s.width:]
		for x := a.x; x < a.x+a.w; x++ {
			row[x].style = st
		}
	}
}

// encode writes the frame as lines, without trailing blanks, in the theme's escape codes; a nil
// theme writes text alone.
func (s *surface) encode(t *theme) string {
	var b strings.Builder
	b.Grow(len(s.cells) * 2)
	for y := range s.height {
		if y > 0 {
			b.WriteByte('\n')
		}
		row := s.cells[y*s.width : (y+1)*s.width]
		encodeRow(&b, row[:lastUsed(row, t == nil)], t)
	}
	return b.String()
}

func encodeRow(b *strings.Builder, row []cell, t *theme) {
	style, ground := styleText, groundNone
	for i := range row {
		c := &row[i]
		if c.cont {
			continue
		}
		if t != nil && (c.ground != ground || c.style != style && c.text != "") {
			style, ground = c.style, c.ground
			b.WriteString(t.codes[ground][style])
		}
		if c.text == "" {
			b.WriteByte(' ')
		} else {
			b.WriteString(c.text)
		}
	}
	if t != nil && (style != styleText || ground != groundNone) {
		b.WriteString(ansi.ResetStyle)
	}
}

func lastUsed(row []cell, plain bool) int {
	n := len(row)
	for n > 0 && (row[n-1].text == "" || row[n-1].text == " " && plain) && !row[n-1].cont && (plain || row[n-1].ground == groundNone) {
		n--
	}
	return n
}

// replacement stands for what cannot be drawn in a known number of cells.
const replacement = "\uFFFD"

// maxCluster bounds the marks on one letter, in bytes.
const maxCluster = 24

// nextCluster takes the first letter of text, with its marks: what to draw, how many bytes of text
// it was, and its width in cells. Terminals measure joined letters in two ways; one that the two
// ways measure differently would shift the rest of the line, so it is drawn as a replacement. So
// is a control character, although none should come this far.
func nextCluster(text string) (draw string, size, width int) {
	c := text[0]
	if c < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) {
		if c < ' ' || c == 0x7f {
			return replacement, 1, 1
		}
		return text[:1], 1, 1
	}
	r, n := utf8.DecodeRuneInString(text)
	if ours(r) {
		next, _ := utf8.DecodeRuneInString(text[n:])
		if len(text) == n || next < utf8.RuneSelf || ours(next) {
			return text[:n], n, 1
		}
	}
	cluster, width := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
	if len(cluster) == 0 {
		return replacement, n, 1
	}
	safe := r >= ' ' && r != 0x7f && (r < 0x80 || r >= 0xa0) && utf8.ValidString(cluster)
	if !safe || width < 1 || width > 2 || len(cluster) > maxCluster || ansi.StringWidthWc(cluster) != width {
		return replacement, len(cluster), 1
	}
	return cluster, len(cluster), width
}

// ours says that a rune is one of the signs that the screen itself draws, one cell each.
func ours(r rune) bool {
	switch r {
	case '·', 'µ', '…', '–', '≤', '▲', '▼', '▸', '◂', '↑', '↓', '→', '✓':
		return true
	}
	return r >= 0x2500 && r <= 0x259f || r >= 0x2800 && r <= 0x28ff
}

// textWidth is the number of cells that put draws text in.
func textWidth(text string) int {
	n := 0
	for len(text) > 0 {
		_, size, width := nextCluster(text)
		text = text[size:]
		n += width
	}
	return n
}

// cutText is text when it fits in width cells, else its beginning and "…".
func cutText(text string, width int) string {
	if width <= 0 {
		return ""
	}
	n, fits := 0, 0
	for i := 0; i < len(text); {
		_, size, w := nextCluster(text[i:])
		if n+w > width {
			return text[:fits] + "…"
		}
		i += size
		n += w
		if n <= width-1 {
			fits = i
		}
	}
	return text
}
