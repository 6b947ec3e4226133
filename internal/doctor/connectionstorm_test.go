package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestConnectionStorm(t *testing.T) {
	gone := func(s *synth, n int64) {
		s.now.Connected.TotalCameAndWent = stats.Some(s.now.Connected.TotalCameAndWent.Or(0) + n)
	}
	received := func(s *synth, n, clients int64) {
		s.now.Connected.TotalReceived = stats.Some(s.now.Connected.TotalReceived.Or(9) + n)
		s.now.Connected.Clients = stats.Some(clients)
	}
	t.Run("by a web server", func(t *testing.T) {
		s := newSynth(connectionStorm)
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Library: "phpredis", AgeSeconds: 0})
		s.connection(stats.ConnectionRow{Addr: "10.0.3.9:5000", Name: "worker", AgeSeconds: 900})
		s.now.Config = map[string]string{"timeout": "5"}
		s.run(10, func(int) { gone(s, 250); s.calls("get", 750, 2) })
		f := s.only(t, "connection-storm", stats.Warning)
		says(t, f, "250 connections a second are opened and closed again", "commands for each | 3", "10.0.3.7:5000 (phpredis)", "idle for 5 seconds")
		if len(f.Culprits) != 1 {
			t.Errorf("culprits %+v", f.Culprits)
		}
	})
	t.Run("takes the server's time", func(t *testing.T) {
		s := newSynth(connectionStorm)
		s.now.CPU.MainThread = stats.Some(0.97)
		s.run(4, func(int) { gone(s, 4000) })
		says(t, s.only(t, "connection-storm", stats.Critical), "everybody waits", "redistop monitor shows their addresses")
	})
	t.Run("gone by the last look", func(t *testing.T) {
		s := newSynth(connectionStorm)
		s.connection(stats.ConnectionRow{ID: 7, Addr: "10.0.3.7:5000", Name: "php"})
		s.run(2, func(int) { gone(s, 200) })
		s.now.Connections = []stats.ConnectionRow{{ID: 3, Addr: "10.0.3.9:5000", Name: "worker", AgeSeconds: 900}}
		s.run(2, func(int) { gone(s, 200) })
		if f := s.only(t, "connection-storm", stats.Warning); len(f.Culprits) != 1 || f.Culprits[0].Name != "php" {
			t.Errorf("culprits %+v", f.Culprits)
		}
	})
	t.Run("known by samples", func(t *testing.T) {
		s := newSynth(connectionStorm)
		s.sampled(stats.SampleRow{Identity: stats.Identity{IP: "10.0.3.7"}, Command: "get", CommandsPerSecond: stats.Some(200.0), Seen: 9})
		s.run(4, func(int) { gone(s, 200) })
		says(t, s.only(t, "connection-storm", stats.Warning), "10.0.3.7 | GET")
	})
	t.Run("by counters alone", func(t *testing.T) {
		s := newSynth(connectionStorm)
		s.run(5, func(int) { received(s, 300, 10) })
		if f := s.only(t, "connection-storm", stats.Warning); f.Confidence != stats.Likely {
			t.Errorf("confidence %s", f.Confidence)
		}
	})
	t.Run("with TLS fewer are dear", func(t *testing.T) {
		s := newSynth(connectionStorm)
		s.now.Config = map[string]string{"port": "0", "tls-port": "6380"}
		s.run(4, func(int) { gone(s, 12) })
		says(t, s.only(t, "connection-storm", stats.Warning), "12 connections a second", "a TLS handshake of about a millisecond")
	})
	silent(t, connectionStorm, 10, map[string]func(*synth, int){
		"below": func(s *synth, i int) { gone(s, 49) },
		"both ports": func(s *synth, i int) {
			s.now.Config = map[string]string{"port": "6379", "tls-port": "6380"}
			gone(s, 12)
		},
		"pools start":       func(s *synth, i int) { received(s, 200, int64(10+200*i)) },
		"everybody anew":    func(s *synth, i int) { received(s, map[bool]int64{true: 2000}[i == 5], 2000) },
		"counter unknown":   func(s *synth, i int) {},
		"clients not known": func(s *synth, i int) { received(s, 500, 3); s.now.Connected.Clients = stats.Maybe[int64]{} },
	})
}
