package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

func finding(rule string, severity stats.Severity, who Who) stats.Finding {
	f := stats.Finding{Rule: rule, Severity: severity, Title: "t"}
	if who != (Who{}) {
		f.Culprits = []stats.Culprit{{IP: who.IP, Name: who.Name}}
	}
	return f
}

func TestJudge(t *testing.T) {
	admin, other := Who{"10.0.3.7", "admin-web"}, Who{"10.0.3.8", "shop"}
	want := Want{Rule: "a", Who: admin, Also: []string{"b"}}
	right := finding("a", stats.Warning, admin)
	gone := finding("c", stats.Critical, other)
	gone.Resolved = new(time.Time)
	tests := []struct {
		name  string
		found []stats.Finding
		want  Want
		miss  string
		wrong []string
	}{
		{"right", []stats.Finding{right}, want, "", nil},
		{"with what is true too", []stats.Finding{right, finding("b", stats.Critical, other)}, want, "", nil},
		{"with a warning that is not", []stats.Finding{right, finding("c", stats.Warning, other)}, want, "", []string{"c"}},
		{"with another critical one", []stats.Finding{right, finding("c", stats.Critical, other)}, want, "also finds c (critical: t)", []string{"c"}},
		{"with the same rule for another", []stats.Finding{right, finding("a", stats.Critical, other)}, want, "also finds a (critical: t)", nil},
		{"with one that is gone", []stats.Finding{gone, right}, want, "", nil},
		{"with one about the host", []stats.Finding{finding("host-latency", stats.Critical, Who{}), right}, want, "", nil},
		{"nothing", nil, want, "finds nothing, not a", nil},
		{"for information only", []stats.Finding{finding("a", stats.Info, admin)}, want, "finds nothing, not a", nil},
		{"another first", []stats.Finding{finding("b", stats.Warning, other), right}, want, "finds b (warning: t) first, not a", nil},
		{"another culprit", []stats.Finding{finding("a", stats.Warning, other)}, want, "names shop at 10.0.3.8, not admin-web at 10.0.3.7", nil},
		{"no culprit", []stats.Finding{finding("a", stats.Warning, Who{})}, want, "names nobody, not admin-web at 10.0.3.7", nil},
		{"nobody in particular is wanted", []stats.Finding{finding("a", stats.Warning, other)}, Want{Rule: "a"}, "", nil},
		{"healthy", []stats.Finding{finding("c", stats.Info, Who{})}, Want{}, "", nil},
		{"a false alarm", []stats.Finding{finding("c", stats.Warning, Who{})}, Want{}, "finds c", []string{"c"}},
		{"a word where there must be none", []stats.Finding{finding("c", stats.Info, Who{})}, Want{Info: []string{}}, "says c (info: t)", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(tt.found, tt.want)
			if got.Miss != tt.miss {
				t.Errorf("miss %q, want %q", got.Miss, tt.miss)
			}
			if d := cmp.Diff(tt.wrong, got.Wrong); d != "" {
				t.Errorf("wrong, -want +got:\n%s", d)
			}
		})
	}
}

func TestScores(t *testing.T) {
	incident := func(miss string, detected time.Duration, wrong ...string) Result {
		return Result{Scene: &Scene{Want: Want{Rule: "a"}}, Verdict: Verdict{Miss: miss, Wrong: wrong}, Detected: detected}
	}
	r := Report{Results: []Result{
		incident("", 2*time.Second),
		incident("", 4*time.Second),
		incident("names nobody", 0),
		incident("finds b first", 9*time.Second, "b", "b"),
		{Scene: &Scene{}, Verdict: Verdict{Miss: "finds a", Wrong: []string{"a"}}},
	}}
	var got []string
	for _, s := range r.Scores() {
		median, longest := times(s.Detected)
		got = append(got, s.Rule+" "+s.Precision()+" "+s.Recall()+" "+median+" "+longest)
	}
	want := []string{"a 0.67 0.50 4.0 s 9.0 s", "b 0.00 n/a n/a n/a"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if n := r.Misses(); n != 3 {
		t.Errorf("%d misses, want 3", n)
	}
}

// Names are what -only chooses by, and what files are named after: each once.
func TestScenesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	counts := map[bool]int{}
	for _, s := range scenes() {
		if s.Name == "" || s.Story == "" || seen[s.Name] {
			t.Errorf("scene %q: no name, no story, or there twice", s.Name)
		}
		seen[s.Name] = true
		counts[s.healthy()]++
	}
	if counts[false] < 20 || counts[true] < 10 {
		t.Errorf("%d incidents and %d healthy workloads, want 20 and 10", counts[false], counts[true])
	}
}
