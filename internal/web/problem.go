package web

import (
	"net/http"
	"strconv"
)

// A Problem is an answer that is not what was asked for, in the form of RFC 9457
// (application/problem+json).
type Problem struct {
	Type   string `json:"type"` // always about:blank: Code tells
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`             // stable, for programs
	Detail string `json:"detail,omitempty"` // for people
	Hint   string `json:"hint,omitempty"`   // what can be done about it
	Login  string `json:"login,omitempty"`  // with unauthorized: what is asked for, token or password
}

// The codes of problems.
const (
	codeBadRequest = "bad_request"
	codeNotFound   = "not_found"
	codeMethod     = "method_not_allowed"
	codeHost       = "host_not_allowed"
	codeLogin      = "unauthorized"
	codeRate       = "too_many_requests"
	codeReaders    = "too_many_readers"
	codeInternal   = "internal"
	codeMedia      = "unsupported_media_type"
	codeGuesses    = "too_many_wrong_logins"
	codeCrossSite  = "cross_site"   // a page of another site asks
	codeCSRF       = "csrf"         // X-Redistop-CSRF is missing or not the one of now
	codeActions    = "actions_off"  // --allow-actions is not given
	codeAudit      = "audit_failed" // what is not written down is not done
	codeBusy       = "busy"
	codeGone       = "connection_gone"
	codeNoHistory  = "no_history"
	codeServer     = "server_failed" // the server did not do it, or does not answer
)

// problem answers with a Problem.
func problem(w http.ResponseWriter, status int, code, detail, hint string) {
	answerProblem(w, Problem{Status: status, Code: code, Detail: detail, Hint: hint})
}

// answerProblem answers with a Problem whose type and title it fills in.
func answerProblem(w http.ResponseWriter, p Problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	status := p.Status
	text, err := encode(p)
	if err != nil { // strings and numbers: it cannot fail
		http.Error(w, p.Code, status)
		return
	}
	h := w.Header()
	h.Del("ETag")
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	w.Write(append(text, '\n'))
}
