package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestSaveFailed(t *testing.T) {
	failed := func(s *synth) {
		s.now.Persistence.LastSaveOK = stats.Some(false)
		s.now.Persistence.ChangesSinceSave = stats.Some(int64(1234))
		s.now.Host.FreeDisk = stats.Some(int64(0))
	}
	conf := func(save, stop string) map[string]string {
		return map[string]string{"save": save, "stop-writes-on-bgsave-error": stop}
	}
	for _, c := range []struct {
		name     string
		config   map[string]string
		misconf  int64
		severity stats.Severity
		says     []string
	}{
		{"stops writes", conf("3600 1", "yes"), 0, stats.Critical, []string{"writes are refused", "1,234", "0 B", "stop-writes-on-bgsave-error no"}},
		{"MISCONF seen", nil, 4, stats.Critical, []string{"MISCONF errors | 8"}},
		{"goes on", conf("3600 1", "no"), 0, stats.Warning, []string{"is lost"}},
		{"by hand", conf("", "yes"), 0, stats.Warning, nil},
		{"config unknown", nil, 0, stats.Warning, []string{"may not be asked"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSynth(saveFailed)
			failed(s)
			s.now.Config = c.config
			s.run(3, func(int) { s.errors("MISCONF", c.misconf) })
			says(t, s.only(t, "save-failed", c.severity), append(c.says, "The last BGSAVE failed", "server's log")...)
		})
	}
	silent(t, saveFailed, 2, map[string]func(*synth, int){
		"good": func(s *synth, i int) {
			s.now.Persistence.LastSaveOK = stats.Some(true)
			s.now.Config = conf("3600 1", "yes")
		},
		"never": func(s *synth, i int) {},
	})
}

func TestAOFFailed(t *testing.T) {
	s := newSynth(aofFailed)
	s.now.Persistence.AOFLastWriteOK = stats.Some(false)
	s.run(2, func(int) { s.errors("MISCONF", 3) })
	says(t, s.only(t, "aof-failed", stats.Critical), "writes are refused", "MISCONF errors | 3")
	s = newSynth(aofFailed)
	s.now.Persistence.AOFLastRewriteOK = stats.Some(false)
	s.now.Host.FreeDisk = stats.Some(int64(1 << 20))
	s.run(1, nil)
	says(t, s.only(t, "aof-failed", stats.Warning), "The last rewrite", "1 MiB", "BGREWRITEAOF")
	silent(t, aofFailed, 2, map[string]func(*synth, int){
		"good": func(s *synth, i int) {
			s.now.Persistence.AOFLastWriteOK, s.now.Persistence.AOFLastRewriteOK = stats.Some(true), stats.Some(true)
		},
		"unknown": func(s *synth, i int) {},
	})
}

func TestAOFFsyncDelays(t *testing.T) {
	on := func(s *synth, fsync string) {
		s.now.Persistence.AOFEnabled = stats.Some(true)
		s.now.Config = map[string]string{"appendfsync": fsync}
	}
	delayed := func(s *synth, n int64) {
		s.now.Persistence.AOFDelayedFsync = stats.Some(s.now.Persistence.AOFDelayedFsync.Or(5) + n)
	}
	loop := func(s *synth, usec, share float64) {
		s.now.Housekeeping.EventLoopUsec, s.now.Housekeeping.EventLoopCommandShare = stats.Some(usec), stats.Some(share)
	}
	event := func(s *synth, usec int64) {
		s.now.LatencyEvents = []stats.LatencyEvent{{Event: "aof-write-pending-fsync", Time: s.now.Time, LatestUsec: usec, MaxUsec: 2 * usec}}
	}
	s := newSynth(aofFsyncDelays)
	s.run(3, func(int) { on(s, "everysec"); delayed(s, 1); s.now.Persistence.SaveInProgress = true })
	says(t, s.only(t, "aof-fsync-delays", stats.Warning), "held up the server 2 times in 2 s", "a BGSAVE", "no-appendfsync-on-rewrite yes")
	s = newSynth(aofFsyncDelays)
	s.run(3, func(int) { on(s, "always"); loop(s, 9000, 0.05) })
	says(t, s.only(t, "aof-fsync-delays", stats.Warning), "Every write waits about 9 ms", "CONFIG SET appendfsync everysec")
	s = newSynth(aofFsyncDelays)
	s.run(1, func(int) { on(s, "everysec"); event(s, 150_000) })
	says(t, s.only(t, "aof-fsync-delays", stats.Warning), "for 150 ms", "aof-write-pending-fsync")
	silent(t, aofFsyncDelays, 3, map[string]func(*synth, int){
		"one hiccup":  func(s *synth, i int) { on(s, "everysec"); delayed(s, map[bool]int64{true: 1}[i == 1]) },
		"fast disk":   func(s *synth, i int) { on(s, "always"); loop(s, 4900, 0.05) },
		"busy":        func(s *synth, i int) { on(s, "always"); loop(s, 9000, 0.9) },
		"no AOF":      func(s *synth, i int) { delayed(s, 5); loop(s, 9000, 0.05) },
		"unknown":     func(s *synth, i int) { on(s, "always") },
		"short event": func(s *synth, i int) { on(s, "everysec"); event(s, 99_000) },
		"long ago": func(s *synth, i int) {
			on(s, "everysec")
			event(s, 900_000)
			s.now.LatencyEvents[0].Time = t0.Add(-2 * Recent)
		},
		"always, idle": func(s *synth, i int) { on(s, "always"); loop(s, 200, 0) },
	})
}

func TestSlowFork(t *testing.T) {
	const gb = 1 << 30
	fork := func(s *synth, usec, used int64, save string) {
		s.now.Persistence.LastForkUsec = stats.Some(usec)
		s.now.Memory.Used = stats.Some(used)
		s.now.Config = map[string]string{"save": save, "appendonly": "no"}
	}
	s := newSynth(slowFork)
	fork(s, 300_000, 20*gb, "3600 1")
	s.now.Host.HugePages = "always"
	s.run(1, nil)
	says(t, s.only(t, "slow-fork", stats.Warning), "stops this server for 300 ms", "15 ms a GiB", "transparent_hugepage")
	s = newSynth(slowFork)
	fork(s, 300_000, gb, "3600 1")
	s.run(1, nil)
	says(t, s.only(t, "slow-fork", stats.Warning), "the machine forks slowly")
	s = newSynth(slowFork)
	fork(s, 300_000, 20*gb, "")
	s.run(1, nil)
	s.only(t, "slow-fork", stats.Info)
	silent(t, slowFork, 1, map[string]func(*synth, int){
		"quick":   func(s *synth, i int) { fork(s, 199_000, gb, "3600 1") },
		"unknown": func(s *synth, i int) {},
	})
}

func TestDiskFull(t *testing.T) {
	const mb = 1 << 20
	disk := func(s *synth, free, data int64, save string) {
		s.now.Host.FreeDisk, s.now.Memory.Dataset = stats.Some(free), stats.Some(data)
		s.now.Config = map[string]string{"save": save}
	}
	s := newSynth(diskFull)
	disk(s, 69*mb, 100*mb, "60 1")
	s.run(1, nil)
	says(t, s.only(t, "disk-full", stats.Warning), "Only 69 MiB of disk are free for a save of 100 MiB", "may fail")
	s = newSynth(diskFull)
	disk(s, 9*mb, 100*mb, "60 1")
	s.run(1, nil)
	says(t, s.only(t, "disk-full", stats.Critical), "will fail")
	silent(t, diskFull, 1, map[string]func(*synth, int){
		"room":           func(s *synth, i int) { disk(s, 70*mb, 100*mb, "60 1") },
		"never saves":    func(s *synth, i int) { disk(s, mb, 100*mb, "") },
		"unknown config": func(s *synth, i int) { disk(s, mb, 100*mb, ""); s.now.Config = nil },
		"another host":   func(s *synth, i int) { disk(s, mb, 100*mb, "60 1"); s.now.Host.FreeDisk = stats.Maybe[int64]{} },
	})
}
