package stats

import "time"

// A Change is something of a server that is now otherwise than it was: what one looks for when something
// hurts since half past three. Its texts may hold a server's own words: a reader makes them safe.
type Change struct {
	Time   time.Time  `json:"time"`
	Kind   ChangeKind `json:"kind"`
	What   string     `json:"what"`             // "maxmemory", "role", "version", "state" ...
	Before string     `json:"before,omitempty"` // absent: not known, or there was none
	After  string     `json:"after,omitempty"`
}

// ChangeKind is what kind of thing changed.
type ChangeKind string

// The kinds.
const (
	ChangeState   ChangeKind = "state"   // of the link: up, stalled, down ...
	ChangeRestart ChangeKind = "restart" // the server's process is another one
	ChangeVersion ChangeKind = "version"
	ChangeRole    ChangeKind = "role"     // primary, replica; whose replica
	ChangeConfig  ChangeKind = "config"   // a parameter
	ChangeReplica ChangeKind = "replica"  // a replica came or went
	ChangeFinding ChangeKind = "finding"  // one opened or was resolved
	ChangeAction  ChangeKind = "action"   // somebody did something through us
	ChangeUsers   ChangeKind = "users"    // an ACL user came, went, or may do other things
	ChangeWatched ChangeKind = "watching" // we began or ceased to watch
)
