package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestCacheWithoutTTL(t *testing.T) {
	// grow has 100,000 keys that expire, and n a second more that do not.
	grow := func(s *synth, i int, n, expiring int64) {
		s.now.Keyspace = []stats.KeyspaceRow{{DB: 0, Keys: 200_000 + expiring + n*int64(i), Expires: expiring}}
		s.now.Throughput.HitsPerSecond, s.now.Throughput.MissesPerSecond = stats.Some(90.0), stats.Some(10.0)
		s.now.Memory.Used = stats.Some(int64(100<<20) + int64(i)*n*1000)
	}
	s := newSynth(cacheWithoutTTL)
	s.run(400, func(i int) { grow(s, i, 100, 100_000) })
	says(t, s.only(t, "cache-without-ttl", stats.Info), "100 a second keys come that never expire", "90 % of them hit", "`redistop keys ttl 10.0.3.1:6379`")
	s = newSynth(cacheWithoutTTL)
	s.now.Memory.Max = stats.Some(int64(1 << 30))
	s.run(400, func(i int) { grow(s, i, 100, 100_000) })
	says(t, s.only(t, "cache-without-ttl", stats.Warning), "memory is full in 2 h")
	silent(t, cacheWithoutTTL, 400, map[string]func(*synth, int){
		"slow":    func(s *synth, i int) { grow(s, i, 10, 100_000) },
		"no TTLs": func(s *synth, i int) { grow(s, i, 100, 1000) },
		"a load":  func(s *synth, i int) { grow(s, min(i, 100), 1000, 100_000) },
		"no look-up": func(s *synth, i int) {
			grow(s, i, 100, 100_000)
			s.now.Throughput.HitsPerSecond = stats.Maybe[float64]{}
		},
	})
	silent(t, cacheWithoutTTL, 290, map[string]func(*synth, int){"too short": func(s *synth, i int) { grow(s, i, 200, 100_000) }})
}

func TestBigKeys(t *testing.T) {
	const mb = 1 << 20
	data := func(s *synth, bytes, keys int64) {
		s.now.Memory.Dataset = stats.Some(bytes)
		s.now.Keyspace = []stats.KeyspaceRow{{Keys: keys}}
	}
	moved := func(s *synth, bytes int64) {
		s.now.Slowlog = []stats.SlowRow{{Kind: stats.LargeReply, ID: 1, Time: s.now.Time, Bytes: stats.Some(bytes), Command: "hgetall",
			Args: []string{"HGETALL", "cart:\x1b[7"}, Addr: "10.0.3.7:5000", Name: "web"}}
	}
	s := newSynth(bigKeys)
	data(s, 500*mb, 100)
	s.run(1, nil)
	says(t, s.only(t, "big-keys", stats.Info), "A key holds 5 MiB on average", "`redistop keys big 10.0.3.1:6379`")
	s = newSynth(bigKeys)
	moved(s, 6*mb)
	s.run(1, nil)
	says(t, s.only(t, "big-keys", stats.Info), `One HGETALL of "cart:\x1b[7" moved 6 MiB`, "web")
	silent(t, bigKeys, 1, map[string]func(*synth, int){
		"usual":   func(s *synth, i int) { data(s, 500*mb, 501) },
		"small":   func(s *synth, i int) { data(s, 99*mb, 1) },
		"empty":   func(s *synth, i int) { data(s, 500*mb, 0) },
		"less":    func(s *synth, i int) { moved(s, 3*mb) },
		"unknown": func(s *synth, i int) {},
	})
}
