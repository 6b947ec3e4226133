package doctor

import (
	"slices"
	"time"

	"redistop/internal/stats"
)

// errorReplies is how many replies of the recent window began with one of the codes, and the window's length.
func (w *Window) errorReplies(codes ...string) (int64, time.Duration) {
	n, elapsed, ok := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] {
		var sum int64
		for _, e := range s.Errors {
			if slices.Contains(codes, e.Code) {
				sum += e.Count
			}
		}
		return stats.Some(sum)
	})
	if !ok {
		return 0, 0
	}
	return n, elapsed
}

// mean is the average of a rate over the Snapshots of the last d that know it, weighed by their intervals,
// and the time that these make together.
func (w *Window) mean(d time.Duration, rate func(*stats.Snapshot) stats.Maybe[float64]) (average float64, seconds float64) {
	var sum float64
	for i := range len(w.Past) + 1 {
		s := w.Now
		if i < len(w.Past) {
			s = w.Past[i]
		}
		v, known := rate(s).Get()
		interval, known2 := s.IntervalSeconds.Get()
		if !known || !known2 || w.Now.Time.Sub(s.Time) > d {
			continue
		}
		sum += v * interval
		seconds += interval
	}
	if seconds == 0 {
		return 0, 0
	}
	return sum / seconds, seconds
}

// hitRatio is the share of look-ups of the recent window that found a key, and how many there were a
// second; absent without look-ups.
func (w *Window) hitRatio() (ratio stats.Maybe[float64], perSecond float64) {
	hits, seconds := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.HitsPerSecond })
	misses, seconds2 := w.mean(Recent, func(s *stats.Snapshot) stats.Maybe[float64] { return s.Throughput.MissesPerSecond })
	if seconds == 0 || seconds2 == 0 || hits+misses <= 0 {
		return stats.Maybe[float64]{}, 0
	}
	return stats.Some(hits / (hits + misses)), hits + misses
}

// speed is by how much a size grows a second, over the recent window; 0 where it does not grow, is unknown,
// or the window is shorter than a few seconds.
func (w *Window) speed(size func(*stats.Snapshot) stats.Maybe[int64]) float64 {
	const shortest = 4 * time.Second // two looks at a bursty load say nothing
	grown, elapsed, ok := w.Growth(Recent, size)
	if !ok || elapsed < shortest {
		return 0
	}
	return float64(grown) / elapsed.Seconds()
}

func usedMemory(s *stats.Snapshot) stats.Maybe[int64]   { return s.Memory.Used }
func totalEvicted(s *stats.Snapshot) stats.Maybe[int64] { return s.Throughput.TotalEvicted }

// keys is the number of keys of all databases, and of those that expire.
func keys(s *stats.Snapshot) (all, expiring int64) {
	for _, db := range s.Keyspace {
		all += db.Keys
		expiring += db.Expires
	}
	return all, expiring
}

func totalCommands(s *stats.Snapshot) stats.Maybe[int64] { return s.Throughput.TotalCommands }
