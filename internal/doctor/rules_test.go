package doctor

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/rules.md")

func TestRulesPage(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "rules.md")
	if *update {
		if err := os.WriteFile(file, []byte(RulesPage()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(have), RulesPage()); d != "" {
		t.Errorf("docs/rules.md is not what the rules say; run go test ./internal/doctor -run TestRulesPage -update (-have +want):\n%s", d)
	}
}

// Every rule has all its texts, a name of its own, and a reason for every limit.
func TestRulesAreComplete(t *testing.T) {
	id, limit := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !id.MatchString(r.ID) || seen[r.ID] {
			t.Errorf("%q: no good or used twice", r.ID)
		}
		seen[r.ID] = true
		for what, text := range map[string]string{"Title": r.Title, "Group": r.Group, "What": r.What, "Why": r.Why, "How": r.How, "Do": r.Do} {
			if text == "" || strings.ContainsAny(text, "\n|") {
				t.Errorf("%s: %s is %q", r.ID, what, text)
			}
			if sentence := what != "Title" && what != "Group"; sentence && !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s does not end as a sentence does: %q", r.ID, what, text)
			}
		}
		if r.Check == nil {
			t.Errorf("%s has no Check", r.ID)
		}
		limits := map[string]bool{}
		for _, l := range r.Limits {
			if !limit.MatchString(l.Name) || limits[l.Name] || len(l.Why) < 10 || strings.ContainsAny(l.Why, "\n|") {
				t.Errorf("%s: limit %+v", r.ID, l)
			}
			limits[l.Name] = true
		}
	}
	for _, r := range Rules() {
		for _, b := range r.Behind {
			if !seen[b] || b == r.ID {
				t.Errorf("%s stands behind %q, which is no other rule", r.ID, b)
			}
		}
	}
}

// A quiet, healthy server yields nothing: not before there are two Snapshots, not in the beginning, not later.
func TestQuietServer(t *testing.T) {
	s := newSynth()
	for range 90 {
		s.calls("get", 3, 4).calls("set", 1, 6).calls("ping", 1, 1)
		s.next()
		s.none(t)
	}
}

// A limit that was set counts, and a rule that is off is not asked.
func TestLimitsAndRulesThatAreSet(t *testing.T) {
	loud := func(s *synth) *synth {
		return s.run(20, func(int) { s.calls("get", 1000, 3).calls("hgetall", 1, 50_000) })
	}
	loud(newSynthWith(Options{})).only(t, "blocking-command", "warning")
	loud(newSynthWith(Options{Off: map[string]bool{"blocking-command": true}})).none(t)
	loud(newSynthWith(Options{Limits: map[string]map[string]float64{"blocking-command": {"time_share": 0.06}}})).none(t)
}
