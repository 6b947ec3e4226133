package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// SessionList is the answer of /api/v1/sessions.
type SessionList struct {
	Sessions   []SessionRow         `json:"sessions"`
	Matched    int64                `json:"matched"`         // on all pages
	Next       string               `json:"next,omitempty"`  // to be given as after, for the next page; absent: this is the last
	ShortLived []history.ShortLived `json:"short_lived"`     // connections that came and went unseen
	Since      *time.Time           `json:"since,omitempty"` // how far back connections are known; absent: none are
	Limits     []string             `json:"limits"`          // what cannot be known
}

// A SessionRow is a connection, whether it is there, and how busy it is now.
type SessionRow struct {
	history.ServerSession
	State             string               `json:"state"`                        // online, offline; unknown: it did not end as far as anybody knows, but its server does not answer
	UnknownSince      *time.Time           `json:"unknown_since,omitempty"`      // with unknown: when it was last known to be there
	CommandsPerSecond stats.Maybe[float64] `json:"commands_per_second,omitzero"` // in its server's latest Snapshot; absent: it is gone, or nobody knows
	Estimated         bool                 `json:"estimated,omitempty"`          // from samples
	Error             stats.Maybe[float64] `json:"error,omitzero"`               // half-width of its 95 % interval
}

// stateUnknown is the state of a connection whose server is out.
const stateUnknown = "unknown"

// sessionRows puts beside sessions what the latest Snapshots of their servers tell of them.
func sessionRows(sessions []history.ServerSession, moments []*moment) []SessionRow {
	latest, out := map[string]map[int64]*stats.ConnectionRow{}, map[string]bool{}
	for _, m := range moments {
		out[m.Name] = outage(m.snapshot)
		if m.snapshot.Stale {
			continue
		}
		of := make(map[int64]*stats.ConnectionRow, len(m.snapshot.Connections))
		for i := range m.snapshot.Connections {
			of[m.snapshot.Connections[i].ID] = &m.snapshot.Connections[i]
		}
		latest[m.Name] = of
	}
	rows := make([]SessionRow, len(sessions))
	for i, one := range sessions {
		row := &rows[i]
		row.ServerSession = one
		switch {
		case one.OfflineAt != nil:
			row.State = history.StateOffline
		case out[one.Server]:
			row.State, row.UnknownSince = stateUnknown, &row.LastSeen
		default:
			row.State = history.StateOnline
		}
		if c := latest[one.Server][one.ID]; c != nil && row.State == history.StateOnline && c.Addr == one.Addr {
			row.CommandsPerSecond, row.Estimated, row.Error = c.CommandsPerSecond, c.Estimated, c.Error
		}
	}
	return rows
}

// groupings are the values of the parameter by.
var groupings = []string{presence.ByName, presence.ByIP, presence.ByUser}

// ActivityList is the answer of /api/v1/activity.
type ActivityList struct {
	WithinSeconds float64            `json:"within_seconds"`
	Since         time.Time          `json:"since"` // the beginning of that time, or of the watching where that is later
	Rows          []ActivityGroupRow `json:"rows"`
	Silent        int                `json:"silent"` // of them, those that spoke within the time asked for, but not in the last hour
	Limits        []string           `json:"limits"` // what cannot be known
}

// An ActivityGroupRow is a group of connections of one server.
type ActivityGroupRow struct {
	history.ServerActivity
	Unknown int `json:"unknown,omitempty"` // connections that were online when the server last answered; online is 0 then
}

// activityRows leaves nobody online on a server that is out.
func activityRows(rows []history.ServerActivity, moments []*moment) []ActivityGroupRow {
	out := map[string]bool{}
	for _, m := range moments {
		out[m.Name] = outage(m.snapshot)
	}
	list := make([]ActivityGroupRow, len(rows))
	for i, row := range rows {
		list[i].ServerActivity = row
		if out[row.Server] {
			list[i].Online, list[i].Unknown = 0, row.Online
		}
	}
	return list
}

func (s *Server) serverSessions(w http.ResponseWriter, r *http.Request) {
	if m, query, ok := s.namedQuery(w, r); ok {
		s.answerSessions(w, r, []*moment{m}, query)
	}
}

func (s *Server) allSessions(w http.ResponseWriter, r *http.Request) {
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	if moments, ok := s.chosen(w, s.board.now(), query); ok {
		s.answerSessions(w, r, moments, query)
	}
}

func (s *Server) answerSessions(w http.ResponseWriter, r *http.Request, moments []*moment, query url.Values) {
	asked, err := sessionQuery(query, s.options.Now())
	if err != nil {
		badRequest(w, err)
		return
	}
	asked.Servers = serverNames(withState(moments, asked.State))
	if asked.State == stateUnknown {
		asked.State = history.StateOnline // when their server last answered
	}
	page, ok := askPast(s, w, r, func(ctx context.Context, p *Past) (history.SessionPage, error) {
		if len(asked.Servers) == 0 { // which the store takes for all
			none := asked
			none.Servers, none.After = serverNames(moments), ""
			none.From, none.Limit = none.To, 1
			page, err := p.People.Sessions(ctx, none)
			return history.SessionPage{Since: page.Since}, err
		}
		return p.People.Sessions(ctx, asked)
	})
	if ok {
		sendPast(w, r, SessionList{
			Sessions: sessionRows(page.Sessions, moments), Matched: page.Matched, Next: page.Next, ShortLived: orEmpty(page.ShortLived),
			Since: page.Since, Limits: presence.Limits(),
		})
	}
}

// withState are the servers that may have sessions of a state: those online are on servers that answer.
func withState(moments []*moment, state string) []*moment {
	if state != history.StateOnline && state != stateUnknown {
		return moments
	}
	return slices.DeleteFunc(slices.Clone(moments), func(m *moment) bool { return outage(m.snapshot) != (state == stateUnknown) })
}

// sessionQuery reads what is asked of sessions, but for the servers.
func sessionQuery(query url.Values, now time.Time) (history.SessionQuery, error) {
	asked := history.SessionQuery{
		State: query.Get("state"), Filter: query.Get("filter"), Sort: query.Get("sort"), After: query.Get("after"),
	}
	var err error
	if asked.From, asked.To, err = period(query, usualRange, now); err != nil {
		return asked, err
	}
	if text := query.Get("moved"); text != "" {
		if asked.Moved, err = ParseTime(text, now); err != nil {
			return asked, fmt.Errorf("parameter moved: %w", err)
		}
	}
	if longText(asked.Filter) {
		return asked, fmt.Errorf("parameter filter: longer than %d bytes, or with a zero byte", longestText)
	}
	asked.Limit, err = wholeNumber(query, "limit", fewListed, mostListed)
	return asked, err
}

// The bounds of within.
const (
	leastWithin = time.Minute
	mostWithin  = 31 * 24 * time.Hour
)

func (s *Server) activity(w http.ResponseWriter, r *http.Request) {
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	within, err := usualWithin, error(nil)
	if text := query.Get("within"); text != "" {
		if within, err = ParseSpan(text); err == nil && (within < leastWithin || within > mostWithin) {
			err = errors.New("not from 1m to 31d")
		}
	}
	if err != nil {
		badRequest(w, fmt.Errorf("parameter within: %w", err))
		return
	}
	moments, ok := s.chosen(w, s.board.now(), query)
	if !ok {
		return
	}
	now := s.options.Now()
	since := now.Add(-within)
	rows, ok := askPast(s, w, r, func(ctx context.Context, p *Past) ([]history.ServerActivity, error) {
		rows, err := p.People.Activity(ctx, history.ActivityQuery{Servers: serverNames(moments), By: unique(query["by"]), Since: since})
		if err != nil {
			return nil, err
		}
		// Who began to watch an hour ago knows nothing of the day before.
		known, err := p.People.Sessions(ctx, history.SessionQuery{Servers: serverNames(moments), From: now, To: now, Limit: 1})
		if known.Since != nil && known.Since.After(since) {
			since = *known.Since
		}
		return rows, err
	})
	if !ok {
		return
	}
	list := ActivityList{WithinSeconds: within.Seconds(), Since: since.UTC(), Rows: activityRows(rows, moments), Limits: presence.Limits()}
	for _, row := range rows {
		if row.Silent {
			list.Silent++
		}
	}
	sendPast(w, r, list)
}
