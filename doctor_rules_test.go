package main

import (
	"strings"
	"testing"

	"redistop/internal/doctor"
)

// The page of a rule keeps names whole, and does not say of what may cause a finding that it is excluded.
func TestRulePageKeepsNamesWhole(t *testing.T) {
	for _, r := range doctor.Rules() {
		text := ruleText(r, doctor.Options{}, 80)
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, "\n"); strings.HasSuffix(line, "-") || len([]rune(line)) > 80 {
				t.Errorf("%s: %q", r.ID, line)
			}
		}
		if len(r.Behind) > 0 && !strings.Contains(strings.Join(strings.Fields(text), " "), "which may be what causes it, this one is for information only: "+strings.Join(r.Behind, ", ")) {
			t.Errorf("%s: %s", r.ID, text)
		}
	}
}
