package main

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"redistop/internal/doctor"
)

func newRules() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:   "rules [RULE]",
		Short: "the rules that doctor and the screen know, or all about one",
		Long: `List the rules by which findings are made, or tell all about one: what is wrong,
why it hurts, how we know, what to do, and its limits with the reason for each.
The limits are those of your configuration file, or of --config:

  doctor:
    rules:
      blocking-command: {time_share: 5%, stall_usec: 50ms}
      no-client-names: off`,
		Example: `  redistop doctor rules
  redistop doctor rules blocking-command`,
		Annotations: map[string]string{"exit": "Exit code: 0 ok, 64 wrong use, 70 another error.\n"},
		Args:        usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, r := range doctor.Rules() {
				if len(args) == 0 {
					names = append(names, cobra.CompletionWithDesc(r.ID, r.Title))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			options, err := c.load()
			if err != nil {
				return err
			}
			rules := doctor.Rules()
			if len(args) == 0 {
				return writeOut([]byte(rulesText(rules, options)))
			}
			for _, r := range rules {
				if r.ID == args[0] {
					return writeOut([]byte(ruleText(r, options, min(reportWidth(), defaultReportWidth))))
				}
			}
			return usagef("doctor rules: there is no rule %q%s", args[0], meant(args[0], ruleIDs(rules)))
		},
	}
	cmd.Flags().SortFlags = false
	c.addTo(cmd, "Limits")
	return cmd
}

// rulesText lists the rules by their groups.
func rulesText(rules []doctor.Rule, o doctor.Options) string {
	var groups []string
	of := map[string][]doctor.Rule{}
	width := 0
	for _, r := range rules {
		if of[r.Group] == nil {
			groups = append(groups, r.Group)
		}
		of[r.Group] = append(of[r.Group], r)
		width = max(width, len(r.ID))
	}
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", g)
		for _, r := range of[g] {
			note := ""
			if o.Off[r.ID] {
				note = "(off) "
			} else if len(o.Limits[r.ID]) > 0 {
				note = "(limits changed) "
			}
			text := indented(note+r.Title, width+4, defaultReportWidth)
			fmt.Fprintf(&b, "  %-*s  %s", width, r.ID, text[width+4:]) // the name stands in the first line's margin
		}
	}
	return b.String()
}

// ruleText is the page of one rule.
func ruleText(r doctor.Rule, o doctor.Options, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.ID, r.Title)
	if o.Off[r.ID] {
		b.WriteString("switched off by the configuration file\n")
	}
	for _, part := range [][2]string{{"What is wrong", r.What}, {"Why it hurts", r.Why}, {"How we know", r.How}, {"What to do", r.Do}} {
		fmt.Fprintf(&b, "\n%s\n%s", part[0], indented(part[1], 2, width))
	}
	if len(r.Limits) > 0 {
		b.WriteString("\nLimits\n")
	}
	for _, l := range r.Limits {
		value := limitText(l.Name, l.Default)
		if v, ok := o.Limits[r.ID][l.Name]; ok && v != l.Default {
			value = fmt.Sprintf("%s (by default %s)", limitText(l.Name, v), value)
		}
		fmt.Fprintf(&b, "  %s: %s\n%s", l.Name, value, indented(l.Why, 6, width))
	}
	if len(r.Behind) > 0 {
		fmt.Fprintf(&b, "\n%s", indented("While one of these is found too, which may be what causes it, this one is for information only: "+strings.Join(r.Behind, ", "), 0, width))
	}
	return b.String()
}

// indented wraps a text behind a margin.
func indented(text string, margin, width int) string {
	var b strings.Builder
	const unbroken = "\u2011" // a hyphen where no line ends: names of rules and options stay whole
	text = ansi.Wordwrap(strings.ReplaceAll(text, "-", unbroken), width-margin, "")
	for line := range strings.Lines(strings.ReplaceAll(text, unbroken, "-") + "\n") {
		b.WriteString(strings.Repeat(" ", margin) + strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
