package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// browser is what a browser has after it logged in.
type browser struct {
	body   string // of the answer
	csrf   string
	cookie *http.Cookie
}

func (b browser) headers() []string {
	return []string{"Cookie", b.cookie.Name + "=" + b.cookie.Value, csrfHeader, b.csrf}
}

// logIn logs in and must succeed.
func logIn(t testing.TB, s http.Handler, body string, header ...string) browser {
	t.Helper()
	res := post(s, "/api/v1/login", body, header...)
	b := browser{body: text(t, res)}
	var in LoggedIn
	if err := json.Unmarshal([]byte(b.body), &in); err != nil || res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 {
		t.Fatalf("login: %d %s, %d cookies", res.StatusCode, b.body, len(res.Cookies()))
	}
	b.csrf, b.cookie = in.CSRF, res.Cookies()[0]
	return b
}

const (
	aToken   = `{"token": "0123456789abcdef"}`
	theToken = "0123456789abcdef"
)

func tokenLogin(t testing.TB) *Login {
	t.Helper()
	login, err := ParseLogin(theToken)
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// TestSession follows a browser from its login to its logout.
func TestSession(t *testing.T) {
	a := &actor{}
	_, s := serving(Options{Login: tokenLogin(t), Actions: a.actions(), Audit: auditOf(t)}, complete())
	b := logIn(t, s, aToken)
	c := b.cookie
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.Domain != "" || c.MaxAge != 0 || len(c.Value) < 43 {
		t.Errorf("the cookie is %+v", c)
	}
	if strings.Contains(b.body, c.Value) {
		t.Error("a script can read the secret")
	}
	if res := get(s, "/api/v1/servers", b.headers()...); res.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: %d", res.StatusCode)
	}
	if about := decode[About](t, get(s, "/api/v1/about", b.headers()...)); about.CSRF != b.csrf || about.Login != "token" {
		t.Errorf("about says %+v", about)
	}
	other := logIn(t, s, aToken)
	for name, tt := range map[string]struct {
		header []string
		code   string
	}{
		"without the CSRF token":   {[]string{"Cookie", c.Name + "=" + c.Value}, codeCSRF},
		"with another session's":   {[]string{"Cookie", c.Name + "=" + c.Value, csrfHeader, other.csrf}, codeCSRF},
		"from another site":        {append(b.headers(), "Sec-Fetch-Site", "cross-site"), codeCrossSite},
		"from another origin":      {append(b.headers(), "Origin", "http://localhost:81"), codeCrossSite},
		"with another secret":      {[]string{"Cookie", c.Name + "=" + strings.Repeat("A", 43), csrfHeader, b.csrf}, codeLogin},
		"with none":                {[]string{csrfHeader, b.csrf}, codeLogin},
		"by a program from a site": {[]string{"Authorization", "Bearer " + theToken, "Sec-Fetch-Site", "cross-site"}, codeCrossSite},
		"right":                    {b.headers(), ""},
		"by a program":             {[]string{"Authorization", "Bearer " + theToken}, ""},
	} {
		if got := code(t, post(s, killPath, killing, tt.header...)); got != tt.code || (a.told() != "") != (tt.code == "") {
			t.Errorf("%s: %q, want %q", name, got, tt.code)
		}
	}
	gone := post(s, "/api/v1/logout", "", b.headers()...)
	if gone.StatusCode != http.StatusOK || len(gone.Cookies()) != 1 || gone.Cookies()[0].MaxAge >= 0 || gone.Cookies()[0].Name != c.Name {
		t.Errorf("logout: %d, %+v", gone.StatusCode, gone.Cookies())
	}
	if res := get(s, "/api/v1/servers", b.headers()...); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after it: %d", res.StatusCode)
	}
	if res := get(s, "/api/v1/servers", other.headers()...); res.StatusCode != http.StatusOK {
		t.Errorf("the other session: %d", res.StatusCode)
	}
	if res := post(s, "/api/v1/logout", "", "Authorization", "Bearer "+theToken); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a program logs out: %d", res.StatusCode)
	}
}

// TestLoginForm holds which bodies are a login, and what is said of the others.
func TestLoginForm(t *testing.T) {
	pair, err := ParseLogin("ann:long enough: yes")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		login  *Login
		body   string
		status int
		code   string
	}{
		{pair, `{"user": "ann", "password": "long enough: yes"}`, 200, ""},
		{pair, `{"user": "bob", "password": "long enough: yes"}`, 401, codeLogin},
		{pair, `{"user": "ann", "password": "zz-wrong"}`, 401, codeLogin},
		{pair, `{"token": "long enough: yes"}`, 401, codeLogin},
		{pair, `{"user": "ann"}`, 401, codeLogin},
		{pair, `{}`, 401, codeLogin},
		{pair, `null`, 401, codeLogin},
		{tokenLogin(t), aToken, 200, ""},
		{tokenLogin(t), `{"user": "x", "password": "0123456789abcdef"}`, 200, ""},
		{tokenLogin(t), `{"token": "zz-wrong"}`, 401, codeLogin},
		{tokenLogin(t), `{"token": ""}`, 401, codeLogin},
		{tokenLogin(t), `{"token": ["zz-wrong"]}`, 400, codeBadRequest},
		{tokenLogin(t), `{"zz-wrong": 1}`, 400, codeBadRequest},
		{tokenLogin(t), `zz-wrong`, 400, codeBadRequest},
		{nil, aToken, 404, codeNotFound},
	} {
		_, s := serving(Options{Login: tt.login}, complete())
		res := post(s, "/api/v1/login", tt.body)
		body := text(t, res)
		if res.StatusCode != tt.status || !strings.Contains(body, tt.code) || strings.Contains(body, "zz-") {
			t.Errorf("%s: %d %s, want %d %s", tt.body, res.StatusCode, body, tt.status, tt.code)
		}
		if (len(res.Cookies()) > 0) != (tt.status == 200) {
			t.Errorf("%s: the cookies are %v", tt.body, res.Cookies())
		}
	}
	_, s := serving(Options{Login: pair}, complete())
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Host": "evil.example", "Content-Type": "application/x-www-form-urlencoded"} {
		if res := post(s, "/api/v1/login", `{"user": "ann", "password": "long enough: yes"}`, header, value); len(res.Cookies()) > 0 {
			t.Errorf("%s %s: logged in by another site", header, value)
		}
	}
}

// TestCookieNames holds that a cookie is known by its port, and that under TLS no other is taken.
func TestCookieNames(t *testing.T) {
	_, s := serving(Options{Login: tokenLogin(t)}, complete())
	for _, tt := range []struct {
		host, origin, name string
		secure             bool
	}{
		{"localhost:7979", "", "redistop-7979", false},
		{"localhost", "http://localhost", "redistop", false},
		{"[::1]:80", "", "redistop-80", false},
		{"10.0.0.1:7979", "https://10.0.0.1:7979", "__Host-redistop-7979", true}, // a proxy with TLS
	} {
		c := logIn(t, s, aToken, "Host", tt.host, "Origin", tt.origin).cookie
		if c.Name != tt.name || c.Secure != tt.secure {
			t.Errorf("%+v: the cookie is %s, secure: %v", tt, c.Name, c.Secure)
		}
	}
	plain := logIn(t, s, aToken)
	server := httptest.NewTLSServer(s)
	defer server.Close()
	ask := func(name, value string) int {
		req, _ := http.NewRequest(http.MethodGet, server.URL+"/api/v1/servers", nil)
		req.AddCookie(&http.Cookie{Name: name, Value: value})
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "https://"), ":")
	if got := ask("redistop-"+port, plain.cookie.Value); got != http.StatusUnauthorized {
		t.Errorf("under TLS a cookie that any host may have set: %d", got)
	}
	if got := ask("__Host-redistop-"+port, plain.cookie.Value); got != http.StatusOK {
		t.Errorf("under TLS: %d", got)
	}
}

// TestFixation holds that a login makes a secret of its own, whatever the browser brought along.
func TestFixation(t *testing.T) {
	_, s := serving(Options{Login: tokenLogin(t)}, complete())
	planted := logIn(t, s, aToken, "Cookie", "redistop="+strings.Repeat("A", 43))
	if planted.cookie.Value == strings.Repeat("A", 43) {
		t.Error("the secret was taken from the request")
	}
	again := logIn(t, s, aToken, "Cookie", "redistop="+planted.cookie.Value)
	if again.cookie.Value == planted.cookie.Value || again.csrf == planted.csrf {
		t.Error("the second login has the secret of the first")
	}
	if res := get(s, "/api/v1/servers", planted.headers()...); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the session from before the login: %d", res.StatusCode)
	}
}

// TestExpiry lets sessions grow old.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := serving(Options{Login: tokenLogin(t)}, complete())
		lives := func(b browser) bool { return get(s, "/api/v1/servers", b.headers()...).StatusCode == http.StatusOK }
		idle, used := logIn(t, s, aToken), logIn(t, s, aToken)
		for range longestSession/idleSession*2 - 1 {
			time.Sleep(idleSession / 2)
			if !lives(used) {
				t.Fatal("the one that is used ended")
			}
		}
		if lives(idle) {
			t.Error("the one that nobody uses lives")
		}
		time.Sleep(idleSession / 2)
		if lives(used) {
			t.Error("none lives longer than a week")
		}
		if n := len(s.sessions.live); n != 0 {
			t.Errorf("%d are kept", n)
		}
	})
}

// TestEventsEndWithTheSession holds that whoever reads events is let go at the logout, and at the end of the
// session's life; and that reading is using.
func TestEventsEndWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := serving(Options{Login: tokenLogin(t)}, complete())
		read := func(b browser) (ended chan time.Time) {
			ended = make(chan time.Time, 1)
			r := httptest.NewRequest(http.MethodGet, "/api/v1/events", nil)
			r.Host = "localhost"
			r.AddCookie(b.cookie)
			go func() {
				s.ServeHTTP(endless{httptest.NewRecorder()}, r.WithContext(t.Context()))
				ended <- time.Now()
			}()
			return ended
		}
		leaves, stays := logIn(t, s, aToken), logIn(t, s, aToken)
		begun := time.Now()
		first, second := read(leaves), read(stays)
		time.Sleep(2 * idleSession)
		if get(s, "/api/v1/servers", leaves.headers()...).StatusCode != http.StatusOK {
			t.Error("who reads events is taken for idle")
		}
		if res := post(s, "/api/v1/logout", "", leaves.headers()...); res.StatusCode != http.StatusOK {
			t.Fatalf("logout: %d", res.StatusCode)
		}
		if at := <-first; at.Sub(begun) != 2*idleSession {
			t.Errorf("the reader goes after %s", at.Sub(begun))
		}
		if at := <-second; at.Sub(begun) != longestSession {
			t.Errorf("the other reader goes after %s", at.Sub(begun))
		}
	})
}

// endless is a ResponseWriter for events that takes everything at once and keeps nothing.
type endless struct{ *httptest.ResponseRecorder }

func (endless) Write(b []byte) (int, error)      { return len(b), nil }
func (endless) SetWriteDeadline(time.Time) error { return nil }

// TestSessionsAreBounded logs in more often than sessions are kept: the one that was used longest ago goes.
func TestSessionsAreBounded(t *testing.T) {
	s := newSessions(nil, nil, time.Now())
	now := time.Unix(1_700_000_000, 0)
	first, second := s.start("a", now), s.start("a", now.Add(1))
	for i := range mostSessions - 2 {
		s.start("a", now.Add(time.Duration(i+2)))
	}
	s.leave(s.enter(first, now.Add(time.Minute)), now.Add(time.Minute))
	s.start("a", now.Add(2*time.Minute))
	if len(s.live) != mostSessions || s.enter(first, now) == nil || s.enter(second, now) != nil {
		t.Errorf("%d live, or the wrong one went", len(s.live))
	}
}

// TestGuessesAreSlowed sends wrong logins by the form and by headers.
func TestGuessesAreSlowed(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	_, s := serving(Options{Login: tokenLogin(t), Now: func() time.Time { return now }, Audit: auditOf(t)}, complete())
	bearer := func(token, from string) int {
		return ask(s, http.MethodGet, "/api/v1/servers", "localhost", from, "Authorization", "Bearer "+token).StatusCode
	}
	form := func(token string) int {
		return post(s, "/api/v1/login", fmt.Sprintf(`{"token": %q}`, token)).StatusCode
	}
	inside := logIn(t, s, aToken)
	for i := range freeGuesses / 2 {
		if a, b := form("wrong"), bearer("wrong", here); a != 401 || b != 401 {
			t.Fatalf("guess %d: %d, %d", i, a, b)
		}
	}
	if a, b, c := form("wrong"), bearer("wrong", here), form(theToken); a != 429 || b != 429 || c != 429 {
		t.Errorf("one more: %d, %d, the right one too early: %d", a, b, c)
	}
	if got := bearer(theToken, "10.0.0.1:1"); got != 200 {
		t.Errorf("another address: %d", got)
	}
	if got := get(s, "/api/v1/servers", inside.headers()...).StatusCode; got != 200 {
		t.Errorf("who is logged in: %d", got)
	}
	now = now.Add(guessPause)
	if a, b := form(theToken), form("wrong"); a != 200 || b != 401 {
		t.Errorf("after a pause: %d, %d", a, b)
	}
	// A program that was let in of late is not locked out by who guesses behind its address.
	for range 2 * freeGuesses {
		bearer("wrong", "10.0.0.1:2")
	}
	if a, b := bearer(theToken, "10.0.0.1:3"), bearer(theToken, here); a != 200 || b != 429 {
		t.Errorf("a program that is known: %d; one that is not: %d", a, b)
	}
}

// TestGuessesAreBounded lets many addresses guess.
func TestGuessesAreBounded(t *testing.T) {
	g := newGuesses()
	now := time.Unix(1_700_000_000, 0)
	wrong := func() bool { return false }
	for i := range 5 * mostAddresses {
		g.try(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), false, now, wrong)
		if n := len(g.recent) + len(g.older); n > 2*mostAddresses {
			t.Fatalf("%d addresses are kept", n)
		}
	}
}

// TestWhoIsAskedByAWindow holds that a browser asks for a password by a window of its own only where no page can.
func TestWhoIsAskedByAWindow(t *testing.T) {
	_, s := serving(Options{Login: tokenLogin(t)}, complete())
	for _, tt := range []struct {
		header []string
		basic  bool
	}{
		{nil, true},
		{[]string{"Sec-Fetch-Mode", "navigate"}, true},
		{[]string{"Sec-Fetch-Mode", "cors"}, false},
		{[]string{"Sec-Fetch-Mode", "same-origin"}, false},
		{[]string{"X-Requested-With", "redistop"}, false},
		{[]string{"Accept", "text/event-stream"}, false},
		{[]string{"Accept", "application/json"}, false},
		{[]string{"Accept", "*/*"}, true},
		{[]string{"Accept", "text/html,application/xhtml+xml"}, true},
		{[]string{"Cookie", "redistop=gone"}, false},
	} {
		res := get(s, "/api/v1/servers", tt.header...)
		if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != 401 || got == "" || strings.HasPrefix(got, "Basic") != tt.basic {
			t.Errorf("%q: %d, %s", tt.header, res.StatusCode, got)
		}
		if p := decodeProblem(t, res); p.Login != "token" {
			t.Errorf("%q: the login is said to be %q", tt.header, p.Login)
		}
	}
}

func decodeProblem(t *testing.T, r *http.Response) (p Problem) {
	t.Helper()
	if err := json.Unmarshal([]byte(text(t, r)), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSessionContext holds that a request by a session keeps what its connection says.
func TestSessionContext(t *testing.T) {
	_, s := serving(Options{Login: tokenLogin(t)}, complete())
	secret := s.sessions.start("ann", time.Now())
	one := s.sessions.enter(secret, time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	r, done := s.withCaller(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), caller{who: "ann", session: one})
	if callerOf(r).who != "ann" || r.Context().Err() != nil {
		t.Error("the caller is not known")
	}
	cancel()
	if r.Context().Err() == nil {
		t.Error("the connection is gone, the request is not")
	}
	if done(); one.users != 0 {
		t.Errorf("%d requests are under way", one.users)
	}
}
