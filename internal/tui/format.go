package tui

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"redistop/internal/redis"
)

// unknown stands for a fact that the server does not tell. It is never written as 0.
const unknown = "–"

// scaled writes v with three significant digits and the unit that keeps it under step.
func scaled(v, step float64, units []string) string {
	i := 0
	for math.Abs(v) >= step-step/2000 && i < len(units)-1 {
		v /= step
		i++
	}
	return digits(v, i > 0) + units[i]
}

// digits writes at most four figures: 0, 0.42, 3.1, 42, 999; after scaling 1.23, 12.3, 123.
func digits(v float64, scaled bool) string {
	a := math.Abs(v)
	switch {
	case a == 0:
		return "0"
	case a < 0.005:
		return "<0.01"
	case !scaled && a < 999.5 && a == math.Trunc(a):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a < 0.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 9.995 && scaled:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 9.95 || a < 99.95 && scaled:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

var countUnits = []string{"", "k", "M", "G", "T", "P"}

// count writes a number or a rate of things: 3.1, 42, 1.23k, 45.6M.
func count(v float64) string { return scaled(v, 1000, countUnits) }

// whole writes a counted number: exact with thousands separators to 99,999, compact above.
func whole(n int64) string {
	if n > -1000 && n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	if n >= 100_000 || n <= -100_000 {
		return count(float64(n))
	}
	return fmt.Sprintf("%d,%03d", n/1000, max(n%1000, -n%1000))
}

var byteUnits = []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}

// bytesText writes an amount of bytes: 512B, 1.20GiB.
func bytesText(n float64) string {
	if math.Abs(n) < 1 {
		return strconv.FormatFloat(math.Round(n), 'f', 0, 64) + "B"
	}
	if math.Abs(n) < 1023.5 {
		return strconv.FormatFloat(n, 'f', 0, 64) + "B"
	}
	return scaled(n, 1024, byteUnits)
}

// byteRate writes bytes a second: 12.4MiB/s.
func byteRate(n float64) string { return bytesText(n) + "/s" }

// usecText writes a time given in microseconds: 0.80µs, 12µs, 1.23ms, 4.56s, 2m03s.
func usecText(v float64) string {
	switch {
	case v < 999.5:
		return digits(v, false) + "µs"
	case v < 999_500:
		return digits(v/1e3, true) + "ms"
	case v < 99.95e6:
		return digits(v/1e6, true) + "s"
	}
	return durationText(time.Duration(math.Min(v, 9e15)) * time.Microsecond)
}

// percent writes a share (1 is the whole): <.01 %, 0.03 %, 1.2 %, 38 %.
func percent(share float64) string {
	p := share * 100
	switch {
	case p == 0:
		return "0 %"
	case p < 0.005:
		return "<.01 %"
	case p < 0.995:
		return strconv.FormatFloat(p, 'f', 2, 64) + " %"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// ratio is percent with one more figure, for hit ratios: 99.7 %.
func ratio(share float64) string {
	p := share * 100
	if p > 99.9 && p < 100 {
		return strconv.FormatFloat(math.Floor(p*100)/100, 'f', 2, 64) + " %"
	}
	if p == 0 || p == 100 {
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// durationText writes the two largest units: 12s, 4m10s, 2h05m, 3d04h, 2y118d.
func durationText(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case s < 0:
		return "0s"
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s%3600/60)
	case s < 366*86400:
		return fmt.Sprintf("%dd%02dh", s/86400, s%86400/3600)
	}
	return fmt.Sprintf("%dy%03dd", s/(365*86400), s%(365*86400)/86400)
}

func seconds(n int64) string {
	return durationText(time.Duration(min(n, math.MaxInt64/int64(time.Second))) * time.Second)
}

// intervalText writes an interval as the flag takes it: 500ms, 2s.
func intervalText(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// known writes a fact with f, or the sign for an unknown one.
func known[T any](m redis.Maybe[T], f func(T) string) string {
	v, ok := m.Get()
	if !ok {
		return unknown
	}
	return f(v)
}

// wholeBytes is bytesText for the integers that servers send.
func wholeBytes(n int64) string { return bytesText(float64(n)) }
