package history_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// TestRoundTrip records a little of everything and asks for it, before and after the store was closed and opened again.
func TestRoundTrip(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		s := openAt(t, where, history.Options{})
		snap := snapshotAt(noon.Add(-time.Minute), 1234.5)
		finding := stats.Finding{Rule: "x", Severity: stats.Critical, Title: "it hurts", FirstSeen: noon.Add(-time.Minute), LastSeen: noon, Remedy: []string{"stop"}}
		snap.Findings = []stats.Finding{finding}
		s.Snapshot("a", snap)
		session := sessionOf(7)
		hour := noon.Add(-time.Hour)
		s.Presence("a", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{session}, ShortLived: 3, Marks: []presence.Mark{
			{By: "name", Key: "api", Hour: hour, FirstSeen: hour.Add(time.Minute), LastSpoke: noon.Add(-time.Minute), Sessions: 1},
		}})
		action := stats.Change{Time: noon, Kind: stats.ChangeAction, What: "client kill", After: "10.0.0.9:1"}
		s.Action("a", action)
		check := func(t *testing.T) {
			checkRange(t, s)
			page, err := s.Sessions(t.Context(), history.SessionQuery{Filter: "API"})
			since := noon
			want := history.SessionPage{
				Sessions: []history.ServerSession{{Server: "a", Session: session}}, Matched: 1, Since: &since,
				ShortLived: []history.ShortLived{{Server: "a", Time: noon, Count: 3}},
			}
			if diff := cmp.Diff(want, page); err != nil || diff != "" {
				t.Errorf("sessions: %v %s", err, diff)
			}
			activity, err := s.Activity(t.Context(), history.ActivityQuery{By: []string{"name"}})
			wantActivity := []history.ServerActivity{{Server: "a", ActivityRow: stats.ActivityRow{
				By: "name", Key: "api", Online: 1, Sessions: 1, FirstSeen: hour, LastSpoke: noon.Add(-time.Minute), Hours: []time.Time{hour},
			}}}
			if diff := cmp.Diff(wantActivity, activity); err != nil || diff != "" {
				t.Errorf("activity: %v %s", err, diff)
			}
			findings, err := s.Findings(t.Context(), history.FindingQuery{Servers: []string{"a"}})
			if diff := cmp.Diff([]history.ServerFinding{{Server: "a", Finding: finding}}, findings); err != nil || diff != "" {
				t.Errorf("findings: %v %s", err, diff)
			}
			changes, err := s.Changes(t.Context(), history.ChangeQuery{Server: "a", Kinds: []stats.ChangeKind{stats.ChangeAction, stats.ChangeFinding}})
			wantChanges := []stats.Change{action, {Time: snap.Time, Kind: stats.ChangeFinding, What: "x", After: "critical: it hurts"}}
			if diff := cmp.Diff(wantChanges, changes); err != nil || diff != "" {
				t.Errorf("changes: %v %s", err, diff)
			}
		}
		check(t)
		if where == ":memory:" {
			return
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, where, history.Options{ReadOnly: true})
		check(t)
		checkExport(t, s)
	})
}

// checkRange wants the one Snapshot of TestRoundTrip, and nothing known at any other time.
func checkRange(t *testing.T, s *history.Store) {
	t.Helper()
	r, err := s.Range(t.Context(), history.RangeQuery{Server: "a", Step: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range r.Times {
		var commands, keys, calls stats.Maybe[float64]
		if at == noon.Add(-time.Minute).Unix() {
			commands, keys, calls = stats.Some(1234.5), stats.Some(1.0), stats.Some(1234.5)
		}
		band := r.Series["commands_per_second"]
		got := []stats.Maybe[float64]{band.Mean[i], band.Min[i], band.Max[i], r.Series["keys"].Mean[i], r.Series["hit_ratio"].Mean[i], r.Commands[0].CallsPerSecond[i]}
		if diff := cmp.Diff([]stats.Maybe[float64]{commands, commands, commands, keys, {}, calls}, got); diff != "" {
			t.Errorf("at %d: %s", at, diff)
		}
	}
}

func checkExport(t *testing.T, s *history.Store) {
	t.Helper()
	var points, sessions, findings, changes int
	from, to := noon.Add(-24*time.Hour), noon
	for _, err := range []error{
		s.EachPoint(t.Context(), from, to, func(p history.Point) error { points++; return nil }),
		s.EachSession(t.Context(), from, to, func(history.ServerSession) error { sessions++; return nil }),
		s.EachFinding(t.Context(), from, to, func(history.ServerFinding) error { findings++; return nil }),
		s.EachChange(t.Context(), from, to, func(string, stats.Change) error { changes++; return nil }),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if got := [4]int{points, sessions, findings, changes}; got != [4]int{1, 1, 1, 3} { // the third change: watching began
		t.Errorf("exported %v", got)
	}
}

// TestTwoWatchers holds that what two tell of one server is there once.
func TestTwoWatchers(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("memory is not shared")
		}
		a, b := openAt(t, where, history.Options{}), openAt(t, where, history.Options{})
		at := noon.Add(-time.Minute)
		for _, s := range []*history.Store{a, b, a} {
			s.Snapshot("x", snapshotAt(at, 100))
			s.Presence("x", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{sessionOf(1)}, Marks: []presence.Mark{{By: "ip", Key: "10.0.0.1", Hour: noon, LastSpoke: noon, Sessions: 2}}})
			if _, err := s.Range(t.Context(), history.RangeQuery{Server: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		points := 0
		if err := a.EachPoint(t.Context(), at, noon, func(p history.Point) error { points++; return nil }); err != nil || points != 1 {
			t.Errorf("%d points, %v", points, err)
		}
		page, err := b.Sessions(t.Context(), history.SessionQuery{})
		if err != nil || page.Matched != 1 || len(page.Sessions) != 1 {
			t.Errorf("sessions: %+v, %v", page, err)
		}
		activity, err := b.Activity(t.Context(), history.ActivityQuery{By: []string{"ip"}})
		if err != nil || len(activity) != 1 || activity[0].Sessions != 2 {
			t.Errorf("activity: %+v, %v", activity, err)
		}
	})
}

// TestOpenRefuses holds what cannot mend itself.
func TestOpenRefuses(t *testing.T) {
	if _, err := history.Open(t.Context(), filepath.Join(t.TempDir(), "no.db"), history.Options{ReadOnly: true}); err == nil {
		t.Error("a store that is not there was opened to be read")
	}
	if _, err := history.Open(t.Context(), "postgres://u:secret@[::1/x", history.Options{}); err == nil {
		t.Error("a wrong address was taken")
	}
}
