package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Actions are what can be done to a watched server, by its name. Functions may be called from any goroutine.
type Actions struct {
	// Kill closes one connection: that with this id and this address, and no other. It returns ErrGone where
	// there is none.
	Kill func(ctx context.Context, server string, id int64, addr string) error
	// Watch shows every command by MONITOR for this long; 0 ends it. Nil: it is not offered.
	Watch func(server string, d time.Duration)
	// Live is the latest commands from a place on, oldest first, and the place to go on from. dropped counts those
	// that gave way before they were asked for. Nil: as Watch.
	Live func(server string, from int64) (lines []stats.LiveCommand, next, dropped int64)
}

// ErrGone says that the connection to close is not there any more, or is by now another one's.
var ErrGone = errors.New("no such connection any more")

// A HintedError is an error of an action that its user can do something about.
type HintedError struct {
	Err  error
	Hint string
}

func (e *HintedError) Error() string { return e.Err.Error() }
func (e *HintedError) Unwrap() error { return e.Err }

const (
	// actionTime is how long an action may take.
	actionTime = 5 * time.Second
	// mostActing bounds the actions under way: each has a connection of its own.
	mostActing = 4
	// longestWatch is how long MONITOR may be asked for at once, in seconds.
	longestWatch = 60
	// longestAddr bounds an address, in bytes: a socket's path is the longest.
	longestAddr = 256
)

// KillBody is what kill takes: both as the list of clients has them.
type KillBody struct {
	ID   int64  `json:"id"`
	Addr string `json:"addr"`
}

// Killed is the answer of kill.
type Killed struct {
	Killed bool `json:"killed"`
}

// MonitorBody is what monitor takes.
type MonitorBody struct {
	Seconds int64 `json:"seconds"` // 1 to 60; 0 ends it
}

// Monitored is the answer of monitor.
type Monitored struct {
	Until time.Time `json:"until"` // it ends by itself; a guard may end it earlier
}

func (s *Server) kill(w http.ResponseWriter, r *http.Request) {
	m, ok := s.named(w, r)
	if !ok {
		return
	}
	body, ok := decodeBody[KillBody](w, r, `{"id": 7, "addr": "10.0.0.1:50000"}`)
	if !ok {
		return
	}
	if body.ID < 1 || body.Addr == "" || len(body.Addr) > longestAddr {
		problem(w, http.StatusBadRequest, codeBadRequest, "id is not a number from 1 on, or addr is none", "/api/v1/servers/"+m.Name+"/clients has both")
		return
	}
	entry := AuditEntry{Action: actionKill, Server: m.Name, Subject: subjectOf(m.snapshot, body)}
	if s.act(w, r, entry, func(ctx context.Context) error { return s.options.Actions.Kill(ctx, m.Name, body.ID, body.Addr) }) {
		answer(w, Killed{true})
	}
}

// subjectOf is a connection by its words; its name, where it is known, is a stranger's.
func subjectOf(snapshot *stats.Snapshot, b KillBody) string {
	text := fmt.Sprintf("id=%d addr=%s", b.ID, b.Addr)
	for i := range snapshot.Connections {
		if row := &snapshot.Connections[i]; row.ID == b.ID && row.Addr == b.Addr && row.Name != "" {
			text += " name=" + row.Name
		}
	}
	return text
}

func (s *Server) monitor(w http.ResponseWriter, r *http.Request) {
	m, ok := s.named(w, r)
	if !ok {
		return
	}
	body, ok := decodeBody[MonitorBody](w, r, `{"seconds": 10}`)
	if !ok {
		return
	}
	actions := s.options.Actions
	switch {
	case body.Seconds < 0 || body.Seconds > longestWatch:
		problem(w, http.StatusBadRequest, codeBadRequest, "seconds: not a number from 0 to "+strconv.Itoa(longestWatch), "0 ends it")
		return
	case actions.Watch == nil:
		noStream(w)
		return
	case body.Seconds > 0 && m.snapshot.Link.State != stats.Up:
		problem(w, http.StatusConflict, codeServer, "the server does not answer at present: "+string(m.snapshot.Link.State), "")
		return
	}
	length := time.Duration(body.Seconds) * time.Second
	entry := AuditEntry{Action: actionMonitor, Server: m.Name, Subject: length.String()}
	ok = s.act(w, r, entry, func(context.Context) error {
		if _, next, _ := actions.Live(m.Name, 0); body.Seconds > 0 { // commands are kept from now on
			s.liveFrom.Store(m.Name, next)
		}
		actions.Watch(m.Name, length)
		return nil
	})
	if ok {
		answer(w, Monitored{s.options.Now().Add(length).UTC()})
	}
}

func noStream(w http.ResponseWriter) {
	problem(w, http.StatusForbidden, codeActions, "MONITOR is not offered here", "start redistop web without --no-sample")
}

// act does one thing and answers where it fails. What is to be done is on the disk before it is begun; where it
// cannot be written down, it is not done.
func (s *Server) act(w http.ResponseWriter, r *http.Request, e AuditEntry, do func(context.Context) error) bool {
	e.Who, e.ID, e.Outcome = callerOf(r).who, newID(), outcomeBegun
	select {
	case s.acting <- struct{}{}:
		defer func() { <-s.acting }()
	default:
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, codeBusy, "other actions are under way", "try again in a moment")
		return false
	}
	if s.options.Audit == nil || s.note(r, e) != nil {
		problem(w, http.StatusServiceUnavailable, codeAudit, "the audit log cannot be written, so nothing is done", "see the standard error of redistop web, and --audit-log")
		return false
	}
	ctx, cancel := context.WithTimeout(r.Context(), actionTime)
	defer cancel()
	err := do(ctx)
	e.Outcome = outcomeDone
	if err != nil {
		e.Outcome = outcomeFailed + err.Error()
	}
	s.note(r, e)
	if err != nil {
		actionFailed(w, err)
	}
	return err == nil
}

// actionFailed answers why a server did not do what it was told.
func actionFailed(w http.ResponseWriter, err error) {
	var hinted *HintedError
	hint := ""
	if errors.As(err, &hinted) {
		hint = redis.Printable(hinted.Hint)
	}
	if errors.Is(err, ErrGone) {
		problem(w, http.StatusNotFound, codeGone, ErrGone.Error(), "ask for the clients again")
		return
	}
	problem(w, http.StatusBadGateway, codeServer, redis.PrintableCut(err.Error(), mostText), hint)
}
