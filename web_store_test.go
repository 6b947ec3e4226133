package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/redistest"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// ask decodes an answer of a site.
func ask[T any](s *site, path string) (v T) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.get(path)), &v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *site) end() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Wait()
}

// TestHistoryOutlivesTheProgram records a server, ends, begins again, and exports: what was seen before is there,
// and what became of a connection meanwhile.
func TestHistoryOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	cache := redistest.New(t)
	store := filepath.Join(t.TempDir(), "kept", "history.db")
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: cache.Socket(), ClientName: "=worker", DisableIdentity: true, Protocol: 2})
	defer client.Close()
	if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	sessions := func(s *site, query string) []web.SessionRow {
		return ask[web.SessionList](s, "/api/v1/servers/cache/sessions?filter="+url.QueryEscape("=worker")+query).Sessions
	}

	first := startSite(t, "--store", store, "cache="+cache.Socket())
	first.until("the connection is online", func() bool { return len(sessions(first, "&state=online")) == 1 })
	first.until("there are figures", func() bool {
		return strings.Contains(first.get("/api/v1/servers/cache/snapshots?from=-1m&series=clients"), ":[null")
	})
	if h := ask[web.About](first, "/api/v1/about").History; h.State != "on" || h.Store != "sqlite" || !strings.Contains(first.stderr.String(), "history is kept in "+store) {
		t.Errorf("%+v; %s", h, first.stderr)
	}
	first.end()
	if info, err := os.Stat(store); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	client.Close()

	second := startSite(t, "--store", store, "cache="+cache.Socket())
	second.until("the connection is gone", func() bool { return len(sessions(second, "&state=offline")) == 1 })
	var began, ended int
	second.until("the beginnings and the end of watching are told", func() bool {
		began, ended = 0, 0
		for _, c := range ask[web.ChangeList](second, "/api/v1/servers/cache/changes?kind=watching").Changes {
			if began++; c.After == "ended" {
				began, ended = began-1, ended+1
			}
		}
		return began == 2 && ended == 1
	})
	second.end()

	rows := exported(t, "--store", store, "--what", "sessions", "--format", "csv")
	table, err := csv.NewReader(strings.NewReader(rows)).ReadAll()
	if err != nil || len(table) < 2 {
		t.Fatalf("%v: %s", err, rows)
	}
	name, at := slices.Index(table[0], "name"), slices.Index(table[0], "offline_at")
	if !slices.ContainsFunc(table[1:], func(row []string) bool { return row[name] == "'=worker" && row[at] != "" }) {
		t.Errorf("the connection is not in %s", rows)
	}
	points := exported(t, "--store", store, "--from", "-10m", "--server", "cache")
	if n := strings.Count(points, `"tier":"raw"`); n < 2 || strings.Count(points, `"up":1`) < 2 {
		t.Errorf("%d points: %.500s", n, points)
	}
	out, err := exec.Command("redistop", "export", "--store", store, "--server", "other").CombinedOutput()
	if text := string(out); err == nil || !strings.Contains(text, "--server other: the store has nothing of it") || !strings.Contains(text, "it has: cache") {
		t.Errorf("of another server: %v: %s", err, text)
	}
	exportedFiles(t, store)
}

// exported is what redistop export prints.
func exported(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("redistop", append([]string{"export"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("export %q: %v: %s", args, err, &stderr)
	}
	return string(out)
}

// exportedFiles holds that all kinds go to a directory, for their user alone, and that nothing is replaced unasked.
func exportedFiles(t *testing.T, store string) {
	dir := filepath.Join(t.TempDir(), "out")
	args := []string{"export", "--store", store, "--what", "all", "--format", "parquet", "-o", dir}
	exported(t, args[1:]...)
	for _, name := range []string{"snapshots", "sessions", "findings", "changes"} {
		path := filepath.Join(dir, name+".parquet")
		info, err := os.Stat(path)
		text, errRead := os.ReadFile(path)
		if err != nil || errRead != nil || info.Mode().Perm() != 0o600 || !bytes.HasPrefix(text, []byte("PAR1")) || !bytes.HasSuffix(text, []byte("PAR1")) {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	out, err := exec.Command("redistop", args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "it is there already") {
		t.Errorf("replaced unasked: %v: %s", err, out)
	}
	exported(t, append(args[1:], "--overwrite")...)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

// TestExportFromPostgres holds that every kind in every format is the same from PostgreSQL as from SQLite.
func TestExportFromPostgres(t *testing.T) {
	t.Parallel()
	cluster := redistest.NeedPostgres(t)
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	database, err := cluster.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	stores := []string{filepath.Join(t.TempDir(), "history.db"), database}
	for _, where := range stores {
		store, err := history.Open(t.Context(), where, history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, server := range []string{"cache", "=b\u00e9"} {
			for n := range 3 {
				s := &stats.Snapshot{Time: at.Add(time.Duration(n) * time.Second), Link: stats.Link{State: stats.Up}, Config: map[string]string{"maxmemory": fmt.Sprint(n)}}
				s.Throughput.CommandsPerSecond = stats.Some(0.1 + float64(n))
				s.Commands = []stats.CommandRow{{Name: "get", CallsPerSecond: stats.Some(1.5), UsecPerCall: stats.Some(2.0)}}
				s.Findings = []stats.Finding{{Rule: "r", Subject: "k, \"1\"", Severity: stats.Warning, Confidence: stats.Likely, Title: "it <hurts>", FirstSeen: at, LastSeen: s.Time}}
				store.Snapshot(server, s)
			}
			end := at.Add(2 * time.Second)
			ended := stats.Session{ID: int64(7 + i), RunID: "run", Addr: "10.0.0.1:5", IP: "10.0.0.1", Name: "a\nb", User: "u", OnlineSince: at, LastInteraction: at, LastSeen: end, OfflineAt: &end, Reason: stats.OfflineKilled, Commands: stats.Some(int64(3))}
			silent := stats.Session{ID: 9, RunID: "run", Addr: "/s:0", OnlineSince: at, LastInteraction: at, LastSeen: end, Internal: true}
			store.Presence(server, presence.Update{Time: end, Seen: end, Came: []stats.Session{silent}, Gone: []stats.Session{ended}})
		}
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"parquet", "csv", "ndjson"} {
		var dirs []string
		for _, where := range stores {
			dir := filepath.Join(t.TempDir(), "out")
			exported(t, "--store", where, "--what", "all", "--format", format, "-o", dir)
			dirs = append(dirs, dir)
		}
		for _, kind := range []string{"snapshots", "sessions", "findings", "changes"} {
			one, err := os.ReadFile(filepath.Join(dirs[0], kind+"."+format))
			other, err2 := os.ReadFile(filepath.Join(dirs[1], kind+"."+format))
			if err != nil || err2 != nil || len(one) < 100 || !bytes.Equal(one, other) {
				t.Errorf("%s as %s: %v, %v: %d bytes from SQLite, %d from PostgreSQL\n%.600q\n%.600q", kind, format, err, err2, len(one), len(other), one, other)
			}
			if format == "ndjson" && bytes.Count(one, []byte("\n")) < 2 {
				t.Errorf("%s: %s", kind, one)
			}
		}
	}
}

// TestAStoreThatIsAway holds that servers are watched without it, that this is told, and the password is not.
func TestAStoreThatIsAway(t *testing.T) {
	t.Parallel()
	cache := redistest.New(t)
	s := startSite(t, "--store", "postgres://ann:zzsecret@127.0.0.1:1/none?connect_timeout=1", "cache="+cache.Socket())
	if _, err := os.Stat("/proc/self/cmdline"); err == nil {
		if seen := commandLine(t, s.cmd.Process.Pid); strings.Contains(seen, "zzsecret") {
			t.Errorf("ps shows %q", seen)
		}
	}
	s.until("the server is up", func() bool { return slices.Equal(s.states(), []string{"cache up"}) })
	about := s.get("/api/v1/about")
	if h := ask[web.About](s, "/api/v1/about").History; h.State != "failing" || h.Why == "" || h.Store != "postgres" {
		t.Errorf("%+v", h)
	}
	s.until("it is told", func() bool { return strings.Contains(s.stderr.String(), "history is not written at present") })
	if told := s.stderr.String(); strings.Count(told, "connection refused") != 1 || !strings.Contains(told, "at present: reach PostgreSQL: ") {
		t.Errorf("the reason is told other than once: %s", told)
	}
	if strings.Contains(about+s.stderr.String(), "zzsecret") {
		t.Errorf("the password is told: %s; %s", about, s.stderr)
	}
	res, err := http.Get(s.url + "/api/v1/servers/cache/snapshots")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "/api/v1/about says what is wrong") {
		t.Errorf("the past: status %d, %v: %s", res.StatusCode, err, body)
	}
}

// TestActionsAreInTheHistory kills a connection through the API: why it ended is certain, and who looks for what
// happened finds it.
func TestActionsAreInTheHistory(t *testing.T) {
	t.Parallel()
	cache := redistest.New(t)
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: cache.Socket(), ClientName: "victim", DisableIdentity: true, Protocol: 2})
	defer client.Close()
	conn := client.Conn()
	defer conn.Close()
	if err := conn.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s := startSite(t, "--store", "none", "--allow-actions", "cache="+cache.Socket())
	s.until("where history is kept is told", func() bool { return strings.Contains(s.stderr.String(), "history is kept in memory") })
	var victim []web.SessionRow
	s.until("it is online", func() bool {
		victim = ask[web.SessionList](s, "/api/v1/sessions?filter=victim&state=online").Sessions
		return len(victim) == 1
	})
	req, err := http.NewRequest(http.MethodPost, s.url+"/api/v1/servers/cache/clients/kill", strings.NewReader(fmt.Sprintf(`{"id": %d, "addr": %q}`, victim[0].ID, victim[0].Addr)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Redistop-CSRF", ask[web.About](s, "/api/v1/about").CSRF)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Fatalf("kill: status %d", res.StatusCode)
	}
	s.until("it is offline, killed", func() bool {
		gone := ask[web.SessionList](s, "/api/v1/sessions?filter=victim&state=offline").Sessions
		return len(gone) == 1 && gone[0].Reason == stats.OfflineKilled && !gone[0].ReasonLikely
	})
	if done := ask[web.ChangeList](s, "/api/v1/servers/cache/changes?kind=action").Changes; len(done) != 1 || done[0].What != "connection killed" {
		t.Errorf("%+v", done)
	}
}

func TestKeepFlag(t *testing.T) {
	for text, want := range map[string]string{
		"raw=1h":                       "raw=1h, minute=2d, ten-minutes=30d, hour=1y, sessions=30d, findings=30d",
		"hour=2y, sessions=7d,raw=90m": "raw=90m, minute=2d, ten-minutes=30d, hour=2y, sessions=7d, findings=30d",
		"day=1d":                       `it has no "day"; it has raw, minute, ten-minutes, hour, sessions, findings`,
		"raw":                          "raw: not a time",
		"raw=1s":                       "raw: shorter than 1m",
		"raw=1h,raw=2h":                "given twice",
		"raw=5d,minute=1h":             "minute: shorter than raw",
		"minute=1d,hour=1h,raw=1h":     "hour: shorter than minute",
		"raw=5d,sessions=1h":           "raw=5d, minute=2d, ten-minutes=30d, hour=1y, sessions=1h, findings=30d",
		"":                             "it has no \"\"",
	} {
		var k history.Keep
		v := &keepValue{&k}
		err := v.Set(text)
		if got := v.String(); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	if got := keepText(36 * time.Hour); got != "36h" {
		t.Errorf("%s", got)
	}
}

func FuzzKeepFlag(f *testing.F) {
	for _, s := range []string{"raw=2h,minute=2d", "hour=1y, sessions=7d", "raw=", "=,=", "findings=99999999999999999999y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var k history.Keep
		v := &keepValue{&k}
		if v.Set(s) != nil {
			return
		}
		again := k
		if err := (&keepValue{&again}).Set(v.String()); err != nil {
			t.Errorf("%q is written as %q: %v", s, v, err)
		}
		if (&keepValue{&again}).String() != v.String() {
			t.Errorf("%q is read back as %q", v, &keepValue{&again})
		}
	})
}
