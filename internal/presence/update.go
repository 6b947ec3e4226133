package presence

import (
	"time"

	"redistop/internal/stats"
)

// An Update is what one Snapshot told of who is online. It belongs to who gets it.
type Update struct {
	Time time.Time // of the Snapshot
	Seen time.Time // when the connections were last looked at; zero: never

	// By id. A session that is in Gone may come again: in Gone, when its reason is known only then; in Came, when a
	// look missed it and a later one shows it. What comes later holds.
	Came, Gone []stats.Session // Gone have OfflineAt and Reason
	Spoke      []stats.Session // online ones whose LastInteraction moved, or name, user, database or library changed, since the pass before; and those of Options.Online that are still there

	ShortLived int64  // connections that came and went unseen since the Update before
	Marks      []Mark // hourly marks that are new or moved
}

// A Mark says that connections which share a name, an address or a user were there in an hour.
type Mark struct {
	By, Key   string    // By: ByName, ByIP, ByUser
	Hour      time.Time // its start, UTC
	FirstSeen time.Time // the earliest that one of them was there in this hour
	LastSpoke time.Time // the latest interaction in this hour; to connect is one
	Sessions  int64     // that began in this hour, as far as this Ledger saw: who keeps marks beyond its life keeps the larger number
}

// What marks go by.
const (
	ByName = "name"
	ByIP   = "ip" // "" for unix sockets
	ByUser = "user"
)

// Limits are what the list of connections cannot tell, a sentence each.
func Limits() []string {
	return []string{
		"A connection whose other end is gone without a word stays listed until the server notices: about 600 s with its default tcp-keepalive of 300.",
		"The server tells ages and idle times in whole seconds, and the list is read once a pass: times are true to about a second, and the end of a connection lies between last_seen and offline_at.",
		"A connection that comes and goes between two passes is counted, not shown.",
		"The server does not say why a connection ended: reasons are inferred from its counters and its configuration.",
		"Where the server does not count bytes by connection (before Valkey 8.0 and Redis 8.2), what it sends unasked (client tracking) looks like an interaction, and a subscriber that subscribes again to the same does not.",
		"Behind a NAT, a proxy or a pool many programs share one address; names tell them apart, where they set one.",
	}
}
