package tui

import (
	"math"
	"time"

	"redistop/internal/stats"
)

// seriesTable is what the graph can show, in the order that the key walks through.
var seriesTable = stats.Series()

// seriesLook is how figures of a unit are written and scaled.
type seriesLook struct {
	text func(float64) string
	base float64 // of the unit's prefixes
	full float64 // the natural top of the scale, 0 for none
}

var seriesLooks = map[stats.Unit]seriesLook{
	stats.Count:          {count, 1000, 0},
	stats.PerSecond:      {count, 1000, 0},
	stats.Bytes:          {bytesText, 1024, 0},
	stats.BytesPerSecond: {byteRate, 1024, 0},
	stats.Share:          {ratio, 1000, 1},
	stats.Cores:          {percent, 1000, 1},
	stats.Usec:           {usecText, 1000, 0},
}

// top is the figure at the top of the scale for values up to peak.
func (l seriesLook) top(peak float64) float64 {
	switch {
	case math.IsNaN(peak):
		return 1
	case l.full > 0 && peak <= l.full:
		return l.full
	}
	return ceiling(peak, l.base)
}

// samples reads a series out of the history. A sample holds from the one before it, unless nobody
// looked for much longer than before and after: that stays a gap.
func (v *view) samples(index int) []sample {
	if v.hist == nil {
		return nil
	}
	points := v.hist.Points()
	gap := func(i int) time.Duration {
		if i < 1 || i >= len(points) {
			return 0
		}
		return points[i].Time.Sub(points[i-1].Time)
	}
	out := make([]sample, 0, len(points))
	for i := range points {
		value, ok := points[i].Values[index].Get()
		if !ok {
			continue
		}
		length := gap(i)
		if near := max(gap(i-1), gap(i+1)); i == 0 || near > 0 && length > 4*near {
			length = near
		}
		out = append(out, sample{points[i].Time.Add(-length), points[i].Time, value})
	}
	return out
}

// frameOf is the window of time that a plot of this many dot columns shows. It begins and ends on
// the grid of its columns, so that samples do not change columns from frame to frame.
func (v *view) frameOf(columns int) (from time.Time, span time.Duration) {
	columns = max(columns, 1)
	if span = zooms[v.zoom]; span == 0 {
		span = v.sampleSpan(columns)
	}
	each := max(span/time.Duration(columns), 1)
	end := v.latestTime()
	if over := time.Duration(end.UnixNano() % int64(each)); over > 0 {
		end = end.Add(each - over)
	}
	return end.Add(-span), span
}

// sampleSpan gives every sample a column of its own, and wider ones to the few of the beginning.
func (v *view) sampleSpan(columns int) time.Duration {
	every := time.Duration(v.snap.Observer.ActualIntervalSeconds * float64(time.Second))
	if every <= 0 {
		every = max(v.interval, time.Second)
	}
	full := every * time.Duration(columns)
	known := time.Duration(0)
	if v.hist != nil && len(v.hist.Points()) > 0 {
		known = v.latestTime().Sub(v.hist.Points()[0].Time)
	}
	for _, span := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute} {
		if known <= span && span < full {
			return span
		}
	}
	return full
}

// latestTime is the right edge of the graph, also while an older moment is shown.
func (v *view) latestTime() time.Time {
	if v.hist != nil && v.hist.Len() > 0 {
		return v.hist.Latest().Time
	}
	return v.snap.Time
}
