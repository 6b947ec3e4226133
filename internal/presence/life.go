package presence

import (
	"strings"
	"time"

	"redistop/internal/stats"
)

// begin fills a life from the first row that shows it.
func (l *Ledger) begin(n *life, row *stats.ConnectionRow) {
	*n = life{Session: stats.Session{
		ID: row.ID, RunID: l.runID, Addr: row.Addr, IP: row.IP(),
		OnlineSince:     row.SeenAt.Add(-seconds(row.AgeSeconds)),
		LastInteraction: row.SeenAt.Add(-seconds(row.IdleSeconds)),
	}, settled: row.AgeSeconds - row.IdleSeconds}
	n.show(row)
	l.groups.join(n)
}

// unmet is settled of a life that Options.Online told of, until a row shows it.
const unmet = -1

// meet takes what a row says of a life that is known, and tells whether it spoke or changed, or is met for the first time.
//
// Age less idle time is the second of a connection's life in which it last spoke, by one clock, so it grows when the
// connection spoke and only then, whatever the clocks of observer and server do. It also grows when the server
// sends something; where the server counts what it gets from each connection, that count decides, else its last command.
func (l *Ledger) meet(n *life, row *stats.ConnectionRow) (news bool) {
	if since := row.SeenAt.Add(-seconds(row.AgeSeconds)); since.Before(n.OnlineSince) {
		n.OnlineSince = since
	}
	settled := row.AgeSeconds - row.IdleSeconds
	met := n.settled != unmet
	sent := grew(n.InputBytes, row.TotalInputBytes) // also where it spoke twice in one second: who comes after us is to know the count
	if settled > n.settled && !mute(n.InputBytes, row.TotalInputBytes) && !n.listens(row) {
		if at := row.SeenAt.Add(-seconds(row.IdleSeconds)); at.After(n.LastInteraction) {
			n.LastInteraction, news = at, true
		}
	}
	n.settled = settled
	changed := n.Name != row.Name || n.Internal != internal(row) || n.User != row.User || n.Library != row.Library || n.DB != row.DB
	regroup := n.Name != row.Name || n.Internal != internal(row) || n.User != row.User || !n.joined
	n.RunID = l.runID
	n.show(row)
	if regroup {
		l.groups.join(n)
	}
	if news {
		l.groups.spoke(n)
	}
	return news || changed || sent || !met
}

// grew says that a connection sent something between two sightings, where that is counted.
func grew(before, after stats.Maybe[int64]) bool {
	return before.Known() && after.Known() && !mute(before, after)
}

// mute says that a connection sent nothing between two sightings.
func mute(before, after stats.Maybe[int64]) bool {
	was, ok1 := before.Get()
	is, ok2 := after.Get()
	return ok1 && ok2 && was == is
}

// listens says that a connection was sent what it subscribed to, for want of any sign that it sent something. Of one
// that Options.Online told of it is not known to how much it had subscribed.
func (n *life) listens(row *stats.ConnectionRow) bool {
	switch row.LastCommand {
	case "subscribe", "psubscribe", "ssubscribe", "monitor":
		return !row.TotalInputBytes.Known() && row.LastCommand == n.LastCommand && (n.settled == unmet || row.Subscriptions == n.subscriptions)
	}
	return false
}

// internal says that a connection is no application: a replica, the link to a primary, or a redistop, this one or
// another, which only its name tells.
func internal(row *stats.ConnectionRow) bool {
	return row.Own || row.Name == ownName || strings.ContainsAny(row.Flags, "SM")
}

// show keeps what changes from sighting to sighting.
func (n *life) show(row *stats.ConnectionRow) {
	n.Internal = internal(row)
	n.Name, n.User, n.Library, n.DB = row.Name, row.User, row.Library, row.DB
	n.LastSeen, n.LastCommand = row.SeenAt, row.LastCommand
	n.Commands, n.InputBytes, n.OutputBytes = row.Commands, row.TotalInputBytes, row.TotalOutputBytes
	n.traits = traits{flags: row.Flags, idle: row.IdleSeconds, output: row.OutputBufferBytes, query: row.QueryBufferBytes,
		memory: row.MemoryBytes.Or(row.OutputBufferBytes + row.QueryBufferBytes), subscriptions: row.Subscriptions}
}

func seconds(n int64) time.Duration {
	const longest = int64(1) << 32 // a hostile server's number is not to overflow
	return time.Duration(min(max(n, 0), longest)) * time.Second
}
