package main

import (
	"fmt"
	"image/color"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// pen is how SGR codes say that text looks. A colour is "#rrggbb"; empty is the terminal's own.
type pen struct {
	fg, bg                                  string
	bold, faint, italic, underline, reverse bool
}

// cell is one place of the screen. text is one character as a reader counts them; it is empty
// where the wide character to the left covers the cell, and where nothing was written.
type cell struct {
	text string
	pen  pen
}

// screen is a grid of cells, as a terminal with these colours shows them.
type screen struct {
	width, height int
	colors        theme
	cells         []cell // row by row
}

func (s *screen) row(y int) []cell { return s.cells[y*s.width : (y+1)*s.width] }

// parse reads lines of text with SGR codes, which last beyond the end of a line as they do in a
// terminal. Other escape codes have no effect. A text that does not fit is an error: it was taken
// from a screen of another size.
func parse(text string, width, height int, colors theme) (*screen, error) {
	s := &screen{width, height, colors, make([]cell, width*height)}
	decoder := ansi.NewParser()
	var p pen
	x, y := 0, 0
	for state := byte(0); text != ""; {
		seq, w, n, next := ansi.DecodeSequence(text, state, decoder)
		text, state = text[n:], next
		switch {
		case seq == "\n":
			s.extend(x, y, p)
			x, y = 0, y+1
		case w > 0:
			if y >= height || x+w > width {
				return nil, fmt.Errorf("line %d, column %d: %q is outside a screen of %dx%d", y+1, x+1, seq, width, height)
			}
			row := s.row(y)
			for i := range w {
				row[x+i] = cell{pen: p}
			}
			row[x].text = seq
			x += w
		case x > 0 && y < height && isMark(seq):
			s.mark(x-1, y, seq)
		case ansi.Cmd(decoder.Command()) == 'm' && strings.HasPrefix(seq, "\x1b["):
			p = p.apply(decoder.Params(), colors)
		}
	}
	s.extend(x, y, p)
	return s, nil
}

// extend gives the ground in force where a line ends to the rest of its row. A program that fills a
// row by erasing it leaves cells that tmux before 3.4 does not write, though a terminal shows them.
func (s *screen) extend(x, y int, p pen) {
	if y >= s.height || x == 0 || p.reverse {
		return
	}
	for row := s.row(y); x < s.width; x++ {
		row[x].pen.bg = p.bg
	}
}

// isMark is true for what is drawn onto the character before it.
func isMark(seq string) bool {
	r, _ := utf8.DecodeRuneInString(seq)
	return unicode.In(r, unicode.M, unicode.Cf)
}

// mark adds a mark to the character that ends at column x.
func (s *screen) mark(x, y int, mark string) {
	row := s.row(y)
	if row[x].text == "" && x > 0 {
		x-- // the second half of a wide one
	}
	row[x].text += mark
}

// apply returns the pen after one SGR sequence.
func (p pen) apply(params ansi.Params, colors theme) pen {
	if len(params) == 0 {
		return pen{}
	}
	for i := 0; i < len(params); i++ {
		switch n := params[i].Param(0); {
		case n == 0:
			p = pen{}
		case n == 1:
			p.bold = true
		case n == 2:
			p.faint = true
		case n == 3:
			p.italic = true
		case n == 4: // 4:0 is none; 4:3 is a curly one, drawn straight
			p.underline = !params[i].HasMore() || i+1 < len(params) && params[i+1].Param(0) != 0
		case n == 7:
			p.reverse = true
		case n == 22:
			p.bold, p.faint = false, false
		case n == 23:
			p.italic = false
		case n == 24:
			p.underline = false
		case n == 27:
			p.reverse = false
		case n >= 30 && n <= 37:
			p.fg = colors.basic[n-30]
		case n >= 90 && n <= 97:
			p.fg = colors.basic[n-90+8]
		case n == 39:
			p.fg = ""
		case n >= 40 && n <= 47:
			p.bg = colors.basic[n-40]
		case n >= 100 && n <= 107:
			p.bg = colors.basic[n-100+8]
		case n == 49:
			p.bg = ""
		case n == 38 || n == 48 || n == 58:
			var c color.Color
			read := ansi.ReadStyleColor(params[i:], &c)
			if read == 0 || c == nil {
				return p // cut short: there is nothing after it
			}
			if n == 38 {
				p.fg = colors.hex(c)
			} else if n == 48 {
				p.bg = colors.hex(c)
			}
			i += read - 1
			continue
		}
		for i < len(params) && params[i].HasMore() {
			i++ // its sub-parameters, which are no codes of their own
		}
	}
	return p
}

// colorsOf resolves a pen to the colours that are seen. The ground is empty where it is the
// screen's own.
func (s *screen) colorsOf(p pen) (text, ground string) {
	text, ground = p.fg, p.bg
	if text == "" {
		text = s.colors.text
	}
	behind := ground
	if behind == "" {
		behind = s.colors.ground
	}
	if p.reverse {
		text, ground, behind = behind, text, text
	}
	if p.faint {
		text = blend(text, behind)
	}
	return text, ground
}
