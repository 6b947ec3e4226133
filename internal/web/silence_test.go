package web

import (
	"net/url"
	"testing"
	"time"

	"redistop/internal/stats"
)

// out is a server that was asked in vain for so long, as last seen in s.
func out(s *stats.Snapshot, state stats.LinkState, since time.Duration) *stats.Snapshot {
	gone := down(s)
	gone.Time = s.Time.Add(since)
	gone.Link.State, gone.Link.Hint = state, "is the server running there?"
	return gone
}

// TestClientsOfAServerThatIsOut: nobody knows whether they are online.
func TestClientsOfAServerThatIsOut(t *testing.T) {
	b, s := serving(Options{Past: eventful(t), Now: pastNow}, recorded(t, "valkey-9.1.2")[1], recorded(t, "redis-7.0.15")[1])
	count := func(query string) int64 {
		t.Helper()
		list := decode[SessionList](t, get(s, "/api/v1/sessions"+query))
		if list.Since == nil || int64(len(list.Sessions)) != list.Matched {
			t.Errorf("%s: %+v", query, list)
		}
		return list.Matched
	}
	if online, unknown := count("?state=online"), count("?state=unknown"); online != 2 || unknown != 0 {
		t.Fatalf("both servers are up: %d online, %d unknown", online, unknown)
	}
	last := b.now().moments[0].snapshot
	for _, tt := range []struct {
		state           stats.LinkState
		since           time.Duration
		online, unknown int64
	}{
		{stats.Down, 0, 1, 1},
		{stats.Denied, time.Hour, 1, 1},
		{stats.Connecting, 0, 1, 1},
		{stats.Stalled, 2 * time.Second, 2, 0},
		{stats.Stalled, 10 * time.Second, 1, 1},
		{stats.Busy, 9 * time.Second, 2, 0},
	} {
		b.Publish(0, out(last, tt.state, tt.since))
		if online, unknown := count("?state=online"), count("?state=unknown"); online != tt.online || unknown != tt.unknown {
			t.Errorf("%s for %s: %d online, %d unknown, want %d and %d", tt.state, tt.since, online, unknown, tt.online, tt.unknown)
		}
	}
	b.Publish(0, out(last, stats.Down, time.Minute))
	states := map[string]int{}
	for _, row := range decode[SessionList](t, get(s, "/api/v1/sessions")).Sessions {
		states[row.Server+" "+row.State]++
		if known := row.UnknownSince != nil; known != (row.State == "unknown") || known && !row.UnknownSince.Equal(row.LastSeen) {
			t.Errorf("%s: unknown since %v, last seen %s", row.State, row.UnknownSince, row.LastSeen)
		}
	}
	if states["a unknown"] != 1 || states["a offline"] != 1 || states["b online"] != 1 || states["b offline"] != 1 {
		t.Errorf("%v", states)
	}
	for _, row := range decode[ActivityList](t, get(s, "/api/v1/activity?by=name")).Rows {
		if row.Key != "<b>worker</b>" {
			continue
		}
		if want := map[string][2]int{"a": {0, 1}, "b": {1, 0}}[row.Server]; row.Online != want[0] || row.Unknown != want[1] {
			t.Errorf("%s: %d online, %d unknown", row.Server, row.Online, row.Unknown)
		}
	}
	b.Publish(1, out(last, stats.Down, time.Minute))
	if online, unknown := count("?state=online"), count("?state=unknown"); online != 0 || unknown != 2 {
		t.Errorf("both are down: %d online, %d unknown", online, unknown)
	}
}

// TestAServerThatIsOutIsAFinding, the first of all, wherever findings are told.
func TestAServerThatIsOutIsAFinding(t *testing.T) {
	well := *recorded(t, "redis-7.0.15")[1]
	well.Findings = []stats.Finding{{Rule: "older", Severity: stats.Critical, FirstSeen: well.Time.Add(-time.Hour), LastSeen: well.Time}}
	b, s := serving(Options{Past: eventful(t), Now: pastNow}, &well, nil)
	first := func(query string) ServerFinding {
		t.Helper()
		for _, f := range decode[FindingList](t, get(s, "/api/v1/findings"+query)).Findings {
			if f.Rule == Unreachable {
				return f
			}
		}
		return ServerFinding{}
	}
	if f := first(""); f.Server != "" {
		t.Errorf("of servers that are up or tried for the first time: %+v", f)
	}
	b.Publish(0, out(&well, stats.Stalled, 5*time.Second))
	if f := first(""); f.Server != "" {
		t.Errorf("a long command is an outage: %+v", f)
	}
	b.Publish(0, out(&well, stats.Down, 0))
	for _, query := range []string{"", "?severity=critical", "?server=a", "?" + url.Values{"from": {well.Time.Add(-time.Hour).Format(time.RFC3339)}, "to": {well.Time.Add(time.Hour).Format(time.RFC3339)}}.Encode()} {
		if f := first(query); f.Server != "a" || f.Severity != stats.Critical || f.Remedy[0] != "is the server running there?" {
			t.Errorf("%s: %+v", query, f)
		}
	}
	if all := decode[FindingList](t, get(s, "/api/v1/findings")).Findings; all[0].Rule != Unreachable {
		t.Errorf("it stands behind %s", all[0].Rule)
	}
	o := observe(b.now().moments[0])
	if o.Findings.Critical != 2 || o.Worst == nil || o.Worst.Rule != Unreachable {
		t.Errorf("the observation: %+v, %+v", o.Findings, o.Worst)
	}
	b.Publish(0, &well)
	if f := first(""); f.Server != "" {
		t.Errorf("after it came back: %+v", f)
	}
}
