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
)

// SessionList is the answer of /api/v1/sessions.
type SessionList struct {
	Sessions   []history.ServerSession `json:"sessions"`
	Matched    int64                   `json:"matched"`         // on all pages
	Next       string                  `json:"next,omitempty"`  // to be given as after, for the next page; absent: this is the last
	ShortLived []history.ShortLived    `json:"short_lived"`     // connections that came and went unseen
	Since      *time.Time              `json:"since,omitempty"` // how far back connections are known; absent: none are
	Limits     []string                `json:"limits"`          // what cannot be known
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
		s.answerSessions(w, r, []string{m.Name}, query)
	}
}

func (s *Server) allSessions(w http.ResponseWriter, r *http.Request) {
	query, ok := s.query(w, r)
	if !ok {
		return
	}
	if moments, ok := s.chosen(w, s.board.now(), query); ok {
		s.answerSessions(w, r, serverNames(moments), query)
	}
}

func (s *Server) answerSessions(w http.ResponseWriter, r *http.Request, servers []string, query url.Values) {
	from, to, err := period(query, usualRange, s.options.Now())
	limit := 0
	if err == nil {
		limit, err = wholeNumber(query, "limit", fewListed, mostListed)
	}
	if err == nil && longText(query.Get("filter")) {
		err = fmt.Errorf("parameter filter: longer than %d bytes, or with a zero byte", longestText)
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	page, ok := askPast(s, w, r, func(ctx context.Context, p *Past) (history.SessionPage, error) {
		return p.People.Sessions(ctx, history.SessionQuery{
			Servers: servers, From: from, To: to, State: query.Get("state"), Filter: query.Get("filter"),
			Sort: query.Get("sort"), Limit: limit, After: query.Get("after"),
		})
	})
	if ok {
		sendPast(w, r, SessionList{
			Sessions: orEmpty(page.Sessions), Matched: page.Matched, Next: page.Next, ShortLived: orEmpty(page.ShortLived),
			Since: page.Since, Limits: presence.Limits(),
		})
	}
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
