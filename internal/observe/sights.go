package observe

import (
	"hash/maphash"
	"sync"
	"time"

	"redistop/internal/messaging"
	"redistop/internal/redis"
)

// sights are keys that commands in the windows used as streams and queues: a search through many millions of keys comes
// to them late, and those in use matter most. It may be used from any goroutine.
type sights struct {
	seed maphash.Seed

	mu    sync.Mutex
	told  map[uint64]bool // guarded by mu, as is all below: hashes of those that were handed out, or wait for it
	since time.Time       // when told was begun anew
	fresh []messaging.Sight
}

const (
	// mostTold and toldFor bound the keys that are remembered: one that was an empty queue then may be full by now.
	mostTold = 8192
	toldFor  = time.Minute
	// mostFresh bounds what waits for being taken.
	mostFresh = 64
)

func newSights() *sights {
	return &sights{seed: maphash.MakeSeed(), told: map[uint64]bool{}, since: time.Now()}
}

// tap takes one command of a window.
func (s *sights) tap(line *redis.MonitorLine) {
	messaging.EachSight(line, func(quoted []byte, kind string) bool {
		id := maphash.Bytes(s.seed, quoted) + uint64(line.DB)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case len(s.fresh) >= mostFresh:
			return false
		case s.told[id]:
			return true
		case len(s.told) >= mostTold:
			clear(s.told)
		}
		s.told[id] = true
		s.fresh = append(s.fresh, messaging.Sight{DB: line.DB, Key: string(redis.Unquote(nil, quoted)), Type: kind})
		return true
	})
}

// take hands out what is new.
func (s *sights) take() []messaging.Sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.since) >= toldFor {
		clear(s.told)
		s.since = now
	}
	list := s.fresh
	s.fresh = nil
	return list
}
