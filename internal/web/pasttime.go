package web

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// units are those of a span, in words of one letter.
var units = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'y': 365 * 24 * time.Hour,
}

// longestSpan bounds spans, and how far back one may ask.
const longestSpan = 10 * 365 * 24 * time.Hour

var (
	errSpan = errors.New("not a time such as 90s, 15m, 24h, 7d or 1y")
	errLong = fmt.Errorf("longer than %d years", longestSpan/units['y'])
	errTime = errors.New("neither RFC 3339, nor seconds since 1970, nor a time ago such as -15m or -7d, nor now")
)

// ParseSpan reads a time such as 90s, 1h30m, 7d or 1y: whole numbers with the units s, m, h, d, w and y.
func ParseSpan(text string) (time.Duration, error) {
	var sum time.Duration
	for rest := text; rest != "" || text == ""; {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil || digits == len(rest) {
			return 0, errSpan
		}
		unit := units[rest[digits]]
		if unit == 0 {
			return 0, errSpan
		}
		if n > int64(longestSpan/unit) {
			return 0, errLong
		}
		sum, rest = sum+time.Duration(n)*unit, rest[digits+1:]
		if sum > longestSpan {
			return 0, errLong
		}
	}
	return sum, nil
}

// ParseTime reads a moment: RFC 3339, seconds since 1970, "now", or a span before now such as -15m.
func ParseTime(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if ago, ok := strings.CutPrefix(text, "-"); ok {
		span, err := ParseSpan(ago)
		if errors.Is(err, errLong) {
			return time.Time{}, err
		}
		if err != nil {
			return time.Time{}, errTime
		}
		return now.Add(-span), nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if math.IsNaN(seconds) || seconds < 0 || seconds > 1e11 {
			return time.Time{}, errTime
		}
		return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < 1970 {
		return time.Time{}, errTime
	}
	return at.UTC(), nil
}

// period reads from and to. Without from it begins so long before its end; without to it ends now.
func period(query url.Values, usual time.Duration, now time.Time) (from, to time.Time, err error) {
	to = now
	if text := query.Get("to"); text != "" {
		if to, err = ParseTime(text, now); err != nil {
			return from, to, fmt.Errorf("parameter to: %w", err)
		}
	}
	from = to.Add(-usual)
	if text := query.Get("from"); text != "" {
		if from, err = ParseTime(text, now); err != nil {
			return from, to, fmt.Errorf("parameter from: %w", err)
		}
	}
	switch {
	case !from.Before(to):
		return from, to, errors.New("parameter from: not before to")
	case to.Sub(from) > longestSpan:
		return from, to, fmt.Errorf("parameter from: more than %d years before to", longestSpan/units['y'])
	}
	return from, to, nil
}

// wholeNumber reads a whole number within bounds.
func wholeNumber(query url.Values, name string, otherwise, most int) (int, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("parameter %s: not a number from 1 to %d", name, most)
	}
	return n, nil
}
