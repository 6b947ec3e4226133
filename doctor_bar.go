package main

import (
	"fmt"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// progressBar is one line on standard error that says how far an observation is and what it has found; only
// a terminal gets it.
type progressBar struct {
	addr   string
	length time.Duration
	statusLine
}

func newBar(addr string, length time.Duration) *progressBar {
	return &progressBar{addr: redis.PrintableCut(addr, 60), length: length, statusLine: newStatusLine()}
}

// draw writes the line anew. begun is when the first answer came; zero: none did yet.
func (b *progressBar) draw(begun time.Time, link stats.Link, findings func() []stats.Finding) {
	if !b.on {
		return
	}
	text := "waiting for " + b.addr
	if !begun.IsZero() {
		gone := min(max(time.Since(begun), 0), b.length)
		text = fmt.Sprintf("%s %s of %s · %s", meter(float64(gone)/float64(b.length)),
			gone.Truncate(time.Second), b.length, foundSoFar(findings()))
	}
	if link.State != stats.Up && link.State != "" && link.State != stats.Connecting {
		text += " · " + string(link.State)
	}
	b.put(text)
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
