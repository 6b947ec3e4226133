package history

import (
	"strconv"
	"time"

	"redistop/internal/stats"
)

// A RangeQuery asks for series of one server over time.
type RangeQuery struct {
	Server   string
	From, To time.Time     // zero To: now; zero From: an hour before To
	Step     time.Duration // between two values; 0: chosen, so that there are about 400
	Series   []string      // names; none: all
}

// A Range is series over time. Times are the starts of steps; every list is as long as Times.
type Range struct {
	From     time.Time
	To       time.Time
	Step     time.Duration
	Tier     string  // what the most of it was read from: raw, 1m, 10m, 1h
	Times    []int64 // unix seconds
	Series   map[string]Band
	Commands []CommandBand // at most 8, those with the most calls in the range first
	Pending  *time.Time    // of the newest Snapshot in the answer that is only in memory; absent: all is stored
}

// A Band is one series: unknown where nothing was known in that step.
type Band struct {
	Mean numbers `json:"mean"`
	Min  numbers `json:"min"`
	Max  numbers `json:"max"`
}

// A CommandBand is one command over time, as far as it was among the eight with the most calls.
type CommandBand struct {
	Name           string  `json:"name"`
	CallsPerSecond numbers `json:"calls_per_second"`
	UsecPerCall    numbers `json:"usec_per_call"`
}

type numbers []stats.Maybe[float64]

// MarshalJSON writes null for what is unknown; whole numbers exactly, others with seven digits.
func (n numbers) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+8*len(n))
	b = append(b, '[')
	for i, m := range n {
		if i > 0 {
			b = append(b, ',')
		}
		v, ok := m.Get()
		switch {
		case !ok:
			b = append(b, "null"...)
		case v == float64(int64(v)) && v < 1<<53 && v > -(1<<53):
			b = strconv.AppendInt(b, int64(v), 10)
		default:
			b = strconv.AppendFloat(b, v, 'g', 7, 64)
		}
	}
	return append(b, ']'), nil
}

// The states of a session that a SessionQuery can ask for.
const (
	StateOnline  = "online"
	StateOffline = "offline"
)

// A SessionQuery asks for connections that were there at some time within From..To.
type SessionQuery struct {
	Servers  []string  // none: all
	From, To time.Time // zero To: now; zero From: an hour before To
	State    string    // online: still there; offline: gone within From..To; "": both
	Moved    time.Time // only those that came, spoke or went then or later; zero: all
	Filter   string    // part of the address, name, user, library or last command, in any case
	Sort     string    // one of SessionSorts, "-" before it for the greatest first; "": -last_interaction
	Limit    int       // 1..10000; 0: 200
	After    string    // Next of the page before
}

// SessionPage is a part of the answer.
type SessionPage struct {
	Sessions   []ServerSession
	Matched    int64  // on all pages
	Next       string // for After; "": this is the last
	ShortLived []ShortLived
	Since      *time.Time // how far back sessions are known; absent: none are
}

// A ServerSession is a connection of a server.
type ServerSession struct {
	Server string `json:"server"`
	stats.Session
}

// ShortLived counts connections that came and went unseen between two looks, in the minute that begins at Time.
type ShortLived struct {
	Server string    `json:"server"`
	Time   time.Time `json:"time"`
	Count  int64     `json:"count"`
}

// An ActivityQuery asks who was there and spoke.
type ActivityQuery struct {
	Servers []string  // none: all
	By      []string  // name, ip, user; none: all three
	Since   time.Time // zero: a day ago
}

// ServerActivity is a row of a server.
type ServerActivity struct {
	Server string `json:"server"`
	stats.ActivityRow
}

// A FindingQuery asks for findings that lasted at some time within From..To.
type FindingQuery struct {
	Servers  []string  // none: all
	From, To time.Time // zero To: now; zero From: a day before To
}

// ServerFinding is a finding of a server as it was last seen.
type ServerFinding struct {
	Server string `json:"server"`
	stats.Finding
}

// A ChangeQuery asks what changed on one server.
type ChangeQuery struct {
	Server   string
	From, To time.Time          // zero To: now; zero From: a day before To
	Kinds    []stats.ChangeKind // none: all
	Limit    int                // 0: 500; 10000 at most
}

// span fills in what is zero.
func span(from, to, now time.Time, usual time.Duration) (time.Time, time.Time) {
	if to.IsZero() {
		to = now
	}
	if from.IsZero() {
		from = to.Add(-usual)
	}
	return from, to
}
