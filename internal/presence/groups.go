package presence

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// What connections are grouped by, in the order of a life's groups.
const (
	groupName = iota
	groupIP
	groupUser
	groupings
)

var groupWords = [groupings]string{groupName: ByName, groupIP: ByIP, groupUser: ByUser}

// mostGroups bounds the names, addresses and users of each kind that are kept: where every connection has a name of
// its own, more tell nothing. Those beyond have no marks.
const mostGroups = 10_000

// A group is what is kept of connections that share a name, an address or a user.
type group struct {
	by     int
	key    string
	online int
	hours  []hour // in which one of them was there, oldest first
}

// An hour is one hour of a group.
type hour struct {
	begin    time.Time
	first    time.Time // the earliest that one of them was there
	spoke    time.Time // the latest
	sessions int64
	moved    bool // since news were given
}

// groups hold all groups of a server. Applications only: replicas, links to a primary and redistops are left out.
type groups struct {
	keep  time.Duration
	known [groupings]map[string]*group
	now   time.Time
	swept time.Time // the hour in which what is old was last removed
	moved []*group  // with hours that moved, each once or more
}

func newGroups(keep time.Duration) groups {
	g := groups{keep: keep}
	for by := range g.known {
		g.known[by] = map[string]*group{}
	}
	return g
}

// turn takes the time, and once an hour removes what is old.
func (g *groups) turn(now time.Time) {
	g.now = now
	at := now.UTC().Truncate(time.Hour)
	if at.Equal(g.swept) {
		return
	}
	g.swept = at
	for by := range g.known {
		for key, one := range g.known[by] {
			one.hours = slices.DeleteFunc(one.hours, g.old)
			if one.online == 0 && len(one.hours) == 0 {
				delete(g.known[by], key)
			}
		}
	}
}

func (g *groups) old(h hour) bool { return h.begin.Add(time.Hour).Before(g.now.Add(-g.keep)) }

// join puts a connection into the groups that it belongs to and is not in yet. One that turned out to be no application
// leaves those that it was in.
func (g *groups) join(n *life) {
	n.joined = true
	if n.Internal {
		g.leave(n)
		return
	}
	for by, key := range [groupings]string{groupName: n.Name, groupIP: n.IP, groupUser: n.User} {
		was := n.groups[by]
		if was != nil && was.key == key {
			continue
		}
		if was != nil {
			was.online--
		}
		one := g.of(by, key)
		n.groups[by] = one
		if one != nil {
			one.online++
			g.mark(one, n.OnlineSince, 1)
			g.mark(one, n.LastInteraction, 0)
		}
	}
}

// of is the group of a name, an address or a user; nil: there are too many.
func (g *groups) of(by int, key string) *group {
	one := g.known[by][key]
	if one == nil && len(g.known[by]) < mostGroups {
		one = &group{by: by, key: key}
		g.known[by][key] = one
	}
	return one
}

// leave takes a connection out of its groups.
func (g *groups) leave(n *life) {
	for by, one := range n.groups {
		if one != nil {
			one.online--
			n.groups[by] = nil
		}
	}
}

// spoke notes an interaction.
func (g *groups) spoke(n *life) {
	for _, one := range n.groups {
		if one != nil {
			g.mark(one, n.LastInteraction, 0)
		}
	}
}

// mark notes that one of a group was there at a time, with so many sessions that began then.
func (g *groups) mark(one *group, at time.Time, sessions int64) {
	begin := at.UTC().Truncate(time.Hour)
	h := hour{begin: begin, first: at, spoke: at}
	if g.old(h) {
		return
	}
	i := len(one.hours)
	for i > 0 && one.hours[i-1].begin.After(begin) {
		i--
	}
	if i == 0 || !one.hours[i-1].begin.Equal(begin) {
		one.hours = slices.Insert(one.hours, i, h)
		i++
	}
	is := &one.hours[i-1]
	is.sessions += sessions
	is.spoke = later(is.spoke, at)
	if at.Before(is.first) {
		is.first = at
	}
	if !is.moved {
		is.moved = true
		g.moved = append(g.moved, one)
	}
}

// news are the hours that moved since the call before.
func (g *groups) news() []Mark {
	if len(g.moved) == 0 {
		return nil
	}
	marks := make([]Mark, 0, len(g.moved))
	for _, one := range g.moved {
		for i := range one.hours {
			if h := &one.hours[i]; h.moved {
				h.moved = false
				marks = append(marks, Mark{By: groupWords[one.by], Key: one.key, Hour: h.begin, FirstSeen: h.first, LastSpoke: h.spoke, Sessions: h.sessions})
			}
		}
	}
	clear(g.moved)
	g.moved = g.moved[:0]
	slices.SortFunc(marks, func(x, y Mark) int {
		return cmp.Or(strings.Compare(x.By, y.By), strings.Compare(x.Key, y.Key), x.Hour.Compare(y.Hour))
	})
	return marks
}
