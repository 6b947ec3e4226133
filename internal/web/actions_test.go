package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"redistop/internal/stats"
)

// actor does nothing but note what it is told.
type actor struct {
	mu   sync.Mutex
	did  []string
	err  error
	hold chan struct{} // a kill waits for it
	live []stats.LiveCommand
}

func (a *actor) note(format string, args ...any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.did = append(a.did, fmt.Sprintf(format, args...))
	return a.err
}

// told takes what was done since it was asked last.
func (a *actor) told() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	did := strings.Join(a.did, ", ")
	a.did = nil
	return did
}

func (a *actor) actions() *Actions {
	return &Actions{
		Kill: func(ctx context.Context, server string, id int64, addr string) error {
			if _, bounded := ctx.Deadline(); !bounded {
				return errors.New("nothing bounds this")
			}
			if a.hold != nil {
				<-a.hold
			}
			return a.note("kill %s %d %s", server, id, addr)
		},
		Watch: func(server string, d time.Duration) { a.note("watch %s %s", server, d) },
		Live: func(server string, from int64) ([]stats.LiveCommand, int64, int64) {
			lines := a.live[min(int(from), len(a.live)):]
			return lines, int64(len(a.live)), 0
		},
	}
}

// auditOf is an audit log in a folder of the test.
func auditOf(t *testing.T) *Audit {
	return NewAudit(filepath.Join(t.TempDir(), "state", "audit.log"), func(err error) { t.Error(err) })
}

// post sends a body from a program on this host; header is name, value, name, value ... An empty value takes the
// header away.
func post(s http.Handler, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "localhost", here
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// code is the code of a Problem, "" of another answer.
func code(t testing.TB, r *http.Response) string {
	t.Helper()
	var p Problem
	json.Unmarshal([]byte(text(t, r)), &p)
	return p.Code
}

const (
	killPath = "/api/v1/servers/a/clients/kill"
	killing  = `{"id": 7, "addr": "10.0.0.1:50000"}`
)

// TestActionsOfALocalPage does everything that can be done where no login is asked for.
func TestActionsOfALocalPage(t *testing.T) {
	a := &actor{}
	_, s := serving(Options{Actions: a.actions(), Audit: auditOf(t)}, complete())
	about := decode[About](t, get(s, "/api/v1/about"))
	if !about.Actions || about.Login != "none" || about.CSRF == "" || about.ShowValues {
		t.Fatalf("about says %+v", about)
	}
	for _, tt := range []struct {
		path, body string
		header     []string
		status     int
		code, did  string
	}{
		{killPath, killing, nil, 403, codeCSRF, ""},
		{killPath, killing, []string{csrfHeader, "x"}, 403, codeCSRF, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF}, 200, "", "kill a 7 10.0.0.1:50000"},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Sec-Fetch-Site", "same-origin"}, 200, "", "kill a 7 10.0.0.1:50000"},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Sec-Fetch-Site", "cross-site"}, 403, codeCrossSite, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Sec-Fetch-Site", "same-site"}, 403, codeCrossSite, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Origin", "https://evil.example"}, 403, codeCrossSite, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Origin", "null"}, 403, codeCrossSite, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Origin", "http://localhost"}, 200, "", "kill a 7 10.0.0.1:50000"},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Host", "evil.example"}, 421, codeHost, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Content-Type", "text/plain"}, 415, codeMedia, ""},
		{killPath, killing, []string{csrfHeader, about.CSRF, "Content-Type", ""}, 415, codeMedia, ""},
		{"/api/v1/servers/z/clients/kill", killing, []string{csrfHeader, about.CSRF}, 404, codeNotFound, ""},
		{killPath, `{"id": 7}`, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, `{"addr": "10.0.0.1:50000"}`, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, `{"id": -1, "addr": "x"}`, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, `{"id": 7, "addr": "x", "all": true}`, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, killing + killing, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, `[`, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, ``, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{killPath, `{"addr": "` + strings.Repeat("x", mostBody) + `"}`, []string{csrfHeader, about.CSRF}, 413, codeBadRequest, ""},
		{"/api/v1/servers/a/monitor", `{"seconds": 10}`, []string{csrfHeader, about.CSRF}, 200, "", "watch a 10s"},
		{"/api/v1/servers/a/monitor", `{"seconds": 0}`, []string{csrfHeader, about.CSRF}, 200, "", "watch a 0s"},
		{"/api/v1/servers/a/monitor", `{"seconds": 61}`, []string{csrfHeader, about.CSRF}, 400, codeBadRequest, ""},
		{"/api/v1/servers/a/monitor", `{"seconds": 10}`, nil, 403, codeCSRF, ""},
	} {
		res := post(s, tt.path, tt.body, tt.header...)
		status := res.StatusCode
		if got := code(t, res); status != tt.status || got != tt.code {
			t.Errorf("%s %.60s %q: %d %s, want %d %s", tt.path, tt.body, tt.header, status, got, tt.status, tt.code)
		}
		if did := a.told(); did != tt.did {
			t.Errorf("%s %.60s %q: did %q, want %q", tt.path, tt.body, tt.header, did, tt.did)
		}
	}
}

// TestActionsAreOff holds that nothing is done unless the flag is given, and that the answer says which.
func TestActionsAreOff(t *testing.T) {
	_, s := serving(Options{Audit: auditOf(t)}, complete())
	for _, r := range routes() {
		if !r.acts {
			continue
		}
		path := strings.ReplaceAll(r.path, "{name}", "a")
		res := post(s, path, "{}")
		if r.method == "" {
			res = get(s, path)
		}
		if body := text(t, res); res.StatusCode != http.StatusForbidden || !strings.Contains(body, codeActions) || !strings.Contains(body, "--allow-actions") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	if decode[About](t, get(s, "/api/v1/about")).Actions {
		t.Error("about offers them")
	}
	entries := decode[AuditList](t, get(s, "/api/v1/audit")).Entries
	if len(entries) != 2 || entries[0].Outcome != "refused: actions are not allowed" || entries[0].Who != "local" || entries[0].From != "127.0.0.1" {
		t.Errorf("the log has %+v", entries)
	}
}

// TestActionFails holds what is said when a server does not do what it is told.
func TestActionFails(t *testing.T) {
	a := &actor{}
	_, s := serving(Options{Actions: a.actions(), Audit: auditOf(t)}, complete(), down(complete()))
	csrf := decode[About](t, get(s, "/api/v1/about")).CSRF
	for _, tt := range []struct {
		err    error
		status int
		code   string
		says   string
	}{
		{fmt.Errorf("kill client id=7: %w", ErrGone), 404, codeGone, "no such connection any more"},
		{errors.New("NOPERM \x1b[2J"), 502, codeServer, `NOPERM \\x1b[2J`},
		{&HintedError{errors.New("no right"), "redistop acl --kill"}, 502, codeServer, "redistop acl --kill"},
	} {
		a.err = tt.err
		res := post(s, killPath, killing, csrfHeader, csrf)
		if body := text(t, res); res.StatusCode != tt.status || !strings.Contains(body, tt.code) || !strings.Contains(body, tt.says) {
			t.Errorf("%v: %d %s", tt.err, res.StatusCode, body)
		}
		entry := decode[AuditList](t, get(s, "/api/v1/audit?limit=1")).Entries[0]
		if !strings.HasPrefix(entry.Outcome, "failed: ") || entry.Subject != "id=7 addr=10.0.0.1:50000" || entry.Server != "a" {
			t.Errorf("%v: the log has %+v", tt.err, entry)
		}
	}
	a.told()
	if res := post(s, "/api/v1/servers/b/monitor", `{"seconds": 5}`, csrfHeader, csrf); res.StatusCode != http.StatusConflict || a.told() != "" {
		t.Errorf("MONITOR of a server that is down: %d", res.StatusCode)
	}
}

// TestActionsAreBounded holds that a person with a script cannot open connections without end.
func TestActionsAreBounded(t *testing.T) {
	a := &actor{hold: make(chan struct{})}
	_, s := serving(Options{Actions: a.actions(), Audit: auditOf(t)}, complete())
	csrf := decode[About](t, get(s, "/api/v1/about")).CSRF
	answers := make(chan int)
	for range mostActing + 1 {
		go func() { answers <- post(s, killPath, killing, csrfHeader, csrf).StatusCode }()
	}
	if first := <-answers; first != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", first)
	}
	close(a.hold)
	for range mostActing {
		if status := <-answers; status != http.StatusOK {
			t.Errorf("the others: %d", status)
		}
	}
}

// TestNothingIsDoneUnlogged breaks the audit log.
func TestNothingIsDoneUnlogged(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	complaints := 0
	broken := NewAudit(filepath.Join(folder, "file", "audit.log"), func(error) { complaints++ })
	for name, audit := range map[string]*Audit{"none": nil, "broken": broken} {
		a := &actor{}
		_, s := serving(Options{Actions: a.actions(), Audit: audit}, complete())
		csrf := decode[About](t, get(s, "/api/v1/about")).CSRF
		for range 2 {
			res := post(s, killPath, killing, csrfHeader, csrf)
			if got := code(t, res); res.StatusCode != http.StatusServiceUnavailable || got != codeAudit || a.told() != "" {
				t.Errorf("%s: %d %s", name, res.StatusCode, got)
			}
		}
	}
	if complaints != 1 {
		t.Errorf("%d complaints, want one until it works again", complaints)
	}
}

// TestLive holds what is shown of the command stream, and that values are not.
func TestLive(t *testing.T) {
	command := stats.LiveCommand{Time: time.Unix(1_700_000_000, 0), Addr: "10.0.0.1:5", Name: hostile, DB: 3, Command: "set",
		Line: `"CONFIG" "SET" "requirepass" "zzsecret"`, Keys: "CONFIG (hidden)"}
	value := command
	value.Line, value.Keys = `"SET" "k" "zzvalue"`, "SET k (7 B)"
	a := &actor{live: []stats.LiveCommand{command, value}}
	until := time.Unix(1_700_000_100, 0)
	s1 := complete()
	s1.Observer.MonitorUntil, s1.Observer.MonitorStopped = &until, ""
	now := func() time.Time { return until.Add(-time.Minute) }
	_, s := serving(Options{Actions: a.actions(), Audit: auditOf(t), Now: now}, s1)

	body := text(t, get(s, "/api/v1/servers/a/live"))
	if strings.Contains(body, "zz") || strings.Contains(body, "<img") || strings.Contains(body, "\u202e") {
		t.Errorf("it shows %s", body)
	}
	list := decode[LiveList](t, get(s, "/api/v1/servers/a/live"))
	if len(list.Lines) != 2 || list.Lines[0].N != 1 || list.Lines[1].N != 2 || list.Next != 2 || list.Lines[1].Command != "SET k (7 B)" || list.Until == nil || !list.Until.Equal(until) {
		t.Errorf("live is %+v", list)
	}
	if list := decode[LiveList](t, get(s, "/api/v1/servers/a/live?after=1")); len(list.Lines) != 1 || list.Lines[0].N != 2 {
		t.Errorf("after the first: %+v", list)
	}
	shown := NewBoard([]Watched{{Name: "a"}}, true, time.Now())
	shown.Publish(0, s1)
	list = decode[LiveList](t, get(New(shown, Options{Actions: a.actions(), Audit: auditOf(t)}), "/api/v1/servers/a/live"))
	if list.Lines[1].Command != "SET k zzvalue" || strings.Contains(list.Lines[0].Command, "zzsecret") || list.Until != nil {
		t.Errorf("asked for, live is %+v", list)
	}
}

// TestActionsAreAsDocumented holds the answers of what is posted against the document.
func TestActionsAreAsDocumented(t *testing.T) {
	login, err := ParseLogin("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	_, s := serving(Options{Actions: (&actor{}).actions(), Audit: auditOf(t), Login: login}, complete())
	doc := loadDocument(t, openTo(s, "Authorization", "Bearer 0123456789abcdef"))
	bodies := map[string]string{"/api/v1/servers/{name}/clients/kill": killing, "/api/v1/servers/{name}/monitor": `{"seconds": 1}`}
	for _, route := range routes() {
		if route.method == "" {
			continue
		}
		item := doc.Paths.Find(route.path)
		if item == nil || item.Post == nil || item.Get != nil {
			t.Errorf("%s is not in the document", route.path)
			continue
		}
		in := logIn(t, s, `{"token": "0123456789abcdef"}`)
		body := in.body
		if !route.enters {
			body = text(t, post(s, strings.ReplaceAll(route.path, "{name}", "a"), bodies[route.path], in.headers()...))
		}
		check(t, route.path, item.Post.Responses.Status(200).Value.Content.Get(route.produce).Schema, body)
		if sent := bodies[route.path]; sent != "" {
			check(t, route.path, item.Post.RequestBody.Value.Content.Get(jsonType).Schema, sent)
		}
	}
}

// openTo lets every request carry a header.
func openTo(s http.Handler, name, value string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set(name, value)
		s.ServeHTTP(w, r)
	})
}

// FuzzBody holds that no body and no header lets a stranger act, that who may act does nothing but what is bounded,
// and that no answer repeats what was sent.
func FuzzBody(f *testing.F) {
	a := &actor{}
	login, err := ParseLogin(theToken)
	if err != nil {
		f.Fatal(err)
	}
	audit := NewAudit(filepath.Join(f.TempDir(), "audit.log"), func(error) {})
	_, open := serving(Options{Actions: a.actions(), Audit: audit}, complete())
	_, closed := serving(Options{Actions: a.actions(), Login: login}, complete())
	f.Add(killing, "application/json", "redistop=x", "x")
	f.Add(`{"id": 9223372036854775807, "addr": "\u0000\ud800"}`, "application/json", "", "")
	f.Add(`{"token": "0123456789abcdeX"}`, "application/json; charset=utf-8", "redistop", "")
	f.Add(`{"user": "a", "password": null}`, "text/plain", `redistop="; __Host-redistop=`, "Basic OjA=")
	f.Add(`{"seconds": 1e99}`, "application/json;;", "", "Bearer ")
	f.Add(`{"seconds": 60} `, "application/json", "", "")
	f.Fuzz(func(t *testing.T, body, kind, cookie, word string) {
		for _, path := range []string{killPath, "/api/v1/servers/a/monitor", "/api/v1/login", "/api/v1/logout"} {
			w := httptest.NewRecorder()
			closed.ServeHTTP(w, fuzzed(path, body, kind, cookie, word, word))
			if w.Code < 400 || w.Code >= 500 {
				t.Fatalf("a stranger, %s %q: status %d: %s", path, body, w.Code, w.Body)
			}
			if len(word) > 20 && strings.Contains(w.Body.String(), word) {
				t.Fatalf("%s: the answer repeats a secret: %s", path, w.Body)
			}
			if did := a.told(); did != "" {
				t.Fatalf("a stranger did %s", did)
			}
			w = httptest.NewRecorder()
			open.ServeHTTP(w, fuzzed(path, body, kind, cookie, "", open.sessions.csrf("")))
			if w.Code != http.StatusOK && (w.Code < 400 || w.Code >= 500) {
				t.Fatalf("%s %q: status %d: %s", path, body, w.Code, w.Body)
			}
			var id, seconds int64
			var addr string
			did := a.told()
			killed, _ := fmt.Sscanf(did, "kill a %d %s", &id, &addr)
			watched, _ := fmt.Sscanf(did, "watch a %ds", &seconds)
			switch {
			case did == "", killed >= 1 && id >= 1, did == "watch a 1m0s", watched == 1 && seconds >= 0 && seconds <= longestWatch:
			default:
				t.Fatalf("%q did %q", body, did)
			}
		}
	})
}

// fuzzed is a request whose headers may hold anything.
func fuzzed(path, body, kind, cookie, authorization, csrf string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Host = "localhost"
	for name, value := range map[string]string{"Content-Type": kind, "Cookie": cookie, csrfHeader: csrf, "Authorization": authorization} {
		r.Header.Set(name, value)
	}
	return r
}
