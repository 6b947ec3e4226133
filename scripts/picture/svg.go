package main

import (
	"bufio"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// The picture around the cells, and the line that letters stand on, in units. A monospace font is
// 0.6 times as wide as it is high, so this size fills a cell.
const (
	padding  = 12
	rounding = 8
	fontSize = "13.3px"
	baseline = 12
)

const fonts = `ui-monospace,"SF Mono",Menlo,"Cascadia Mono",Consolas,"DejaVu Sans Mono","Liberation Mono",monospace`

// layer is what is filled with one colour.
type layer struct {
	rects []rect
	paths []string
}

// layers keeps colours in the order of their first use, so that the same screen always gives the
// same file.
type layers struct {
	order []string
	of    map[string]*layer
}

func (l *layers) at(color string) *layer {
	if l.of[color] == nil {
		if l.of == nil {
			l.of = map[string]*layer{}
		}
		l.of[color] = &layer{}
		l.order = append(l.order, color)
	}
	return l.of[color]
}

func (l *layers) write(w *bufio.Writer) {
	for _, color := range l.order {
		fmt.Fprintf(w, "<path fill=%q d=\"", color)
		for _, r := range merge(l.of[color].rects) {
			fmt.Fprintf(w, "M%d %dh%dv%dh-%dz", r.x, r.y, r.w, r.h, r.w)
		}
		w.WriteString(strings.Join(l.of[color].paths, "") + "\"/>\n")
	}
}

// draw writes the screen as an SVG with this title.
func (s *screen) draw(w *bufio.Writer, title string) {
	width, height := s.width*cellWidth+2*padding, s.height*cellHeight+2*padding
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(w, "<title>%s</title>\n", html.EscapeString(title))

	var grounds, shapes layers
	var texts []words
	for y := range s.height {
		s.drawGround(y, &grounds)
		texts = append(texts, s.drawRow(y, &shapes)...)
	}
	classes := classify(texts)
	fmt.Fprintf(w, "<style>text{font:%s %s;white-space:pre}", fontSize, fonts)
	for _, c := range classes.order {
		fmt.Fprintf(w, ".%s{%s}", classes.name[c], c.css())
	}
	w.WriteString("</style>\n")
	fmt.Fprintf(w, `<rect x=".5" y=".5" width="%d" height="%d" rx="%d" fill="%s" stroke="%s"/>`+"\n",
		width-1, height-1, rounding, s.colors.ground, s.colors.border)
	fmt.Fprintf(w, `<g transform="translate(%d %d)">`+"\n", padding, padding)
	grounds.write(w)
	shapes.write(w)
	for _, t := range texts {
		fmt.Fprintf(w, "<text class=%q x=%q y=\"%d\">%s</text>\n",
			classes.name[t.look], strings.Join(t.xs, " "), t.y*cellHeight+baseline, html.EscapeString(t.text))
	}
	w.WriteString("</g>\n</svg>\n")
}

// drawGround fills what lies behind the text of a row.
func (s *screen) drawGround(y int, to *layers) {
	for x, c := range s.row(y) {
		if _, ground := s.colorsOf(c.pen); ground != "" {
			l := to.at(ground)
			l.rects = append(l.rects, rect{x * cellWidth, y * cellHeight, cellWidth, cellHeight})
		}
	}
}

// look is how letters of a run are drawn.
type look struct {
	color        string
	bold, italic bool
}

func (l look) css() string {
	css := "fill:" + l.color
	if l.bold {
		css += ";font-weight:700"
	}
	if l.italic {
		css += ";font-style:italic"
	}
	return css
}

// words are text of one look in one row; xs is the place of each of its characters.
type words struct {
	look look
	y    int
	text string
	xs   []string
}

// drawRow adds the shapes of a row to a layer and returns its text. One space between two words
// of a look does not end a run.
func (s *screen) drawRow(y int, shapes *layers) []words {
	var runs []words
	open, gap := false, 0 // a run goes on; this many spaces were seen since its last letter
	for x, c := range s.row(y) {
		color, _ := s.colorsOf(c.pen)
		if c.pen.underline {
			l := shapes.at(color)
			l.rects = append(l.rects, rect{x * cellWidth, y*cellHeight + cellHeight - 2, cellWidth, 1})
		}
		if c.text == "" || c.text == " " {
			gap++
			continue
		}
		if drawShape(c.text, x, y, shapes.at, color) {
			open = false
			continue
		}
		as := look{color, c.pen.bold, c.pen.italic}
		single := utf8.RuneCountInString(c.text) == 1
		if !open || !single || gap > 1 || runs[len(runs)-1].look != as {
			runs = append(runs, words{look: as, y: y})
			gap = 0
		}
		r := &runs[len(runs)-1]
		if gap == 1 {
			r.text, r.xs = r.text+" ", append(r.xs, fmt.Sprint((x-1)*cellWidth))
		}
		r.text, r.xs = r.text+c.text, append(r.xs, fmt.Sprint(x*cellWidth))
		open, gap = single, 0
	}
	return runs
}

// drawShape draws a character that is a shape; it is false for letters.
func drawShape(text string, x, y int, at func(color string) *layer, color string) bool {
	r, size := utf8.DecodeRuneInString(text)
	if size != len(text) {
		return false
	}
	if outline, ok := outlines[r]; ok {
		l := at(color)
		l.paths = append(l.paths, fmt.Sprintf("M%d %d%s", x*cellWidth, y*cellHeight, outline))
		return true
	}
	rects := shape(r)
	for _, part := range rects {
		l := at(color)
		l.rects = append(l.rects, rect{x*cellWidth + part.x, y*cellHeight + part.y, part.w, part.h})
	}
	return rects != nil
}

// classNames gives each look a class of the style sheet.
type classNames struct {
	order []look
	name  map[look]string
}

func classify(runs []words) classNames {
	c := classNames{name: map[look]string{}}
	for _, r := range runs {
		if c.name[r.look] == "" {
			c.name[r.look] = fmt.Sprintf("c%d", len(c.order))
			c.order = append(c.order, r.look)
		}
	}
	return c
}
