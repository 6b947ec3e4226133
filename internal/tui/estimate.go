package tui

import (
	"math"
	"strconv"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// estimateText writes a rate and the half-width of its interval in one unit, each as exactly as
// the error allows: 1.2k and ±0.1k, 41.2k and ±0.9k, 3.1 and ±1.2. Without an error the rate is
// exact and stands alone.
func estimateText(rate, err redis.Maybe[float64]) (text, plusMinus string) {
	v, ok := rate.Get()
	if !ok {
		return unknown, ""
	}
	e, ok := err.Get()
	if !ok || e <= 0 || math.IsInf(e, 0) || math.IsNaN(e) {
		return count(v), ""
	}
	unit := 0
	for most := max(math.Abs(v), e); most >= 999.5 && unit < len(countUnits)-1; unit++ {
		most, v, e = most/1000, v/1000, e/1000
	}
	decimals := 2
	switch {
	case e >= 9.95 || v >= 99.95:
		decimals = 0
	case e >= 0.095 || v >= 9.995:
		decimals = 1
	}
	if v == 0 {
		decimals = 0
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + countUnits[unit], "±" + errorDigits(e) + countUnits[unit]
}

func errorDigits(e float64) string {
	switch {
	case e >= 9.95:
		return strconv.FormatFloat(e, 'f', 0, 64)
	case e >= 0.095:
		return strconv.FormatFloat(e, 'f', 1, 64)
	case e >= 0.0095:
		return strconv.FormatFloat(e, 'f', 2, 64)
	}
	return "<.01"
}

// estimated is a rate with its error on one line, for sentences.
func estimated(rate, err redis.Maybe[float64]) string {
	text, plusMinus := estimateText(rate, err)
	if plusMinus == "" {
		return text
	}
	return text + " " + plusMinus
}

// rate is a figure a second with the half-width of its 95 % interval, absent where it is exact.
type rate struct{ value, err redis.Maybe[float64] }

// estimateColumns are a rate and, where rows of the table are estimated, its error.
func estimateColumns[R any](title, long string, prio int, get func(*R) rate, estimates func(*view) bool) []column[R] {
	return []column[R]{
		{
			title: title, long: long, width: 6, prio: prio,
			cell: func(_ *view, r *R) mark {
				g := get(r)
				text, _ := estimateText(g.value, g.err)
				return quiet(g.value, func(float64) string { return text }, styleStrong)
			},
			num: func(r *R) (float64, bool) { return get(r).value.Get() },
		},
		{
			title: "±", long: "± of 95 in 100", width: 6, prio: prio, left: true, near: true, off: func(v *view) bool { return !estimates(v) },
			cell: func(_ *view, r *R) mark {
				g := get(r)
				_, plusMinus := estimateText(g.value, g.err)
				return mark{text: plusMinus, style: styleDim}
			},
			num: func(r *R) (float64, bool) { return get(r).err.Get() },
		},
	}
}

// basis says what the figures stand on: every command, windows, or nothing.
func basis(s *stats.Sampled) string {
	switch {
	case s.Commands == 0:
		return ""
	case s.Complete:
		return "exact: every command was seen"
	}
	return "estimated from " + whole(s.Commands) + " commands in " + whole(int64(s.Windows)) + " windows"
}
