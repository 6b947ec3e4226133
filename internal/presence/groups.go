package presence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
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

// groups hold all groups of a server. Applications only: replicas, links to a primary and the observer are left out.
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

// join puts a connection into the groups that it now belongs to.
func (g *groups) join(n *life) {
	if n.Internal {
		return
	}
	for by, key := range [groupings]string{groupName: n.Name, groupIP: n.IP, groupUser: n.User} {
		one := g.known[by][key]
		if one == nil {
			if len(g.known[by]) >= mostGroups {
				continue
			}
			one = &group{by: by, key: key}
			g.known[by][key] = one
		}
		one.online++
		n.groups[by] = one
		g.mark(one, n.OnlineSince, 1)
		g.mark(one, n.LastInteraction, 0)
	}
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
				marks = append(marks, Mark{By: groupWords[one.by], Key: one.key, Hour: h.begin, LastSpoke: h.spoke, Sessions: h.sessions})
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

// silentAfter is how long nobody of a group may have spoken without being called silent.
const silentAfter = time.Hour

// Activity tells of every name, address or user of which somebody spoke since a time, or is online, when that was;
// the latest first. It reaches as far back as Options.Keep. by is ByName, ByIP or ByUser.
func (l *Ledger) Activity(by string, from time.Time) []stats.ActivityRow {
	kind := slices.Index(groupWords[:], by)
	if kind < 0 {
		return nil
	}
	rows := []stats.ActivityRow{}
	for _, one := range l.groups.known[kind] {
		if row, ok := one.row(from, l.groups.now); ok {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(x, y stats.ActivityRow) int {
		return cmp.Or(y.LastSpoke.Compare(x.LastSpoke), strings.Compare(x.Key, y.Key))
	})
	return rows
}

// row is a group's row; ok says that one of it spoke since then or is online.
func (g *group) row(from, now time.Time) (row stats.ActivityRow, ok bool) {
	row = stats.ActivityRow{By: groupWords[g.by], Key: g.key, Online: g.online}
	for _, h := range g.hours {
		if h.spoke.Before(from) {
			continue
		}
		if row.FirstSeen.IsZero() {
			row.FirstSeen = h.first
		}
		row.Sessions += h.sessions
		row.LastSpoke = h.spoke
		row.Hours = append(row.Hours, h.begin)
	}
	row.Sessions = max(row.Sessions, int64(g.online))
	row.Silent = len(row.Hours) > 0 && now.Sub(row.LastSpoke) > silentAfter
	return row, len(row.Hours) > 0 || g.online > 0
}
