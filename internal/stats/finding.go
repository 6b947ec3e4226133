package stats

import (
	"slices"
	"time"
)

// A Finding says what hurts a server, who does it, and what to do instead. Package doctor makes them
// from Snapshots. Like all of a Snapshot it is never changed once it is handed out. Its texts are safe
// to print, each a sentence or a part of one without a line end.
type Finding struct {
	Rule       string     `json:"rule"`              // "blocking-command": its page is docs/rules.md#blocking-command
	Subject    string     `json:"subject,omitempty"` // what tells two findings of one rule apart: "keys shiro:session:*"
	Weight     float64    `json:"-"`                 // orders findings of one rule and severity, the largest first
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"`
	Title      string     `json:"title"`              // with its most telling number: "KEYS shiro:session:* blocks this server for 11 % of the time"
	Evidence   []Evidence `json:"evidence"`           // the raw values, the most telling first
	Culprits   []Culprit  `json:"culprits,omitempty"` // who does it, the guiltiest first
	Impact     string     `json:"impact"`             // what others feel of it
	Remedy     []string   `json:"remedy"`             // what to do, the best first; may hold a command line to copy
	Unknown    []string   `json:"unknown,omitempty"`  // what could not be known, and what would tell
	FirstSeen  time.Time  `json:"first_seen"`
	LastSeen   time.Time  `json:"last_seen"`
	Resolved   *time.Time `json:"resolved,omitempty"` // when it was last seen, once it is gone; absent while it lasts
}

// Severity is how much a Finding hurts, by what it costs on this server.
type Severity string

// The severities.
const (
	Info     Severity = "info"     // worth knowing; nobody suffers at present
	Warning  Severity = "warning"  // it hurts some, or will hurt
	Critical Severity = "critical" // it hurts everybody now, or data is being lost
)

// severities from the least on.
var severities = []Severity{Info, Warning, Critical}

// Rank orders severities: -1 for an unknown one, then 0 from Info on.
func (s Severity) Rank() int { return slices.Index(severities, s) }

// Confidence is how sure a Finding is of what it says.
type Confidence string

// The confidences.
const (
	Certain  Confidence = "certain"  // the server's own counters or logs say so
	Likely   Confidence = "likely"   // estimated from samples, or inferred from facts that rarely mean anything else
	Possible Confidence = "possible" // one explanation among others
)

// Evidence is one raw value and where it is from, so that a person can look themselves.
type Evidence struct {
	What    string         `json:"what"`                    // "time in KEYS"
	Value   string         `json:"value"`                   // "11 %: 18 calls, 62 ms each, the longest 110 ms"
	Source  string         `json:"source"`                  // the command that gave it: "INFO commandstats"
	Seconds Maybe[float64] `json:"window_seconds,omitzero"` // that it is of; absent: of one moment
}

// Culprit is a client, or clients that share an address, by what is known of them.
type Culprit struct {
	Addr        string         `json:"addr,omitempty"` // "10.0.3.7:51234"
	IP          string         `json:"ip,omitempty"`
	Name        string         `json:"name,omitempty"`
	User        string         `json:"user,omitempty"`
	Library     string         `json:"library,omitempty"`
	Connections int            `json:"connections,omitempty"` // that share IP and Name; 0: unknown
	Command     string         `json:"command,omitempty"`     // what it sent: "KEYS shiro:session:*"
	Share       Maybe[float64] `json:"share,omitzero"`        // of what the Finding is about, 0..1
	Source      string         `json:"source"`                // "SLOWLOG", "samples", "CLIENT LIST": how we know
	Gone        bool           `json:"gone,omitempty"`        // not connected any more
}
