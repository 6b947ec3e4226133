package main

import (
	"fmt"
	"slices"
	"strings"

	"redistop/internal/stats"
)

// A Verdict is what redistop said of one Scene, held against what it had to say.
type Verdict struct {
	First *stats.Finding // the gravest above info; nil: none
	Wrong []string       // rules that say something above info which is not true there
	Miss  string         // what is not as it should be; "": all is
}

// judge looks at findings in the order in which a person reads them.
func judge(findings []stats.Finding, want Want) Verdict {
	var v Verdict
	var misses []string
	for i := range findings {
		f := &findings[i]
		if f.Resolved != nil || slices.Contains(aboutHost, f.Rule) {
			continue
		}
		if f.Severity.Rank() <= stats.Info.Rank() {
			if want.Info != nil && !slices.Contains(want.Info, f.Rule) {
				misses = append(misses, "says "+describe(f))
			}
			continue
		}
		if v.First == nil {
			v.First = f
		}
		if f.Rule != want.Rule && !slices.Contains(want.Also, f.Rule) {
			v.Wrong = append(v.Wrong, f.Rule)
		}
		if other := severe(f, v.First, want); other != "" {
			misses = append(misses, other)
		}
	}
	if want.Rule != "" {
		misses = append(first(v.First, want), misses...)
	} else if len(v.Wrong) > 0 {
		misses = append(misses, "finds "+strings.Join(v.Wrong, ", "))
	}
	v.Miss = strings.Join(misses, "; ")
	return v
}

// first holds the gravest finding against the one that is wanted.
func first(f *stats.Finding, want Want) []string {
	switch {
	case f == nil:
		return []string{"finds nothing, not " + want.Rule}
	case f.Rule != want.Rule:
		return []string{fmt.Sprintf("finds %s first, not %s", describe(f), want.Rule)}
	case want.Who == Who{}:
		return nil
	case len(f.Culprits) == 0:
		return []string{"names nobody, not " + want.Who.String()}
	case culprit(f) != want.Who:
		return []string{fmt.Sprintf("names %s, not %s", culprit(f), want.Who)}
	}
	return nil
}

// severe is what is wrong with a finding beside the first; "" where nothing is.
func severe(f, first *stats.Finding, want Want) string {
	if f == first || f.Severity != stats.Critical || slices.Contains(want.Also, f.Rule) || want.Rule == "" ||
		f.Rule == want.Rule && culprit(f) == want.Who {
		return ""
	}
	return "also finds " + describe(f)
}

func culprit(f *stats.Finding) Who {
	if len(f.Culprits) == 0 {
		return Who{}
	}
	return Who{IP: f.Culprits[0].IP, Name: f.Culprits[0].Name}
}

func describe(f *stats.Finding) string {
	return fmt.Sprintf("%s (%s: %s)", f.Rule, f.Severity, f.Title)
}

func (w Who) String() string {
	switch {
	case w == Who{}:
		return "nobody"
	case w.Name == "":
		return w.IP
	}
	return w.Name + " at " + w.IP
}
