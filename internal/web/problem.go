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
)

// problem answers with a Problem.
func problem(w http.ResponseWriter, status int, code, detail, hint string) {
	text, err := encode(Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail, Hint: hint})
	if err != nil { // strings and numbers: it cannot fail
		http.Error(w, code, status)
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
