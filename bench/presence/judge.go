package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

// verdict compares what was told with what was done, between the first whole pass and the last.
type verdict struct {
	every                time.Duration // mean between two whole passes
	done                 int           // connections that were there at some time between
	long, longSeen       int           // those that lived for more than two passes; how many of them were told of
	brief                int64         // came after the newest of the first pass, went before the last, and were never told of
	briefTold            int64         // what redistop counts of such as of the last pass
	briefOff             int64         // the most that this count was off by as of any whole pass
	briefBehind          int64         // the most that it was behind between two
	briefBeyond          int64         // the most that the true number was outside of what each Snapshot allows: from the count to the count and those that came since
	ended, endedTold     int           // told of, and went a pass before the last at the latest; told to have gone
	wrongEnds            int           // told to have gone while they were there
	wrongReasons         int           // of ends that are given a reason: every one just left
	share                float64       // of the server's time, by its own count
	ledger               time.Duration // that the Ledger took a whole pass
	sinceOff, sinceWorst time.Duration // how far the told begin is from the true one: median, most
}

// clocksDiffer is how much earlier a Snapshot's time may be than what it tells of: its slices are asked before.
const clocksDiffer = 50 * time.Millisecond

func judge(deeds []deed, s seen) verdict {
	first, last := s.passes[0], s.passes[len(s.passes)-1]
	v := verdict{every: last.Sub(first) / time.Duration(len(s.passes)-1)}
	v.share = float64(s.usec) / float64(s.to.Sub(s.from).Microseconds())
	v.ledger = s.ledger / time.Duration(len(s.passes))
	before := s.passes[len(s.passes)-2]
	var off []time.Duration
	var brief []time.Time
	for _, d := range deeds {
		told, known := s.sessions[d.id]
		if !known && d.id > s.base && !d.died.IsZero() { // also while the first pass went on: its newest id is from its begin
			brief = append(brief, d.died)
		}
		if d.asked.After(last) || !d.died.IsZero() && d.died.Before(first) {
			continue
		}
		v.done++
		v.lived(d, known, first, last)
		if !known {
			continue
		}
		off = append(off, told.OnlineSince.Sub(d.born).Abs())
		v.end(d, told, before)
	}
	v.unseen(brief, s.shortLived)
	slices.Sort(off)
	if n := len(off); n > 0 {
		v.sinceOff, v.sinceWorst = off[n/2], off[n-1]
	}
	return v
}

// lived judges whether a connection should have been told of.
func (v *verdict) lived(d deed, known bool, first, last time.Time) {
	from, to := d.born, d.died
	if from.Before(first) {
		from = first
	}
	if to.IsZero() || to.After(last) {
		to = last
	}
	if to.Sub(from) > 2*v.every {
		v.long++
		if known {
			v.longSeen++
		}
	}
}

// unseen judges the counts of those that came and went unseen: they went at these times.
func (v *verdict) unseen(went []time.Time, counts []count) {
	for _, c := range counts {
		var truth int64
		for _, at := range went {
			if at.Before(c.at) {
				truth++
			}
		}
		if c.whole {
			v.brief, v.briefTold = truth, c.told
			v.briefOff = max(v.briefOff, truth-c.told, c.told-truth)
		}
		v.briefBehind = max(v.briefBehind, truth-c.told)
		v.briefBeyond = max(v.briefBeyond, c.told-truth, truth-c.told-c.since)
	}
}

// end judges what was told of the end of one that was told of.
func (v *verdict) end(d deed, told stats.Session, before time.Time) {
	if !d.died.IsZero() && d.died.Before(before) {
		v.ended++
		if told.OfflineAt != nil {
			v.endedTold++
		}
	}
	if told.OfflineAt == nil {
		return
	}
	if d.died.IsZero() || told.OfflineAt.Before(d.died.Add(-clocksDiffer)) {
		v.wrongEnds++
	}
	if told.Reason != stats.OfflineUnknown {
		v.wrongReasons++
	}
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

func (v verdict) String() string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "  %-58s %s\n", what, fmt.Sprintf(format, args...))
	}
	line("a whole pass over the connections every", "%.1f s", v.every.Seconds())
	line("connections that were there at some time", "%d", v.done)
	line("of those that lived for more than two passes, told of", "%.2f %% (%d of %d)", percent(v.longSeen, v.long), v.longSeen, v.long)
	line("came and went unseen, as of the last pass, counted / true", "%d / %d", v.briefTold, v.brief)
	line("most that the count was off by as of a pass", "%d", v.briefOff)
	line("most that it was behind by between two", "%d", v.briefBehind)
	line("most that it was outside of the bounds that it tells", "%d", v.briefBeyond)
	line("of those that had gone a pass before the last, told so", "%.2f %% (%d of %d)", percent(v.endedTold, v.ended), v.endedTold, v.ended)
	line("told to have gone while they were there", "%d", v.wrongEnds)
	line("given a reason, though they just left", "%d", v.wrongReasons)
	line("the told begin is off by, median / most", "%.2f s / %.2f s", v.sinceOff.Seconds(), v.sinceWorst.Seconds())
	line("share of the server's time, by its own count", "%.2f %%", v.share*100)
	line("the Ledger's own time a pass", "%.1f ms", float64(v.ledger.Microseconds())/1e3)
	return b.String()
}
