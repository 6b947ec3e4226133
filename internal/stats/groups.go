package stats

import (
	"cmp"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/sketch"
)

// The properties that connections are grouped by.
const (
	byIP = iota
	byName
	byUser
	byLibrary
	groupings
)

// member is a connection with what it may share with others.
type member struct {
	*ConnectionRow
	shares [groupings]string
}

// groupRows sums up the connections by each property. Their order, busiest first, holds within a group.
func groupRows(rows []ConnectionRow) [groupings][]ClientGroup {
	members := make([]member, len(rows))
	for i := range rows {
		r := &rows[i]
		members[i] = member{ConnectionRow: r, shares: [groupings]string{
			byIP:      redis.Client{Addr: r.Addr, Flags: r.Flags}.IP(),
			byName:    r.Name,
			byUser:    r.User,
			byLibrary: r.Library,
		}}
	}
	g := grouper{count: map[string]int{}}
	var groups [groupings][]ClientGroup
	for by := range groups {
		groups[by] = g.group(by, members)
	}
	return groups
}

// grouper makes groups.
type grouper struct {
	count map[string]int // of one property within one group, for reuse
}

func (g *grouper) group(by int, members []member) []ClientGroup {
	parts := map[string][]*member{}
	for i := range members {
		key := members[i].shares[by]
		parts[key] = append(parts[key], &members[i])
	}
	groups := make([]ClientGroup, 0, len(parts))
	for key, part := range parts {
		group := g.sum(by, part)
		group.Key = key
		if by == byIP {
			group.IP = key
		}
		groups = append(groups, group)
	}
	slices.SortFunc(groups, func(x, y ClientGroup) int {
		return cmp.Or(
			cmp.Compare(y.CommandsPerSecond.Or(-1), x.CommandsPerSecond.Or(-1)),
			cmp.Compare(y.Connections, x.Connections),
			strings.Compare(x.Key, y.Key),
		)
	})
	setShares(groups)
	return groups
}

// sum is what the connections of one group do together: of each fact the sum where it is known.
func (g *grouper) sum(by int, part []*member) ClientGroup {
	group := ClientGroup{Connections: len(part), IdleSeconds: part[0].IdleSeconds}
	for _, r := range part {
		addRate(&group.CommandsPerSecond, r.CommandsPerSecond)
		addRate(&group.InputBytesPerSecond, r.InputBytesPerSecond)
		addRate(&group.OutputBytesPerSecond, r.OutputBytesPerSecond)
		addTotal(&group.TotalCommands, r.Commands)
		addTotal(&group.MemoryBytes, r.MemoryBytes)
		group.OutputBufferBytes = sketch.Add(group.OutputBufferBytes, r.OutputBufferBytes)
		group.IdleSeconds = min(group.IdleSeconds, r.IdleSeconds)
		if strings.Contains(r.Flags, "b") {
			group.Blocked++
		}
	}
	for property, list := range [groupings]*[]string{
		byIP: &group.IPs, byName: &group.Names, byUser: &group.Users, byLibrary: &group.Libraries,
	} {
		some := part
		if property == by {
			some = part[:1] // they all have the same
		}
		*list = g.distinct(some, func(m *member) string { return m.shares[property] })
	}
	if top := g.distinct(part, func(m *member) string { return m.LastCommand }); len(top) > 0 {
		group.TopCommand = top[0]
	}
	return group
}

// mostDistinct is how many names, users, libraries and addresses a group lists.
const mostDistinct = 8

// distinct is the values that the members have, those of the most members first, without "".
func (g *grouper) distinct(part []*member, of func(*member) string) []string {
	clear(g.count)
	for _, m := range part {
		if v := of(m); v != "" {
			g.count[v]++
		}
	}
	before := func(x, y string) int {
		return cmp.Or(cmp.Compare(g.count[y], g.count[x]), strings.Compare(x, y))
	}
	var top []string
	for v := range g.count {
		i, _ := slices.BinarySearchFunc(top, v, before)
		if i < mostDistinct {
			top = slices.Insert(top[:min(len(top), mostDistinct-1)], i, v)
		}
	}
	return top
}

// setShares divides by what all groups do together.
func setShares(groups []ClientGroup) {
	var all float64
	for _, g := range groups {
		all += g.CommandsPerSecond.Or(0)
	}
	for i := range groups {
		if rate, ok := groups[i].CommandsPerSecond.Get(); ok {
			groups[i].Share = maybe(sketch.Ratio(rate, all))
		}
	}
}

func addRate(total *Maybe[float64], v Maybe[float64]) {
	if n, ok := v.Get(); ok {
		*total = maybe(sketch.Finite(total.Or(0) + n))
	}
}

func addTotal(total *Maybe[int64], v Maybe[int64]) {
	if n, ok := v.Get(); ok {
		*total = Some(sketch.Add(total.Or(0), n))
	}
}
