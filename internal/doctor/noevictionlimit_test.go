package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func withMemory(s *synth, used, limit int64, policy string) {
	s.now.Memory.Used, s.now.Memory.Max, s.now.Memory.Policy = stats.Some(used), stats.Some(limit), policy
}

func TestNoevictionLimit(t *testing.T) {
	const mb = 1 << 20
	t.Run("OOM errors are critical", func(t *testing.T) {
		s := newSynth(noevictionLimit)
		withMemory(s, 100*mb, 100*mb, "noeviction")
		s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "importer", LastCommand: "set"})
		s.run(5, func(int) { s.errors("OOM", 20) })
		f := s.only(t, "noeviction-limit", stats.Critical)
		says(t, f, "Writes fail for want of memory: 80 OOM errors in 4 s", "100 MiB of 100 MiB (100 %)", "importer", "CONFIG SET maxmemory 150mb", "allkeys-lru")
	})
	t.Run("volatile without anything to evict", func(t *testing.T) {
		s := newSynth(noevictionLimit)
		withMemory(s, 100*mb, 100*mb, "volatile-lru")
		s.run(3, func(int) { s.errors("OOM", 1) })
		says(t, s.only(t, "noeviction-limit", stats.Critical), "only keys that expire may be evicted (volatile-lru)")
	})
	t.Run("full though nobody writes", func(t *testing.T) {
		s := newSynth(noevictionLimit)
		withMemory(s, 101*mb, 100*mb, "noeviction")
		s.run(1, nil)
		says(t, s.only(t, "noeviction-limit", stats.Critical), "Memory is full (100 MiB)", "redistop monitor")
	})
	t.Run("near", func(t *testing.T) {
		s := newSynth(noevictionLimit)
		withMemory(s, 96*mb, 100*mb, "noeviction")
		s.run(1, nil)
		says(t, s.only(t, "noeviction-limit", stats.Warning), "Memory is 96 % full and nothing may be evicted")
	})
	t.Run("soon", func(t *testing.T) {
		s := newSynth(noevictionLimit)
		s.run(11, func(i int) { withMemory(s, int64(80+i)*mb, 100*mb, "noeviction") })
		says(t, s.only(t, "noeviction-limit", stats.Warning), "10 s are left at this speed", "1 MiB a second")
	})
	silent(t, noevictionLimit, 12, map[string]func(*synth, int){
		"below":       func(s *synth, i int) { withMemory(s, 94*mb, 100*mb, "noeviction") },
		"slow growth": func(s *synth, i int) { withMemory(s, 80*mb+int64(i)*10_000, 100*mb, "noeviction") },
		"a cache":     func(s *synth, i int) { withMemory(s, 100*mb, 100*mb, "allkeys-lru") },
		"no limit":    func(s *synth, i int) { s.now.Memory.Policy = "noeviction" },
		"unknown use": func(s *synth, i int) {
			withMemory(s, 0, 100*mb, "noeviction")
			s.now.Memory.Used = stats.Maybe[int64]{}
		},
		"a replica":     func(s *synth, i int) { withMemory(s, 100*mb, 100*mb, "noeviction"); s.now.Server.Role = "replica" },
		"bulk load":     func(s *synth, i int) { withMemory(s, int64(10+i)*mb, 100*mb, "noeviction") },
		"other errors":  func(s *synth, i int) { s.errors("WRONGTYPE", 5) },
		"old OOM count": func(s *synth, i int) { s.errs["OOM"] = 900 },
	})
}
