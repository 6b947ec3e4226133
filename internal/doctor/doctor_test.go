package doctor

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

// scripted is a rule that finds what the test says at each look.
func scripted(id string, found *[]stats.Finding, behind ...string) Rule {
	return Rule{ID: id, Behind: behind, Check: func(*Window) []stats.Finding { return *found }}
}

func finding(subject string, severity stats.Severity) stats.Finding {
	return stats.Finding{Subject: subject, Severity: severity, Title: subject}
}

// A finding stands while it is seen and some seconds more, is shown as gone for minutes, and begins anew when it comes back.
func TestLifeOfAFinding(t *testing.T) {
	now := []stats.Finding{finding("a", stats.Warning)}
	s := newSynth(scripted("r", &now))
	one := func() stats.Finding {
		t.Helper()
		if len(s.took) != 1 {
			t.Fatalf("found %s", titles(s.took))
		}
		return s.took[0]
	}
	s.run(10, nil)
	if f := one(); !f.FirstSeen.Equal(t0) || !f.LastSeen.Equal(t0.Add(9*time.Second)) || f.Resolved != nil || f.Rule != "r" {
		t.Errorf("while it lasts: %+v", f)
	}
	now = nil
	s.run(20, nil)
	if f := one(); f.Resolved != nil {
		t.Errorf("it flickers: %+v", f)
	}
	s.run(1, nil)
	if f := one(); f.Resolved == nil || !f.Resolved.Equal(t0.Add(9*time.Second)) {
		t.Errorf("when it is gone: %+v", f)
	}
	now = []stats.Finding{finding("a", stats.Warning)}
	back := s.now.Time
	s.run(3, nil)
	if f := one(); f.Resolved != nil || !f.FirstSeen.Equal(back) {
		t.Errorf("when it is back: %+v", f)
	}
	now = nil
	s.run(330, nil)
	if len(s.took) != 0 {
		t.Errorf("it is remembered for ever: %s", titles(s.took))
	}
}

// A finding that was handed out never changes.
func TestFindingsAreImmutable(t *testing.T) {
	now := []stats.Finding{finding("a", stats.Warning)}
	s := newSynth(scripted("r", &now))
	s.run(2, nil)
	old := slices.Clone(s.took)
	was := slices.Clone(old)
	now = nil
	s.run(60, nil)
	if d := cmp.Diff(was, old); d != "" {
		t.Errorf("it changed:\n%s", d)
	}
}

func TestOrderOfFindings(t *testing.T) {
	a := []stats.Finding{finding("light", stats.Warning), {Subject: "heavy", Severity: stats.Warning, Weight: 9}, finding("bad", stats.Critical)}
	b := []stats.Finding{finding("x", stats.Critical), finding("y", stats.Info)}
	s := newSynth(scripted("first", &a), scripted("second", &b))
	s.run(1, nil)
	a = a[:2]
	s.run(30, nil)
	var got []string
	for _, f := range s.took {
		got = append(got, f.Rule+" "+f.Subject)
	}
	want := []string{"second x", "first heavy", "first light", "second y", "first bad"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("order (-want +got):\n%s", d)
	}
}

// While the cause stands its symptom is for information; a symptom that is worse than the cause is not.
func TestSymptomsStandBehindTheirCause(t *testing.T) {
	cause, symptom := []stats.Finding{finding("c", stats.Warning)}, []stats.Finding{finding("s", stats.Warning)}
	s := newSynth(scripted("symptom", &symptom, "cause"), scripted("cause", &cause))
	severity := func() stats.Severity {
		t.Helper()
		s.run(1, nil)
		i := slices.IndexFunc(s.took, func(f stats.Finding) bool { return f.Rule == "symptom" })
		return s.took[i].Severity
	}
	if got := severity(); got != stats.Info {
		t.Errorf("behind its cause it is %s", got)
	}
	symptom = []stats.Finding{finding("s", stats.Critical)}
	if got := severity(); got != stats.Critical {
		t.Errorf("worse than its cause it is %s", got)
	}
	symptom, cause = []stats.Finding{finding("s", stats.Warning)}, nil
	s.run(30, nil)
	if got := severity(); got != stats.Warning {
		t.Errorf("without its cause it is %s", got)
	}
}

// What says more of the same matter replaces what said less, and the other way round.
func TestFindingsThatGrowMorePrecise(t *testing.T) {
	now := []stats.Finding{finding("keys", stats.Warning), finding("keyspace", stats.Warning)}
	s := newSynth(scripted("r", &now))
	s.run(3, nil)
	for _, subject := range []string{"keys a:*", "keys"} {
		now = []stats.Finding{finding(subject, stats.Warning)}
		s.run(1, nil)
		if len(s.took) != 2 || s.took[0].Subject != subject || !s.took[0].FirstSeen.Equal(t0) || s.took[1].Subject != "keyspace" {
			t.Errorf("after %q: %+v", subject, s.took)
		}
	}
}

// However many findings there are, what is kept is bounded, and what is gone makes room.
func TestFindingsAreBounded(t *testing.T) {
	var now []stats.Finding
	s := newSynth(scripted("r", &now))
	s.run(50, func(i int) {
		now = nil
		for j := range 20 {
			now = append(now, finding(fmt.Sprintf("%d-%d", i, j), stats.Warning))
		}
	})
	if len(s.took) != mostCases {
		t.Errorf("%d are kept", len(s.took))
	}
	if last := len(s.took) - 1; s.took[0].Resolved != nil || s.took[last].Resolved == nil {
		t.Error("what stands is not among them")
	}
	if !slices.ContainsFunc(s.took, func(f stats.Finding) bool { return f.Subject == "49-0" }) {
		t.Error("the newest found no room")
	}
}

// A server that does not answer brings nothing new, and what stood still stands.
func TestStaleSnapshots(t *testing.T) {
	now := []stats.Finding{finding("a", stats.Warning)}
	asked := 0
	always := Rule{ID: "always", Always: true, Check: func(w *Window) []stats.Finding {
		asked++
		if w.Link.State == stats.Stalled && w.Now.Stale {
			t.Error("a rule sees a stale Snapshot as the newest")
		}
		return nil
	}}
	s := newSynth(scripted("r", &now), always)
	s.run(2, nil)
	now = nil
	for range 120 {
		stale := s.now
		stale.Stale, stale.Link.State = true, stats.Stalled
		s.took = s.doctor.Observe(&stale)
		s.now.Time = s.now.Time.Add(time.Second)
	}
	if len(s.took) != 1 || s.took[0].Resolved != nil {
		t.Errorf("found %s", titles(s.took))
	}
	if asked != 122 {
		t.Errorf("the rule that is always asked was asked %d times", asked)
	}
	stale := stats.Snapshot{Time: t0, Stale: true}
	if found := New(Options{}).Observe(&stale); len(found) > 0 {
		t.Errorf("without any answer it found %s", titles(found))
	}
}
