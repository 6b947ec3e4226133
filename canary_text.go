package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"redistop/internal/canary"
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// canaryOutput shows what becomes of messages: JSON lines, a table that is drawn anew on a terminal, or one at the end.
type canaryOutput struct {
	w     io.Writer
	json  bool
	live  bool // a terminal that can go up
	drawn int  // lines of the table on it
}

func newCanaryOutput(json bool) *canaryOutput {
	return &canaryOutput{w: os.Stdout, json: json, live: !json && term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb"}
}

// follow shows the counts every interval until the canaries have ended.
func (o *canaryOutput) follow(canaries []*canary.Canary, interval time.Duration, ended <-chan struct{}) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return nil
		case <-ticker.C:
		}
		if o.json || o.live {
			if err := o.show(canaries); err != nil {
				return err
			}
		}
	}
}

// end shows the counts a last time, whole lines, in the place of the table.
func (o *canaryOutput) end(canaries []*canary.Canary) error {
	if o.drawn > 0 {
		if _, err := io.WriteString(o.w, ansi.CursorUp(o.drawn)+ansi.EraseScreenBelow); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
	}
	o.live = false
	return o.show(canaries)
}

func (o *canaryOutput) show(canaries []*canary.Canary) error {
	var probes []stats.Probe
	for _, c := range canaries {
		probes = append(probes, c.Probe())
	}
	text := ""
	switch {
	case o.json:
		for _, p := range probes {
			b, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("encode probe: %w", err)
			}
			text += string(escapeControls(b)) + "\n"
		}
	default:
		text = canaryTable(probes)
		if o.live {
			text = o.over(text)
		}
	}
	if _, err := io.WriteString(o.w, text); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// over draws a text in the place of the one before.
func (o *canaryOutput) over(text string) string {
	width := 80
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 1 {
		width = w
	}
	var b strings.Builder
	if o.drawn > 0 {
		b.WriteString(ansi.CursorUp(o.drawn))
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range lines {
		b.WriteString("\r" + ansi.Truncate(line, width-1, "…") + ansi.EraseLineRight + "\n")
	}
	b.WriteString(ansi.EraseScreenBelow)
	o.drawn = len(lines)
	return b.String()
}

// canaryTable is the counts and a verdict for each kind; it fits 80 columns but for the verdicts.
func canaryTable(probes []stats.Probe) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %9s %9s %6s %5s %5s %7s %7s %7s %7s\n", "VIA", "SENT", "RECEIVED", "LOST", "DUPL", "REORD", "P50", "P99", "P99.9", "MAX")
	for _, p := range probes {
		fmt.Fprintf(&b, "%-6s %9s %9s %6s %5s %5s %7s %7s %7s %7s\n", p.Kind, thousands(p.Sent), thousands(p.Received), thousands(p.Lost),
			thousands(p.Duplicated), thousands(p.Reordered), usecText(p.P50Usec), usecText(p.P99Usec), usecText(p.P999Usec), usecText(p.MaxUsec))
	}
	for _, p := range probes {
		fmt.Fprintf(&b, "%s: %s\n", p.Kind, p.Verdict)
		if p.LastError != "" {
			fmt.Fprintf(&b, "%s: %s, the last: %s\n", p.Kind, counted(p.Errors, "error"), redis.PrintableCut(p.LastError, 120))
		}
	}
	return b.String()
}

// usecText is a time in three digits; "n/a" where it is not known.
func usecText(m stats.Maybe[float64]) string {
	usec, ok := m.Get()
	switch {
	case !ok:
		return "n/a"
	case usec < 999.5:
		return fmt.Sprintf("%.0f us", usec)
	case usec < 999_500:
		return fmt.Sprintf("%.3g ms", usec/1e3)
	}
	return fmt.Sprintf("%.3g s", usec/1e6)
}
