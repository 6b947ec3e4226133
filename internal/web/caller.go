package web

import (
	"context"
	"net/http"
	"strings"
)

// What a caller is called who has no name of a user.
const (
	localCaller   = "local"   // no login is asked for
	tokenCaller   = "token"   // the token was given
	unknownCaller = "unknown" // no login, or a wrong one; what was typed is not repeated: it may be a password
)

// A caller is who a request comes from, as the guard has found.
type caller struct {
	who  string
	csrf string // what a request that changes something must carry; "": the login itself came with it
	// session is that of a browser; nil: there is none.
	session *session
}

// callerKey is the key of the caller in the context of a request.
type callerKey struct{}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

// withCaller is the request for its route. One by a session is over when the session is; done must be called
// when it is answered.
func (s *Server) withCaller(r *http.Request, c caller) (req *http.Request, done func()) {
	if c.who == "" {
		return r, func() {}
	}
	ctx := context.WithValue(r.Context(), callerKey{}, c)
	if c.session == nil {
		return r.WithContext(ctx), func() {}
	}
	ctx, cancel := context.WithDeadline(ctx, c.session.begun.Add(longestSession))
	stop := context.AfterFunc(c.session.ended, cancel)
	return r.WithContext(ctx), func() {
		stop()
		cancel()
		s.leave(c)
	}
}

// leave says that the request of a caller is answered.
func (s *Server) leave(c caller) {
	if c.session != nil {
		s.sessions.leave(c.session, s.options.Now())
	}
}

// recognize finds out who a request comes from; it has answered one that may not pass.
func (s *Server) recognize(w http.ResponseWriter, r *http.Request) (caller, bool) {
	login, now := s.options.Login, s.options.Now()
	if login == nil {
		return caller{who: localCaller, csrf: s.sessions.csrf("")}, true
	}
	if secret := secretOf(r); secret != "" {
		if one := s.sessions.enter(secret, now); one != nil {
			return caller{who: one.who, csrf: s.sessions.csrf(secret), session: one}, true
		}
	}
	if r.Header.Get("Authorization") != "" {
		right, heard := s.guesses.try(remote(r), true, now, func() bool { return login.accepts(r) })
		switch {
		case right:
			return caller{who: login.name}, true
		case !heard:
			tooManyGuesses(w)
			return caller{}, false
		}
		s.note(r, AuditEntry{Who: unknownCaller, Action: actionLogin, Outcome: outcomeRefused + "wrong token or password"})
	}
	s.askLogin(w, r)
	return caller{}, false
}

// askLogin answers that a login is needed. A browser asks a person for it by a window of its own where the
// answer says Basic; a script has a form for that.
func (s *Server) askLogin(w http.ResponseWriter, r *http.Request) {
	challenge := `Basic realm="redistop", charset="UTF-8"`
	if byScript(r) {
		challenge = `Bearer realm="redistop"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	answerProblem(w, Problem{Status: http.StatusUnauthorized, Code: codeLogin, Detail: "a token or a password is needed",
		Hint: "send Authorization: Bearer TOKEN, or log in with user and password", Login: s.options.Login.kind()})
}

// byScript says whether a script of a page asks, and not a person who follows a link or a program. A browser says
// so by itself where it trusts the connection, which plain HTTP from another host is not; there it shows by what the
// script wants to have.
func byScript(r *http.Request) bool {
	mode, accept := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Accept")
	return mode != "" && mode != "navigate" || r.Header.Get("X-Requested-With") != "" || secretOf(r) != "" ||
		strings.HasPrefix(accept, eventType) || strings.HasPrefix(accept, jsonType)
}

func tooManyGuesses(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "2")
	problem(w, http.StatusTooManyRequests, codeGuesses, "too many wrong logins from this address", "wait some seconds and try again")
}
