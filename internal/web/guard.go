package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answerHeaders are in every answer. The overview needs no script and loads nothing from elsewhere; no other
// site may show or read what is here; and no answer is to be taken for what it does not say it is. The page
// has a policy of its own, pagePolicy.
var answerHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
}

// csrfHeader is the header that a request which changes something carries: a page of another site cannot read what
// it must be, nor make a browser send it.
const csrfHeader = "X-Redistop-CSRF"

// guard is what a request passes before a route sees it. No other site may read what is here, nor do anything in
// a user's name.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := s.options.Now()
		h := w.Header()
		for name, value := range answerHeaders {
			h.Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		rec := &recorder{ResponseWriter: w}
		if c, ok := s.admit(rec, r); ok {
			known, done := s.withCaller(r, c)
			defer done()
			next.ServeHTTP(rec, known)
		}
		s.count(rec.code())
		s.log(r, rec, s.options.Now().Sub(begun))
	})
}

// admit says who may pass; it has answered a request that may not.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (c caller, ok bool) {
	_, pattern := s.routed.Handler(r)
	to := s.routes[pattern]
	switch {
	case !s.hostAllowed(r.Host):
		problem(w, http.StatusMisdirectedRequest, codeHost, "this program does not go by the name that the request is addressed to", "start it with --allowed-host NAME if it should")
	case !to.takes(r.Method):
		w.Header().Set("Allow", to.methods())
		problem(w, http.StatusMethodNotAllowed, codeMethod, "this path takes only "+to.methods(), "")
	case to.open:
		return c, true
	case !s.limits.allow(remote(r), s.options.Now()):
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusTooManyRequests, codeRate, "more requests than one address may make", "the limit is set by --rate")
	case to.method == "" && s.isPage(r.URL.Path):
		return c, true
	case s.crossOrigin.Check(r) != nil:
		s.note(r, AuditEntry{Who: unknownCaller, Action: actionOther, Subject: r.URL.Path, Outcome: outcomeRefused + "it came from a page of another site"})
		problem(w, http.StatusForbidden, codeCrossSite, "a page of another site asks for this", "")
	case to.enters:
		return c, true
	default:
		if c, ok = s.recognize(w, r); ok && !s.mayChange(w, r, to, c) {
			s.leave(c)
			return c, false
		}
		return c, ok
	}
	return c, false
}

// mayChange says whether a caller may do what a route does; it has answered one that may not.
func (s *Server) mayChange(w http.ResponseWriter, r *http.Request, to route, c caller) bool {
	switch {
	case to.acts && s.options.Actions == nil:
		if to.method != "" {
			s.note(r, AuditEntry{Who: c.who, Action: actionOther, Subject: r.URL.Path, Outcome: outcomeRefused + "actions are not allowed"})
		}
		problem(w, http.StatusForbidden, codeActions, "this program only watches: actions are not allowed", "start redistop web with --allow-actions")
		return false
	case to.method != "" && c.csrf != "" && !sameText(c.csrf, r.Header.Get(csrfHeader)):
		s.note(r, AuditEntry{Who: c.who, Action: actionOther, Subject: r.URL.Path, Outcome: outcomeRefused + "without the CSRF token"})
		problem(w, http.StatusForbidden, codeCSRF, "the header "+csrfHeader+" is missing, or not the one of this session", "/api/v1/about has it")
		return false
	}
	return true
}

// takes says whether a route answers a method.
func (r route) takes(method string) bool {
	if r.method == "" {
		return method == http.MethodGet || method == http.MethodHead
	}
	return method == r.method
}

// methods are those that a route answers, for people and the header Allow.
func (r route) methods() string {
	if r.method == "" {
		return "GET, HEAD"
	}
	return r.method
}

// hostAllowed says whether a request may be addressed to host. A page of another site can make a browser
// send requests here by pointing its own name at our address (DNS rebinding); it cannot make them
// carry an address, or localhost, as their Host.
func (s *Server) hostAllowed(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		return true
	}
	return slices.ContainsFunc(s.options.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// remote is the address that a request came from; the zero value where that is none, as in tests.
func remote(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// log writes a line on one request. A query is left out: it may hold a token that was meant for a header.
func (s *Server) log(r *http.Request, rec *recorder, took time.Duration) {
	if s.options.Log == nil {
		return
	}
	s.options.Log.Info("request", "from", r.RemoteAddr, "method", r.Method, "path", r.URL.EscapedPath(),
		"status", strconv.Itoa(rec.code()), "bytes", rec.bytes, "took", took.Round(time.Microsecond))
}

// A recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
