package web

import (
	"net/http"
	"time"

	"redistop/internal/history"
	"redistop/internal/stats"
)

// Running is what a program says of the way in which it watches, for /api/v1/about.
type Running struct {
	Interval   time.Duration // between two looks at a server
	Publishing bool          // who is online is published on a channel
	// PublishError says why nobody hears it at present, by server; nil: that is not known, or nothing is published. Any goroutine calls it.
	PublishError func() map[string]string
}

// About is the answer of /api/v1/about: what this program is, does and offers.
type About struct {
	Version         string  `json:"version"`
	Page            bool    `json:"page"`             // the page is built in
	IntervalSeconds float64 `json:"interval_seconds"` // between two looks at a server
	Publishing      bool    `json:"publishing"`       // who is online is published on a channel
	// PublishErrors is why the latest message about a server was not published, by its name; absent: all were.
	PublishErrors map[string]string `json:"publish_errors,omitempty"`
	History       HistoryState      `json:"history"`
	Offered
}

// HistoryState says how what is kept is doing.
type HistoryState struct {
	State        string             `json:"state"`                   // on; failing: it goes on without, and tries; off
	Why          string             `json:"why,omitempty"`           // it fails
	Since        *time.Time         `json:"since,omitempty"`         // it fails
	Store        string             `json:"store,omitempty"`         // sqlite, postgres; memory: it ends with the program
	Bytes        stats.Maybe[int64] `json:"bytes,omitzero"`          // on the disk
	MostBytes    int64              `json:"most_bytes,omitempty"`    // that it may take there
	FlushSeconds float64            `json:"flush_seconds,omitempty"` // what is newer may be lost when the program is killed
	Flushed      *time.Time         `json:"flushed,omitempty"`       // when it was last written
	Waiting      int                `json:"waiting,omitempty"`       // things that are not written yet
	Lost         *history.Lost      `json:"lost,omitempty"`          // what found no room in memory while nothing could be written
	Kept         *KeptSeconds       `json:"kept,omitempty"`
}

// KeptSeconds is how long things are kept.
type KeptSeconds struct {
	Raw        float64 `json:"raw"` // each Snapshot's figures
	Minute     float64 `json:"minute"`
	TenMinutes float64 `json:"ten_minutes"`
	Hour       float64 `json:"hour"`
	Sessions   float64 `json:"sessions"` // after their end
	Findings   float64 `json:"findings"` // after they were last seen; changes too
}

// Offered is what a caller may do, and what it has to send.
type Offered struct {
	Actions    bool   `json:"actions"`        // connections can be killed, and MONITOR asked for
	Login      string `json:"login"`          // what a person has to give: none, token or password
	CSRF       string `json:"csrf,omitempty"` // the header X-Redistop-CSRF of requests that change something; absent: it needs none
	ShowValues bool   `json:"show_values"`    // of slow and live commands
}

func (s *Server) offered(r *http.Request) Offered {
	return Offered{
		Actions: s.options.Actions != nil, Login: s.options.Login.kind(), CSRF: callerOf(r).csrf, ShowValues: s.board.showValues,
	}
}

func (s *Server) about(w http.ResponseWriter, r *http.Request) {
	now := About{
		Version: s.options.Version, Page: s.page.built(), IntervalSeconds: s.options.Running.Interval.Seconds(),
		Publishing: s.options.Running.Publishing, History: HistoryState{State: "off"}, Offered: s.offered(r),
	}
	if why := s.options.Running.PublishError; why != nil {
		now.PublishErrors = why()
	}
	if s.options.Past != nil {
		now.History = historyState(s.options.Past.Status())
	}
	answer(w, now)
}

func historyState(st history.Status) HistoryState {
	h := HistoryState{
		State: st.State, Why: st.Why, Since: st.Since, Store: st.Kind, Bytes: st.Bytes, MostBytes: st.MostBytes,
		FlushSeconds: st.Flush.Seconds(), Flushed: st.Flushed, Waiting: st.Waiting,
		Kept: &KeptSeconds{
			Raw: st.Keep.Raw.Seconds(), Minute: st.Keep.Minute.Seconds(), TenMinutes: st.Keep.TenMinutes.Seconds(),
			Hour: st.Keep.Hour.Seconds(), Sessions: st.Keep.Sessions.Seconds(), Findings: st.Keep.Findings.Seconds(),
		},
	}
	if st.Lost != (history.Lost{}) {
		h.Lost = &st.Lost
	}
	return h
}
