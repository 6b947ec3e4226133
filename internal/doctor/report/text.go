package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"redistop/internal/stats"
)

// Text writes a report for eyes, in lines of at most width cells, with colours where they are wanted.
func Text(r *Report, width int, colours bool) string {
	p := &page{width: max(width, 40), colours: colours}
	p.header(r)
	for i := range r.Findings {
		p.finding(&r.Findings[i])
	}
	p.ending(r)
	return p.String()
}

// An ink is the meaning of a piece of text.
type ink int

const (
	plain ink = iota
	strong
	dim
	red
	yellow
	blue
	green
)

// codes are of the sixteen colours that every terminal has in a shade that its background suits.
var codes = map[ink]string{
	strong: ansi.NewStyle().Bold().String(),
	dim:    ansi.NewStyle().Faint().String(),
	red:    ansi.NewStyle().Bold().ForegroundColor(ansi.Red).String(),
	yellow: ansi.NewStyle().Bold().ForegroundColor(ansi.Yellow).String(),
	blue:   ansi.NewStyle().ForegroundColor(ansi.Cyan).String(),
	green:  ansi.NewStyle().Bold().ForegroundColor(ansi.Green).String(),
}

// A page is a text under construction.
type page struct {
	strings.Builder
	width   int
	colours bool
}

func (p *page) paint(i ink, text string) string {
	if !p.colours || i == plain || text == "" {
		return text
	}
	return codes[i] + text + ansi.ResetStyle
}

// block writes text behind a label; its further lines stand below its first.
func (p *page) block(label string, of ink, indent int, i ink, text string) {
	for n, line := range wrap(text, p.width-indent) {
		head := ""
		if n == 0 {
			head = label
		}
		pad := strings.Repeat(" ", max(indent-ansi.StringWidth(head), 0))
		fmt.Fprintf(p, "%s%s%s\n", p.paint(of, head), pad, p.paint(i, line))
	}
}

// wrap cuts text between words into lines of at most width cells, and longer words anywhere.
func wrap(text string, width int) []string {
	text = amount.ReplaceAllString(text, "$1\u00a0$2") // a figure and its unit stay together
	text = strings.ReplaceAll(text, "-", "\u2011")     // names of rules and options stay whole
	lines := strings.Split(ansi.Wrap(text, max(width, 10), ""), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(joined.Replace(lines[i]), " ")
	}
	return lines
}

// joined puts back what wrap hides from the search for a place to end a line.
var joined = strings.NewReplacer("\u00a0", " ", "\u2011", "-")

var amount = regexp.MustCompile(`([0-9]) (%|(?:[kKMGT]?i?B|[mµu]?s|min|h|d)\b)`)

func (p *page) rule() {
	fmt.Fprintln(p, p.paint(dim, strings.Repeat("─", p.width)))
}

func (p *page) header(r *Report) {
	addr, facts := r.server()
	p.block("", plain, 0, strong, "redistop doctor · "+addr)
	if facts != "" {
		p.block("", plain, 0, dim, facts)
	}
	if r.Looks > 0 {
		p.block("", plain, 0, dim, "observed for "+r.window())
	}
	fmt.Fprintln(p)
	p.block("", plain, 0, verdictInk(r), r.verdict()+".")
	if note := r.incomplete(); note != "" {
		p.block("", plain, 0, yellow, note)
	}
	for _, t := range r.troubles() {
		p.block("  ", plain, 2, plain, t)
	}
}

func verdictInk(r *Report) ink {
	switch {
	case r.Counts.Critical > 0:
		return red
	case r.unanswered() != "" && r.Looks > 0:
		return red
	case r.Counts.Warning > 0 || r.troubled():
		return yellow
	}
	return green
}

// badges name severities as nobody may miss them; all are equally wide.
var badges = map[stats.Severity]struct {
	word string
	ink  ink
}{
	stats.Critical: {"CRITICAL", red},
	stats.Warning:  {"WARNING", yellow},
	stats.Info:     {"info", blue},
}

const (
	badge = 10 // cells of the column of badges
	label = 10 // cells of the labels, behind a margin
	edge  = 2
)

func (p *page) finding(f *stats.Finding) {
	fmt.Fprintln(p)
	p.rule()
	b := badges[f.Severity]
	if b.word == "" {
		b.word = name(string(f.Severity))
	}
	p.block(b.word, b.ink, badge, strong, title(f.Title))
	p.block("", plain, badge, dim, name(f.Rule)+" · "+name(string(f.Confidence))+" · "+life(f))
	fmt.Fprintln(p)
	p.part("Impact", prose(f.Impact))
	for i := range f.Culprits {
		p.culprit(i, &f.Culprits[i])
	}
	for i, e := range f.Evidence {
		p.evidence(i, &e)
	}
	for i, text := range f.Remedy {
		p.item("Do", i, len(f.Remedy), prose(text))
	}
	for i, text := range f.Unknown {
		p.item("Unknown", i, 1, prose(text))
	}
}

// part writes one labelled paragraph.
func (p *page) part(head, text string) {
	if text != "" {
		p.block(strings.Repeat(" ", edge)+head, blue, edge+label, plain, text)
	}
}

// item writes the i-th of a list; numbered where there are more than one.
func (p *page) item(head string, i, n int, text string) {
	if i > 0 {
		head = ""
	}
	if n < 2 {
		p.part(head, text)
		return
	}
	number := fmt.Sprintf("%d. ", i+1)
	for k, line := range wrap(text, p.width-edge-label-len(number)) {
		if k > 0 {
			head, number = "", strings.Repeat(" ", len(number))
		}
		lead := strings.Repeat(" ", edge) + head
		pad := strings.Repeat(" ", max(edge+label-len(lead), 0))
		fmt.Fprintf(p, "%s%s%s%s\n", p.paint(blue, lead), pad, number, line)
	}
}

func (p *page) culprit(i int, c *stats.Culprit) {
	head := ""
	if i == 0 {
		head = "Who"
	}
	p.block(strings.Repeat(" ", edge)+head, blue, edge+label, strong, strings.Join(who(c), " · "))
	if c.Command != "" {
		p.part("", "sends "+title(c.Command))
	}
	if text := deed(c); text != "" {
		p.block("", plain, edge+label, dim, text)
	}
}

// evidence is the value, and where it is from behind it, or below where there is no room.
func (p *page) evidence(i int, e *stats.Evidence) {
	head := ""
	if i == 0 {
		head = "Evidence"
	}
	text := prose(e.What) + ": " + prose(e.Value)
	from := source(e)
	room := p.width - edge - label
	lead := strings.Repeat(" ", edge) + head
	if ansi.StringWidth(text)+3+ansi.StringWidth(from) <= room {
		pad := strings.Repeat(" ", max(edge+label-len(lead), 0))
		fmt.Fprintf(p, "%s%s%s   %s\n", p.paint(blue, lead), pad, text, p.paint(dim, from))
		return
	}
	p.block(lead, blue, edge+label, plain, text)
	p.block("", plain, edge+label+2, dim, from)
}

// ending says what was looked at, and what was not.
func (p *page) ending(r *Report) {
	if r.Looks == 0 {
		return
	}
	fmt.Fprintln(p)
	p.rule()
	for i, text := range r.looked() {
		head := ""
		if i == 0 {
			head = "Looked at"
		}
		p.block(head, blue, edge+label, plain, text)
	}
	for i, g := range r.gaps() {
		head := ""
		if i == 0 {
			head = "Not seen"
		}
		p.block(head, blue, edge+label, plain, g.What+": "+g.Why)
		if g.Remedy != "" {
			p.block("", plain, edge+label+2, dim, "→ "+g.Remedy)
		}
	}
	fmt.Fprintln(p)
	if len(r.Findings) > 0 {
		p.block("", plain, 0, dim, "redistop doctor rules RULE says more: why it hurts, how we know, its limits.")
	}
}
