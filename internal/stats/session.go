package stats

import "time"

// A Session is the life of one connection as far as it was seen. Times are the observer's. What the server
// tells in whole seconds (age, idle) makes OnlineSince and LastInteraction true to about a second.
type Session struct {
	ID              int64         `json:"id"`
	RunID           string        `json:"run_id,omitempty"` // of the server process that gave the id
	Addr            string        `json:"addr"`
	IP              string        `json:"ip,omitempty"` // absent for a unix socket
	Name            string        `json:"name,omitempty"`
	User            string        `json:"user,omitempty"`
	Library         string        `json:"library,omitempty"` // lib-name and lib-ver
	DB              int           `json:"db"`
	Internal        bool          `json:"internal,omitempty"` // a replica, the link to a primary, or a redistop, this one or another: no application
	OnlineSince     time.Time     `json:"online_since"`
	LastInteraction time.Time     `json:"last_interaction"`        // when it last sent something
	LastSeen        time.Time     `json:"last_seen"`               // of the last pass over the connections that showed it
	OfflineAt       *time.Time    `json:"offline_at,omitempty"`    // when a pass first missed it: it went between LastSeen and this; absent while online
	Reason          OfflineReason `json:"reason,omitempty"`        // why it went offline; absent while online
	ReasonLikely    bool          `json:"reason_likely,omitempty"` // Reason is inferred, others went at the same time: it may be one of theirs
	LastCommand     string        `json:"last_command,omitempty"`
	Commands        Maybe[int64]  `json:"commands,omitzero"` // since it connected, as last seen
	InputBytes      Maybe[int64]  `json:"input_bytes,omitzero"`
	OutputBytes     Maybe[int64]  `json:"output_bytes,omitzero"`
}

// OfflineReason is why a connection ended.
type OfflineReason string

// The reasons. CLIENT LIST does not tell; they are inferred from the server's counters and configuration.
const (
	OfflineKilled       OfflineReason = "killed"        // CLIENT KILL
	OfflineTimeout      OfflineReason = "timeout"       // the server's own timeout for idle clients
	OfflineOutputBuffer OfflineReason = "output-buffer" // over client-output-buffer-limit
	OfflineQueryBuffer  OfflineReason = "query-buffer"  // over client-query-buffer-limit
	OfflineEvicted      OfflineReason = "evicted"       // over maxmemory-clients
	OfflineRestart      OfflineReason = "server-restart"
	OfflineUnknown      OfflineReason = "unknown" // it closed the connection itself, the network did, or nothing tells
)

// An ActivityRow says when the connections that share a name, an address or a user were there and spoke.
type ActivityRow struct {
	By        string      `json:"by"`                  // name, ip, user
	Key       string      `json:"key"`                 // what they share; "" for those without a name
	Online    int         `json:"online"`              // connections at present
	Sessions  int64       `json:"sessions"`            // connections that were seen within the time asked for, those online included
	FirstSeen time.Time   `json:"first_seen,omitzero"` // as far back as marks are kept; absent: only the hour of it is known
	LastSpoke time.Time   `json:"last_spoke"`          // the latest interaction of any of them
	Silent    bool        `json:"silent,omitempty"`    // spoke within the time asked for, but not in the last hour
	Hours     []time.Time `json:"hours"`               // full hours, UTC, in which one of them spoke, oldest first
}
