package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAuditSays holds what stands in the log of logins and actions, done and refused, and that nothing of a secret
// or a stranger's escape codes does.
func TestAuditSays(t *testing.T) {
	pair, err := ParseLogin("ann:long enough: yes")
	if err != nil {
		t.Fatal(err)
	}
	s1 := complete()
	s1.Connections[0].ID, s1.Connections[0].Addr, s1.Connections[0].Name = 7, "10.0.0.1:50000", hostile
	audit := auditOf(t)
	_, s := serving(Options{Login: pair, Actions: (&actor{}).actions(), Audit: audit}, s1)
	post(s, "/api/v1/login", `{"user": "zzsecret", "password": "zzsecret zzsecret"}`)
	get(s, "/api/v1/servers", "Authorization", "Bearer zzsecret")
	b := logIn(t, s, `{"user": "ann", "password": "long enough: yes"}`)
	post(s, killPath, killing, b.headers()...)
	post(s, killPath, killing, append(b.headers(), "Origin", "https://evil.example")...)
	post(s, killPath, killing, append(b.headers(), csrfHeader, "x")...)
	post(s, "/api/v1/servers/a/monitor", `{"seconds": 10}`, b.headers()...)
	post(s, "/api/v1/logout", "", b.headers()...)

	file, err := os.ReadFile(audit.path)
	if err != nil {
		t.Fatal(err)
	}
	if bad := string(file); strings.Contains(bad, "zz") || strings.Contains(bad, b.csrf) || strings.Contains(bad, b.cookie.Value) ||
		strings.ContainsFunc(bad, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == '\u202e' }) {
		t.Errorf("the file has %q", bad)
	}
	if info, err := os.Stat(audit.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	var got []string
	for line := range strings.Lines(string(file)) {
		var e AuditEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Time.IsZero() || e.ID == "" {
			t.Fatalf("a line is %q: %v", line, err)
		}
		got = append(got, strings.Join([]string{e.Who, e.From, e.Action, e.Server, e.Subject, e.Outcome}, " "))
	}
	subject := `id=7 addr=10.0.0.1:50000 name=<img src=x onerror=alert(1)>"'&\x1b[2J\u202e\xff`
	want := []string{
		"unknown 127.0.0.1 login   refused: wrong token or password",
		"unknown 192.0.2.1 login   refused: wrong token or password",
		"ann 127.0.0.1 login   done",
		"ann 127.0.0.1 kill a " + subject + " begun",
		"ann 127.0.0.1 kill a " + subject + " done",
		"unknown 127.0.0.1 request  " + killPath + " refused: it came from a page of another site",
		"ann 127.0.0.1 request  " + killPath + " refused: without the CSRF token",
		"ann 127.0.0.1 monitor a 10s begun",
		"ann 127.0.0.1 monitor a 10s done",
		"ann 127.0.0.1 logout   done",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the file has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	again := logIn(t, s, `{"user": "ann", "password": "long enough: yes"}`)
	list := decode[AuditList](t, get(s, "/api/v1/audit?limit=3", again.headers()...)).Entries
	if len(list) != 3 || list[0].Action != actionLogin || list[1].Action != actionLogout || list[2].Action != actionMonitor || list[2].Outcome != outcomeDone {
		t.Errorf("the newest are %+v", list)
	}
	every := decode[AuditList](t, get(s, "/api/v1/audit", again.headers()...)).Entries
	if begun := slices.IndexFunc(every, func(e AuditEntry) bool { return e.Outcome == outcomeBegun }); len(every) != len(want)-2+1 || begun >= 0 {
		t.Errorf("%d entries; an action that ended still begins: %v", len(every), begun >= 0)
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x", "?x=1"} {
		if res := get(s, "/api/v1/audit"+query, again.headers()...); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", query, res.StatusCode)
		}
	}
	_, none := serving(Options{}, complete())
	if res := get(none, "/api/v1/audit"); res.StatusCode != http.StatusNotFound {
		t.Errorf("without a log: %d", res.StatusCode)
	}
}

// TestStrangersCannotFillTheLog holds that there is a bound to what is written about callers that nobody knows.
func TestStrangersCannotFillTheLog(t *testing.T) {
	audit := auditOf(t)
	now := time.Unix(1_700_000_000, 0)
	_, s := serving(Options{Audit: audit, Now: func() time.Time { return now }}, complete())
	for range 20 * strangerNotes {
		post(s, killPath, killing, "Sec-Fetch-Site", "cross-site")
	}
	if entries, err := audit.Tail(1000); err != nil || len(entries) != 5*strangerNotes {
		t.Errorf("%d entries, %v; want %d", len(entries), err, 5*strangerNotes)
	}
}

// write appends an entry that says n.
func write(t *testing.T, a *Audit, n int) {
	t.Helper()
	if err := a.Write(AuditEntry{ID: fmt.Sprint(n), Subject: fmt.Sprint(n), Outcome: outcomeDone}); err != nil {
		t.Fatal(err)
	}
}

func subjects(t *testing.T, a *Audit) string {
	t.Helper()
	entries, err := a.Tail(1000)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Subject)
	}
	return strings.Join(all, " ")
}

// TestAuditRotates holds that the log has an end, that others may move it, and that a line which was cut off harms
// no other.
func TestAuditRotates(t *testing.T) {
	a := auditOf(t)
	a.most = 400
	for n := range 12 {
		write(t, a, n)
	}
	for _, path := range []string{a.path, a.path + oldAudit} {
		if info, err := os.Stat(path); err != nil || info.Size() > a.most || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	got := subjects(t, a)
	if !strings.HasPrefix(got, "11 10 9 ") || strings.HasSuffix(got, " 0") {
		t.Errorf("the entries are %s", got)
	}
	if err := os.Rename(a.path, a.path+".moved"); err != nil {
		t.Fatal(err)
	}
	if write(t, a, 20); !strings.HasPrefix(subjects(t, a), "20") {
		t.Errorf("after it was moved: %s", subjects(t, a))
	}
	text, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.path, text[:len(text)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	next := NewAudit(a.path, func(error) {})
	if write(t, next, 21); !strings.HasPrefix(subjects(t, next), "21 ") || strings.Contains(subjects(t, next), "20") {
		t.Errorf("after a line was cut off: %s", subjects(t, next))
	}
}

// TestAuditIsShared writes one file from several programs, as it were.
func TestAuditIsShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	var writing sync.WaitGroup
	for p := range 3 {
		a := NewAudit(path, func(err error) { t.Error(err) })
		for q := range 2 {
			writing.Go(func() {
				for n := range 5 {
					if err := a.Write(AuditEntry{ID: fmt.Sprint(p, q, n), Outcome: outcomeDone}); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writing.Wait()
	if entries, err := NewAudit(path, nil).Tail(1000); err != nil || len(entries) != 30 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

// TestAuditRefuses holds that what cannot be written is known before anything is done.
func TestAuditRefuses(t *testing.T) {
	folder := t.TempDir()
	if err := NewAudit(folder, nil).Check(); err == nil {
		t.Error("a folder is taken for a file")
	}
	if err := NewAudit(filepath.Join(folder, "new", "audit.log"), nil).Check(); err != nil {
		t.Errorf("a file that is to be made: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := NewAudit("/dev/full", nil).Check(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("a device: %v", err)
		}
	}
}
