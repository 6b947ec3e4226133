package observe

import (
	"testing"
	"time"

	"redistop/internal/stats"
)

// TestUsagesAreLookedAtSeldom holds when a server's use is judged anew: soon after keys were first seen, else now
// and then, and never while the server does not answer.
func TestUsagesAreLookedAtSeldom(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	survey := func(seconds int) *stats.KeySurvey {
		return &stats.KeySurvey{Time: at(seconds), Sampled: 10, Total: 10, Layouts: []stats.Layout{{Pattern: "sess:*", Type: "string", Keys: 10, WithTTL: 10, Examples: []string{"sess:a"}}}}
	}
	up := func(seconds int) *stats.Snapshot {
		return &stats.Snapshot{Time: at(seconds), Link: stats.Link{State: stats.Up}, Commands: []stats.CommandRow{{Name: "get", Calls: 5}}}
	}
	var u usages
	if got := u.look(stats.Reading{}, &stats.Snapshot{Link: stats.Link{State: stats.Connecting}}); got != nil {
		t.Fatalf("a use of a server that was not reached: %+v", got)
	}
	steps := []struct {
		name   string
		r      stats.Reading
		s      *stats.Snapshot
		anew   bool
		sample int64
	}{
		{"the first time", stats.Reading{}, up(0), true, 0},
		{"soon after", stats.Reading{}, up(1), false, 0},
		{"the first keys", stats.Reading{Survey: survey(2)}, up(2), true, 10},
		{"the same keys", stats.Reading{Survey: survey(2)}, up(20), false, 10},
		{"more keys at once", stats.Reading{Survey: survey(8)}, up(8), false, 10},
		{"more keys", stats.Reading{Survey: survey(21)}, up(21), true, 10},
		{"no more keys", stats.Reading{}, up(60), false, 10},
		{"a minute later", stats.Reading{}, up(81), true, 10},
		{"no answer", stats.Reading{}, &stats.Snapshot{Time: at(500), Stale: true, Link: stats.Link{State: stats.Stalled}}, false, 10},
	}
	for _, step := range steps {
		before := u.last
		got := u.look(step.r, step.s)
		if (got != before) != step.anew || got.Sampled != step.sample {
			t.Errorf("%s: looked anew: %t, want %t; %d keys", step.name, got != before, step.anew, got.Sampled)
		}
	}
}
