package main

import (
	"fmt"
	"time"
)

// line is one line of the table.
type line struct {
	connections int
	lasts       time.Duration
	budget      float64
	alone, with cost

	claim     float64       // mean of what redistop says while the window lasts
	worst     float64       // the most that it says of one interval in the window
	wholeList time.Duration // from redistop's start to the first Snapshot with all connections; 0: none came
	every     float64       // seconds between the last two lists, as redistop says; 0: one at every look
}

// read takes what redistop said since it started; the mean begins at from.
func (l *line) read(all []snapshot, from, started time.Time) {
	var base, last *snapshot
	for i := range all {
		s := &all[i]
		if l.wholeList == 0 && s.whole(l.connections) {
			l.wholeList = s.at.Sub(started)
		}
		if s.at.Before(from) || base == nil {
			base = s // the last before the window, which it opens
			continue
		}
		last = s
		if share := s.Observer.ServerCPUShare; share != nil {
			l.worst = max(l.worst, *share)
		}
	}
	if last == nil {
		return
	}
	if usec := last.at.Sub(base.at).Seconds() * 1e6; usec > 0 {
		l.claim = float64(last.Observer.TotalUsec-base.Observer.TotalUsec) / usec
	}
	if e := last.Observer.ClientsEverySeconds; e != nil {
		l.every = *e
	}
}

// counted and taken are redistop's shares of one core, by the server's counters and by its process.
func (l line) counted() float64 { return (l.with.usec - l.alone.usec) / 1e6 / l.lasts.Seconds() }
func (l line) taken() float64   { return (l.with.cpu - l.alone.cpu).Seconds() / l.lasts.Seconds() }

// kept is judged by the server's counters, as the budget is meant.
func (l line) kept() string {
	if l.counted() <= l.budget {
		return "yes"
	}
	return "NO"
}

func (l line) String() string {
	after, every := "never", ""
	if l.wholeList > 0 {
		after, every = fmt.Sprintf("%.1f s", l.wholeList.Seconds()), "look"
	}
	if l.every > 0 {
		every = fmt.Sprintf("%.1f s", l.every)
	}
	return fmt.Sprintf("%d\t%.2f %% (at most %.2f %%)\t%.2f %%\t%.2f %%\t%s\t%.1f ms\t%.1f ms\t%s\t%s",
		l.connections, l.claim*100, l.worst*100, l.counted()*100, l.taken()*100, l.kept(),
		millis(l.alone.wait), millis(l.with.wait), after, every)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
