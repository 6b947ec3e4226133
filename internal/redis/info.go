package redis

import (
	"math"
	"strconv"
	"strings"
)

// Info is one INFO reply, parsed. It is immutable after ParseInfo.
type Info struct {
	fields map[string]string

	Commands []CommandStat          // in the reply's order
	Errors   []ErrorStat            // in the reply's order
	Latency  map[string]LatencyStat // by command
	Keyspace []KeyspaceDB           // ascending DB
	Replicas []Replica              // slave0 first
}

// ErrorStat is one errorstat_ line: replies whose first word is Code (6.2+).
type ErrorStat struct {
	Code  string
	Count int64
}

const (
	typicalFields = 256
	// maxInfoLines is far above any server's INFO; the rest of a hostile one is not read.
	maxInfoLines = 100_000
)

// ParseInfo reads one or several INFO replies (before 7.0 a server gives one section a call) as
// one. Lines end with CRLF or LF. It knows no sections: a line it has no use for, a module's or a
// broken one, costs nothing but itself, and of two lines with one name the last wins.
func ParseInfo(parts ...string) *Info {
	p := infoParser{
		info: &Info{
			fields:  make(map[string]string, typicalFields),
			Latency: make(map[string]LatencyStat),
		},
		commands: make(map[string]int),
		errors:   make(map[string]int),
	}
	lines := 0
	for _, part := range parts {
		for line := range strings.Lines(part) {
			if lines++; lines > maxInfoLines {
				break
			}
			p.line(strings.TrimRight(line, "\r\n"))
		}
	}
	p.sort()
	return p.info
}

// Text returns a field as the server wrote it: raw bytes.
func (i *Info) Text(name string) (string, bool) {
	s, ok := i.fields[name]
	// A copy, so that what keeps one field for long does not keep the whole reply.
	return strings.Clone(s), ok
}

// Int returns a whole number; absent when the server does not send it as one.
func (i *Info) Int(name string) Maybe[int64] {
	n, err := strconv.ParseInt(i.fields[name], 10, 64)
	if err != nil {
		return Maybe[int64]{}
	}
	return Some(n)
}

// Float returns a number; absent when the server does not send a finite one ("nan", "inf").
func (i *Info) Float(name string) Maybe[float64] {
	f, ok := parseFinite(i.fields[name])
	if !ok {
		return Maybe[float64]{}
	}
	return Some(f)
}

// finite says whether f can be reckoned with, and written as JSON.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func parseFinite(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && finite(f)
}
