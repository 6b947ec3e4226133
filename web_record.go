package main

import (
	"context"
	"fmt"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// primeTimeout bounds what is asked of the store when the watching of a server begins.
const primeTimeout = 5 * time.Second

// mostKills waits for the next Snapshot at most; a reason for more is inferred.
const mostKills = 64

// A recording puts what web sees and does into its store. It is immutable.
type recording struct {
	store   *history.Store
	servers map[string]*recorder // by name
}

func newRecording(store *history.Store, names []web.Watched) *recording {
	r := &recording{store: store, servers: map[string]*recorder{}}
	for _, n := range names {
		r.servers[n.Name] = &recorder{store: store, server: n.Name, killed: make(chan killed, mostKills)}
	}
	return r
}

// A recorder records one server. It is confined to who watches that server, but for killed.
type recorder struct {
	store  *history.Store
	server string
	ledger *presence.Ledger // nil before the first Snapshot
	killed chan killed      // through us, since the Snapshot before; any goroutine may send
	run    string           // of the server's process that was watched last, before this program began; "": not known, or told
}

type killed struct {
	id   int64
	addr string
}

// began says that a Snapshot was recorded.
func (r *recorder) began() bool { return r.ledger != nil }

// record takes a Snapshot and says who came, went and spoke. It does not wait for the store, but the first time.
func (r *recorder) record(ctx context.Context, s *stats.Snapshot) presence.Update {
	if r.ledger == nil {
		r.ledger = presence.NewLedger(presence.Options{Online: r.before(ctx)})
	}
	for range len(r.killed) {
		k := <-r.killed
		r.ledger.Killed(k.id, k.addr)
	}
	r.store.Snapshot(r.server, s)
	r.restarted(s)
	u := r.ledger.Observe(s)
	tell := u
	if r.store.Lacks(r.server) {
		tell.Spoke = r.ledger.Online()
	}
	r.store.Presence(r.server, tell)
	return u
}

// restarted tells once of a restart of the server while nobody watched it.
func (r *recorder) restarted(s *stats.Snapshot) {
	if r.run == "" || s.Server.RunID == "" {
		return
	}
	if s.Server.RunID != r.run {
		r.store.Action(r.server, stats.Change{Time: s.Time, Kind: stats.ChangeRestart, What: "process", Before: r.run, After: s.Server.RunID})
	}
	r.run = ""
}

// before is who was online when somebody last looked, so that what became of them meanwhile is known too. What
// the store does not tell in time is not known; it closes those itself.
func (r *recorder) before(ctx context.Context) (online []stats.Session) {
	ctx, cancel := context.WithTimeout(ctx, primeTimeout)
	defer cancel()
	if page, err := r.store.Sessions(ctx, history.SessionQuery{Servers: []string{r.server}, From: time.Unix(0, 0), Sort: "-last_seen", Limit: 1}); err == nil && len(page.Sessions) > 0 {
		r.run = page.Sessions[0].RunID
	}
	query := history.SessionQuery{Servers: []string{r.server}, State: history.StateOnline, From: time.Unix(0, 0), Sort: "id", Limit: 10_000}
	for {
		page, err := r.store.Sessions(ctx, query)
		if err != nil {
			return online
		}
		for _, s := range page.Sessions {
			online = append(online, s.Session)
		}
		if query.After = page.Next; page.Next == "" {
			r.store.Resume(r.server)
			return online
		}
	}
}

// noting is actions whose deeds are in the history of their server too.
func (r *recording) noting(a *web.Actions) *web.Actions {
	if a == nil {
		return nil
	}
	noted := *a
	noted.Kill = func(ctx context.Context, server string, id int64, addr string) error {
		err := a.Kill(ctx, server, id, addr)
		if err == nil {
			select {
			case r.servers[server].killed <- killed{id, addr}:
			default:
			}
			r.note(server, "connection killed", fmt.Sprintf("id %d, %s", id, addr))
		}
		return err
	}
	if a.Watch != nil {
		noted.Watch = func(server string, d time.Duration) {
			a.Watch(server, d)
			if d > 0 {
				r.note(server, "MONITOR asked for", d.String())
			}
		}
	}
	return &noted
}

func (r *recording) note(server, what, after string) {
	r.store.Action(server, stats.Change{Time: time.Now(), Kind: stats.ChangeAction, What: what, After: after})
}
