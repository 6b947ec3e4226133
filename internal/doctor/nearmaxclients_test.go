package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestNearMaxclients(t *testing.T) {
	fill := func(s *synth, clients, limit int64) {
		s.now.Connected.Clients, s.now.Connected.Max = stats.Some(clients), stats.Some(limit)
	}
	reject := func(s *synth, n int64) { s.now.Connected.Rejected = stats.Some(s.now.Connected.Rejected.Or(7) + n) }
	t.Run("near", func(t *testing.T) {
		s := newSynth(nearMaxclients)
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "worker", IdleSeconds: 4000, AgeSeconds: 9000})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5001", Name: "worker"})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.8:5001", Name: "web"})
		fill(s, 90, 100)
		s.run(1, nil)
		f := s.only(t, "near-maxclients", stats.Warning)
		says(t, f, "90 of 100 (90 %)", "1 connection", "worker (10.0.3.7)", "CONFIG SET maxclients 200")
		if f.Culprits[0].Connections != 2 {
			t.Errorf("culprits %+v", f.Culprits)
		}
	})
	t.Run("refused", func(t *testing.T) {
		s := newSynth(nearMaxclients)
		fill(s, 100, 100)
		s.run(4, func(int) { reject(s, 3) })
		says(t, s.only(t, "near-maxclients", stats.Critical), "100 of 100 (100 %) are open, 9 turned away in 3 s", "max number of clients reached")
	})
	t.Run("refused far from the limit", func(t *testing.T) {
		s := newSynth(nearMaxclients)
		fill(s, 5, 100)
		s.run(4, func(int) { reject(s, 3) })
		says(t, s.only(t, "near-maxclients", stats.Warning), "9 connections refused", "protected mode")
	})
	silent(t, nearMaxclients, 4, map[string]func(*synth, int){
		"below":           func(s *synth, i int) { fill(s, 89, 100) },
		"idle, not many":  func(s *synth, i int) { fill(s, 2000, 10_000) },
		"old refusals":    func(s *synth, i int) { fill(s, 5, 100); reject(s, 0) },
		"a scan":          func(s *synth, i int) { fill(s, 5, 100); reject(s, 1) },
		"unknown limit":   func(s *synth, i int) { s.now.Connected.Max = stats.Maybe[int64]{}; reject(s, 9) },
		"unknown clients": func(s *synth, i int) { s.now.Connected.Clients = stats.Maybe[int64]{} },
	})
}
