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

// guard is what a request passes before a route sees it. There is no route that changes anything, and
// no login is kept in a cookie, so no site can do something in a user's name: what has to be held is that
// none can read.
func (s *Server) guard(next http.Handler) http.Handler {
	health := map[string]bool{}
	for _, r := range routes() {
		health[r.path] = r.open
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := s.options.Now()
		h := w.Header()
		for name, value := range answerHeaders {
			h.Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		rec := &recorder{ResponseWriter: w}
		if s.admit(rec, r, health[r.URL.Path]) {
			next.ServeHTTP(rec, r)
		}
		s.count(rec.code())
		s.log(r, rec, s.options.Now().Sub(begun))
	})
}

// admit says whether a request may pass; it has answered one that may not.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, health bool) bool {
	switch {
	case !s.hostAllowed(r.Host):
		problem(w, http.StatusMisdirectedRequest, codeHost, "this program does not go by the name that the request is addressed to", "start it with --allowed-host NAME if it should")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, codeMethod, "only GET and HEAD: nothing here can be changed", "")
	case health:
		return true
	case !s.limits.allow(remote(r), s.options.Now()):
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusTooManyRequests, codeRate, "more requests than one address may make", "the limit is set by --rate")
	case s.isPage(r.URL.Path):
		return true
	case s.options.Login != nil && !s.options.Login.accepts(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="redistop", charset="UTF-8"`)
		problem(w, http.StatusUnauthorized, codeLogin, "a token or a password is needed", "send Authorization: Bearer TOKEN, or log in with user and password")
	default:
		return true
	}
	return false
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
