package doctor

import (
	"time"

	"redistop/internal/stats"
)

// Work is what one command did in the recent window, by the server's counters, our own calls left out.
type Work struct {
	Name        string
	Calls       int64
	Usec        int64
	UsecPerCall float64
	PerSecond   float64
	TimeShare   float64 // of the main thread's time, 0..1
	Failed      int64
	Rejected    int64
	MaxUsec     stats.Maybe[float64] // at most this, by LATENCY HISTOGRAM or SLOWLOG
	Exact       bool                 // MaxUsec is by SLOWLOG: no call took longer
	Elapsed     time.Duration
}

// Works returns what every command did in the recent window; empty before there are two Snapshots. It is
// computed once a Snapshot: do not change it.
func (w *Window) Works() []Work {
	if w.works != nil {
		return w.works
	}
	then, elapsed := w.Since(Recent)
	if then == nil || elapsed <= 0 {
		return nil
	}
	before := make(map[string]*stats.CommandRow, len(then.Commands))
	for i := range then.Commands {
		before[then.Commands[i].Name] = &then.Commands[i]
	}
	logged := w.slow.longest(stats.Slow, then.Time)
	w.works = make([]Work, 0, len(w.Now.Commands))
	for i := range w.Now.Commands {
		c := &w.Now.Commands[i]
		was := before[c.Name]
		if was == nil {
			was = &stats.CommandRow{}
		}
		if k, ok := newWork(c, was, elapsed); ok {
			k.MaxUsec, k.Exact = longestCall(w.peaks.of(c.Name), logged[c.Name])
			w.works = append(w.works, k)
		}
	}
	return w.works
}

// Work returns what one command did in the recent window; zero where it did nothing.
func (w *Window) Work(name string) Work {
	for _, k := range w.Works() {
		if k.Name == name {
			return k
		}
	}
	return Work{Name: name}
}

func newWork(now, was *stats.CommandRow, elapsed time.Duration) (Work, bool) {
	calls, own := now.Calls-was.Calls, now.OwnCalls-was.OwnCalls
	usec := now.TotalUsec - was.TotalUsec
	rejected := max(0, now.RejectedCalls.Or(0)-was.RejectedCalls.Or(0))
	if calls < 0 || usec < 0 || calls == 0 && rejected == 0 {
		return Work{}, false
	}
	k := Work{Name: now.Name, Rejected: rejected, Failed: max(0, now.FailedCalls.Or(0)-was.FailedCalls.Or(0)), Elapsed: elapsed}
	if calls == 0 {
		return k, true
	}
	k.UsecPerCall = float64(usec) / float64(calls)
	k.Calls = calls - min(calls, max(0, own))
	if k.Calls == 0 && rejected == 0 {
		return Work{}, false
	}
	k.Usec = int64(k.UsecPerCall * float64(k.Calls))
	k.PerSecond = float64(k.Calls) / elapsed.Seconds()
	k.TimeShare = float64(k.Usec) / 1e6 / elapsed.Seconds()
	return k, true
}

// longestCall is the longest call by the log where that fits the bucket of the histogram, whose edge may
// be up to twice the truth.
func longestCall(peak stats.Maybe[float64], logged float64) (usec stats.Maybe[float64], exact bool) {
	if logged > 0 && (!peak.Known() || logged > peak.Or(0)/2) {
		return stats.Some(logged), true
	}
	return peak, false
}

// peaks are the longest calls of the last while, in spans of ten seconds of which the oldest is dropped.
type peaks struct {
	spans []span // oldest first
}

type span struct {
	from time.Time
	max  map[string]float64 // usec, by command
}

const (
	spanLength = 10 * time.Second
	mostSpans  = int(Recent / spanLength)
)

func (p *peaks) learn(s *stats.Snapshot) {
	if n := len(p.spans); n == 0 || s.Time.Sub(p.spans[n-1].from) >= spanLength || s.Time.Before(p.spans[n-1].from) {
		p.spans = append(p.spans, span{from: s.Time, max: map[string]float64{}})
		p.spans = p.spans[max(0, len(p.spans)-mostSpans):]
	}
	max := p.spans[len(p.spans)-1].max
	for i := range s.Commands {
		c := &s.Commands[i]
		if v, ok := c.RecentMaxUsec.Get(); ok && v > max[c.Name] {
			max[c.Name] = v
		}
	}
}

func (p *peaks) of(command string) (longest stats.Maybe[float64]) {
	for _, s := range p.spans {
		if v := s.max[command]; v > longest.Or(0) {
			longest = stats.Some(v)
		}
	}
	return longest
}
