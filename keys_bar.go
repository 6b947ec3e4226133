package main

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// note writes one line for the person to standard error, where it is in no pipe's way.
func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "redistop: %s\n", oneLine(fmt.Sprintf(format, args...)))
}

// progresser is what a bar shows.
type progresser interface{ Progress() keys.Progress }

// A scanBar shows how far a scan is, on standard error where that is a terminal. It is confined to one
// goroutine.
type scanBar struct {
	tool *server.Tool
	of   progresser
	statusLine
	began time.Time
	first float64 // part that was done when it began
	drawn time.Time
	stall string
}

const barEvery = 200 * time.Millisecond

func newScanBar(tool *server.Tool, of progresser) *scanBar {
	b := &scanBar{tool: tool, of: of, statusLine: newStatusLine(), began: time.Now(), first: of.Progress().Part}
	tool.Stalls = func(reason string) {
		b.stall = reason
		b.drawn = time.Time{}
		b.draw("")
	}
	return b
}

// draw draws the bar anew, if it is time to; found says what was found so far.
func (b *scanBar) draw(found string) {
	now := time.Now()
	if !b.on || now.Sub(b.drawn) < barEvery {
		return
	}
	b.drawn = now
	text := b.text(now, found)
	if b.stall != "" {
		text, b.stall = "the server refuses for now: "+b.stall, ""
	}
	b.put(redis.PrintableCut(text, 400))
}

// text is the bar, the numbers and what is left.
func (b *scanBar) text(now time.Time, found string) string {
	p := b.of.Progress()
	text := meter(p.Part) + fmt.Sprintf(" %3.0f %%", p.Part*100)
	if found != "" {
		text += "  " + found
	}
	if done := p.Part - b.first; done > 0.005 && p.Part < 1 {
		left := time.Duration(float64(now.Sub(b.began)) * (1 - p.Part) / done)
		text += "  " + left.Round(time.Second).String() + " left"
	}
	return text + "  " + priceText(b.tool.Cost()) + " of the server's time"
}

// clearing writes to standard output, and takes the bar away first.
type clearing struct {
	bar *scanBar
	w   *bufio.Writer
}

// write writes at once: a reader of a pipe gets what there is while the scan goes on.
func (c *clearing) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	c.bar.clear()
	if _, err := c.w.Write(b); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	if err := c.w.Flush(); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}
