package stats

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Changes says what is otherwise in after than it was in before, an earlier Snapshot of the same server, in a
// fixed order. A fact that one of them does not know has not changed. Findings are told elsewhere: they carry
// their own times.
func Changes(before, after *Snapshot) []Change {
	c := changes{after: after}
	c.link(before)
	if after.Stale || before.Stale && before.Server.Version == "" {
		return c.all // what after tells of the server is what before told, or before knew nothing of it
	}
	c.process(before)
	c.replication(before)
	c.config(before)
	c.users(before)
	return c.all
}

// changes are under construction.
type changes struct {
	after *Snapshot
	all   []Change
}

func (c *changes) add(kind ChangeKind, what, before, after string) {
	c.all = append(c.all, Change{Time: c.after.Time, Kind: kind, What: what, Before: before, After: after})
}

// text adds a change between two texts that are both known.
func (c *changes) text(kind ChangeKind, what, before, after string) {
	if before != after && before != "" && after != "" {
		c.add(kind, what, before, after)
	}
}

func (c *changes) link(before *Snapshot) {
	if is := c.after.Link; is.State != before.Link.State && is.State != "" {
		c.add(ChangeState, "state", string(before.Link.State), is.text())
	}
}

// FirstState is the change of a server whose first Snapshot finds it otherwise than up: nobody knows what was before.
func FirstState(first *Snapshot) (c Change, told bool) {
	if first.Link.State == Up || first.Link.State == "" {
		return Change{}, false
	}
	return Change{Time: first.Time, Kind: ChangeState, What: "state", After: first.Link.text()}, true
}

// text is the state, and why it is not up.
func (l Link) text() string {
	if l.Message == "" || l.State == Up {
		return string(l.State)
	}
	return string(l.State) + ": " + l.Message
}

// process tells of another process of the server. Its version may be another one as well.
func (c *changes) process(before *Snapshot) {
	a, b := before.Server, c.after.Server
	if a.RunID != "" && b.RunID != "" && a.RunID != b.RunID || a.RunID == b.RunID && b.Restarts > a.Restarts {
		c.add(ChangeRestart, "process", a.RunID, b.RunID)
	}
	c.text(ChangeVersion, "version", strings.TrimSpace(a.Flavor+" "+a.Version), strings.TrimSpace(b.Flavor+" "+b.Version))
}

func (c *changes) replication(before *Snapshot) {
	a, b := before.Replication, c.after.Replication
	c.text(ChangeRole, "role", before.Server.Role, c.after.Server.Role)
	if before.Server.Role == c.after.Server.Role {
		c.text(ChangeRole, "primary", a.PrimaryAddr, b.PrimaryAddr)
	}
	was, wasKnown := a.PrimaryLinkUp.Get()
	is, isKnown := b.PrimaryLinkUp.Get()
	if wasKnown && isKnown && was != is {
		c.add(ChangeRole, "link to the primary", upOrDown(was), upOrDown(is))
	}
	c.text(ChangeRole, "failover", a.FailoverState, b.FailoverState)
	c.replicas(a.Replicas, b.Replicas)
}

func upOrDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// replicas are told apart by their address. Several at one address are one.
func (c *changes) replicas(before, after []ReplicaRow) {
	name := func(r ReplicaRow) (string, string) { return r.Addr, r.State }
	c.comeAndGo(ChangeReplica, rowsBy(before, name), rowsBy(after, name))
}

func rowsBy[R any](rows []R, of func(R) (name, state string)) map[string]string {
	m := map[string]string{}
	for _, r := range rows {
		name, state := of(r)
		m[name] = state
	}
	return m
}

// comeAndGo tells of the things, by name and state, that are new, otherwise, or gone.
func (c *changes) comeAndGo(kind ChangeKind, before, after map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if was, there := before[name]; !there || was != after[name] {
			c.add(kind, name, was, after[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[name]; !there {
			c.add(kind, name, before[name], "")
		}
	}
}

// config compares what both know: a parameter is missing while it is not asked for.
func (c *changes) config(before *Snapshot) {
	for _, name := range slices.Sorted(maps.Keys(c.after.Config)) {
		was, there := before.Config[name]
		if is := c.after.Config[name]; there && was != is {
			c.add(ChangeConfig, name, was, is)
		}
	}
}

// users compares the ACL users that are on, where they could all be asked.
func (c *changes) users(before *Snapshot) {
	a, b := before.Access, c.after.Access
	if len(a.Users) == 0 || len(b.Users) == 0 || a.UsersOmitted+b.UsersOmitted > 0 {
		return
	}
	rights := func(u AclUser) (string, string) { return cmp.Or(u.Name, `""`), u.rights() }
	c.comeAndGo(ChangeUsers, rowsBy(a.Users, rights), rowsBy(b.Users, rights))
}

// rights are a user's in words.
func (u AclUser) rights() string {
	var parts []string
	if u.NoPassword {
		parts = append(parts, "no password")
	}
	if u.AllKeys {
		parts = append(parts, "all keys")
	}
	if len(u.Dangerous) > 0 {
		parts = append(parts, "may run "+strings.Join(slices.Sorted(slices.Values(u.Dangerous)), ", "))
	}
	if len(parts) == 0 {
		return "some keys, no dangerous command"
	}
	return strings.Join(parts, "; ")
}
