package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RulesPage is docs/rules.md: what each rule looks for, why, how it knows, and its limits.
func RulesPage() string {
	var b strings.Builder
	b.WriteString(pageHead)
	rules := Rules()
	var groups []string
	for _, r := range rules {
		if !slices.Contains(groups, r.Group) {
			groups = append(groups, r.Group)
		}
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n", g)
		for _, r := range rules {
			if r.Group == g {
				b.WriteString("\n" + RulePage(r))
			}
		}
	}
	return b.String()
}

const pageHead = `# What redistop doctor looks for

Generated from the rules themselves (` + "`go test ./internal/doctor -run TestRulesPage -update`" + `): do not edit.

A rule judges by what something costs on this server, not by its name, over the last minute or over as long as redistop has
been looking. Severities: **critical** hurts everybody now, or data is being lost; **warning** hurts some, or will; **info** is
worth knowing. Every limit has its reason and can be set in a configuration file, under the rule's and the limit's name.
`

// RulePage is one rule as a section of the page.
func RulePage(r Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n**%s.** %s\n\n", r.ID, r.Title, r.What)
	fmt.Fprintf(&b, "*Why it hurts.* %s\n\n*How we know.* %s\n\n*What to do.* %s\n", r.Why, r.How, r.Do)
	if len(r.Behind) > 0 {
		fmt.Fprintf(&b, "\nWhile one of these is found too, which may be what causes it, this one is for information only: %s.\n", strings.Join(r.Behind, ", "))
	}
	if len(r.Limits) == 0 {
		return b.String()
	}
	b.WriteString("\n| limit | default | why |\n|---|---|---|\n")
	for _, l := range r.Limits {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", l.Name, strconv.FormatFloat(l.Default, 'f', -1, 64), l.Why)
	}
	return b.String()
}
