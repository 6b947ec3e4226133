package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestFragmentation(t *testing.T) {
	const mb = 1 << 20
	held := func(s *synth, rss, used int64, gaps float64) {
		s.now.Memory.RSS, s.now.Memory.Used = stats.Some(rss), stats.Some(used)
		if gaps > 0 {
			s.now.Housekeeping.AllocatorFragRatio = stats.Some(gaps)
		}
	}
	s := newSynth(fragmentation)
	held(s, 400*mb, 200*mb, 1.9)
	s.run(1, nil)
	says(t, s.only(t, "fragmentation", stats.Warning), "200 MiB of memory are lost to fragmentation, beside 200 MiB in use", "1.90", "activedefrag yes")
	s = newSynth(fragmentation)
	held(s, 4000*mb, 200*mb, 1.1)
	s.run(1, nil)
	says(t, s.only(t, "fragmentation", stats.Info), "hold no data", "MEMORY PURGE")
	s = newSynth(fragmentation)
	held(s, 400*mb, 200*mb, 0)
	s.now.Config = map[string]string{"activedefrag": "yes"}
	s.run(1, nil)
	says(t, s.only(t, "fragmentation", stats.Warning), "does not tell allocator_active and allocator_allocated", "failover")
	s = newSynth(fragmentation) // as Valkey 9.1 tells it
	held(s, 230*mb, 38*mb, 1)
	s.now.Memory.AllocatorActive, s.now.Memory.AllocatorAllocated = stats.Some(int64(212*mb)), stats.Some(int64(37*mb))
	s.run(1, nil)
	says(t, s.only(t, "fragmentation", stats.Warning), "192 MiB of memory are lost to fragmentation", "allocator_active by allocator_allocated", "5.73")
	silent(t, fragmentation, 1, map[string]func(*synth, int){
		"small server":   func(s *synth, i int) { held(s, 20*mb, 2*mb, 3) },
		"below":          func(s *synth, i int) { held(s, 1490*mb, 1000*mb, 1.49) },
		"freed just now": func(s *synth, i int) { held(s, 900*mb, 100*mb, 1.1) },
		"unknown":        func(s *synth, i int) { held(s, 900*mb, 100*mb, 2); s.now.Memory.RSS = stats.Maybe[int64]{} },
	})
}

func TestSwapping(t *testing.T) {
	const mb = 1 << 20
	s := newSynth(swapping)
	s.now.Memory.Used, s.now.Host.ServerSwap = stats.Some(int64(1000*mb)), stats.Some(int64(100*mb))
	s.run(1, nil)
	says(t, s.only(t, "swapping", stats.Warning), "100 MiB of the server's memory are on disk", "10 % of the data")
	s.now.Host.ServerSwap = stats.Some(int64(250 * mb))
	s.run(1, nil)
	s.only(t, "swapping", stats.Critical)
	s = newSynth(swapping)
	s.now.Memory.Used, s.now.Memory.RSS = stats.Some(int64(2000*mb)), stats.Some(int64(1000*mb))
	s.run(1, nil)
	says(t, s.only(t, "swapping", stats.Warning), "may be swapped out", "/proc/4711/status")
	silent(t, swapping, 1, map[string]func(*synth, int){
		"a few pages": func(s *synth, i int) {
			s.now.Memory.Used = stats.Some(int64(5000 * mb))
			s.now.Host.ServerSwap = stats.Some(int64(100 * mb))
		},
		"the host knows": func(s *synth, i int) {
			s.now.Memory.Used, s.now.Memory.RSS = stats.Some(int64(2000*mb)), stats.Some(int64(1000*mb))
			s.now.Host.ServerSwap = stats.Some(int64(0))
		},
		"new tables": func(s *synth, i int) {
			s.now.Memory.Used, s.now.Memory.RSS = stats.Some(int64(1000*mb)), stats.Some(int64(710*mb))
		},
		"unknown": func(s *synth, i int) { s.now.Memory.RSS = stats.Maybe[int64]{} },
	})
}

func TestClientsEatMemory(t *testing.T) {
	const mb = 1 << 20
	s := newSynth(clientsEatMemory)
	withMemory(s, 90*mb, 100*mb, "allkeys-lru")
	s.now.Memory.Clients = stats.Some(int64(30 * mb))
	s.connection(stats.ConnectionRow{Addr: "10.0.3.7:5000", Name: "etl", MemoryBytes: stats.Some(int64(29 * mb))})
	s.connection(stats.ConnectionRow{Addr: "10.0.3.8:5000", Name: "web", MemoryBytes: stats.Some(int64(1 * mb))})
	s.run(1, nil)
	f := s.only(t, "clients-eat-memory", stats.Warning)
	says(t, f, "take 30 MiB, 30 % of maxmemory", "etl", "maxmemory-clients")
	if f.Culprits[0].Name != "etl" {
		t.Errorf("culprits %+v", f.Culprits)
	}
	s.now.Memory.Used = stats.Some(int64(99 * mb))
	s.run(1, nil)
	says(t, s.only(t, "clients-eat-memory", stats.Critical), "keys are evicted")
	silent(t, clientsEatMemory, 1, map[string]func(*synth, int){
		"2,000 idle on a small server": func(s *synth, i int) {
			s.now.Memory.Used, s.now.Memory.Clients = stats.Some(int64(45*mb)), stats.Some(int64(40*mb))
		},
		"a share that is usual": func(s *synth, i int) {
			withMemory(s, 90*mb, 100*mb, "allkeys-lru")
			s.now.Memory.Clients = stats.Some(int64(19 * mb))
		},
		"unknown": func(s *synth, i int) { withMemory(s, 90*mb, 100*mb, "allkeys-lru") },
	})
}

func TestBacklogEatsMemory(t *testing.T) {
	const mb = 1 << 20
	s := newSynth(backlogEatsMemory)
	withMemory(s, 50*mb, 100*mb, "allkeys-lru")
	s.now.Memory.ReplicationBacklog, s.now.Memory.Replicas = stats.Some(int64(20*mb)), stats.Some(int64(5*mb))
	s.run(1, nil)
	says(t, s.only(t, "backlog-eats-memory", stats.Info), "take 25 MiB, 25 % of maxmemory")
	s.now.Memory.Used = stats.Some(int64(99 * mb))
	s.run(1, nil)
	says(t, s.only(t, "backlog-eats-memory", stats.Warning), "The server is full")
	silent(t, backlogEatsMemory, 1, map[string]func(*synth, int){
		"small": func(s *synth, i int) {
			withMemory(s, 99*mb, 100*mb, "x")
			s.now.Memory.ReplicationBacklog = stats.Some(int64(19 * mb))
		},
		"no limit": func(s *synth, i int) { s.now.Memory.ReplicationBacklog = stats.Some(int64(900 * mb)) },
		"unknown":  func(s *synth, i int) { withMemory(s, 99*mb, 100*mb, "x") },
	})
}

func TestNoLimit(t *testing.T) {
	const gb = 1 << 30
	host := func(s *synth, rss, system, limit int64) {
		s.now.Memory.RSS, s.now.Memory.System = stats.Some(rss), stats.Some(system)
		if limit > 0 {
			s.now.Memory.Max = stats.Some(limit)
		}
	}
	s := newSynth(noLimit)
	host(s, 6*gb, 8*gb, 0)
	s.run(1, nil)
	says(t, s.only(t, "no-limit", stats.Warning), "takes 75 % of the host's memory", "CONFIG SET maxmemory 6144mb", "`redistop keys big 10.0.3.1:6379`")
	s = newSynth(noLimit)
	host(s, 75*gb/10, 8*gb, 16*gb)
	s.run(1, nil)
	says(t, s.only(t, "no-limit", stats.Critical), "is beyond what it has")
	silent(t, noLimit, 1, map[string]func(*synth, int){
		"room":    func(s *synth, i int) { host(s, 59*gb/10, 8*gb, 0) },
		"a limit": func(s *synth, i int) { host(s, 7*gb, 8*gb, 7*gb) },
		"unknown": func(s *synth, i int) { host(s, 7*gb, 8*gb, 0); s.now.Memory.System = stats.Maybe[int64]{} },
	})
}
