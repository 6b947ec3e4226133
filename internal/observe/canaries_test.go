package observe

import (
	"context"
	"strings"
	"testing"
	"time"

	"redistop/internal/canary"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// What a canary feels stands in the Snapshot, its connections and commands are the observer's own, and nothing of it is left
// when the observer has ended.
func TestCanaryInTheSnapshot(t *testing.T) {
	s := redistest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := Start(ctx, Config{Target: server.Target{Network: "unix", Address: s.Socket()}, Interval: 500 * time.Millisecond, Budget: 0.5, Canary: canary.Kinds, Eager: true})
	var last *stats.Snapshot
	for snapshot := range o.Snapshots() {
		last = snapshot
		arrived := 0
		for _, p := range snapshot.Canary {
			if p.Received >= 10 && p.Listening {
				arrived++
			}
		}
		if arrived == len(canary.Kinds) && snapshot.IntervalSeconds.Known() {
			break
		}
	}
	cancel()
	for range o.Snapshots() { // until all of it is closed
	}
	if len(last.Canary) != 3 {
		t.Fatalf("canaries: %+v", last.Canary)
	}
	for i, kind := range canary.Kinds {
		if p := last.Canary[i]; p.Kind != string(kind) || p.Lost != 0 || p.Verdict == "" {
			t.Errorf("%+v", p)
		}
	}
	if n := len(last.Connections); n != 0 {
		t.Errorf("%d connections of others: %+v", n, last.Connections)
	}
	for _, row := range last.Commands {
		if row.CallsPerSecond.Or(0) > 0 && (strings.HasPrefix(row.Name, "x") || row.Name == "publish" || row.Name == "blpop") {
			t.Errorf("%s is taken for somebody else's: %v a second", row.Name, row.CallsPerSecond)
		}
	}
	if left, err := s.CLI("KEYS", "*"); err != nil || strings.TrimSpace(left) != "" {
		t.Errorf("left: %q, %v", left, err)
	}
}

// One that cannot begin says why.
func TestCanaryThatCannotBegin(t *testing.T) {
	s := redistest.New(t, redistest.Config("user feeble on nopass ~* &* +@all -xgroup"))
	target := server.Target{Network: "unix", Address: s.Socket(), Username: "feeble"}
	o := Start(t.Context(), Config{Target: target, Interval: 500 * time.Millisecond, Budget: 0.5, Canary: []canary.Kind{canary.Stream}})
	for snapshot := range o.Snapshots() {
		if len(snapshot.Canary) == 1 && strings.Contains(snapshot.Canary[0].LastError, "NOPERM") {
			return
		}
	}
	t.Error("it never says why")
}
