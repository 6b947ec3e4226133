package report

import (
	"fmt"
	"strings"

	"redistop/internal/stats"
)

// Markdown writes a report to paste into an incident ticket. Nothing in it that came from a server can be
// markup, call a person or make a link.
func Markdown(r *Report) string {
	var b strings.Builder
	addr, facts := r.server()
	fmt.Fprintf(&b, "# redistop doctor: %s\n\n", code(addr))
	var head []string
	if facts != "" {
		head = append(head, escaped(facts))
	}
	if r.Looks > 0 {
		head = append(head, "observed for "+escaped(r.window()))
	}
	if len(head) > 0 {
		fmt.Fprintf(&b, "%s\n\n", strings.Join(head, "; "))
	}
	fmt.Fprintf(&b, "**%s.**\n", escaped(r.verdict()))
	if note := r.incomplete(); note != "" {
		fmt.Fprintf(&b, "\n%s\n", escaped(note))
	}
	bullets(&b, "", r.troubles())
	for i := range r.Findings {
		markFinding(&b, &r.Findings[i])
	}
	if r.Looks > 0 {
		markEnding(&b, r)
	}
	return b.String()
}

func markFinding(b *strings.Builder, f *stats.Finding) {
	fmt.Fprintf(b, "\n## %s: %s\n\n", severityWord(f.Severity), escaped(title(f.Title)))
	fmt.Fprintf(b, "Rule %s, %s. Seen %s.\n\n", code(name(f.Rule)), escaped(sure(f.Confidence)), escaped(life(f)))
	if f.Impact != "" {
		fmt.Fprintf(b, "**Impact:** %s\n", escaped(prose(f.Impact)))
	}
	if len(f.Culprits) > 0 {
		fmt.Fprintf(b, "\n**Who:**\n\n")
		for i := range f.Culprits {
			c := &f.Culprits[i]
			parts := who(c)
			for k := range parts {
				parts[k] = code(parts[k])
			}
			line := strings.Join(parts, " · ")
			if c.Command != "" {
				line += ", sends " + code(title(c.Command))
			}
			if text := deed(c); text != "" {
				line += ", " + escaped(text)
			}
			fmt.Fprintf(b, "- %s\n", line)
		}
	}
	if len(f.Evidence) > 0 {
		fmt.Fprintf(b, "\n| Evidence | Value | From |\n|---|---|---|\n")
		for i := range f.Evidence {
			e := &f.Evidence[i]
			fmt.Fprintf(b, "| %s | %s | %s |\n", escaped(prose(e.What)), escaped(prose(e.Value)), escaped(source(e)))
		}
	}
	if len(f.Remedy) > 0 {
		fmt.Fprintf(b, "\n**What to do:**\n\n")
		for i, text := range f.Remedy {
			fmt.Fprintf(b, "%d. %s\n", i+1, advised(prose(text)))
		}
	}
	bullets(b, "Not known", f.Unknown)
}

func markEnding(b *strings.Builder, r *Report) {
	fmt.Fprintf(b, "\n## What was looked at\n")
	bullets(b, "", r.looked())
	gaps := r.gaps()
	if len(gaps) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## What could not be looked at\n\n")
	for _, g := range gaps {
		line := escaped(g.What + ": " + g.Why)
		if g.Remedy != "" {
			line += " → " + code(g.Remedy)
		}
		fmt.Fprintf(b, "- %s\n", line)
	}
}

func bullets(b *strings.Builder, head string, list []string) {
	if len(list) == 0 {
		return
	}
	if head != "" {
		fmt.Fprintf(b, "\n**%s:**\n", head)
	}
	fmt.Fprintln(b)
	for _, text := range list {
		fmt.Fprintf(b, "- %s\n", advised(prose(text)))
	}
}

func severityWord(s stats.Severity) string {
	switch s {
	case stats.Critical:
		return "Critical"
	case stats.Warning:
		return "Warning"
	case stats.Info:
		return "For information"
	}
	return escaped(name(string(s)))
}

// markup are the letters that mean something to Markdown, wherever they stand, and to what renders it.
const markup = "\\`*_[]|~$"

// escaped is text as Markdown shows it letter by letter. Nothing in it calls a person or an issue or makes a
// link.
func escaped(text string) string {
	var b strings.Builder
	start := true // only digits so far: what follows may make a list, a rule or a heading
	for i, r := range text {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@' || r == '#':
			b.WriteString("\\" + string(r) + "<!-- -->")
		case strings.ContainsRune(markup, r), start && strings.ContainsRune("-+=.)", r):
			b.WriteString("\\" + string(r))
		default:
			b.WriteRune(r)
		}
		start = start && (r >= '0' && r <= '9' || i == 0 && r == ' ')
	}
	text = strings.ReplaceAll(b.String(), "://", ":<!-- -->//")
	for _, www := range []string{"www.", "WWW.", "Www."} {
		text = strings.ReplaceAll(text, www, www[:3]+"<!-- -->.")
	}
	return text
}

// advised is prose whose parts between backticks are command lines to copy.
func advised(text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		if p.Code {
			b.WriteString(code(p.Text))
		} else {
			b.WriteString(escaped(p.Text))
		}
	}
	return b.String()
}

// code is text in a code span, which holds any letter but line ends; the fence is longer than any run of
// backticks inside. Within a table it is not used: a "|" would end the cell.
func code(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		if r == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if text == "" || strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.Trim(text, " ") == "" {
		text = " " + text + " "
	}
	return fence + text + fence
}
