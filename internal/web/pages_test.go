package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"redistop/internal/stats"
)

const hostile = `<img src=x onerror=alert(1)>"'&` + "\x1b[2J\u202e\xff"

// TestHostileNamesStayText puts script and escape codes wherever a server or its clients can.
func TestHostileNamesStayText(t *testing.T) {
	s1 := complete()
	s1.Server.Version, s1.Server.Flavor, s1.Server.Role = hostile, hostile, hostile
	s1.Link.Message = hostile
	s1.Connections[0].Name, s1.Connections[0].Addr = hostile, hostile
	s1.Findings[0].Title, s1.Findings[0].Impact, s1.Findings[0].Remedy = hostile, hostile, []string{hostile}
	s1.Slowlog[0].Args = []string{"GET", hostile}
	_, s := serving(Options{}, s1)

	page := text(t, get(s, "/overview"))
	if strings.Contains(page, "http-equiv") || !strings.Contains(page, `<a href="/overview">`) {
		t.Error("a page that reloads itself takes away what a person reads; a link is there for it")
	}
	if !strings.Contains(page, "&lt;img src=x onerror=alert(1)&gt;") {
		t.Error("the name is not on the page")
	}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		if token.Data == "script" || token.Data == "img" || token.Data == "style" {
			t.Errorf("there is a <%s>", token.Data)
		}
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.Contains(a.Val, "://") {
				t.Errorf("<%s> has %s=%q", token.Data, a.Key, a.Val)
			}
		}
	}
	for _, path := range []string{"/overview", "/api/v1/servers", "/api/v1/servers/a/snapshot", "/api/v1/servers/a/clients", "/api/v1/findings", "/api/v1/last_observation"} {
		body := text(t, get(s, path))
		if strings.ContainsFunc(body, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == '\u202e' }) {
			t.Errorf("%s: control characters in the answer", path)
		}
		if strings.Contains(body, "<img") {
			t.Errorf("%s: a tag in the answer", path)
		}
	}
}

// TestValuesAreHidden looks for the value of a slow command everywhere.
func TestValuesAreHidden(t *testing.T) {
	s1 := complete()
	s1.Slowlog = []stats.SlowRow{{Command: "set", Args: []string{"SET", "user:1", "zzvalue"}}, {Command: "auth", Args: []string{"AUTH", "zzsecret"}}}
	b, s := serving(Options{}, s1)
	server := b.now().moments[0]
	for _, path := range []string{"/overview", "/metrics", "/api/v1/servers/a/snapshot", "/api/v1/last_observation", "/api/v1/findings", "/api/v1/servers/a/clients"} {
		if body := text(t, get(s, path)); strings.Contains(body, "zz") {
			t.Errorf("%s shows a value", path)
		}
	}
	got := decode[stats.Snapshot](t, get(s, "/api/v1/servers/a/snapshot"))
	if args := fmt.Sprintf("%q", got.Slowlog[0].Args); args != `["SET" "user:1" "(7 B)"]` {
		t.Errorf("the arguments are %s", args)
	}
	if s1.Slowlog[0].Args[2] != "zzvalue" || server.snapshot == s1 {
		t.Error("the Snapshot itself was changed")
	}
	shown := NewBoard([]Watched{{Name: "a"}}, true, time.Now())
	shown.Publish(0, s1)
	if got := decode[stats.Snapshot](t, get(New(shown, Options{}), "/api/v1/servers/a/snapshot")); got.Slowlog[0].Args[2] != "zzvalue" {
		t.Errorf("asked for, the arguments are %q", got.Slowlog[0].Args)
	}
}

func TestOverviewSays(t *testing.T) {
	s1 := recorded(t, "valkey-9.1.2")[1]
	_, s := serving(Options{Version: "9.9"}, s1, down(s1), nil)
	page := text(t, get(s, "/overview"))
	for _, want := range []string{
		"<title>1 of 3 up", "valkey 9.1.2 · primary", "down, last known facts", "connect to a: connection refused", "not seen yet",
		"memory: 11", "of 64.0 MiB", "n/a", "redistop 9.9",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestNumbers(t *testing.T) {
	none, no := stats.Maybe[float64]{}, stats.Maybe[int64]{}
	for got, want := range map[string]string{
		showRate(none): "n/a", showRate(stats.Some(0.0)): "0", showRate(stats.Some(7.125)): "7.12", showRate(stats.Some(12345.0)): "12.3k", showRate(stats.Some(9e15)): "9000T",
		showBytes(no): "n/a", showBytes(stats.Some(int64(0))): "0 B", showBytes(stats.Some(int64(64 << 20))): "64.0 MiB", showBytes(stats.Some(int64(1) << 62)): "4096 PiB",
		showShare(none): "n/a", showShare(stats.Some(0.999)): "99.9 %", showUsec(stats.Some(1500.0)): "1.50 ms",
		showWhole(no): "n/a", showWhole(stats.Some(int64(21))): "21",
		showSpan(no): "n/a", showSpan(stats.Some(int64(59))): "59s", showSpan(stats.Some(int64(61))): "1m1s", showSpan(stats.Some(int64(3 * 3600))): "3h0m", showSpan(stats.Some(int64(90000))): "1d 1h",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestClients(t *testing.T) {
	s1 := complete()
	s1.Connections = []stats.ConnectionRow{
		{ID: 1, Addr: "10.0.0.1:1", Name: "web", LastCommand: "get", Commands: stats.Some(int64(5))},
		{ID: 2, Addr: "10.0.0.2:1", Name: "Worker", LastCommand: "brpop"},
		{ID: 3, Addr: "10.0.0.3:1", LastCommand: "set", Commands: stats.Some(int64(9))},
	}
	_, s := serving(Options{}, s1)
	for query, want := range map[string]string{
		"":                      "1 2 3, 3 of 3",
		"?filter=WORK":          "2, 1 of 3",
		"?filter=10.0.0":        "1 2 3, 3 of 3",
		"?filter=nobody":        ", 0 of 3",
		"?sort=-id":             "3 2 1, 3 of 3",
		"?sort=commands":        "1 3 2, 3 of 3",
		"?sort=-commands":       "3 1 2, 3 of 3",
		"?sort=name":            "2 1 3, 3 of 3",
		"?sort=-name":           "1 2 3, 3 of 3",
		"?sort=-id&limit=1":     "3, 3 of 3",
		"?filter=et&sort=-addr": "3 1, 2 of 3",
	} {
		list := decode[ClientList](t, get(s, "/api/v1/servers/a/clients"+query))
		var ids []string
		for _, c := range list.Connections {
			ids = append(ids, fmt.Sprint(c.ID))
		}
		if got := fmt.Sprintf("%s, %d of %d", strings.Join(ids, " "), list.Matched, list.Known); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if s1.Connections[0].ID != 1 {
		t.Error("the Snapshot was sorted")
	}
}

func TestFindings(t *testing.T) {
	_, s := serving(Options{}, findingsAt(0, "x info", "y critical", "z critical gone"), findingsAt(1, "x warning"))
	for query, want := range map[string]string{
		"": "a y, b x, a x", "?severity=warning": "a y, b x", "?severity=critical&resolved=true": "a y, a z",
		"?server=b": "b x", "?server=b&server=a&resolved=true": "a y, b x, a x, a z", "?resolved=false&server=a": "a y, a x",
	} {
		var got []string
		for _, f := range decode[FindingList](t, get(s, "/api/v1/findings"+query)).Findings {
			got = append(got, f.Server+" "+f.Subject)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	_, none := serving(Options{}, nil)
	if body := text(t, get(none, "/api/v1/findings")); body != `{"findings":[]}` {
		t.Errorf("none: %s", body)
	}
}

// TestLastObservation holds what is answered while servers are down, and before they were seen.
func TestLastObservation(t *testing.T) {
	s1 := recorded(t, "redis-7.0.15")[1]
	board, s := serving(Options{}, s1, s1, nil)
	board.Publish(1, down(s1))
	var all struct{ Servers []Observation }
	all = decode[struct{ Servers []Observation }](t, get(s, "/api/v1/last_observation"))
	if len(all.Servers) != 3 {
		t.Fatalf("%d servers", len(all.Servers))
	}
	a, b, c := all.Servers[0], all.Servers[1], all.Servers[2]
	if a.State != stats.Up || a.Number != 1 || a.Keys.Or(0) != s1.Keyspace[0].Keys || a.Commands.Or(0) != s1.Throughput.CommandsPerSecond.Or(1) {
		t.Errorf("a is %+v", a)
	}
	if b.State != stats.Down || !b.Stale || b.Number != 2 || b.UsedBytes.Or(0) != s1.Memory.Used.Or(1) || b.Message == "" {
		t.Errorf("b is %+v", b)
	}
	if c.State != stats.Connecting || c.Number != 0 || c.Keys.Known() || c.UsedBytes.Known() {
		t.Errorf("c is %+v", c)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"a": true, "cache-1.eu_west": true, "127.0.0.1:6379": true, "[::1]:6379": true,
		"": false, ".": false, "..": false, "a/b": false, "a b": false, "a\"": false, "ä": false, "%2e": false, strings.Repeat("a", 65): false} {
		if CheckName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	if !slices.Contains(sortNames(), "-commands_per_second") {
		t.Error("connections cannot be sorted by their rate")
	}
}

// FuzzQuery holds that no query and no header makes a route fail.
func FuzzQuery(f *testing.F) {
	_, s := serving(Options{}, complete())
	f.Add("filter=a&sort=-id&limit=3", "x", "gzip")
	f.Add("server=a&severity=info&resolved=true", `W/"a", *`, ";q=0")
	f.Add("%zz&&=;", "", ",,")
	f.Fuzz(func(t *testing.T, query, tag, encoding string) {
		for _, path := range []string{"/api/v1/servers/a/clients", "/api/v1/findings", "/api/v1/last_observation"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host, r.URL.RawQuery = "localhost", query
			r.Header["If-None-Match"], r.Header["Accept-Encoding"] = []string{tag}, []string{encoding}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 304 && w.Code != 400 && w.Code != 404 {
				t.Fatalf("%s?%s: status %d", path, query, w.Code)
			}
		}
	})
}
