package history_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// seenBy is a Snapshot at a second after noon, with a state of the link, a maxmemory, and a finding since a second, if any.
func seenBy(second float64, state stats.LinkState, maxmemory string, since float64, f stats.Finding) *stats.Snapshot {
	at := func(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }
	s := snapshotAt(at(second), 1)
	s.Link = stats.Link{State: state, Message: fmt.Sprintf("said at %g", second)}
	s.Config = map[string]string{"maxmemory": maxmemory}
	if f.Rule != "" {
		f.Confidence, f.FirstSeen, f.LastSeen = stats.Certain, at(since), at(second)
		s.Findings = []stats.Finding{f}
	}
	return s
}

// TestTwoWatchersTellOnce has two watchers of a server see the same a little apart, and each in its words.
func TestTwoWatchersTellOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("memory is not shared")
		}
		now := &clock{at: noon.Add(-time.Minute)}
		open := func() *history.Store { return openAt(t, where, history.Options{Now: now.now}) }
		a, b := open(), open()
		changes := func(s *history.Store) (told []string) {
			t.Helper()
			all, err := s.Changes(t.Context(), history.ChangeQuery{Server: "x", From: noon.Add(-time.Hour), To: noon.Add(time.Hour),
				Kinds: []stats.ChangeKind{stats.ChangeState, stats.ChangeConfig, stats.ChangeFinding, stats.ChangeAction}})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				told = append(told, fmt.Sprintf("%g %s: %s, %s", c.Time.Sub(noon).Seconds(), c.What, c.Before, c.After))
			}
			return told
		}
		slow := func(severity stats.Severity, title string) stats.Finding {
			return stats.Finding{Rule: "slow", Subject: "k", Severity: severity, Title: title}
		}
		for _, step := range []struct {
			by   *history.Store
			snap *stats.Snapshot
		}{
			{a, seenBy(0, stats.Up, "1", 0, stats.Finding{})},
			{b, seenBy(0.5, stats.Up, "1", 0, stats.Finding{})},
			// The link goes down twice within a second: each saw both.
			{a, seenBy(1, stats.Down, "1", 0, stats.Finding{})}, {a, seenBy(2, stats.Up, "1", 0, stats.Finding{})},
			{b, seenBy(1.1, stats.Down, "1", 0, stats.Finding{})},
			{a, seenBy(3, stats.Down, "1", 0, stats.Finding{})}, {a, seenBy(4, stats.Up, "1", 0, stats.Finding{})},
			{b, seenBy(2.1, stats.Up, "1", 0, stats.Finding{})}, {b, seenBy(3.1, stats.Down, "1", 0, stats.Finding{})}, {b, seenBy(4.1, stats.Up, "1", 0, stats.Finding{})},
			// The other asks for the configuration a minute later; only it sees how that changes again.
			{a, seenBy(5, stats.Up, "2", 0, stats.Finding{})}, {b, seenBy(65, stats.Up, "2", 0, stats.Finding{})}, {b, seenBy(70, stats.Up, "3", 0, stats.Finding{})},
			// A finding: the second sees it earlier, and the end of it later.
			{a, seenBy(80, stats.Up, "3", 80, slow(stats.Warning, "1,000 a second"))},
			{b, seenBy(81, stats.Up, "3", 79, slow(stats.Warning, "1,100 a second"))},
			{b, seenBy(82, stats.Up, "3", 79, slow(stats.Critical, "9,100 a second"))},
			{a, seenBy(83, stats.Up, "3", 80, slow(stats.Critical, "9,000 a second"))},
			{a, seenBy(90, stats.Up, "3", 0, stats.Finding{})}, {b, seenBy(91, stats.Up, "3", 0, stats.Finding{})},
			// It comes again: that is another.
			{a, seenBy(95, stats.Up, "3", 95, slow(stats.Warning, "2,000 a second"))},
			{b, seenBy(96, stats.Up, "3", 96, slow(stats.Warning, "2,100 a second"))},
		} {
			step.by.Snapshot("x", step.snap)
			changes(step.by) // it is written
		}
		action := stats.Change{Time: noon.Add(97 * time.Second), Kind: stats.ChangeAction, What: "connection killed", After: "id 7"}
		a.Action("x", action)
		changes(a)
		action.Time = action.Time.Add(time.Second)
		b.Action("x", action) // the same was done twice

		// Another comes late: what stands is no news.
		now.set(noon.Add(99 * time.Second))
		c := open()
		c.Snapshot("x", seenBy(100, stats.Up, "3", 100, slow(stats.Warning, "2,200 a second")))
		want := []string{
			"98 connection killed: , id 7", "97 connection killed: , id 7",
			"95 slow: k: , warning: 2,000 a second",
			"90 slow: k: critical: 9,000 a second, resolved", "82 slow: k: warning, critical: 9,100 a second", "80 slow: k: , warning: 1,000 a second",
			"70 maxmemory: 2, 3", "5 maxmemory: 1, 2",
			"4 state: down, up", "3 state: up, down: said at 3", "2 state: down, up", "1 state: up, down: said at 1",
		}
		changes(b)
		if diff := cmp.Diff(want, changes(c)); diff != "" {
			t.Errorf("changes: %s", diff)
		}
		findings, err := c.Findings(t.Context(), history.FindingQuery{Servers: []string{"x"}, From: noon.Add(-time.Hour), To: noon.Add(time.Hour)})
		var got []string
		for _, f := range findings {
			got = append(got, fmt.Sprintf("%g to %g: %s", f.FirstSeen.Sub(noon).Seconds(), f.LastSeen.Sub(noon).Seconds(), f.Title))
		}
		if diff := cmp.Diff([]string{"95 to 100: 2,200 a second", "80 to 83: 9,000 a second"}, got); err != nil || diff != "" {
			t.Errorf("findings: %v %s", err, diff)
		}
	})
}

// TestTwoWatchersOfManyServers has two write the same rows at the same time: neither may stand in the other's way, and what is told is
// there once however close they are.
func TestTwoWatchersOfManyServers(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("memory is not shared")
		}
		const servers, rounds = 40, 25
		told := &reports{}
		now := func() time.Time { return noon.Add(-time.Minute) }
		a, b := openAt(t, where, history.Options{Now: now, Report: told.add}), openAt(t, where, history.Options{Now: now, Report: told.add})
		var both sync.WaitGroup
		for n, s := range []*history.Store{a, b} {
			both.Go(func() {
				for round := range rounds {
					at := noon.Add(time.Duration(100*round+n) * time.Millisecond)
					for i := range servers {
						server := fmt.Sprint("s", i)
						state := []stats.LinkState{stats.Up, stats.Down}[round%2]
						s.Snapshot(server, seenBy(at.Sub(noon).Seconds(), state, "1", 0, stats.Finding{}))
						s.Presence(server, presence.Update{Time: at, Seen: at, Came: []stats.Session{sessionOf(int64(i))}, ShortLived: 1,
							Marks: []presence.Mark{{By: presence.ByIP, Key: "10.0.0.1", Hour: noon, LastSpoke: at}, {By: presence.ByName, Key: "api", Hour: noon, LastSpoke: at}}})
					}
					if _, err := s.Changes(t.Context(), history.ChangeQuery{Server: "s0"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		both.Wait()
		if told.count() > 0 {
			t.Errorf("writing failed: %q", told.all)
		}
		for _, s := range []*history.Store{a, b} { // all is written
			if _, err := s.Changes(t.Context(), history.ChangeQuery{Server: "s0"}); err != nil {
				t.Fatal(err)
			}
		}
		count := 0
		err := a.EachChange(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour), func(_ string, c stats.Change) error {
			if c.Kind == stats.ChangeState {
				count++
			}
			return nil
		})
		if want := servers * (rounds - 1); err != nil || count != want {
			t.Errorf("%d changes of state, %v; want %d", count, err, want)
		}
	})
}
