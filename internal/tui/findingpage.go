package tui

import (
	"fmt"
	"strings"

	"redistop/internal/stats"
)

// showFinding opens the page of a finding. The page follows it for as long as it is in the Snapshot shown.
func (m *app) showFinding(r row) {
	v := m.view
	v.overlay = overlay{kind: overlayFinding, title: "Finding", fields: r.fields, finding: r.id}
	v.findingShown(&v.overlay)
}

// findingShown is the finding of a page as it is now, or as it was last.
func (v *view) findingShown(o *overlay) *stats.Finding {
	for i := range v.snap.Findings {
		if f := &v.snap.Findings[i]; findingsTable.id(f) == o.finding {
			o.last = f
		}
	}
	return o.last
}

// The first column of a finding's page, and the least width that it needs.
const findingKey, wideFinding = 12, 60

// findingLines is the page: all that is known, in the order in which a person in trouble asks.
func findingLines(v *view, f *stats.Finding, width int) []pageLine {
	if f == nil {
		return nil
	}
	keys := findingKey
	if width < wideFinding {
		keys = findingKey - 2
	}
	p := findingPage{keys: keys}
	p.add("", severityWord(f)+" · "+safe(f.Title, 400), severityStyle(f))
	p.add("", findingState(f), styleDim)
	p.part("Impact", styleText, f.Impact)
	p.gap()
	for i := range f.Culprits {
		p.culprit(i == 0, &f.Culprits[i])
	}
	p.gap()
	for i := range f.Evidence {
		e := &f.Evidence[i]
		p.entry("Evidence", i == 0, styleText, safe(e.What, mostDetail)+": "+safe(e.Value, mostDetail))
		p.add("", "  "+evidenceSource(e), styleDim)
	}
	p.gap()
	for i, text := range f.Remedy {
		if len(f.Remedy) > 1 {
			text = fmt.Sprintf("%d. %s", i+1, text)
		}
		p.entry("Do", i == 0, styleStrong, safe(text, mostDetail))
	}
	p.gap()
	for i, text := range f.Unknown {
		p.entry("Unknown", i == 0, styleText, safe(text, mostDetail))
	}
	p.gap()
	p.part("Rule", styleDim, f.Rule+": redistop doctor rules "+f.Rule)
	return p.lines
}

// findingState is what a finding is: its rule, how sure it is, and its life.
func findingState(f *stats.Finding) string {
	const clock = "15:04:05"
	text := safe(string(f.Confidence), 20) + " · first seen " + f.FirstSeen.Local().Format(clock)
	if f.Resolved != nil {
		return text + " · resolved " + f.Resolved.Local().Format(clock)
	}
	return text + " · last seen " + f.LastSeen.Local().Format(clock)
}

func evidenceSource(e *stats.Evidence) string {
	text := safe(e.Source, 200)
	if n, ok := e.Seconds.Get(); ok {
		text += ", over " + digits(n, false) + " s"
	}
	return text
}

// A findingPage is the lines of a finding's page under construction.
type findingPage struct {
	keys  int
	lines []pageLine
}

func (p *findingPage) add(key, text string, st style) {
	keys := p.keys
	if len(p.lines) < 2 {
		keys = 2 // the heading stands at the margin
	}
	p.lines = append(p.lines, pageLine{key: key, text: text, keys: keys, style: st})
}

// gap is an empty line, unless there is one already.
func (p *findingPage) gap() {
	if n := len(p.lines); n > 0 && !p.lines[n-1].empty() {
		p.lines = append(p.lines, pageLine{})
	}
}

func (p *findingPage) part(key string, st style, text string) {
	p.gap()
	p.add(key, safe(text, mostDetail), st)
}

// entry is one of a list, of which the first has the label.
func (p *findingPage) entry(key string, first bool, st style, text string) {
	if !first {
		key = ""
	}
	p.add(key, text, st)
}

func (p *findingPage) culprit(first bool, c *stats.Culprit) {
	var parts []string
	for _, part := range []struct{ label, text string }{
		{"", c.Addr}, {"name ", c.Name}, {"user ", c.User}, {"", c.Library},
	} {
		if part.label == "" && part.text == c.Addr && (c.Connections > 1 || c.Addr == "") {
			part.text = c.IP
		}
		if part.text != "" {
			parts = append(parts, part.label+safe(part.text, 200))
		}
	}
	if c.Connections > 1 {
		parts = append(parts, whole(int64(c.Connections))+" connections")
	}
	if c.Gone {
		parts = append(parts, "gone by now")
	}
	p.entry("Who", first, styleName, orUnknown(strings.Join(parts, " · ")))
	if c.Command != "" {
		p.add("", "sends "+safe(c.Command, 400), styleText)
	}
	how := "by " + safe(c.Source, 100)
	if n, ok := c.Share.Get(); ok {
		how = percent(n) + " of it, " + how
	}
	p.add("", how, styleDim)
}
