package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"redistop/internal/doctor"
)

// limitUnit is how the values of a limit are written.
type limitUnit int

const (
	unitNumber limitUnit = iota
	unitShare
	unitSeconds
	unitUsec
	unitBytes
)

// unitOf tells a limit's unit by its name, as doctor.Limit says it.
func unitOf(name string) limitUnit {
	switch {
	case strings.HasSuffix(name, "usec"):
		return unitUsec
	case strings.HasSuffix(name, "seconds"):
		return unitSeconds
	case strings.HasSuffix(name, "bytes"):
		return unitBytes
	case strings.HasSuffix(name, "share"):
		return unitShare
	}
	return unitNumber
}

// parseLimit reads a value in the unit of its limit: 5%, 50ms, 64MB, or a number alone.
func parseLimit(name, text string) (float64, error) {
	text = strings.TrimSpace(text)
	var v float64
	var err error
	switch unitOf(name) {
	case unitShare:
		v, err = parseShare(text)
	case unitSeconds:
		v, err = parseTime(text, time.Second)
	case unitUsec:
		v, err = parseTime(text, time.Microsecond)
	case unitBytes:
		v, err = parseBytes(text)
	default:
		if v, err = strconv.ParseFloat(text, 64); err != nil {
			err = errors.New("not a number")
		}
	}
	if err == nil && (math.IsNaN(v) || math.IsInf(v, 0) || v < 0) {
		err = errors.New("below 0, or no number at all")
	}
	return v, err
}

func parseShare(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return 0, errors.New("not a share such as 5% or 0.05")
	}
	if isPercent {
		v /= 100
	}
	if v > 1 || v == 1 && !isPercent {
		return 0, errors.New("not a share: write 5% or 0.05, at most 100%")
	}
	return v, nil
}

func parseTime(text string, unit time.Duration) (float64, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("not a time such as 50ms, 10s or 5m")
	}
	return float64(d) / float64(unit), nil
}

// byteUnits are powers of 1024, as redis.conf means kb, mb and gb.
var byteUnits = []struct {
	name string
	size float64
}{{"TIB", 1 << 40}, {"GIB", 1 << 30}, {"MIB", 1 << 20}, {"KIB", 1 << 10}, {"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

func parseBytes(text string) (float64, error) {
	number, size := strings.ToUpper(text), 1.0
	for _, u := range byteUnits {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, size = strings.TrimSpace(n), u.size
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, errors.New("not a size such as 64KB, 100MB or 1GB")
	}
	return v * size, nil
}

// limitText writes a value as parseLimit reads it.
func limitText(name string, v float64) string {
	switch unitOf(name) {
	case unitShare:
		return strconv.FormatFloat(v*100, 'g', 6, 64) + "%"
	case unitSeconds:
		return durationText(v, time.Second)
	case unitUsec:
		return durationText(v, time.Microsecond)
	case unitBytes:
		for _, u := range byteUnits[4:] {
			if v >= u.size && v/u.size == math.Trunc(v/u.size) {
				return strconv.FormatFloat(v/u.size, 'f', -1, 64) + u.name
			}
		}
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func durationText(v float64, unit time.Duration) string {
	text := time.Duration(v * float64(unit)).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = strings.TrimSuffix(text, zero[1:])
		}
	}
	return text
}

func exampleLimit(r doctor.Rule) string {
	if len(r.Limits) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s", r.Limits[0].Name, limitText(r.Limits[0].Name, r.Limits[0].Default))
}

func limitNames(r doctor.Rule) []string {
	names := make([]string, len(r.Limits))
	for i, l := range r.Limits {
		names[i] = l.Name
	}
	return names
}

func ruleIDs(rules []doctor.Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

// distance is the least number of letters to change, add or take away that makes b of a; most or more are all
// the same.
func distance(a, b string, most int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], most)
}
