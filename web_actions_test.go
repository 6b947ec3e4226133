package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/web"
)

// person is a browser that has logged in to a site.
type person struct {
	*site
	client http.Client
	csrf   string
}

// post sends a body as the page does and returns status and answer.
func (p *person) post(path, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Redistop-CSRF", p.csrf)
	req.Header.Set("Origin", p.url)
	return p.do(req)
}

func (p *person) see(path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(req)
}

func (p *person) do(req *http.Request) (int, string) {
	p.t.Helper()
	res, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestWebActions logs in to a running program as a page does, looks at the commands of a real server, kills one of
// its clients, and reads what was written down.
func TestWebActions(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, on *redistest.Server) {
		if v := on.Binary(); v.Flavor == "redis" && v.Series() != "7.0" || v.Flavor == "valkey" && v.Series() < "9" {
			t.Skip("an old and a new version show what there is to see")
		}
		t.Parallel()
		folder := t.TempDir()
		auth, log := filepath.Join(folder, "auth"), filepath.Join(folder, "new", "audit.log")
		if err := os.WriteFile(auth, []byte("ann:zz-a long password"), 0o600); err != nil {
			t.Fatal(err)
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		p := &person{site: startSite(t, "--auth", auth, "--allow-actions", "--audit-log", log, "first="+on.Socket()), client: http.Client{Jar: jar}}
		if status, _ := p.post("/api/v1/servers/first/clients/kill", `{"id": 1, "addr": "x"}`); status != http.StatusUnauthorized {
			t.Fatalf("without a login: %d", status)
		}
		status, body := p.post("/api/v1/login", `{"user": "ann", "password": "zz-a long password"}`)
		var in web.LoggedIn
		if err := json.Unmarshal([]byte(body), &in); err != nil || status != http.StatusOK {
			t.Fatalf("login: %d %s", status, body)
		}
		p.csrf = in.CSRF
		victim, bystander := namedClient(t, on, "victim"), namedClient(t, on, "bystander")
		seesCommands(t, p, victim)
		killsOne(t, p, victim, bystander)
		wroteDown(t, log)
	})
}

// TestWebActionsWithoutLogin holds that a page of this machine needs no more than the token of /about, that another
// site's page has none, and that the program says whom it lets act.
func TestWebActionsWithoutLogin(t *testing.T) {
	t.Parallel()
	p := &person{site: startSite(t, "--allow-actions", "--audit-log", filepath.Join(t.TempDir(), "audit.log"), "gone=127.0.0.1:1")}
	if !strings.Contains(p.stderr.String(), "every user of this machine may kill connections") {
		t.Errorf("it says %s", p.stderr)
	}
	var about web.About
	if err := json.Unmarshal([]byte(p.get("/api/v1/about")), &about); err != nil || about.CSRF == "" || !about.Actions {
		t.Fatalf("about: %+v, %v", about, err)
	}
	const path, body = "/api/v1/servers/gone/clients/kill", `{"id": 1, "addr": "10.0.0.1:1"}`
	if status, answer := p.post(path, body); status != http.StatusForbidden || !strings.Contains(answer, `"csrf"`) {
		t.Errorf("without the token: %d %s", status, answer)
	}
	p.csrf = about.CSRF
	if status, answer := p.post(path, body); status != http.StatusBadGateway || !strings.Contains(answer, "connection refused") {
		t.Errorf("a server that is down: %d %s", status, answer)
	}
	p.url = strings.Replace(p.url, "127.0.0.1", "localhost", 1)
	req, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Redistop-CSRF", p.csrf)
	req.Header.Set("Origin", "http://127.0.0.1:1")
	if status, answer := p.do(req); status != http.StatusForbidden || !strings.Contains(answer, "cross_site") {
		t.Errorf("a page of another port: %d %s", status, answer)
	}
}

// namedClient is one connection with a name.
func namedClient(t *testing.T, on *redistest.Server, name string) *redis.Conn {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: on.Socket(), ClientName: name, MaxRetries: -1, DisableIdentity: true, Protocol: 2})
	t.Cleanup(func() { client.Close() })
	conn := client.Conn()
	if err := conn.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	return conn
}

// seesCommands asks for MONITOR and lets a client send a command with a value.
func seesCommands(t *testing.T, p *person, from *redis.Conn) {
	t.Helper()
	p.until("the server is up", func() bool {
		status, body := p.see("/api/v1/last_observation")
		return status == http.StatusOK && strings.Contains(body, `"state":"up"`)
	})
	if status, body := p.post("/api/v1/servers/first/monitor", `{"seconds": 60}`); status != http.StatusOK || !strings.Contains(body, "until") {
		t.Fatalf("monitor: %d %s", status, body)
	}
	p.until("the command is seen", func() bool {
		if err := from.Set(t.Context(), "user:1", "zz-value", 0).Err(); err != nil {
			t.Fatal(err)
		}
		_, body := p.see("/api/v1/servers/first/live")
		if strings.Contains(body, "zz-") {
			t.Fatalf("with its value: %s", body)
		}
		return strings.Contains(body, "user:1 (8 B)")
	})
	if status, body := p.post("/api/v1/servers/first/monitor", `{"seconds": 0}`); status != http.StatusOK {
		t.Fatalf("its end: %d %s", status, body)
	}
}

// killsOne kills the victim by what the list of clients says. Its id with another address is by then another's, and
// is not hit.
func killsOne(t *testing.T, p *person, victim, bystander *redis.Conn) {
	t.Helper()
	var list web.ClientList
	p.until("both are listed", func() bool {
		_, body := p.see("/api/v1/servers/first/clients?sort=id")
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		names := ""
		for _, c := range list.Connections {
			names += c.Name + " "
		}
		return strings.Contains(names, "victim") && strings.Contains(names, "bystander")
	})
	for _, c := range list.Connections {
		if c.Name != "victim" {
			continue
		}
		const path = "/api/v1/servers/first/clients/kill"
		if status, body := p.post(path, fmt.Sprintf(`{"id": %d, "addr": "10.9.9.9:1"}`, c.ID)); status != http.StatusNotFound || !strings.Contains(body, "connection_gone") {
			t.Errorf("another's id: %d %s", status, body)
		}
		if status, body := p.post(path, fmt.Sprintf(`{"id": %d, "addr": %q}`, c.ID+100000, c.Addr)); status != http.StatusNotFound || !strings.Contains(body, "connection_gone") {
			t.Errorf("another's address: %d %s", status, body)
		}
		for who, conn := range map[string]*redis.Conn{"victim": victim, "bystander": bystander} {
			if err := conn.Ping(t.Context()).Err(); err != nil {
				t.Errorf("%s was hit: %v", who, err)
			}
		}
		if status, body := p.post(path, fmt.Sprintf(`{"id": %d, "addr": %q}`, c.ID, c.Addr)); status != http.StatusOK || body != `{"killed":true}` {
			t.Errorf("kill: %d %s", status, body)
		}
	}
	if err := victim.Ping(t.Context()).Err(); err == nil {
		t.Error("the victim lives")
	}
	if err := bystander.Ping(t.Context()).Err(); err != nil {
		t.Errorf("the bystander was hit: %v", err)
	}
}

// wroteDown reads the audit log as a file.
func wroteDown(t *testing.T, log string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for line := range strings.Lines(string(text)) {
		var e web.AuditEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.From != "127.0.0.1" || time.Since(e.Time) > time.Hour {
			t.Errorf("a line is %s", line)
		}
		did = append(did, strings.Join([]string{e.Who, e.Action, e.Server, e.Outcome}, " "))
	}
	want := "ann login  done, ann monitor first begun, ann monitor first done, ann monitor first begun, ann monitor first done, " +
		"ann kill first begun, ann kill first failed: no such connection any more, ann kill first begun, ann kill first failed: no such connection any more, " +
		"ann kill first begun, ann kill first done"
	if got := strings.Join(did, ", "); got != want || strings.Contains(string(text), "zz-") {
		t.Errorf("the log has %s\nwant %s", got, want)
	}
}
