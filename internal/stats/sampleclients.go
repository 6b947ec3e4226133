package stats

import (
	"cmp"
	"slices"
	"strings"

	"redistop/internal/redis"
)

// property is what an Identity has in common with the others of a group; unknown where CLIENT LIST did
// not tell it.
func (id Identity) property(by int) Maybe[string] {
	switch by {
	case byName:
		return id.Name
	case byUser:
		return id.User
	case byLibrary:
		return id.Library
	}
	return maybe(id.IP, id.IP != "")
}

// fillGroups gives the clients their top commands, and their rates where the server does not count by
// connection.
func (f *figures) fillGroups(s *Snapshot, samples map[sample]*series) {
	exact := slices.ContainsFunc(s.Connections, func(r ConnectionRow) bool { return r.Commands.Known() })
	for by, groups := range [groupings]*[]ClientGroup{
		byIP: &s.Clients, byName: &s.ClientsByName, byUser: &s.ClientsByUser, byLibrary: &s.ClientsByLibrary,
	} {
		senders := gather(f.horizon, byIdentity, func(b *batch, id uint32) (Maybe[string], bool) {
			return b.identities[id].property(by), true
		})
		if by == byIP {
			expect(f.estimator, senders)
		}
		g := sampledGroups{figures: f, by: by, senders: senders, commands: commandsOf(samples, by)}
		*groups = g.fill(*groups, !exact)
	}
	if !exact {
		s.Connections = f.connections(s.Connections)
	}
}

// commandsOf are the commands of those that share a property, each command once.
func commandsOf(samples map[sample]*series, by int) map[Maybe[string]]map[string]*series {
	all := map[Maybe[string]]map[string]*series{}
	for s, counted := range samples {
		if s.further {
			continue
		}
		key := s.who.property(by)
		if all[key] == nil {
			all[key] = map[string]*series{}
		}
		if all[key][s.command] == nil {
			all[key][s.command] = &series{}
		}
		all[key][s.command].plus(counted)
	}
	return all
}

// sampledGroups fills one grouping.
type sampledGroups struct {
	*figures
	by       int
	senders  map[Maybe[string]]*series
	commands map[Maybe[string]]map[string]*series
}

// fill is a copy of the groups with what the samples tell. With rates, those that were seen but are not
// connected any more get a group of their own.
func (g *sampledGroups) fill(groups []ClientGroup, rates bool) []ClientGroup {
	filled := make([]ClientGroup, 0, len(groups)+1)
	for _, group := range groups {
		key := maybe(group.Key, g.by != byIP || group.Key != "")
		g.one(&group, key, rates)
		delete(g.senders, key)
		filled = append(filled, group)
	}
	if !rates {
		return filled
	}
	for key := range g.senders {
		group := ClientGroup{Key: key.Or(""), Unknown: !key.Known()}
		if g.by == byIP {
			group.IP = group.Key
		}
		g.one(&group, key, rates)
		filled = append(filled, group)
	}
	slices.SortFunc(filled, func(x, y ClientGroup) int {
		return cmp.Or(
			cmp.Compare(y.CommandsPerSecond.Or(-1), x.CommandsPerSecond.Or(-1)),
			cmp.Compare(y.Connections, x.Connections),
			strings.Compare(x.Key, y.Key),
		)
	})
	return filled
}

func (g *sampledGroups) one(group *ClientGroup, key Maybe[string], rates bool) {
	seen := g.senders[key]
	if seen == nil {
		seen = &series{counts: make([]float64, len(g.n))}
	}
	f := g.of(seen)
	if rates {
		group.CommandsPerSecond, group.Share, group.Estimated, group.Error = f.rate, f.share, f.estimated, f.err
	}
	for _, c := range ranked(g.commands[key], mostParts, strings.Compare) {
		group.TopCommands = append(group.TopCommands, g.of(c.series).part(c.key, f.share))
	}
	if len(group.TopCommands) > 0 {
		group.TopCommand = group.TopCommands[0].Name
	}
}

// connections is a copy of the rows with estimated rates. On a unix socket all connections have one
// address in MONITOR, so that theirs stay unknown.
func (f *figures) connections(rows []ConnectionRow) []ConnectionRow {
	seen := gather(f.horizon, byConnection, func(b *batch, id uint32) (string, bool) { return b.addrs[id], id != 0 })
	none := &series{counts: make([]float64, len(f.n))}
	filled := slices.Clone(rows)
	for i := range filled {
		r := &filled[i]
		s := seen[r.Addr]
		if s == nil {
			if (redis.Client{Addr: r.Addr, Flags: r.Flags}).IP() == redis.UnixIP {
				continue
			}
			s = none
		}
		g := f.of(s)
		r.CommandsPerSecond, r.Estimated, r.Error = g.rate, g.estimated, g.err
	}
	slices.SortStableFunc(filled, func(x, y ConnectionRow) int {
		return cmp.Compare(y.CommandsPerSecond.Or(-1), x.CommandsPerSecond.Or(-1))
	})
	return filled
}
