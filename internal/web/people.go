package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

// A SessionRow is a connection, and how busy it is now.
type SessionRow struct {
	history.ServerSession
	CommandsPerSecond stats.Maybe[float64] `json:"commands_per_second,omitzero"` // in its server's latest Snapshot; absent: it is gone, or nobody knows
	Estimated         bool                 `json:"estimated,omitempty"`          // from samples
	Error             stats.Maybe[float64] `json:"error,omitzero"`               // half-width of its 95 % interval
}

// sessionRows puts beside sessions what the latest Snapshots of their servers tell of them.
func sessionRows(sessions []history.ServerSession, moments []*moment) []SessionRow {
	latest := map[string]map[int64]*stats.ConnectionRow{}
	for _, m := range moments {
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
		rows[i].ServerSession = one
		if c := latest[one.Server][one.ID]; c != nil && one.OfflineAt == nil && c.Addr == one.Addr {
			rows[i].CommandsPerSecond, rows[i].Estimated, rows[i].Error = c.CommandsPerSecond, c.Estimated, c.Error
		}
	}
	return rows
}

// groupings are the values of the parameter by.
var groupings = []string{presence.ByName, presence.ByIP, presence.ByUser}

// ActivityList is the answer of /api/v1/activity.
type ActivityList struct {
	WithinSeconds float64                  `json:"within_seconds"`
	Since         time.Time                `json:"since"` // the beginning of that time, or of the watching where that is later
	Rows          []history.ServerActivity `json:"rows"`
	Silent        int                      `json:"silent"` // of them, those that spoke within the time asked for, but not in the last hour
	Limits        []string                 `json:"limits"` // what cannot be known
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
	asked.Servers = serverNames(moments)
	page, ok := askPast(s, w, r, func(ctx context.Context, p *Past) (history.SessionPage, error) {
		return p.People.Sessions(ctx, asked)
	})
	if ok {
		sendPast(w, r, SessionList{
			Sessions: sessionRows(page.Sessions, moments), Matched: page.Matched, Next: page.Next, ShortLived: orEmpty(page.ShortLived),
			Since: page.Since, Limits: presence.Limits(),
		})
	}
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
	list := ActivityList{WithinSeconds: within.Seconds(), Since: since.UTC(), Rows: orEmpty(rows), Limits: presence.Limits()}
	for _, row := range rows {
		if row.Silent {
			list.Silent++
		}
	}
	sendPast(w, r, list)
}
