package tui

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
)

var findingsPanel = panel{
	id:    "findings",
	title: "Findings",
	short: "Find",
	about: "what hurts this server; Enter: who, how we know, what to do",
	modes: []mode{{"", findingsTable}},
}

var findingsTable = &table[stats.Finding]{
	list:  func(v *view) []stats.Finding { return v.snap.Findings },
	id:    func(f *stats.Finding) rowID { return rowID{s: f.Rule + "\x00" + f.Subject} },
	match: matchFinding,
	extra: func(v *view, f *stats.Finding) []field { return findingFields(f) },
	about: func(v *view, shown, total int) []string {
		if total == 0 {
			return nil
		}
		return []string{counted(shown, total)}
	},
	empty:   func(*view) string { return "nothing was found that hurts this server" },
	part:    "findings",
	natural: 0,
	initial: -1,
	cols: []column[stats.Finding]{
		{
			title: "level", long: "severity", width: 8, prio: 0, left: true,
			cell: func(_ *view, f *stats.Finding) mark { return mark{text: severityWord(f), style: severityStyle(f)} },
			num: func(f *stats.Finding) (float64, bool) {
				if f.Resolved != nil {
					return float64(f.Severity.Rank()) - 10, true
				}
				return float64(f.Severity.Rank()), true
			},
		},
		{
			title: "finding", long: "finding", width: 24, grow: 10, limit: 200, prio: 0, left: true,
			cell: func(_ *view, f *stats.Finding) mark {
				return mark{text: safe(f.Title, 400), style: resolvedStyle(f, styleText)}
			},
			str: func(f *stats.Finding) string { return f.Title },
		},
		{
			title: "since", long: "first seen", width: 8, slack: true, prio: 1,
			cell: func(v *view, f *stats.Finding) mark { return mark{text: findingLife(v, f), style: styleDim} },
			num:  func(f *stats.Finding) (float64, bool) { return float64(f.FirstSeen.Unix()), true },
		},
		{
			title: "who", long: "who", width: 14, slack: true, grow: 1, limit: 40, prio: 2, left: true,
			cell: func(_ *view, f *stats.Finding) mark {
				return mark{text: orUnknown(culpritName(f)), style: resolvedStyle(f, styleName)}
			},
			str: culpritName,
		},
		{
			title: "sure", long: "how sure", width: 8, slack: true, prio: 4, left: true,
			off: func(v *view) bool { return v.width < 100 }, // the finding itself needs the room
			cell: func(_ *view, f *stats.Finding) mark {
				return mark{text: safe(string(f.Confidence), 20), style: styleDim}
			},
			str: func(f *stats.Finding) string { return string(f.Confidence) },
		},
	},
}

func matchFinding(f *stats.Finding, has func(string) bool) bool {
	if has(f.Rule) || has(f.Title) || has(string(f.Severity)) {
		return true
	}
	for i := range f.Culprits {
		if c := &f.Culprits[i]; has(c.Addr) || has(c.IP) || has(c.Name) || has(c.User) || has(c.Library) {
			return true
		}
	}
	return false
}

func severityWord(f *stats.Finding) string {
	word := safe(string(f.Severity), 20)
	if f.Severity == stats.Critical && f.Resolved == nil {
		word = strings.ToUpper(word)
	}
	return word
}

func severityStyle(f *stats.Finding) style {
	st := styleDim
	switch f.Severity {
	case stats.Critical:
		st = styleBad
	case stats.Warning:
		st = styleWarn
	}
	return resolvedStyle(f, st)
}

// resolvedStyle dims what is over.
func resolvedStyle(f *stats.Finding, st style) style {
	if f.Resolved != nil {
		return styleDim
	}
	return st
}

// findingLife is how long a finding has been there, or since when it is over.
func findingLife(v *view, f *stats.Finding) string {
	if f.Resolved != nil {
		return "over " + durationText(v.snap.Time.Sub(*f.Resolved))
	}
	return durationText(v.snap.Time.Sub(f.FirstSeen))
}

// culpritName is the guiltiest, by the name that people know best.
func culpritName(f *stats.Finding) string {
	if len(f.Culprits) == 0 {
		return ""
	}
	c := &f.Culprits[0]
	return safe(cmp.Or(c.Name, c.IP, c.Addr, c.User), 100)
}

// findingFields are the parts of a finding that a copied row has beside its columns.
func findingFields(f *stats.Finding) []field {
	fields := []field{{"rule", safe(f.Rule, 100)}, {"impact", safe(f.Impact, mostDetail)}}
	for _, text := range f.Remedy {
		fields = append(fields, field{"do", safe(text, mostDetail)})
	}
	return fields
}

// standing counts the findings that are not over.
func standing(s *stats.Snapshot) (critical, warning int) {
	for i := range s.Findings {
		switch f := &s.Findings[i]; {
		case f.Resolved != nil:
		case f.Severity == stats.Critical:
			critical++
		case f.Severity == stats.Warning:
			warning++
		}
	}
	return critical, warning
}

// findingParts are the counts in the title; there are none while nothing hurts.
func findingParts(v *view) []titlePart {
	var parts []titlePart
	critical, warning := standing(v.snap)
	if critical > 0 {
		parts = append(parts, titlePart{text: fmt.Sprintf(" %d critical ", critical), shorts: []string{fmt.Sprintf("%d!!", critical)}, style: styleLoud, prio: 1})
	}
	if warning > 0 {
		word := "warnings"
		if warning == 1 {
			word = "warning"
		}
		parts = append(parts, titlePart{text: fmt.Sprintf("%d %s", warning, word), shorts: []string{fmt.Sprintf("%d!", warning)}, style: styleWarn, prio: 4})
	}
	return parts
}

// Lines for findings above the panels: on a screen the worst alone, since a key shows the others; in a
// frame that nobody can press a key at, some.
const screenFindings, pipeFindings = 1, 5

// findingBanners are the findings that hurt, the worst first.
func findingBanners(v *view) []banner {
	most := pipeFindings
	if v.keys {
		most = screenFindings
	}
	critical, warning := standing(v.snap)
	var all []banner
	for i := range v.snap.Findings {
		f := &v.snap.Findings[i]
		if f.Resolved != nil || f.Severity.Rank() < stats.Warning.Rank() || len(all) == most {
			continue
		}
		b := banner{text: " !! " + safe(f.Title, 400), style: styleLoud}
		if f.Severity == stats.Warning {
			b = banner{text: " ! " + safe(f.Title, 400), style: styleWarn}
		}
		b.opens = findingsPanel.id
		if v.keys {
			b.tail = " press 0 "
			if more := critical + warning - 1; more > 0 {
				b.tail = fmt.Sprintf(" +%d more, key 0 ", more)
			}
		}
		all = append(all, b)
	}
	return all
}

// openFindings is the key of the panel that has no digit of its own from 1 to 9.
func (m *app) openFindings() tea.Cmd { return m.openPanel(panelIndex(findingsPanel.id)) }
