package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestEvictingWanted(t *testing.T) {
	const mb = 1 << 20
	cache := func(s *synth, evicted int64, hits, misses, total float64) {
		withMemory(s, 100*mb, 100*mb, "allkeys-lru")
		p := &s.now.Throughput
		p.TotalEvicted = stats.Some(p.TotalEvicted.Or(1000) + evicted)
		p.HitsPerSecond, p.MissesPerSecond, p.TotalHitRatio = stats.Some(hits), stats.Some(misses), stats.Some(total)
	}
	t.Run("fell", func(t *testing.T) {
		s := newSynth(evictingWanted)
		s.run(4, func(int) { cache(s, 500, 700, 300, 0.95) })
		says(t, s.only(t, "evicting-wanted", stats.Warning), "The hit ratio fell from 95 % to 70 % while 500 keys a second are evicted", "300 requests a second", "maxmemory 150mb", "allkeys-lfu")
	})
	t.Run("fell while watching", func(t *testing.T) {
		s := newSynth(evictingWanted)
		s.run(150, func(int) { cache(s, 10, 950, 50, 0.5) })
		s.run(80, func(int) { cache(s, 500, 600, 400, 0.5) })
		says(t, s.only(t, "evicting-wanted", stats.Warning), "fell from", "hit ratio before")
	})
	t.Run("hardly helps", func(t *testing.T) {
		s := newSynth(evictingWanted)
		s.run(4, func(int) { cache(s, 500, 400, 600, 0.42) })
		says(t, s.only(t, "evicting-wanted", stats.Warning), "60 % of look-ups miss while 500 keys a second are evicted")
	})
	silent(t, evictingWanted, 4, map[string]func(*synth, int){
		"a good cache":   func(s *synth, i int) { cache(s, 500, 900, 100, 0.92) },
		"slightly worse": func(s *synth, i int) { cache(s, 500, 810, 190, 0.95) },
		"no evictions":   func(s *synth, i int) { cache(s, 0, 100, 900, 0.95) },
		"few look-ups":   func(s *synth, i int) { cache(s, 500, 9, 90, 0.95) },
		"write only":     func(s *synth, i int) { cache(s, 5000, 100, 900, 0.1) },
		"unknown": func(s *synth, i int) {
			cache(s, 500, 0, 0, 0.9)
			s.now.Throughput.HitsPerSecond = stats.Maybe[float64]{}
		},
		"evicted absent": func(s *synth, i int) {
			cache(s, 500, 100, 900, 0.9)
			s.now.Throughput.TotalEvicted = stats.Maybe[int64]{}
		},
	})
}
