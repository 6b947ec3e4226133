package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

// build is what a build of the front end may leave.
func build() fstest.MapFS {
	return fstest.MapFS{
		"index.html":             {Data: []byte(`<!doctype html><script type="module" src="/assets/app-1a2b.js"></script>`)},
		"favicon.svg":            {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"assets/app-1a2b.js":     {Data: []byte("// " + strings.Repeat("x", 2*gzipFrom))},
		"assets/app-1a2b.css":    {Data: []byte("body{}")},
		"assets/font-1a2b.woff2": {Data: []byte(strings.Repeat("x", 2*gzipFrom))},
		"assets/odd.xyz":         {Data: []byte("<script>")},
		".gitkeep":               {},
	}
}

// TestPage holds which files are served, as what, and for how long they may be kept.
func TestPage(t *testing.T) {
	_, s := serving(Options{Page: build()}, complete())
	for _, tt := range []struct {
		path, contentType, cache, begins string
	}{
		{"/", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/servers/a", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/servers/a/commands", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/clients", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/activity", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/audit", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/findings", "text/html; charset=utf-8", "no-cache", "<!doctype html>"},
		{"/favicon.svg", "image/svg+xml", "no-cache", "<svg"},
		{"/assets/app-1a2b.js", "text/javascript; charset=utf-8", forever, "// xxx"},
		{"/assets/app-1a2b.css", "text/css; charset=utf-8", forever, "body"},
		{"/assets/font-1a2b.woff2", "font/woff2", forever, "xxx"},
		{"/assets/odd.xyz", "application/octet-stream", forever, "<script>"},
	} {
		res := get(s, tt.path)
		body := text(t, res)
		h := res.Header
		if res.StatusCode != http.StatusOK || h.Get("Content-Type") != tt.contentType || h.Get("Cache-Control") != tt.cache || !strings.HasPrefix(body, tt.begins) {
			t.Errorf("%s: %d, %s, %s: %.20s", tt.path, res.StatusCode, h.Get("Content-Type"), h.Get("Cache-Control"), body)
		}
		if h.Get("Content-Security-Policy") != pagePolicy || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: not guarded: %s", tt.path, h.Get("Content-Security-Policy"))
		}
		if again := get(s, tt.path, "If-None-Match", h.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again, %d", tt.path, again.StatusCode)
		}
	}
	for path, want := range map[string]string{"/assets/app-1a2b.js": "gzip", "/assets/font-1a2b.woff2": "", "/": ""} {
		if got := get(s, path, "Accept-Encoding", "gzip").Header.Get("Content-Encoding"); got != want {
			t.Errorf("%s: encoding %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"/assets/gone-1a2b.js", "/.gitkeep", "/assets/", "/index", "/servers", "/assets/..%2findex.html", "/api/v1/nothing"} {
		if res := get(s, path); res.StatusCode != http.StatusNotFound || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %s", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
	if body := text(t, get(s, "/overview")); !strings.Contains(body, "1 server up") || strings.Contains(body, howToGetPage) {
		t.Errorf("the overview says %s", body)
	}
	if strings.Contains(pagePolicy, "unsafe") || strings.Contains(pagePolicy, "*") || strings.Contains(pagePolicy, "http") {
		t.Errorf("the policy lets too much in: %s", pagePolicy)
	}
}

// TestPageNeedsNoLogin holds that the files can be had without a login, so that the page can ask for it, and
// that the facts cannot.
func TestPageNeedsNoLogin(t *testing.T) {
	login, err := ParseLogin("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	_, s := serving(Options{Page: build(), Login: login}, complete())
	for path, want := range map[string]int{"/": 200, "/servers/a/keys": 200, "/clients": 200, "/assets/app-1a2b.js": 200, "/favicon.svg": 200,
		"/overview": 401, "/metrics": 401, "/api/v1/servers": 401, "/assets/gone.js": 401} {
		if res := get(s, path); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

// TestWithoutPage holds what is shown where the page is not built in.
func TestWithoutPage(t *testing.T) {
	login, err := ParseLogin("0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	_, s := serving(Options{Page: fstest.MapFS{".gitkeep": {}}}, complete())
	if body := text(t, get(s, "/")); !strings.Contains(body, "1 server up") || !strings.Contains(body, howToGetPage) {
		t.Errorf("/ says %s", body)
	}
	if res := get(s, "/servers/a"); res.StatusCode != http.StatusNotFound || !strings.Contains(text(t, res), howToGetPage) {
		t.Errorf("a view of the page: %d", res.StatusCode)
	}
	_, s = serving(Options{Page: fstest.MapFS{".gitkeep": {}}, Login: login}, complete())
	if res := get(s, "/"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the overview without a login: %d", res.StatusCode)
	}
}
