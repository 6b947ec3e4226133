package main

import (
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// TestOutageIsTold follows a server that is down at first, then up, down and up again, while it is watched and while it
// is not: the states, its clients and each restart are told as what they are.
func TestOutageIsTold(t *testing.T) {
	t.Parallel()
	cache := redistest.New(t)
	if err := cache.Kill(); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "history.db")
	s := startSite(t, "--store", store, "cache="+cache.Socket())
	changes := func(kind string) []stats.Change {
		return ask[web.ChangeList](s, "/api/v1/servers/cache/changes?kind="+kind).Changes
	}
	clients := func(state string) []web.SessionRow {
		return ask[web.SessionList](s, "/api/v1/sessions?filter=worker&state="+state).Sessions
	}
	s.until("it is found down", func() bool {
		all := changes("state")
		return len(all) > 0 && len(all[0].After) > 5 && all[0].After[:5] == "down:"
	})
	found := func() bool {
		all := ask[web.FindingList](s, "/api/v1/findings?severity=critical").Findings
		return len(all) > 0 && all[0].Rule == web.Unreachable
	}
	s.until("that is a finding", found)

	restart := func() {
		t.Helper()
		if err := cache.Restart(); err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(&redis.Options{Network: "unix", Addr: cache.Socket(), ClientName: "worker", DisableIdentity: true, Protocol: 2})
		t.Cleanup(func() { client.Close() })
		if err := client.Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		s.until("its client is online", func() bool { return len(clients("online")) == 1 })
	}
	restart()
	if found() {
		t.Error("it answers, and is told as out")
	}
	if all := changes("restart"); len(all) != 0 {
		t.Errorf("a first answer is told as a restart: %+v", all)
	}
	if err := cache.Kill(); err != nil {
		t.Fatal(err)
	}
	s.until("nobody knows of its client", func() bool { return len(clients("unknown")) == 1 && len(clients("online")) == 0 })
	restart()
	s.until("the restart is told", func() bool { return len(changes("restart")) > 0 })
	first := changes("restart")
	if len(first) != 1 || first[0].Before == "" || first[0].After == "" || first[0].Before == first[0].After {
		t.Errorf("%+v", first)
	}

	if err := cache.Kill(); err != nil { // while it is watched, and back while it is not
		t.Fatal(err)
	}
	s.until("it is down again", func() bool { return len(clients("unknown")) == 1 })
	s.end()
	if err := cache.Restart(); err != nil {
		t.Fatal(err)
	}
	s = startSite(t, "--store", store, "cache="+cache.Socket())
	s.until("the restart that nobody saw is told", func() bool { return len(changes("restart")) == 2 })
	if second := changes("restart")[0]; second.Before != first[0].After || second.After == second.Before {
		t.Errorf("%+v after %+v", second, first)
	}
}
