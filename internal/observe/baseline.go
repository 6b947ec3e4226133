package observe

import (
	"context"
	"runtime"
	"time"
)

// A burst is short enough for the scheduler to give it its share in one piece, and followed by a pause of
// the same length, so that measuring does not take a processor from the server.
const burst = 5 * time.Millisecond

// Baseline is the longest time, in microseconds, for which a thread that does nothing but read the clock was
// stopped: by the system, by a hypervisor, by others that want the processor. No server on this host can
// answer faster than that at such a moment. It takes d, half of it computing on one thread.
func Baseline(ctx context.Context, d time.Duration) float64 {
	longest := make(chan time.Duration)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var worst time.Duration
		for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
			worst = max(worst, count())
			sleep(ctx, burst)
		}
		longest <- worst
	}()
	return usec(<-longest)
}

// count reads the clock for one burst and returns the longest time between two looks.
func count() (worst time.Duration) {
	begin := time.Now()
	for last, now := begin, begin; now.Sub(begin) < burst; last = now {
		now = time.Now()
		worst = max(worst, now.Sub(last))
	}
	return worst
}
