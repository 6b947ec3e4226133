package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A textWriter makes lines that end where a terminal does: a list goes on below, under its own beginning.
type textWriter struct {
	strings.Builder
	width int
}

// newTextWriter fits what it writes to a terminal, or to 100 columns where out is none.
func newTextWriter(out io.Writer) *textWriter {
	t := &textWriter{width: 100}
	if f, ok := out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w >= 40 {
			t.width = w - 1
		}
	}
	return t
}

// line writes one line as it is.
func (t *textWriter) line(format string, args ...any) {
	fmt.Fprintf(t, format+"\n", args...)
}

// item writes a text that is indented, on as many lines as it needs.
func (t *textWriter) item(indent int, text string) {
	t.hang(strings.Repeat(" ", indent), text, indent+2)
}

// whole writes a text behind the cells of a table.
func (t *textWriter) whole(cells, text string) {
	t.hang(cells, text, utf8.RuneCountInString(cells)+2)
}

// hang writes head and text, broken between words; what follows the first line is indented.
func (t *textWriter) hang(head, text string, indent int) {
	at := utf8.RuneCountInString(head)
	t.WriteString(head)
	first := true
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case first:
		case at+1+n > t.width:
			t.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			t.WriteByte(' ')
			at++
		}
		first = false
		t.WriteString(word)
		at += n
	}
	t.WriteByte('\n')
}

// list writes a heading and its items; nothing where there are none.
func (t *textWriter) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	t.line("")
	t.line("%s", heading)
	for _, one := range items {
		t.item(2, one)
	}
}
