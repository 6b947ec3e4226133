package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// statusLine is one line on standard error that is written anew as work goes on. Only a terminal that can
// erase a line gets it.
type statusLine struct{ on, shown bool }

func newStatusLine() statusLine {
	return statusLine{on: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"}
}

// put shows text, which must be safe to print, cut to the terminal's width.
func (l *statusLine) put(text string) {
	if !l.on {
		return
	}
	width := 80
	if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && w > 1 {
		width = w
	}
	fmt.Fprint(os.Stderr, "\r"+ansi.Truncate(text, width-1, "…")+ansi.EraseLineRight)
	l.shown = true
}

// clear takes the line off the terminal.
func (l *statusLine) clear() {
	if l.shown {
		fmt.Fprint(os.Stderr, "\r"+ansi.EraseLineRight)
		l.shown = false
	}
}

// meter is a bar of which a part, 0..1, is full.
func meter(part float64) string {
	const cells = 20
	full := int(min(max(part, 0), 1)*cells + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("░", cells-full)
}
