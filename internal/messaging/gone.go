package messaging

import (
	"slices"

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
