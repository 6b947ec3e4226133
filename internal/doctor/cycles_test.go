package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestExpireCycle(t *testing.T) {
	cycle := func(s *synth, capped int64, cpu, stale, expired float64) {
		h := &s.now.Housekeeping
		h.ExpireCapReached = stats.Some(h.ExpireCapReached.Or(40) + capped)
		h.ExpireCPUShare, h.ExpiredStale = stats.Some(cpu), stats.Some(stale)
		s.now.Throughput.ExpiredPerSecond = stats.Some(expired)
	}
	s := newSynth(expireCycle)
	s.run(10, func(i int) {
		cycle(s, map[bool]int64{true: 2}[i%3 == 0], 0.03, 0.01, map[bool]float64{true: 50_000}[i%3 == 0])
	})
	says(t, s.only(t, "expire-cycle", stats.Warning), "keys a second stopped the server for up to 25 ms, 6 times in 9 s", "in the busiest interval | 50,000/s", "`redistop keys ttl 10.0.3.1:6379`")
	s = newSynth(expireCycle)
	s.now.Config = map[string]string{"hz": "50", "active-expire-effort": "3"}
	s.run(60, func(i int) { cycle(s, map[bool]int64{true: 1}[i == 30], 0.2, 0.01, 5000) })
	says(t, s.only(t, "expire-cycle", stats.Warning), "Expiring 5,000 keys a second takes 20 % of the server's time, up to 5.8 ms at once")
	s = newSynth(expireCycle)
	s.run(10, func(i int) { cycle(s, 1, 0.02, 0.4, 500) })
	says(t, s.only(t, "expire-cycle", stats.Warning), "40 % of the keys with a TTL")
	silent(t, expireCycle, 20, map[string]func(*synth, int){
		"expires much": func(s *synth, i int) { cycle(s, 0, 0.2, 0.3, 50_000) },
		"now and then": func(s *synth, i int) { cycle(s, map[bool]int64{true: 1}[i == 5 || i == 15], 0.02, 0.02, 1000) },
		"unknown": func(s *synth, i int) {
			cycle(s, 5, 0.2, 0.3, 1000)
			s.now.Housekeeping.ExpireCapReached = stats.Maybe[int64]{}
		},
	})
}

func TestEvictionStall(t *testing.T) {
	const mb = 1 << 20
	evict := func(s *synth, share float64, n int64) {
		withMemory(s, 100*mb, 100*mb, "allkeys-lru")
		s.now.Housekeeping.EvictionExceededShare = stats.Some(share)
		s.now.Throughput.TotalEvicted = stats.Some(s.now.Throughput.TotalEvicted.Or(3) + n)
	}
	s := newSynth(evictionStall)
	s.run(5, func(int) { evict(s, 0.6, 900) })
	says(t, s.only(t, "eviction-stall", stats.Warning), "above maxmemory for 60 % of the time", "900/s", "lazyfree-lazy-eviction yes")
	s = newSynth(evictionStall)
	s.run(5, func(int) {
		evict(s, 0.01, 900)
		s.now.LatencyEvents = []stats.LatencyEvent{{Event: "eviction-cycle", Time: s.now.Time, LatestUsec: 200_000, MaxUsec: 300_000}}
	})
	says(t, s.only(t, "eviction-stall", stats.Warning), "stopped the server for 200 ms")
	silent(t, evictionStall, 5, map[string]func(*synth, int){
		"as it should": func(s *synth, i int) { evict(s, 0.09, 900) },
		"full":         func(s *synth, i int) { evict(s, 1, 0); s.now.Memory.Policy = "noeviction" },
		"unknown": func(s *synth, i int) {
			evict(s, 0.9, 900)
			s.now.Housekeeping.EvictionExceededShare = stats.Maybe[float64]{}
		},
	})
}
