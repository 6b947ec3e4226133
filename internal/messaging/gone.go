package messaging

import (
	"slices"
	"strings"

	"redistop/internal/stats"
)

// groupCommands are what a consumer of a group sends, the last of which CLIENT LIST tells.
var groupCommands = []string{"xreadgroup", "xack", "xackdel", "xclaim", "xautoclaim"}

// dropGone calls consumers dead of whom the server does not tell when they last asked (before 7.2): they got nothing for long,
// and of all connections none has their name or reads any group.
func dropGone(streams []stats.StreamRow, s *stats.Snapshot) []stats.StreamRow {
	if !allConnections(s) || slices.ContainsFunc(s.Connections, func(c stats.ConnectionRow) bool { return !c.Own && slices.Contains(groupCommands, c.LastCommand) }) {
		return streams
	}
	gone := func(c stats.ConsumerRow) bool {
		return c.State == stats.ConsumerStuck && !c.IdleSeconds.Known() && !c.Online.Or(false) && c.InactiveSeconds.Or(0) >= deadAfter.Seconds()
	}
	streams = slices.Clone(streams)
	for i := range streams {
		for j := range streams[i].Groups {
			consumers := streams[i].Groups[j].Consumers
			if !slices.ContainsFunc(consumers, gone) {
				continue
			}
			consumers = slices.Clone(consumers)
			for k := range consumers {
				if gone(consumers[k]) {
					consumers[k].State = stats.ConsumerDead
				}
			}
			streams[i].Groups = slices.Clone(streams[i].Groups)
			streams[i].Groups[j].Consumers = consumers
		}
	}
	return streams
}

// allConnections says whether a Snapshot shows every connection.
func allConnections(s *stats.Snapshot) bool {
	return s.Observer.ClientsTime != nil && s.ConnectionsOmitted == 0 && s.Observer.ClientsKnown >= s.Observer.ClientsExpected
}

// asks says that a connection reads as a consumer of some group: it waits in XREADGROUP, or sent it last and of late.
// CLIENT LIST tells neither the group nor the consumer.
func asks(c *stats.ConnectionRow) bool {
	return c.LastCommand == "xreadgroup" && (strings.Contains(c.Flags, "b") || float64(c.IdleSeconds) < stuckAfter.Seconds())
}

// seenAs is a consumer's row where there are connections by its name. One that waits for entries without a time limit
// seems dead by when it last asked; if such a connection is seen to ask, it is stuck.
func seenAs(row stats.ConsumerRow, asking bool) stats.ConsumerRow {
	row.Online = stats.Some(true)
	if asking && row.State == stats.ConsumerDead {
		row.State = stats.ConsumerStuck
	}
	return row
}

// sharedNames are those of some that consumers of several groups have: a connection by such a name tells of none that
// it asks. One group name on several streams is read at once.
func sharedNames(streams []stats.StreamRow, some map[string]bool) map[string]bool {
	group, shared := map[string]string{}, map[string]bool{}
	for i := range streams {
		for j := range streams[i].Groups {
			g := &streams[i].Groups[j]
			for k := range g.Consumers {
				name := g.Consumers[k].Name
				if !some[name] {
					continue
				}
				if other, known := group[name]; known && other != g.Name {
					shared[name] = true
				}
				group[name] = g.Name
			}
		}
	}
	return shared
}
