package stats

import (
	"time"

	"redistop/internal/redis"
)

// A Reading is what one poll of a server brought. Parts that were not asked this time, or were
// refused, are nil; Missing names the refused ones. Its owner is the poller until it is handed
// over; from then on nobody changes it.
type Reading struct {
	Time  time.Time // the observer's clock (with its monotonic part) when INFO was answered, or when the attempt ended
	Asked time.Time // the same clock when INFO was sent; zero: unknown, then a server clock that was set is noticed later
	Addr  string    // what the user named: "127.0.0.1:6379", "unix:///run/redis.sock"; never a password
	Link  Link

	Info       *redis.Info // nil: the server was not reached this time
	Memory     *redis.MemoryStats
	Histograms map[string]redis.Histogram // LATENCY HISTOGRAM by command; nil when not asked or not known
	Clients    *ClientReading
	Slow       []SlowReading // one per log kind that was read

	// What is asked now and then, or when there is reason to: nil in between.
	Config map[string]string // CONFIG GET, no secret among it
	Events []LatencyEvent    // LATENCY LATEST, not nil where it was asked
	Access *Access
	Denied []DeniedRow // ACL LOG without what was refused to the observer, newest first; not nil where it was asked
	Host   *Host

	Latency Latency // of PINGs since the Reading before; zero: not probed

	Stream  StreamRights
	Missing []Missing     // all that this server refuses or lacks, at present
	Looked  redis.Lookups // keys that the observer looked up, as Sent
	Sent    []redis.Sent  // what the observer sent between the previous Reading's INFO (that INFO included) and this one's (excluded); without Info, since the Reading before: each call is in one Reading
	Beside  []redis.Sent  // of Sent, what connections sent that whoever watches runs beside the observer
	OwnIDs  []int64       // client ids of the observer's own connections
	Pacing  Pacing

	Messaging *Messaging // nil: not looked at, or not yet
	Survey    *KeySurvey // nil: no keys were looked at
	Canary    []Probe

	Samples  *Tally // the windows of MONITOR since the Reading before; nil: none. Observe copies what it needs: afterwards the Tally may be Reset and used again
	Sampling Sampling
}

// StreamRights says which of the commands that open and end a window of MONITOR the server has. What the
// user may use of them shows when they are used.
type StreamRights struct{ Monitor, Wait, Reset bool }

// ClientReading is the connections as one pass over them found them. A pass may be spread over
// several polls (slices), so every connection carries the time at which it was seen.
type ClientReading struct {
	Clients  []SeenClient
	Started  time.Time
	Finished time.Time
	Complete bool // false: the server has more connections than could be asked (Known of Expected)
	Known    int
	Expected int
	Received int64 // total_connections_received, of the moment in which the pass asked about the newest ids; where that was not told, of one before
}

// SeenClient is one connection at the moment it was asked about.
type SeenClient struct {
	redis.Client
	At time.Time
}

// SlowReading is the newest entries of one log, newest first.
type SlowReading struct {
	Kind    SlowKind
	Entries []redis.SlowEntry
	Limit   int // entries asked for: fewer in Entries means that the log held no more
}

// SlowKind names a log: SLOWLOG, or a COMMANDLOG type of Valkey 8.1+.
type SlowKind string

// The logs.
const (
	Slow         SlowKind = "slow"          // Value is usec
	LargeRequest SlowKind = "large-request" // Value is bytes
	LargeReply   SlowKind = "large-reply"   // Value is bytes
)

// LinkState says how the observer stands to the server.
type LinkState string

// The states of a Link.
const (
	Connecting LinkState = "connecting"
	Up         LinkState = "up"
	Stalled    LinkState = "stalled" // connected, but a reply is overdue: a long command, a frozen process or a lost network
	Loading    LinkState = "loading" // the server reads its dataset
	Busy       LinkState = "busy"    // the server runs a script past its time limit and refuses everything else
	Down       LinkState = "down"    // refused, reset, unreachable; the observer tries again
	Denied     LinkState = "denied"  // wrong password, no password, no right to INFO; the observer tries again, slowly
)

// Link is the state of the observer's connection. Message is one line for a person, without any
// secret and already safe to print.
type Link struct {
	State    LinkState  `json:"state"`
	Since    time.Time  `json:"since"`
	Message  string     `json:"message,omitempty"`
	Hint     string     `json:"hint,omitempty"`
	Attempts int        `json:"attempts,omitempty"` // failed in a row
	NextTry  *time.Time `json:"next_try,omitempty"`
}

// Missing is a part of the picture that this server does not give, and what would bring it.
type Missing struct {
	Part    string `json:"part"`             // the panel or column: "clients", "slow", "memory", "latency"
	Command string `json:"command"`          // what was refused: "CLIENT LIST"
	Reason  string `json:"reason"`           // one line, safe to print
	Remedy  string `json:"remedy,omitempty"` // "ACL SETUSER app +client|list"
}

// Pacing says what the budget made of the user's wishes.
type Pacing struct {
	Interval     time.Duration // wished and kept for INFO
	Actual       time.Duration // kept: longer than Interval when INFO alone would exceed the budget
	ClientsEvery time.Duration // measured time between two whole passes over the connections; 0: every interval
	Budget       float64       // share of the server's main thread, 0.01 = 1 %
	Paid         float64       // usec of it that the polls took on this connection, by the server's own count
	Note         string        // one line when something was slowed down or left out, and why; empty otherwise
}
