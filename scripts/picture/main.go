// Picture turns a captured terminal screen into an SVG of it.
//
// It reads text with SGR escape codes, as `tmux capture-pane -e -p -N` writes it, on standard
// input, and writes one file that needs nothing else: no font, no script, no network. Text stays
// text, each character placed on its cell, so that every monospace font gives the same columns;
// bars, graphs and lines are drawn as shapes, so that no font can leave gaps in them.
//
//	tmux capture-pane -e -p -N | picture -size 120x36 -theme dark -title "The live screen" >screen.svg
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("picture", flag.ContinueOnError)
	size := flags.String("size", "120x36", "the screen's `COLUMNSxLINES`")
	name := flags.String("theme", "dark", "the terminal's own colours, `dark or light`")
	title := flags.String("title", "", "`TEXT` that says what the picture shows")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var width, height int
	if n, err := fmt.Sscanf(*size, "%dx%d", &width, &height); n != 2 || width < 1 || height < 1 {
		return fmt.Errorf("read -size %q: want two numbers as in 120x36 (%v)", *size, err)
	}
	colors, ok := themes[*name]
	if !ok {
		return fmt.Errorf("-theme %q is neither dark nor light", *name)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the screen: %w", err)
	}
	s, err := parse(string(text), width, height, colors)
	if err != nil {
		return fmt.Errorf("read the screen: %w", err)
	}
	w := bufio.NewWriter(out)
	s.draw(w, *title)
	return w.Flush()
}
