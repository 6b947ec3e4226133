package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// idleSession is how long a session lives that nobody uses; one that reads events is used.
	idleSession = 12 * time.Hour
	// longestSession is how long any lives.
	longestSession = 7 * 24 * time.Hour
	// mostSessions bounds those that live; then the one that was used longest ago ends.
	mostSessions = 1000
	// secretBytes is the length of what only the browser knows.
	secretBytes = 32
)

// Sessions are the logins of browsers. A browser has a random secret in a cookie, and here is its hash alone. They
// end with the program where no file keeps them.
type sessions struct {
	key  [secretBytes]byte // CSRF tokens are made with it
	file func()            // keeps them as they are; nil: nothing does

	mu    sync.Mutex
	live  map[[sha256.Size]byte]*session // guarded by mu
	wrote time.Time                      // when they were last kept; guarded by mu
}

// A session is one login of one browser.
type session struct {
	who   string
	begun time.Time

	ended context.Context // done when it is over, so that whoever reads events by it goes
	end   context.CancelFunc

	used  time.Time // guarded by sessions.mu
	users int       // requests under way; guarded by sessions.mu
}

// newSessions are those that the file keeps for the login; file may be nil.
func newSessions(file *SessionFile, login *Login, now time.Time) *sessions {
	s := &sessions{live: map[[sha256.Size]byte]*session{}, wrote: now}
	rand.Read(s.key[:]) // it never fails
	if file != nil && login != nil {
		file.read(s, login, now)
		s.file = func() { file.write(s, login) }
	}
	return s
}

func newSession(who string, begun, used time.Time) *session {
	one := &session{who: who, begun: begun, used: used}
	one.ended, one.end = context.WithCancel(context.Background())
	return one
}

// start makes a session and returns the secret for its cookie.
func (s *sessions) start(who string, now time.Time) string {
	var secret [secretBytes]byte
	rand.Read(secret[:])
	text := base64.RawURLEncoding.EncodeToString(secret[:])
	s.mu.Lock()
	s.makeRoom(now)
	s.live[sha256.Sum256([]byte(text))] = newSession(who, now, now)
	s.mu.Unlock()
	s.keep(now)
	return text
}

// keep has the file keep the sessions, where there is one.
func (s *sessions) keep(now time.Time) {
	if s.file == nil {
		return
	}
	s.mu.Lock()
	s.wrote = now
	for _, one := range s.live {
		if one.users > 0 {
			one.used = now
		}
	}
	s.mu.Unlock()
	s.file()
}

// kept is what a file is to keep of them.
func (s *sessions) kept() []sessionKept {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]sessionKept, 0, len(s.live))
	for hash, one := range s.live {
		kept = append(kept, sessionKept{hash[:], one.who, one.begun, one.used})
	}
	return kept
}

// makeRoom drops the sessions that are over, and one more where there are still too many. The caller holds mu.
func (s *sessions) makeRoom(now time.Time) {
	var oldest [sha256.Size]byte
	for hash, one := range s.live {
		if one.over(now) {
			s.drop(hash)
		} else if least := s.live[oldest]; least == nil || one.used.Before(least.used) {
			oldest = hash
		}
	}
	if len(s.live) >= mostSessions {
		s.drop(oldest)
	}
}

// drop ends a session. The caller holds mu.
func (s *sessions) drop(hash [sha256.Size]byte) {
	s.live[hash].end()
	delete(s.live, hash)
}

// over says whether a session has lived its time. The caller holds sessions.mu.
func (s *session) over(now time.Time) bool {
	return now.Sub(s.begun) >= longestSession || s.users == 0 && now.Sub(s.used) >= idleSession
}

// enter is the session with this secret, nil where there is none. Whoever gets one calls leave.
func (s *sessions) enter(secret string, now time.Time) *session {
	hash := sha256.Sum256([]byte(secret))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.live[hash]
	switch {
	case one == nil:
		return nil
	case one.over(now):
		s.drop(hash)
		return nil
	}
	one.used = now
	one.users++
	if s.file != nil && now.Sub(s.wrote) >= restUses {
		s.wrote = now
		go s.file()
	}
	return one
}

// leave says that a request is answered.
func (s *sessions) leave(one *session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.used = now
	one.users--
}

// close ends the session with this secret, where there is one.
func (s *sessions) close(secret string, now time.Time) {
	hash := sha256.Sum256([]byte(secret))
	s.mu.Lock()
	there := s.live[hash] != nil
	if there {
		s.drop(hash)
	}
	s.mu.Unlock()
	if there {
		s.keep(now)
	}
}

// csrf is what a request that changes something must carry beside the secret of its session, "" where there are no
// logins. A page of another site can make a browser send the cookie; it cannot read this.
func (s *sessions) csrf(secret string) string {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte("csrf:" + secret))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// sameText compares in a time that tells nothing.
func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// cookieName is the name of the cookie. A browser keeps one jar for all ports of a host, so the port is part of
// it. Under TLS the prefix makes the browser hold that no other host and no plain connection has set it.
func cookieName(r *http.Request, secure bool) string {
	name := "redistop"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "-" + port
	}
	if secure {
		name = "__Host-" + name
	}
	return name
}

// overTLS says whether the browser speaks TLS, to us or to a proxy before us. What it says of the page that asks
// can only be wrong to its own harm.
func overTLS(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

// secretOf is the secret that a request carries, "" where it has none.
func secretOf(r *http.Request) string {
	if c, err := r.Cookie(cookieName(r, true)); err == nil {
		return c.Value
	}
	if r.TLS != nil {
		return ""
	}
	if c, err := r.Cookie(cookieName(r, false)); err == nil {
		return c.Value
	}
	return ""
}

// setCookie gives the browser a secret, or takes it away where that is "". It has no date: it goes with the browser.
func setCookie(w http.ResponseWriter, r *http.Request, secret string) {
	secure := overTLS(r)
	c := &http.Cookie{Name: cookieName(r, secure), Value: secret, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
