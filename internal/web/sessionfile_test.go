package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A browser stays logged in when the program is started again, and its page may go on with the CSRF token that it has; who logged out
// stays out.
func TestSessionsOutliveTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "logins.json")
	now := time.Now()
	a := &actor{}
	run := func(login *Login) http.Handler {
		_, s := serving(Options{Login: login, Sessions: NewSessionFile(path, func(err error) { t.Error(err) }), Actions: a.actions(), Audit: auditOf(t),
			Now: func() time.Time { return now }}, complete())
		return s
	}
	s := run(tokenLogin(t))
	stays, gone := logIn(t, s, aToken), logIn(t, s, aToken)
	if res := post(s, "/api/v1/logout", "", gone.headers()...); res.StatusCode != http.StatusOK {
		t.Fatalf("logout: %d", res.StatusCode)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if kept := read(t, path); strings.Contains(kept, stays.cookie.Value) || strings.Contains(kept, theToken) {
		t.Errorf("a secret is in %s", kept)
	}
	s = run(tokenLogin(t))
	if res := get(s, "/api/v1/servers", stays.headers()...); res.StatusCode != http.StatusOK {
		t.Errorf("after a restart: %d", res.StatusCode)
	}
	if res := post(s, "/api/v1/logout", "", gone.headers()...); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("who logged out: %d", res.StatusCode)
	}
	if about := decode[About](t, get(s, "/api/v1/about", stays.headers()...)); about.CSRF != stays.csrf {
		t.Errorf("the CSRF token was %q and is %q", stays.csrf, about.CSRF)
	}
	now = now.Add(longestSession)
	if res := get(run(tokenLogin(t)), "/api/v1/servers", stays.headers()...); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after a week: %d", res.StatusCode)
	}
	now = now.Add(-longestSession)
	other, err := ParseLogin("another token 0123")
	if err != nil {
		t.Fatal(err)
	}
	if res := get(run(other), "/api/v1/servers", stays.headers()...); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the token was changed: %d", res.StatusCode)
	}
}

// What stands in the place of the file and is none is said, and nobody is let in by it.
func TestBadSessionFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, says := range map[string]string{
		write("half", `{"mark":"AAAA","key"`, 0o600):     "unexpected EOF",
		write("open", `{}`, 0o622):                       "may be written by others",
		write("huge", strings.Repeat(" ", 2<<20), 0o600): "is not a file of sessions",
		dir:                          "is not a file of sessions",
		write("null", `null`, 0o600): "",
		write("short", `{"mark":"AAAA","key":"AA=="}`, 0o600): "",
	} {
		var said []string
		s := newSessions(NewSessionFile(path, func(err error) { said = append(said, err.Error()) }), tokenLogin(t), time.Now())
		if len(s.live) != 0 || (says == "") != (len(said) == 0) || says != "" && !strings.Contains(said[0], says) {
			t.Errorf("%s: %d sessions, %q", path, len(s.live), said)
		}
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
