package web

import (
	"net/http"
)

// LoginBody is what /api/v1/login takes: a token, or user and password.
type LoginBody struct {
	Token    string `json:"token,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
}

// LoggedIn is the answer of /api/v1/login; the session itself is in the cookie.
type LoggedIn struct {
	CSRF string `json:"csrf"` // the header X-Redistop-CSRF of requests that change something
}

// LoggedOut is the answer of /api/v1/logout.
type LoggedOut struct {
	LoggedOut bool `json:"logged_out"`
}

// loginKinds are the words for what is asked for.
var loginKinds = []string{"none", "token", "password"}

// login begins a session. It is always a new one: a secret that came with the request is worth nothing afterwards.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	want := s.options.Login
	if want == nil {
		problem(w, http.StatusNotFound, codeNotFound, "no login is asked for here", "/api/v1/about has the CSRF token")
		return
	}
	body, ok := decodeBody[LoginBody](w, r, `{"token": "..."} or {"user": "...", "password": "..."}`)
	if !ok {
		return
	}
	now := s.options.Now()
	right, heard := s.guesses.try(remote(r), false, now, func() bool { return want.takes(body) })
	switch {
	case !heard:
		tooManyGuesses(w)
		return
	case !right:
		s.note(r, AuditEntry{Who: unknownCaller, Action: actionLogin, Outcome: outcomeRefused + "wrong token or password"})
		answerProblem(w, Problem{Status: http.StatusUnauthorized, Code: codeLogin, Detail: "this is not the login", Login: want.kind()})
		return
	}
	if old := secretOf(r); old != "" {
		s.sessions.close(old, now)
	}
	secret := s.sessions.start(want.name, now)
	s.note(r, AuditEntry{Who: want.name, Action: actionLogin, Outcome: outcomeDone})
	setCookie(w, r, secret)
	answer(w, LoggedIn{CSRF: s.sessions.csrf(secret)})
}

// takes says whether a body is the login.
func (l *Login) takes(b LoginBody) bool {
	if l.user == nil && b.Token != "" {
		return l.is("", b.Token)
	}
	return l.is(b.User, b.Password)
}

// logout ends the session of the request.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if callerOf(r).session == nil {
		problem(w, http.StatusBadRequest, codeBadRequest, "this request came by no session", "")
		return
	}
	s.sessions.close(secretOf(r), s.options.Now())
	s.note(r, AuditEntry{Who: callerOf(r).who, Action: actionLogout, Outcome: outcomeDone})
	setCookie(w, r, "")
	answer(w, LoggedOut{true})
}
