package stats

// A Use is one thing that a server is used for, as its keys, commands, channels and clients tell.
type Use struct {
	Kind       UseKind        `json:"kind"`
	Framework  string         `json:"framework,omitempty"` // "Sidekiq", "BullMQ"; absent: none that is known
	Title      string         `json:"title"`               // "job queue (BullMQ): 3 queues"
	Confidence Confidence     `json:"confidence"`
	KeyShare   Maybe[float64] `json:"key_share,omitzero"`       // of the keys, 0..1, by the survey
	CallShare  Maybe[float64] `json:"command_share,omitzero"`   // of the commands, 0..1
	NoExpiry   Maybe[float64] `json:"no_expiry_share,omitzero"` // of its keys, 0..1: those that never expire
	Persistent []string       `json:"persistent,omitempty"`     // patterns of such keys, at most 4, most keys first; raw
	Names      []string       `json:"names,omitempty"`          // the queues, streams, channels or prefixes, at most 8, the largest first; raw
	NamesMore  int            `json:"names_more,omitempty"`
	Clients    []string       `json:"clients,omitempty"` // names or libraries of who does it, at most 8
	Evidence   []Evidence     `json:"evidence"`
}

// UseKind is a kind of use.
type UseKind string

// The kinds.
const (
	UseCache     UseKind = "cache"
	UseSessions  UseKind = "sessions"
	UseQueue     UseKind = "job-queue"
	UsePubSub    UseKind = "pubsub"
	UseStream    UseKind = "stream" // an event log
	UseLink      UseKind = "link"   // between services: log shippers, adapters
	UseLock      UseKind = "locks"
	UseRateLimit UseKind = "rate-limits"
	UseCounter   UseKind = "counters"
	UseRanking   UseKind = "rankings"
	UseStore     UseKind = "data-store" // data that nothing says may be lost
	UseUnknown   UseKind = "unknown"
)

// Usage is what a server is used for and on what that rests.
type Usage struct {
	Uses    []Use    `json:"uses,omitempty"`     // the largest first
	NotUsed []string `json:"not_used,omitempty"` // "no Pub/Sub: no channel, no subscriber, no PUBLISH since start"
	Keys    int64    `json:"keys"`               // that there are
	Sampled int64    `json:"sampled"`            // of them that were looked at
	Unknown []string `json:"unknown,omitempty"`  // what could not be asked, and what would tell
}
