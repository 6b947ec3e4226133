package server

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

func connectTo(t *testing.T, s *redistest.Server, budget float64) *Poller {
	t.Helper()
	p, err := Connect(t.Context(), Target{Network: "unix", Address: s.Socket()}, budget)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func poll(t *testing.T, p *Poller) stats.Reading {
	t.Helper()
	r, err := p.Poll(t.Context(), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if r.Info == nil {
		t.Fatalf("no INFO; link %+v", r.Link)
	}
	return r
}

func calls(r stats.Reading, command string) int64 {
	for _, c := range r.Info.Commands {
		if c.Name == command {
			return c.Calls
		}
	}
	return 0
}

func TestPollAsksEverythingAndLeavesNoTrace(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		for i := range 7 {
			if _, err := s.CLI("SET", "k"+strconv.Itoa(i), "v"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.CLI("CONFIG", "SET", "slowlog-log-slower-than", "0"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CLI("GET", "slow one"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CLI("CONFIG", "SET", "slowlog-log-slower-than", "10000"); err != nil {
			t.Fatal(err)
		}
		p := connectTo(t, s, 1)
		var first, r stats.Reading
		for n := range 5 {
			r = poll(t, p)
			if n == 0 {
				first = r
			}
		}
		if len(r.Missing) != 0 {
			t.Errorf("missing %+v on a server that refuses nothing", r.Missing)
		}
		if calls(r, "set") != 7 {
			t.Errorf("set: %d calls, want 7", calls(r, "set"))
		}
		if r.Memory == nil || r.Memory.Total.Or(0) < 100_000 {
			t.Errorf("memory stats: %+v", r.Memory)
		}
		if h := first.Histograms["set"]; h.Calls != 7 {
			t.Errorf("histogram of set: %+v, want 7 calls", h)
		}
		if c := r.Clients; c == nil || !c.Complete || len(c.Clients) != 1 || c.Clients[0].Name != "redistop" || c.Clients[0].ID != r.OwnIDs[0] {
			t.Errorf("clients: %+v, want us alone", c)
		}
		if len(first.Slow) == 0 || len(first.Slow[0].Entries) == 0 || !hasCommand(first.Slow[0].Entries, "GET") {
			t.Errorf("slow log: %+v, want the GET", first.Slow)
		}
		if len(r.Info.Errors) != 0 {
			t.Errorf("errorstats: %+v, want none: no question of ours may cause an error", r.Info.Errors)
		}
		if log, _ := s.CLI("SLOWLOG", "GET", "128"); strings.Contains(log, "COMMAND") || strings.Contains(log, "HISTOGRAM") {
			t.Errorf("slow log holds a command of ours:\n%s", log)
		}
	})
}

func hasCommand(entries []redis.SlowEntry, name string) bool {
	for _, e := range entries {
		if len(e.Args) > 0 && strings.EqualFold(e.Args[0], name) {
			return true
		}
	}
	return false
}

// What we count as sent must be what the server counted of us, exactly: the tables subtract it.
func TestSentEqualsTheServersCount(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		p := connectTo(t, s, 1)
		older := poll(t, p)
		for range 6 {
			newer := poll(t, p)
			sent := map[string]int64{}
			for _, c := range newer.Sent {
				sent[c.Name] = c.Calls
			}
			var sum int64
			for _, c := range newer.Info.Commands {
				grown := c.Calls - calls(older, c.Name)
				if sent[c.Name] != grown {
					t.Errorf("%s: the server counted %d calls, we %d", c.Name, grown, sent[c.Name])
				}
				sum += grown
			}
			total := newer.Info.Int("total_commands_processed").Or(0) - older.Info.Int("total_commands_processed").Or(0)
			if sum != total {
				t.Errorf("total_commands_processed grew by %d, commands by %d", total, sum)
			}
			older = newer
		}
	})
}
