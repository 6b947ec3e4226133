package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"redistop/internal/history"
	"redistop/internal/stats"
)

// A Past answers from what was kept. Its parts are usually one store.
type Past struct {
	Figures Figures
	People  People
	Events  Events
	Status  func() history.Status
}

// Figures are what Snapshots told, over time.
type Figures interface {
	Range(context.Context, history.RangeQuery) (history.Range, error)
}

// People are who was online.
type People interface {
	Sessions(context.Context, history.SessionQuery) (history.SessionPage, error)
	Activity(context.Context, history.ActivityQuery) ([]history.ServerActivity, error)
}

// Events are what happened.
type Events interface {
	Findings(context.Context, history.FindingQuery) ([]history.ServerFinding, error)
	Changes(context.Context, history.ChangeQuery) ([]stats.Change, error)
}

const (
	// mostAsking is how many questions are put to the past at the same time. Those that wait hold a connection
	// each and no more, so that the present, which is answered from memory, is not held up by them.
	mostAsking = 4
	// placeWait is how long a question waits for others to end.
	placeWait = 5 * time.Second
	// askTimeout bounds one question.
	askTimeout = 10 * time.Second
)

// askPast puts a question to the past, when there is room, or answers why there is none.
func askPast[T any](s *Server, w http.ResponseWriter, r *http.Request, question func(context.Context, *Past) (T, error)) (answer T, ok bool) {
	past := s.options.Past
	if past == nil {
		problem(w, http.StatusServiceUnavailable, codeNoHistory, "no history is kept here", "")
		return answer, false
	}
	wait := time.NewTimer(placeWait)
	defer wait.Stop()
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-r.Context().Done():
		return answer, false // nobody is there to be told
	case <-wait.C:
		w.Header().Set("Retry-After", "5")
		problem(w, http.StatusServiceUnavailable, codeBusy, "too many questions to the past are being answered", "ask again in some seconds")
		return answer, false
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	answer, err := question(ctx, past)
	switch {
	case err == nil:
		return answer, true
	case errors.Is(err, history.ErrWrongCursor):
		badRequest(w, errors.New("parameter after: not the next of an answer to the same question"))
	case ctx.Err() != nil && r.Context().Err() == nil:
		problem(w, http.StatusServiceUnavailable, codeBusy, "the answer took too long", "ask for less: a shorter time, fewer series")
	case r.Context().Err() == nil:
		problem(w, http.StatusServiceUnavailable, codeNoHistory, "the history cannot be read at present", "/api/v1/about says what is wrong")
	}
	return answer, false
}

// sendPast answers with something of the past. It is made anew for every request, and its tag is of its
// content: what is recorded meanwhile changes it.
func sendPast(w http.ResponseWriter, r *http.Request, v any) {
	text, err := encode(v)
	if err != nil {
		problem(w, http.StatusInternalServerError, codeInternal, err.Error(), "")
		return
	}
	sum := sha256.Sum256(text)
	send(w, r, jsonType, `"`+hex.EncodeToString(sum[:12])+`"`, fixed(text))
}
