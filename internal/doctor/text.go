package doctor

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// How findings write numbers and names. Numbers have two or three figures: what is behind them wavers
// more than that.

// percent writes a share, 1 being the whole: "11 %", "2.4 %", "0.3 %", "under 0.1 %".
func percent(share float64) string {
	p := share * 100
	switch {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "under 0.1 %"
	case p < 9.95:
		return trimZero(strconv.FormatFloat(p, 'f', 1, 64)) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

func trimZero(s string) string { return strings.TrimSuffix(s, ".0") }

// count writes a counted number whole: "12", "1,234", "5,000,000".
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// about writes an estimated number with two figures: "0.4", "3.1", "12", "1,200", "5.1 million".
func about(v float64) string {
	switch a := math.Abs(v); {
	case a == 0 || math.IsNaN(v):
		return "0"
	case a < 9.95:
		return trimZero(strconv.FormatFloat(v, 'f', 1, 64))
	case a >= 999_500:
		return trimZero(strconv.FormatFloat(v/1e6, 'f', 1, 64)) + " million"
	default:
		step := stepOf(v)
		return count(int64(math.Round(v/step) * step))
	}
}

// stepOf is the worth of the last figure that about writes of a number.
func stepOf(v float64) float64 {
	switch a := math.Abs(v); {
	case a < 9.95 || math.IsNaN(a) || math.IsInf(a, 0):
		return 0.1
	case a >= 999_500:
		return 1e5
	default:
		return math.Pow(10, math.Floor(math.Log10(a))-1)
	}
}

// perSecond writes a rate: "1,200/s", "0.4/s".
func perSecond(v float64) string { return about(v) + "/s" }

// usec writes a time given in microseconds: "0.8 µs", "62 µs", "62 ms", "1.4 s", "2 min 5 s".
func usec(v float64) string {
	switch {
	case v < 9.95:
		return trimZero(strconv.FormatFloat(v, 'f', 1, 64)) + " µs"
	case v < 999.5:
		return strconv.FormatFloat(v, 'f', 0, 64) + " µs"
	case v < 9_950:
		return trimZero(strconv.FormatFloat(v/1e3, 'f', 1, 64)) + " ms"
	case v < 999_500:
		return strconv.FormatFloat(v/1e3, 'f', 0, 64) + " ms"
	}
	return seconds(v / 1e6)
}

// seconds writes a duration given in seconds with its two largest units: "0.3 s", "1.4 s", "42 s",
// "2 min 5 s", "3 h 20 min", "12 d 4 h".
func seconds(v float64) string {
	switch {
	case v < 9.95:
		return trimZero(strconv.FormatFloat(v, 'f', 1, 64)) + " s"
	case v < 59.5:
		return strconv.FormatFloat(v, 'f', 0, 64) + " s"
	case v < 3600:
		return units(v, 60, "min", 1, "s")
	case v < 86400:
		return units(v, 3600, "h", 60, "min")
	}
	return units(min(v, 1e12), 86400, "d", 3600, "h")
}

func units(v, large float64, largeName string, small float64, smallName string) string {
	n := int64(math.Round(v / small))
	per := int64(large / small)
	text := count(n/per) + " " + largeName
	if rest := n % per; rest > 0 {
		text += " " + strconv.FormatInt(rest, 10) + " " + smallName
	}
	return text
}

var byteUnits = []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}

// bytes writes an amount of bytes: "17 B", "1.5 KiB", "240 MiB".
func bytes(n float64) string {
	i := 0
	for math.Abs(n) >= 1023.5 && i < len(byteUnits)-1 {
		n /= 1024
		i++
	}
	if i > 0 && math.Abs(n) < 9.95 {
		return trimZero(strconv.FormatFloat(n, 'f', 1, 64)) + " " + byteUnits[i]
	}
	return strconv.FormatFloat(n, 'f', 0, 64) + " " + byteUnits[i]
}

// plural writes a number with its noun: plural(1, "call") is "1 call", plural(3, "reply", "replies")
// "3 replies".
func plural(n int64, one string, many ...string) string {
	if n == 1 {
		return "1 " + one
	}
	if len(many) > 0 {
		return count(n) + " " + many[0]
	}
	return count(n) + " " + one + "s"
}

// listed writes names one after the other: "a", "a and b", "a, b and c".
func listed(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// safeName writes a name or key from a stranger, safe to print and not longer than a line can take.
func safeName(s string) string { return redis.PrintableCut(s, 64) }

// quoted is safeName for a place where the text must not run into its neighbours: bare where it is plain,
// in quotes where it holds spaces or escapes, as redis-cli takes it.
func quoted(s string) string {
	const most = 96 // characters
	if len(s) > most {
		return redis.PrintableCut(redis.Argument(s[:most]), most) + "…"
	}
	return redis.PrintableCut(redis.Argument(s), 2*most)
}

// commandName writes a command's name as people do: "config|set" is CONFIG SET.
func commandName(name string) string {
	return redis.PrintableCut(strings.ToUpper(strings.ReplaceAll(name, "|", " ")), 64)
}

// whoText names a culprit in a sentence: "admin-web (10.0.3.7, jedis 5.1)".
func whoText(c stats.Culprit) string {
	main := cmp.Or(c.Name, c.Addr, c.IP, "an unknown client")
	var more []string
	if c.Name != "" {
		if addr := cmp.Or(c.Addr, c.IP); addr != "" {
			more = append(more, safeName(addr))
		}
	}
	if c.Library != "" {
		more = append(more, safeName(c.Library))
	}
	if c.User != "" && c.User != "default" {
		more = append(more, "user "+safeName(c.User))
	}
	if len(more) == 0 {
		return safeName(main)
	}
	return safeName(main) + " (" + strings.Join(more, ", ") + ")"
}

// over is the row of evidence that says which limits of its rule a finding is over: those are what to set
// for another opinion. None without names.
func (w *Window) over(names ...string) []stats.Evidence {
	if len(names) == 0 {
		return nil
	}
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n + " " + limitValue(n, w.Limit(n))
	}
	return []stats.Evidence{moment("over the limits", listed(texts), "redistop doctor rules "+w.rule)}
}

// limitValue writes a limit with the unit that its name says.
func limitValue(name string, v float64) string {
	switch {
	case strings.HasSuffix(name, "share"):
		return percent(v)
	case strings.HasSuffix(name, "_usec"):
		return usec(v)
	case strings.HasSuffix(name, "_seconds"):
		return seconds(v)
	case strings.HasSuffix(name, "_bytes"):
		return bytes(v)
	}
	return about(v)
}

// evidence is a row of evidence that is of the recent window.
func (w *Window) evidence(what, value, source string) stats.Evidence {
	return stats.Evidence{What: what, Value: value, Source: source, Seconds: w.Seconds()}
}

// moment is a row of evidence that is of one moment.
func moment(what, value, source string) stats.Evidence {
	return stats.Evidence{What: what, Value: value, Source: source}
}
