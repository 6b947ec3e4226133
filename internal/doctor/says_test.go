package doctor

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// says wants texts in a finding, wherever in it a reader would see them, and that it is whole.
func says(t *testing.T, f stats.Finding, texts ...string) {
	t.Helper()
	all := allText(f)
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("%q is not in the finding:\n%s", text, all)
		}
	}
	if f.Title == "" || len(f.Evidence) == 0 || f.Impact == "" || len(f.Remedy) == 0 || f.Confidence == "" {
		t.Errorf("a part of the finding is missing:\n%s", all)
	}
	if strings.ContainsAny(strings.TrimSuffix(all, "\n"), "\x1b\r") {
		t.Errorf("not safe to print: %q", all)
	}
}

func allText(f stats.Finding) string {
	var b strings.Builder
	line := func(texts ...string) { b.WriteString(strings.Join(texts, " | ") + "\n") }
	line(string(f.Severity), string(f.Confidence), f.Title)
	for _, e := range f.Evidence {
		line(e.What, e.Value, e.Source)
	}
	for _, c := range f.Culprits {
		line(whoText(c), c.Command)
	}
	line(f.Impact)
	line(f.Remedy...)
	line(f.Unknown...)
	return b.String()
}

// silent wants no finding in any of the cases; what of a case is called before each of seconds Snapshots.
func silent(t *testing.T, rule Rule, seconds int, cases map[string]func(s *synth, second int)) {
	t.Helper()
	for name, what := range cases {
		s := newSynth(rule)
		s.run(seconds, func(i int) { what(s, i) })
		if len(s.took) > 0 {
			t.Errorf("%s: found %s\n%s", name, titles(s.took), allText(s.took[0]))
		}
	}
}
