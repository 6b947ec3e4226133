package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// progressBar is one line on standard error that says how far an observation is and what it has found; only
// a terminal gets it.
type progressBar struct {
	addr   string
	length time.Duration
	on     bool
	drawn  bool
}

func newBar(addr string, length time.Duration) *progressBar {
	return &progressBar{addr: redis.PrintableCut(addr, 60), length: length, on: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"}
}

// barCells is the length of the bar itself.
const barCells = 20

// draw writes the line anew. begun is when the first answer came; zero: none did yet.
func (b *progressBar) draw(begun time.Time, link stats.Link, findings func() []stats.Finding) {
	if !b.on {
		return
	}
	text := "waiting for " + b.addr
	if !begun.IsZero() {
		gone := min(max(time.Since(begun), 0), b.length)
		cells := int(gone * barCells / b.length)
		text = fmt.Sprintf("%s%s %s of %s · %s", strings.Repeat("█", cells), strings.Repeat("░", barCells-cells),
			gone.Truncate(time.Second), b.length, foundSoFar(findings()))
	}
	if link.State != stats.Up && link.State != "" && link.State != stats.Connecting {
		text += " · " + string(link.State)
	}
	width := 80
	if w, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil && w > 1 {
		width = w
	}
	fmt.Fprint(os.Stderr, "\r"+ansi.Truncate(text, width-1, "…")+ansi.EraseLineRight)
	b.drawn = true
}

// clear takes the line away, so that the report begins on a clean one.
func (b *progressBar) clear() {
	if b.drawn {
		fmt.Fprint(os.Stderr, "\r"+ansi.EraseLineRight)
	}
}

// foundSoFar is the findings in a word, and the worst by its title.
func foundSoFar(list []stats.Finding) string {
	if len(list) == 0 {
		return "nothing found so far"
	}
	n := map[stats.Severity]int{}
	for _, f := range list {
		n[f.Severity]++
	}
	var parts []string
	for _, s := range []stats.Severity{stats.Critical, stats.Warning, stats.Info} {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(parts, ", ") + ": " + redis.PrintableCut(list[0].Title, 200)
}
