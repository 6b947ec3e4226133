package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ask sends a request with everything that guards look at.
func ask(s http.Handler, method, path, host, from string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Host, r.RemoteAddr = host, from
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

const here = "127.0.0.1:5000"

func TestHost(t *testing.T) {
	_, s := serving(Options{Hosts: []string{"Top.example.com"}}, complete())
	for host, want := range map[string]int{
		"localhost": 200, "localhost:7979": 200, "LOCALHOST.": 200, "127.0.0.1:7979": 200, "[::1]:7979": 200, "10.0.0.1": 200,
		"top.example.com": 200, "TOP.example.com:443": 200,
		"evil.example": 421, "evil.example:7979": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "": 421,
		"top.example.com.evil.example": 421, "localhost@evil.example": 421, "x:y:z": 421,
	} {
		for _, path := range []string{"/", "/metrics", "/healthz", "/api/v1/events?server=x"} {
			res := ask(s, http.MethodGet, path, host, here)
			if (res.StatusCode == 421) != (want == 421) {
				t.Errorf("Host %q, %s: status %d, want %d", host, path, res.StatusCode, want)
			}
		}
	}
}

// TestEveryAnswerIsGuarded holds the headers on all kinds of answers, and that no other site is let in.
func TestEveryAnswerIsGuarded(t *testing.T) {
	login, err := ParseLogin("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	_, open := serving(Options{}, complete())
	_, closed := serving(Options{Login: login}, complete())
	for _, s := range []*Server{open, closed} {
		for _, path := range []string{"/", "/style.css", "/nothing", "/metrics", "/healthz", "/api/v1/findings", "/api/v1/findings?x=y"} {
			res := ask(s, http.MethodGet, path, "localhost", here, "Origin", "https://evil.example")
			for name, value := range answerHeaders {
				if res.Header.Get(name) != value {
					t.Errorf("%s: %s is %q", path, name, res.Header.Get(name))
				}
			}
			if res.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: another site may read it", path)
			}
		}
	}
	if csp := answerHeaders["Content-Security-Policy"]; strings.Contains(csp, "unsafe") || strings.Contains(csp, "script") {
		t.Errorf("scripts may run: %s", csp)
	}
}

// TestMethods holds that each route answers its own methods alone, whoever asks.
func TestMethods(t *testing.T) {
	_, s := serving(Options{}, complete())
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "KILL"} {
		for _, r := range routes() {
			res := ask(s, method, strings.ReplaceAll(r.path, "{name}", "a"), "localhost", here)
			if refused := res.StatusCode == http.StatusMethodNotAllowed; refused == (method == r.method) || refused && res.Header.Get("Allow") != r.methods() {
				t.Errorf("%s %s: status %d, Allow %s", method, r.path, res.StatusCode, res.Header.Get("Allow"))
			}
		}
	}
	if res := ask(s, http.MethodHead, "/api/v1/servers", "localhost", here); res.StatusCode != http.StatusOK {
		t.Errorf("HEAD: status %d", res.StatusCode)
	}
}

func TestLogin(t *testing.T) {
	past := eventful(t)
	for _, tt := range []struct{ text, wrong string }{
		{"0123456789abcde", "fewer than 16"}, {"ann:short", "fewer than 12"}, {":0123456789abcdef", "no user"},
		{"", "fewer than 16"}, {"0123456789abcdef\n0123456789abcdef", "more than one line"},
		{"0123456789abcdef\n", ""}, {"ann:long enough: yes", ""},
	} {
		_, err := ParseLogin(tt.text)
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.wrong)
		}
		if err != nil && strings.Contains(err.Error(), "0123") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	token, _ := ParseLogin("0123456789abcdef\n")
	pair, _ := ParseLogin("ann:long enough: yes")
	basic := func(user, password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for _, tt := range []struct {
		name   string
		login  *Login
		header string
		want   int
	}{
		{"none", token, "", 401},
		{"the token", token, "Bearer 0123456789abcdef", 200},
		{"in any case", token, "bearer 0123456789abcdef", 200},
		{"as a password", token, basic("anyone", "0123456789abcdef"), 200},
		{"as a user", token, basic("0123456789abcdef", ""), 401},
		{"another token", token, "Bearer 0123456789abcdeF", 401},
		{"a longer one", token, "Bearer 0123456789abcdef0", 401},
		{"an empty one", token, "Bearer ", 401},
		{"another scheme", token, "Digest 0123456789abcdef", 401},
		{"user and password", pair, basic("ann", "long enough: yes"), 200},
		{"another user", pair, basic("bob", "long enough: yes"), 401},
		{"another password", pair, basic("ann", "long enough: no"), 401},
		{"no user", pair, basic("", "long enough: yes"), 401},
		{"the password as a token", pair, "Bearer long enough: yes", 401},
		{"no base64", pair, "Basic %%%", 401},
	} {
		now := time.Unix(1_700_000_000, 0)
		slowly := func() time.Time { now = now.Add(guessPause); return now } // TestGuessesAreSlowed
		_, s := serving(Options{Login: tt.login, Now: slowly, Actions: (&actor{}).actions(), Audit: auditOf(t), Past: past}, complete())
		for _, r := range routes() {
			if r.events != nil || r.method != "" {
				continue
			}
			want := tt.want
			if r.open {
				want = 200
			}
			res := ask(s, http.MethodGet, strings.ReplaceAll(r.path, "{name}", "a"), "localhost", here, "Authorization", tt.header)
			if res.StatusCode != want || want == 401 && !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("%s, %s: status %d, want %d", tt.name, r.path, res.StatusCode, want)
			}
		}
		if res := ask(s, http.MethodGet, "/nothing", "localhost", here, "Authorization", tt.header); tt.want == 401 && res.StatusCode != 401 {
			t.Errorf("%s: what is here is told to strangers: %d", tt.name, res.StatusCode)
		}
	}
}

func TestRate(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	_, s := serving(Options{Rate: 10, Now: func() time.Time { return now }}, complete())
	burst := func(from string, n int) (passed int) {
		for range n {
			if ask(s, http.MethodGet, "/api/v1/servers", "localhost", from).StatusCode == http.StatusOK {
				passed++
			}
		}
		return passed
	}
	if n := burst("10.0.0.1:1", 50); n != 20 {
		t.Errorf("%d of 50 at once pass, want 20", n)
	}
	if res := ask(s, http.MethodGet, "/", "localhost", "10.0.0.1:2"); res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("another port of the same address: status %d", res.StatusCode)
	}
	if n := burst("10.0.0.2:1", 50); n != 20 {
		t.Errorf("another address: %d pass, want 20", n)
	}
	if n := burst("[2001:db8::1]:1", 15) + burst("[2001:db8::2]:1", 15); n != 20 {
		t.Errorf("two addresses of one network: %d pass, want 20", n)
	}
	if n := burst("127.0.0.1:1", 50) + burst("[::1]:1", 50); n != 100 {
		t.Errorf("from this host %d of 100 pass", n)
	}
	now = now.Add(time.Second)
	if n := burst("10.0.0.1:1", 50); n != 10 {
		t.Errorf("a second later %d pass, want 10", n)
	}
	if res := ask(s, http.MethodGet, "/healthz", "localhost", "10.0.0.1:1"); res.StatusCode != 200 {
		t.Errorf("health: status %d", res.StatusCode)
	}
}

// TestRateIsBounded lets many addresses come: the memory for them has an end, and who keeps asking too
// much is not forgotten for them.
func TestRateIsBounded(t *testing.T) {
	l := newLimiter(1)
	now := time.Unix(1_700_000_000, 0)
	busy := netip.MustParseAddr("192.0.2.1")
	for l.allow(busy, now) {
	}
	for i := range 5 * mostAddresses {
		l.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
		if n := len(l.recent) + len(l.older); n > 2*mostAddresses {
			t.Fatalf("%d addresses are kept", n)
		}
		if i%100 == 0 && l.allow(busy, now) {
			t.Fatalf("the busy one was forgotten after %d others", i)
		}
	}
}

func TestAccessLog(t *testing.T) {
	var out bytes.Buffer
	_, s := serving(Options{Log: slog.New(slog.NewTextHandler(&out, nil))}, complete())
	ask(s, http.MethodGet, "/api/v1/servers/a/clients?filter=secret", "localhost", "10.1.2.3:4", "Authorization", "Bearer secret")
	ask(s, http.MethodGet, "/no%0athing\u202e", "localhost", "10.1.2.3:4")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2: %s", len(lines), &out)
	}
	for _, want := range []string{"from=10.1.2.3:4", "method=GET", "path=/api/v1/servers/a/clients ", "status=200", "bytes=", "took="} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("no %s in %s", want, lines[0])
		}
	}
	if !strings.Contains(lines[1], "status=404") || strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "\u202e") {
		t.Errorf("the log says %s", &out)
	}
}

// TestCaching asks again for what has not changed.
func TestCaching(t *testing.T) {
	board, s := serving(Options{}, complete(), complete())
	for _, path := range []string{"/api/v1/servers", "/api/v1/servers/a/snapshot", "/api/v1/servers/a/clients", "/api/v1/findings", "/api/v1/last_observation", "/api/v1/openapi.json", "/style.css"} {
		first := get(s, path)
		tag := first.Header.Get("ETag")
		again := get(s, path, "If-None-Match", `"x", W/`+tag)
		if first.StatusCode != 200 || tag == "" || again.StatusCode != http.StatusNotModified || text(t, again) != "" {
			t.Errorf("%s: %d with %s, then %d", path, first.StatusCode, tag, again.StatusCode)
		}
		if res := get(s, path, "If-None-Match", `"x"`); res.StatusCode != 200 {
			t.Errorf("%s: another tag: %d", path, res.StatusCode)
		}
	}
	tag := get(s, "/api/v1/servers/a/snapshot").Header.Get("ETag")
	board.Publish(1, complete())
	if res := get(s, "/api/v1/servers/a/snapshot", "If-None-Match", tag); res.StatusCode != http.StatusNotModified {
		t.Errorf("news of b changed a: %d", res.StatusCode)
	}
	board.Publish(0, complete())
	if res := get(s, "/api/v1/servers/a/snapshot", "If-None-Match", tag); res.StatusCode != 200 {
		t.Errorf("news of a did not: %d", res.StatusCode)
	}
}

func TestCompression(t *testing.T) {
	_, s := serving(Options{}, recorded(t, "redis-7.0.15")[1])
	server := httptest.NewServer(s)
	defer server.Close()
	plain := text(t, get(s, "/api/v1/servers/a/snapshot"))
	res, err := http.Get(server.URL + "/api/v1/servers/a/snapshot") // asks for gzip and undoes it
	if err != nil {
		t.Fatal(err)
	}
	if !res.Uncompressed || text(t, res) != plain {
		t.Errorf("compressed: %v, or not the same", res.Uncompressed)
	}
	small := get(s, "/api/v1/servers/a/snapshot", "Accept-Encoding", "br, gzip;q=0.5")
	if n, _ := strconv.Atoi(small.Header.Get("Content-Length")); n == 0 || n > len(plain)/3 || !strings.HasPrefix(small.Header.Get("ETag"), "W/") {
		t.Errorf("%d bytes of %d, ETag %s", n, len(plain), small.Header.Get("ETag"))
	}
	for _, refused := range []string{"", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"} {
		if res := get(s, "/api/v1/servers/a/snapshot", "Accept-Encoding", refused); res.Header.Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q: %s", refused, res.Header.Get("Content-Encoding"))
		}
	}
}
