package canary

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// watched is a primary, its replica and three Sentinels that know each other and the replica.
func watched(t *testing.T) (primary, replica *redistest.Server, group *server.Sentinel) {
	t.Helper()
	primary, replica = replicated(t)
	group = &server.Sentinel{Primary: "orders"}
	var sentinels []*redistest.Server
	for range 3 {
		s := redistest.New(t, redistest.SentinelOf(primary, group.Primary, 2))
		sentinels = append(sentinels, s)
		group.At = append(group.At, server.Target{Network: "tcp", Address: s.Addr()})
	}
	for _, s := range sentinels {
		eventually(t, "the Sentinels know each other and the replica", func() bool {
			text, err := s.CLI("INFO", "sentinel")
			return err == nil && strings.Contains(text, "status=ok") && strings.Contains(text, "slaves=1") && strings.Contains(text, "sentinels=3")
		})
	}
	return primary, replica, group
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain until ", what)
		}
	}
}

// The primary is killed and Sentinels promote its replica: the canary goes on there, and tells of each way what it lost and how
// long nothing went through.
func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	primary, replica, group := watched(t)
	var all []*running
	for _, kind := range Kinds {
		c := sing(t, Config{Kind: kind, Sentinel: group, Rate: 100, Patience: time.Second})
		c.received(50)
		all = append(all, c)
	}
	killed := time.Now()
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		c.until("the next primary", func(p stats.Probe) bool { return p.Restarts == 1 && p.Listening && p.SilentAt.IsZero() })
		c.received(50)
		back := time.Since(killed)
		p := c.end()
		gap := time.Duration(p.GapUsec.Or(0)) * time.Microsecond
		t.Logf("%s; gap %s, max %s", p.Verdict, gap, time.Duration(p.MaxUsec.Or(0))*time.Microsecond)
		if p.Restarts != 1 || p.InFlight != 0 || p.Errors == 0 || gap < 500*time.Millisecond || gap > back || !strings.Contains(p.Verdict, "failed over") {
			t.Errorf("%+v", p)
		}
		// What the primary took last may not have reached the replica, and what was acknowledged last may come again.
		if kind := Kinds[i]; p.Lost > 20 || p.Duplicated > 20 || p.Broken != (p.Lost > 0 && kind != PubSub) {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	if left := keys(t, replica); left != "" {
		t.Errorf("left: %q", left)
	}
}

// A primary that Sentinels have given up may serve on, cut off from them: the canary leaves it, as careful clients do.
func TestSentinelNamesAnother(t *testing.T) {
	t.Parallel()
	old, other := redistest.New(t, redistest.TCP()), redistest.New(t, redistest.TCP())
	s := redistest.New(t, redistest.SentinelOf(old, "orders", 1))
	gone := server.Target{Network: "tcp", Address: "127.0.0.1:1"} // the first that is asked does not answer
	group := &server.Sentinel{At: []server.Target{gone, {Network: "tcp", Address: s.Addr()}}, Primary: "orders"}
	var all []*running
	for _, kind := range Kinds {
		c := sing(t, Config{Kind: kind, Sentinel: group, Rate: 100})
		c.received(20)
		all = append(all, c)
	}
	for _, command := range [][]string{{"SENTINEL", "REMOVE", "orders"}, {"SENTINEL", "MONITOR", "orders", "127.0.0.1", strconv.Itoa(other.Port()), "1"}} {
		if _, err := s.CLI(command...); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range all {
		c.until("the other primary", func(p stats.Probe) bool { return p.Restarts == 1 })
		c.received(20)
		c.end()
	}
	if left := keys(t, other); left != "" {
		t.Errorf("left: %q", left)
	}
}

// What Sentinels cannot tell is an error at once.
func TestSentinelThatCannotTell(t *testing.T) {
	t.Parallel()
	primary, replica := replicated(t)
	s := redistest.New(t, redistest.SentinelOf(primary, "orders", 1))
	at := []server.Target{{Network: "tcp", Address: s.Addr()}}
	stale := redistest.New(t, redistest.SentinelOf(replica, "orders", 1), redistest.Config("sentinel down-after-milliseconds orders 60000"))
	for _, tt := range []struct {
		group *server.Sentinel
		is    error
		says  string
	}{
		{&server.Sentinel{At: at, Primary: "ordres"}, server.ErrUnknownPrimary, "ordres"},
		{&server.Sentinel{At: []server.Target{{Network: "tcp", Address: "127.0.0.1:1"}}, Primary: "orders"}, nil, "ask Sentinel: connect to 127.0.0.1:1: connection refused"},
		{&server.Sentinel{At: []server.Target{{Network: "tcp", Address: stale.Addr()}}, Primary: "orders"}, ErrDemoted, replica.Addr()},
	} {
		err := New(Config{Kind: Stream, Sentinel: tt.group, Rate: 10, Patience: time.Second}).Run(t.Context())
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.group, err)
		}
	}
}
