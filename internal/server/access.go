package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// facts is what is known of the server beside what every poll asks.
type facts struct {
	config    configAsker
	users     userAsker
	denials   int64           // refusals that the server counted when ACL LOG was read last
	rehearsed map[string]bool // commands that were tried out
	host      hostWatch
}

// userAsker asks who may do what, a few users a poll.
type userAsker struct {
	openDoor bool // we came in without a password
	me       string
	meAsked  time.Time

	names  []string // of the last ACL USERS
	listed time.Time
	todo   []string
	found  []stats.AclUser
	byName map[string]redis.ACLUser // of the round under way; only default's is kept
	access *stats.Access            // as handed out last
	fresh  bool                     // access has not been handed out
}

const (
	accessEvery  = 5 * time.Minute
	mostUsers    = 32 // that are asked about
	usersAPoll   = 4
	mostDenials  = 32 // entries of ACL LOG
	denialBytes  = 1 << 10
	defaultUser  = "default"
	mostUserName = 200 // bytes that are kept of a name
)

// newUserAsker takes from the login what it proves: who comes in as the default user without a password
// needs none. A certificate may stand for one.
func newUserAsker(c *Conn, t Target) userAsker {
	certified := t.TLS != nil && len(t.TLS.Certificates) > 0
	return userAsker{openDoor: !certified && (c.open || t.Username == "" && t.Password == ""), fresh: true}
}

func (p *Poller) askWhoAmI(ctx context.Context, _ *stats.Reading) error {
	u := &p.facts.users
	if !u.meAsked.IsZero() && time.Since(u.meAsked) < accessEvery {
		return nil
	}
	v, err := p.conn.Do(ctx, "ACL", "WHOAMI")
	if err != nil {
		return err
	}
	u.meAsked, u.fresh = time.Now(), true
	u.me = v.Text[:min(len(v.Text), mostUserName)]
	return nil
}

func (p *Poller) askUsers(ctx context.Context, _ *stats.Reading) error {
	u := &p.facts.users
	if !u.listed.IsZero() && time.Since(u.listed) < accessEvery {
		return nil
	}
	if err := p.rehearse(ctx, "acl|users", "ACL", "USERS"); err != nil {
		return err
	}
	v, err := p.conn.Do(ctx, "ACL", "USERS")
	if err != nil {
		return err
	}
	p.purse.take(p.purse.price["acl|users"])
	names, err := redis.ParseACLUsers(v)
	if err != nil {
		return understood(err)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(btoi(b == defaultUser), btoi(a == defaultUser)) })
	u.listed, u.names, u.found, u.byName = time.Now(), names, nil, map[string]redis.ACLUser{}
	u.todo = names[:min(len(names), mostUsers)]
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *Poller) askUserRights(ctx context.Context, _ *stats.Reading) error {
	u := &p.facts.users
	if len(u.todo) == 0 {
		return nil
	}
	if err := p.rehearse(ctx, "acl|getuser", "ACL", "GETUSER", defaultUser); err != nil {
		return err
	}
	for n := 0; n < usersAPoll && len(u.todo) > 0 && p.purse.affords(p.purse.price["acl|getuser"]); n++ {
		name := u.todo[0]
		v, err := p.conn.Do(ctx, "ACL", "GETUSER", name)
		if err != nil {
			return err
		}
		p.purse.take(p.purse.price["acl|getuser"])
		user, err := redis.ParseACLUser(v)
		if err != nil {
			return understood(err)
		}
		u.learn(name, user)
		u.todo = u.todo[1:]
	}
	u.fresh = u.fresh || len(u.todo) == 0
	return nil
}

// learn keeps what matters of a user.
func (u *userAsker) learn(name string, user redis.ACLUser) {
	if name == defaultUser {
		u.byName[name] = user
	}
	if !user.On {
		return
	}
	row := stats.AclUser{Name: name[:min(len(name), mostUserName)], NoPassword: user.NoPassword, AllKeys: user.AllKeys()}
	for _, d := range dangerous {
		if user.May(d.command) {
			row.Dangerous = append(row.Dangerous, d.name)
		}
	}
	u.found = append(u.found, row)
}

// dangerous are commands that an application does not need and that can stop or empty a server, or hand it
// to somebody: by the name that a person knows, and what of it does the harm.
var dangerous = []struct{ name, command string }{
	{"flushall", "flushall"}, {"flushdb", "flushdb"}, {"swapdb", "swapdb"}, {"keys", "keys"}, {"config", "config|set"},
	{"acl", "acl|setuser"}, {"module", "module|load"}, {"debug", "debug"}, {"shutdown", "shutdown"}, {"save", "save"},
	{"monitor", "monitor"}, {"replicaof", "replicaof"}, {"migrate", "migrate"}, {"client kill", "client|kill"},
}

// tellAccess hands out who may do what when something of it is new.
func (p *Poller) tellAccess(r *stats.Reading) {
	u := &p.facts.users
	if !u.fresh || p.prev == nil {
		return
	}
	u.fresh = false
	a := stats.Access{User: u.me}
	if u.access != nil {
		a.NoPassword, a.DefaultAll, a.Users, a.UsersOmitted = u.access.NoPassword, u.access.DefaultAll, u.access.Users, u.access.UsersOmitted
	}
	if u.openDoor && (u.me == "" || u.me == defaultUser) {
		a.NoPassword = stats.Some(true)
	}
	if user, known := u.byName[defaultUser]; known && len(u.todo) == 0 {
		a.NoPassword, a.DefaultAll = stats.Some(user.On && user.NoPassword), stats.Some(user.On && user.All())
	}
	if len(u.todo) == 0 && !u.listed.IsZero() && u.found != nil {
		a.Users, a.UsersOmitted = u.found, max(0, len(u.names)-mostUsers)
	}
	u.access, r.Access = &a, &a
}

// askDenied reads what was refused for want of rights, when the server has counted more of it.
func (p *Poller) askDenied(ctx context.Context, r *stats.Reading) error {
	count := refusals(r.Info)
	if count == p.facts.denials {
		return nil
	}
	if err := p.rehearse(ctx, "acl|log", "ACL", "LOG", "1"); err != nil {
		return err
	}
	n := min(mostDenials, roomIn(r.Info)/denialBytes)
	v, err := p.conn.Do(ctx, "ACL", "LOG", strconv.FormatInt(n, 10))
	if err != nil {
		return err
	}
	p.purse.take(p.purse.price["acl|log"])
	log, err := redis.ParseACLLog(v)
	if err != nil {
		return understood(err)
	}
	p.facts.denials, r.Denied = count, []stats.DeniedRow{}
	for _, d := range log {
		if d.Client.Name == name && d.Reason == "command" {
			continue // what an observer was refused is its own affair: it is in Missing
		}
		r.Denied = append(r.Denied, p.deniedRow(d))
	}
	return nil
}

func (p *Poller) deniedRow(d redis.ACLDenial) stats.DeniedRow {
	user := d.User
	if d.Reason == "auth" && user != defaultUser && !slices.Contains(p.facts.users.names, user) {
		user = "" // nobody's name: perhaps a password in the wrong place
	}
	return stats.DeniedRow{Reason: d.Reason, Context: d.Context, Object: d.Object[:min(len(d.Object), longestWord)], User: user,
		Count: d.Count, AgeSeconds: d.Age.Seconds(), Addr: d.Client.Addr, Name: d.Client.Name}
}

// refusals counts what ACL LOG may tell more of: by kind since 7.2, by the first word of errors since 6.2.
func refusals(info *redis.Info) int64 {
	var n int64
	for _, kind := range []string{"auth", "cmd", "key", "channel"} {
		n += info.Int("acl_access_denied_" + kind).Or(0)
	}
	for _, e := range info.Errors {
		if e.Code == "NOPERM" || e.Code == "WRONGPASS" {
			n += e.Count
		}
	}
	return n
}

// rehearse asks whether our user may run a command before it is sent for the first time, where the
// server can be asked that (ACL DRYRUN, 7.0+): a refusal would be one more error in its counters, and an
// entry in its ACL LOG. The error it returns is the one that the server would have answered.
func (p *Poller) rehearse(ctx context.Context, command string, args ...string) error {
	if p.facts.rehearsed[command] || !p.caps.Has(dryRun) || p.facts.rehearsed[dryRun] {
		return nil
	}
	v, err := p.conn.Do(ctx, append([]string{"ACL", "DRYRUN", cmp.Or(p.facts.users.me, p.user)}, args...)...)
	var reply *redis.ReplyError
	switch {
	case errors.As(err, &reply):
		p.facts.rehearsed[dryRun] = true // refused itself: then the command shows
		return nil
	case err != nil:
		return err
	}
	p.purse.take(p.purse.price[dryRun])
	p.facts.rehearsed[command] = true
	if v.Text != "OK" {
		return &redis.ReplyError{Code: "NOPERM", Message: v.Text}
	}
	return nil
}

const dryRun = "acl|dryrun"
