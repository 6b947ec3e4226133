package canary

import (
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// replicated is a primary and its replica, in step.
func replicated(t *testing.T) (primary, replica *redistest.Server) {
	t.Helper()
	primary = redistest.New(t, redistest.TCP(), redistest.Config("repl-diskless-sync-delay 0"))
	replica = redistest.New(t, redistest.TCP(), redistest.ReplicaOf(primary))
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, err := replica.CLI("INFO", "replication")
		if err != nil || time.Now().After(end) {
			t.Fatal("no replication: ", err, text)
		}
		if strings.Contains(text, "master_link_status:up") {
			return primary, replica
		}
	}
}

// A failover to a replica that lags loses what was acknowledged and not replicated; one that is in step loses nothing, and may
// deliver again what was acknowledged too late.
func TestFailover(t *testing.T) {
	t.Parallel()
	for _, lags := range []bool{true, false} {
		primary, replica := replicated(t)
		n := road(t, primary)
		open := make(chan struct{})
		c := singThrough(t, Config{Kind: Stream, Write: n.target, Patience: patience(lags)}, func(w way) way { return gate{w, open} })
		sent := func(n int64) { c.until("messages under way", func(p stats.Probe) bool { return p.Sent >= n }) }
		promote := func() {
			if _, err := replica.CLI("REPLICAOF", "NO", "ONE"); err != nil {
				t.Fatal(err)
			}
		}
		sent(50)
		if lags {
			promote()
			sent(c.Probe().Sent + 50)
		} else {
			if _, err := primary.CLI("CLIENT", "PAUSE", "60000", "WRITE"); err != nil {
				t.Fatal(err)
			}
			inStep(t, primary, replica)
			promote()
		}
		if err := primary.Kill(); err != nil {
			t.Fatal(err)
		}
		n.to.Store(replica)
		close(open)
		c.received(50)
		p := c.end()
		if p.Lost >= 40 != lags || !lags && p.Lost != 0 || p.Broken != lags || p.Restarts != 1 || p.InFlight != 0 {
			t.Errorf("lags %v: %+v", lags, p)
		}
	}
}

// inStep waits until a replica has all that its primary has.
func inStep(t *testing.T, primary, replica *redistest.Server) {
	t.Helper()
	offset := func(s *redistest.Server, field string) string {
		text, err := s.CLI("INFO", "replication")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(text, field+":")
		value, _, _ := strings.Cut(rest, "\r")
		return value
	}
	for end := time.Now().Add(20 * time.Second); offset(primary, "master_repl_offset") != offset(replica, "slave_repl_offset"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the replica is never in step")
		}
	}
}
