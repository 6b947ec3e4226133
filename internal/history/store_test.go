package history_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// TestRoundTrip records a little of everything and asks for it.
func TestRoundTrip(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ctx := context.Background()
	s, err := history.Open(ctx, filepath.Join(t.TempDir(), "history.db"), history.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(ctx)
	snap := &stats.Snapshot{Time: now.Add(-time.Minute), Link: stats.Link{State: stats.Up}}
	snap.Throughput.CommandsPerSecond = stats.Some(1234.5)
	snap.Commands = []stats.CommandRow{{Name: "get", CallsPerSecond: stats.Some(1000.0), UsecPerCall: stats.Some(1.5)}}
	snap.Findings = []stats.Finding{{Rule: "x", Severity: stats.Critical, Title: "it hurts", FirstSeen: now.Add(-time.Minute), LastSeen: now}}
	s.Snapshot("a", snap)
	s.Presence("a", presence.Update{Time: now, Seen: now, Came: []stats.Session{{ID: 7, RunID: "r", Addr: "10.0.0.1:5", IP: "10.0.0.1", Name: "api", OnlineSince: now.Add(-time.Hour), LastInteraction: now, LastSeen: now}}, ShortLived: 3,
		Marks: []presence.Mark{{By: "name", Key: "api", Hour: now.Truncate(time.Hour), LastSpoke: now, Sessions: 1}}})
	r, err := s.Range(ctx, history.RangeQuery{Server: "a"})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, m := range r.Series["commands_per_second"].Mean {
		if v, ok := m.Get(); ok {
			found++
			if v != 1234.5 || r.Series["keys"].Mean[i].Known() {
				t.Errorf("got %v", v)
			}
		}
	}
	if found != 1 || len(r.Commands) != 1 {
		t.Errorf("found %d points, commands %v", found, r.Commands)
	}
	page, err := s.Sessions(ctx, history.SessionQuery{Filter: "API"})
	if err != nil || len(page.Sessions) != 1 || page.Matched != 1 || page.Sessions[0].IP != "10.0.0.1" || len(page.ShortLived) != 1 {
		t.Errorf("sessions %+v, %v", page, err)
	}
	activity, err := s.Activity(ctx, history.ActivityQuery{})
	if err != nil || len(activity) != 3 {
		t.Errorf("activity %+v, %v", activity, err)
	}
	fs, err := s.Findings(ctx, history.FindingQuery{})
	if err != nil || len(fs) != 1 || fs[0].Title != "it hurts" {
		t.Errorf("findings %+v, %v", fs, err)
	}
	cs, err := s.Changes(ctx, history.ChangeQuery{Server: "a"})
	if err != nil || len(cs) != 2 {
		t.Errorf("changes %+v, %v", cs, err)
	}
	points := 0
	if err := s.EachPoint(ctx, now.Add(-time.Hour), now, func(history.Point) error { points++; return nil }); err != nil || points != 1 {
		t.Errorf("%d points, %v", points, err)
	}
	t.Logf("%+v", s.Status())
}
