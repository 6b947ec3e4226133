package web

import (
	"bufio"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"redistop/internal/stats"
)

func loadDocument(t *testing.T, s http.Handler) *openapi3.T {
	t.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData([]byte(text(t, get(s, "/api/v1/openapi.json"))))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Fatalf("the document is not valid: %v", err)
	}
	// A reader must expect names that are new to it; a test must not.
	strict := false
	for name, schema := range doc.Components.Schemas {
		if schema.Value.Properties == nil {
			t.Fatalf("%s has no properties", name)
		}
		schema.Value.AdditionalProperties.Has = &strict
	}
	return doc
}

func check(t *testing.T, what string, schema *openapi3.SchemaRef, body string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v: %.200s", what, err, body)
	}
	if err := schema.Value.VisitJSON(v, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors()); err != nil {
		t.Errorf("%s: not what the document says: %.2000s", what, err)
	}
}

// TestAnswersAreAsDocumented asks every route, of servers in every condition, and holds each answer
// against the document.
func TestAnswersAreAsDocumented(t *testing.T) {
	redis, valkey := recorded(t, "redis-7.0.15"), recorded(t, "valkey-9.1.2")
	_, s := serving(Options{Compat: true, Actions: (&actor{}).actions(), Audit: auditOf(t), Past: eventful(t), Now: pastNow}, redis[0], valkey[len(valkey)-1], complete(), nil, down(redis[1]))
	doc := loadDocument(t, s)
	queries := map[string][]string{
		"/api/v1/servers/{name}/clients":   {"?filter=1&sort=-commands&limit=3", "?sort=memory_bytes"},
		"/api/v1/findings":                 {"?severity=warning&resolved=true", "?server=a&server=c", "?from=-1h", "?to=now&resolved=false"},
		"/api/v1/servers/{name}/snapshots": {"?from=-10m&step=10s&series=clients&series=up", "?from=-7d", "?from=-2d&to=-1d"},
		"/api/v1/servers/{name}/sessions":  {"?state=offline", "?sort=-online_since&limit=1", "?filter=zz-nobody", "?moved=-1m"},
		"/api/v1/sessions":                 {"?server=a&server=b&from=-1d", "?state=online"},
		"/api/v1/activity":                 {"?within=1h&by=name&by=ip", "?server=a"},
		"/api/v1/servers/{name}/changes":   {"?from=-1d&kind=config&kind=state&limit=1", "?from=-1d"},
	}
	for _, r := range routes() {
		if r.events != nil || r.method != "" {
			continue // TestEventsAreAsDocumented, TestActionsAreAsDocumented
		}
		item := doc.Paths.Find(r.path)
		if item == nil || item.Get == nil {
			t.Errorf("%s is not in the document", r.path)
			continue
		}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			for _, query := range append([]string{""}, queries[r.path]...) {
				path := strings.ReplaceAll(r.path, "{name}", name) + query
				res := get(s, path)
				body := text(t, res)
				if want := map[bool]int{true: 503, false: 200}[r.path == "/readyz"]; res.StatusCode != want { // d was never seen
					t.Fatalf("%s: status %d, want %d: %s", path, res.StatusCode, want, body)
				}
				produced, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
				if err != nil || produced != r.produce {
					t.Errorf("%s: type %q, the document says %s", path, res.Header.Get("Content-Type"), r.produce)
				}
				if media := item.Get.Responses.Status(200).Value.Content.Get(r.produce); r.answer != nil {
					check(t, path, media.Schema, body)
				}
			}
			if !strings.Contains(r.path, "{name}") {
				break
			}
		}
	}
	if n := len(doc.Paths.Map()); n != len(routes()) {
		t.Errorf("the document has %d paths, served are %d", n, len(routes()))
	}
}

func TestEventsAreAsDocumented(t *testing.T) {
	_, s := serving(Options{}, complete(), recorded(t, "valkey-9.1.2")[1], nil)
	doc := loadDocument(t, s)
	server := httptest.NewServer(s)
	defer server.Close()
	for what, component := range map[string]string{"observation": "Observation", "snapshot": "Snapshot"} {
		res, err := http.Get(server.URL + "/api/v1/events?send=" + what)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for n := 0; n < 3 && lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				check(t, what, doc.Components.Schemas[component], data)
				n++
			}
		}
		if lines.Err() != nil {
			t.Fatal(lines.Err())
		}
	}
}

// TestProblemsAreAsDocumented provokes each kind of refusal.
func TestProblemsAreAsDocumented(t *testing.T) {
	_, s := serving(Options{Readers: -1}, complete())
	doc := loadDocument(t, s)
	schema := doc.Components.Schemas["Problem"]
	for _, tt := range []struct {
		path, code string
		status     int
	}{
		{"/nothing", codeNotFound, 404},
		{"/api/v1/servers/z/snapshot", codeNotFound, 404},
		{"/api/v1/findings?server=z", codeNotFound, 404},
		{"/api/v1/findings?severity=worst", codeBadRequest, 400},
		{"/api/v1/findings?resolved=1", codeBadRequest, 400},
		{"/api/v1/findings?x=1", codeBadRequest, 400},
		{"/api/v1/findings?severity=info&severity=info", codeBadRequest, 400},
		{"/api/v1/findings?%zz", codeBadRequest, 400},
		{"/api/v1/servers/a/clients?limit=x", codeBadRequest, 400},
		{"/api/v1/servers/a/clients?limit=0", codeBadRequest, 400},
		{"/api/v1/servers/a/clients?limit=10001", codeBadRequest, 400},
		{"/api/v1/servers/a/clients?sort=secret", codeBadRequest, 400},
		{"/api/v1/servers/a/snapshots", codeNoHistory, 503},
		{"/api/v1/sessions", codeNoHistory, 503},
		{"/api/v1/findings?from=-1h", codeNoHistory, 503},
		{"/api/v1/servers/z/snapshots", codeNotFound, 404},
		{"/api/v1/servers/a/snapshots?series=secret", codeBadRequest, 400},
		{"/api/v1/servers/a/snapshots?from=yesterday", codeBadRequest, 400},
		{"/api/v1/servers/a/snapshots?from=-1h&to=-2h", codeBadRequest, 400},
		{"/api/v1/servers/a/snapshots?from=-1d&step=1s", codeBadRequest, 400},
		{"/api/v1/servers/a/snapshots?step=0s", codeBadRequest, 400},
		{"/api/v1/servers/a/snapshots?from=0", codeBadRequest, 400},
		{"/api/v1/servers/a/sessions?limit=0", codeBadRequest, 400},
		{"/api/v1/servers/a/sessions?sort=secret", codeBadRequest, 400},
		{"/api/v1/sessions?state=asleep", codeBadRequest, 400},
		{"/api/v1/sessions?server=z", codeNotFound, 404},
		{"/api/v1/sessions?moved=lately", codeBadRequest, 400},
		{"/api/v1/sessions?filter=" + strings.Repeat("x", 257), codeBadRequest, 400},
		{"/api/v1/activity?within=1s", codeBadRequest, 400},
		{"/api/v1/activity?within=2y", codeBadRequest, 400},
		{"/api/v1/activity?by=library", codeBadRequest, 400},
		{"/api/v1/servers/a/changes?kind=mood", codeBadRequest, 400},
		{"/api/v1/servers/a/changes?limit=10001", codeBadRequest, 400},
		{"/api/v1/findings?to=soon", codeBadRequest, 400},
		{"/api/v1/events?send=all", codeBadRequest, 400},
		{"/api/v1/events?server=z", codeNotFound, 404},
		{"/api/v1/events", codeReaders, 503},
	} {
		res := get(s, tt.path)
		body := text(t, res)
		check(t, tt.path, schema, body)
		var p Problem
		json.Unmarshal([]byte(body), &p)
		if res.StatusCode != tt.status || p.Status != tt.status || p.Code != tt.code || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d %s", tt.path, res.StatusCode, body, tt.status, tt.code)
		}
	}
}

// TestTheDocumentRefuses holds that the tests above can fail.
func TestTheDocumentRefuses(t *testing.T) {
	_, s := serving(Options{}, complete())
	doc := loadDocument(t, s)
	health := doc.Components.Schemas["Health"].Value
	snapshot := doc.Components.Schemas["Snapshot"].Value
	for what, ok := range map[string]bool{
		`{"ok":true}`: true, `{"ok":1}`: false, `{}`: false, `{"ok":true,"more":1}`: false,
	} {
		var v any
		json.Unmarshal([]byte(what), &v)
		if err := health.VisitJSON(v, openapi3.EnableJSONSchema2020()); (err == nil) != ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, spoil := range []func(map[string]any){
		func(v map[string]any) { v["more"] = 1 },
		func(v map[string]any) { delete(v, "link") },
		func(v map[string]any) { v["link"].(map[string]any)["state"] = "asleep" },
		func(v map[string]any) { v["findings"].([]any)[0].(map[string]any)["more"] = 1 },
		func(v map[string]any) { v["memory"].(map[string]any)["used_bytes"] = "1" },
	} {
		v := decode[map[string]any](t, get(s, "/api/v1/servers/a/snapshot"))
		spoil(v)
		if err := snapshot.VisitJSON(v, openapi3.EnableJSONSchema2020()); err == nil {
			t.Errorf("taken: %.100v", v)
		}
	}
}

// TestEverySnapshotFactIsFilled holds that the Snapshot which stands for all has no empty field.
func TestEverySnapshotFactIsFilled(t *testing.T) {
	s := complete()
	if s.Memory.Used.Or(0) != 7 || len(s.Findings) != 1 || s.Findings[0].Evidence[0].Seconds.Or(0) != 7 || s.Observer.Price == nil || len(s.Access.Users) != 1 {
		t.Errorf("not filled: %+v", s)
	}
	var _ stats.Snapshot = *s
}
