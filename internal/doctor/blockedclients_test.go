package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestBlockedClients(t *testing.T) {
	held := func(s *synth, command string, idle int64) {
		s.now.Connections = nil
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "web", Flags: "b", LastCommand: command, IdleSeconds: idle})
	}
	s := newSynth(blockedClients)
	held(s, "set", 6)
	s.run(1, nil)
	s.calls("client|pause", 1, 1)
	s.run(1, nil)
	says(t, s.only(t, "blocked-clients", stats.Critical), "1 client has been held in commands that do not block, for up to 6 s", "CLIENT UNPAUSE", "CLIENT PAUSE | 1 call")
	s = newSynth(blockedClients)
	held(s, "get", 2)
	s.now.Replication.FailoverState = "waiting-for-sync"
	s.run(1, nil)
	says(t, s.only(t, "blocked-clients", stats.Warning), "waiting-for-sync")
	s = newSynth(blockedClients)
	held(s, "wait", 10)
	s.run(1, nil)
	says(t, s.only(t, "blocked-clients", stats.Warning), "1 client waits in WAIT for replicas, for up to 10 s", "web")
	silent(t, blockedClients, 3, map[string]func(*synth, int){
		"a worker":     func(s *synth, i int) { held(s, "blpop", 9999) },
		"a consumer":   func(s *synth, i int) { held(s, "xreadgroup", 9999) },
		"a moment":     func(s *synth, i int) { held(s, "set", 1) },
		"short wait":   func(s *synth, i int) { held(s, "wait", 9) },
		"flushing":     func(s *synth, i int) { held(s, "flushall", 30) },
		"a module":     func(s *synth, i int) { held(s, "ft.search", 30) },
		"not blocked":  func(s *synth, i int) { held(s, "set", 900); s.now.Connections[0].Flags = "N" },
		"not of keys":  func(s *synth, i int) { held(s, "shutdown", 30) },
		"ours in WAIT": func(s *synth, i int) { held(s, "wait", 30); s.now.Connections[0].Own = true },
	})
}
