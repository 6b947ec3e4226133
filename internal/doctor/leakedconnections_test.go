package doctor

import (
	"fmt"
	"testing"

	"redistop/internal/stats"
)

func TestLeakedConnections(t *testing.T) {
	// leak opens n connections evenly over span seconds up to now; each was used once.
	leak := func(s *synth, n int, span int64, change func(i int, c *stats.ConnectionRow)) {
		s.now.Connections = nil
		for i := range n {
			age := 3 + span*int64(i)/int64(n)
			c := stats.ConnectionRow{ID: int64(i), Addr: fmt.Sprintf("10.0.3.7:%d", 2000+i), Name: "jobs", AgeSeconds: age, IdleSeconds: age - 1}
			if change != nil {
				change(i, &c)
			}
			s.now.Connections = append(s.now.Connections, c)
		}
		s.now.Connected.Clients = stats.Some(int64(n))
	}
	t.Run("soon full", func(t *testing.T) {
		s := newSynth(leakedConnections)
		leak(s, 900, 900, nil)
		s.run(1, nil)
		says(t, s.only(t, "leaked-connections", stats.Warning), "jobs (10.0.3.7) leaves 900 connections unused and opens 1 a second more", "in about 2 h 32 min", "CONFIG SET timeout 300")
	})
	t.Run("full", func(t *testing.T) {
		s := newSynth(leakedConnections, nearMaxclients)
		leak(s, 900, 900, nil)
		s.now.Connected.Max = stats.Some(int64(1000))
		s.run(1, nil)
		if s.took[0].Rule != "leaked-connections" || s.took[0].Severity != stats.Critical || s.took[1].Severity != stats.Info {
			t.Errorf("the leak explains the shortage: %s", titles(s.took))
		}
		says(t, s.took[0], "900 of 1,000")
	})
	t.Run("slow", func(t *testing.T) {
		s := newSynth(leakedConnections)
		leak(s, 60, 60*3600, nil)
		s.run(1, nil)
		says(t, s.only(t, "leaked-connections", stats.Info), "opens 1 an hour more")
	})
	t.Run("beside a pool", func(t *testing.T) {
		s := newSynth(leakedConnections)
		leak(s, 1400, 20, func(i int, c *stats.ConnectionRow) {
			if i >= 400 {
				c.AgeSeconds, c.IdleSeconds = 23, 22
			} else {
				c.AgeSeconds = 3 + int64(i)/20
				c.IdleSeconds = c.AgeSeconds
			}
		})
		s.run(1, nil)
		says(t, s.only(t, "leaked-connections", stats.Warning), "leaves 1,400 connections unused", "a second more")
	})
	silent(t, leakedConnections, 3, map[string]func(*synth, int){
		"few": func(s *synth, i int) { leak(s, 49, 900, nil) },
		"opened at once": func(s *synth, i int) {
			leak(s, 2000, 10, func(_ int, c *stats.ConnectionRow) { c.AgeSeconds += 100; c.IdleSeconds += 100 })
		},
		"just starting": func(s *synth, i int) { leak(s, 2000, 10, nil) },
		"stopped": func(s *synth, i int) {
			leak(s, 900, 900, func(_ int, c *stats.ConnectionRow) { c.AgeSeconds += 600; c.IdleSeconds += 600 })
		},
		"used":        func(s *synth, i int) { leak(s, 900, 900, func(_ int, c *stats.ConnectionRow) { c.IdleSeconds /= 3 }) },
		"subscribers": func(s *synth, i int) { leak(s, 900, 900, func(_ int, c *stats.ConnectionRow) { c.Subscriptions = 1 }) },
		"workers":     func(s *synth, i int) { leak(s, 900, 900, func(_ int, c *stats.ConnectionRow) { c.Flags = "b" }) },
		"many hosts": func(s *synth, i int) {
			leak(s, 900, 900, func(i int, c *stats.ConnectionRow) { c.Addr = fmt.Sprintf("10.0.%d.%d:99", i/250, i%250) })
		},
	})
}
