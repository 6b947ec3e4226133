package history_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/presence"
	"redistop/internal/stats"
)

// reports are what a Store told its owner.
type reports struct {
	mu   sync.Mutex
	all  []string
	good []string // that something is over
}

func (r *reports) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err.Error())
}

func (r *reports) mended(words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.good = append(r.good, words)
}

func (r *reports) recoveries() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.good, "\n")
}

func (r *reports) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// ask is a question, which has all written that can be, and the number of points in the answer.
func ask(t *testing.T, s *history.Store) (int, error) {
	t.Helper()
	r, err := s.Range(t.Context(), history.RangeQuery{Server: "a", From: noon.Add(-time.Hour), To: noon, Step: time.Second})
	n := 0
	for _, v := range r.Series["up"].Mean {
		if v.Known() {
			n++
		}
	}
	return n, err
}

func TestDamagedFileIsSetAside(t *testing.T) {
	where := filepath.Join(t.TempDir(), "history.db")
	rubbish := bytes.Repeat([]byte("this is no database "), 1000)
	if err := os.WriteFile(where, rubbish, 0o600); err != nil {
		t.Fatal(err)
	}
	told := &reports{}
	s := openAt(t, where, history.Options{Report: told.add})
	s.Snapshot("a", snapshotAt(noon, 1))
	if n, err := ask(t, s); n != 1 || err != nil {
		t.Errorf("%d points, %v", n, err)
	}
	kept, err := os.ReadFile(s.Status().SetAside)
	if err != nil || !bytes.Equal(kept, rubbish) || told.count() != 1 || s.Status().State != history.On {
		t.Errorf("the old file: %v; reports %q, status %+v", err, told.all, s.Status())
	}
}

// TestForeignFiles are refused and stay as they are, whatever they are called.
func TestForeignFiles(t *testing.T) {
	database := func(name, statements string) func(*testing.T) string {
		return func(t *testing.T) string {
			where := filepath.Join(t.TempDir(), name)
			db, err := sql.Open("sqlite", where)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(statements); err != nil {
				t.Fatal(err)
			}
			return where
		}
	}
	file := func(content []byte) func(*testing.T) string {
		return func(t *testing.T) string {
			where := filepath.Join(t.TempDir(), "notes.db")
			if err := os.WriteFile(where, content, 0o644); err != nil {
				t.Fatal(err)
			}
			return where
		}
	}
	for name, make := range map[string]func(*testing.T) string{
		"another program's":             database("other.db", "CREATE TABLE users (id INTEGER); CREATE TABLE server (id INTEGER)"),
		"another program's, our name":   database("history.db", "CREATE TABLE users (id INTEGER)"),
		"another program's, its number": database("history.db", "PRAGMA application_id = 7; CREATE TABLE users (id INTEGER)"),
		"a text":                        file([]byte("this is no database")),
		"a long text":                   file(bytes.Repeat([]byte("this is no database "), 1000)),
		"damaged, and not known":        file(append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0}, 5000)...)),
	} {
		t.Run(name, func(t *testing.T) {
			where := make(t)
			before, err := os.ReadFile(where)
			if err != nil {
				t.Fatal(err)
			}
			told := &reports{}
			for _, readOnly := range []bool{false, true} {
				if _, err := history.Open(t.Context(), where, history.Options{Report: told.add, ReadOnly: readOnly}); !errors.Is(err, history.ErrForeign) {
					t.Errorf("read only %v: %v", readOnly, err)
				}
			}
			after, err := os.ReadFile(where)
			entries, _ := os.ReadDir(filepath.Dir(where))
			info, _ := os.Stat(where)
			if err != nil || !bytes.Equal(before, after) || len(entries) != 1 || info.Mode().Perm() != 0o644 || told.count() > 0 {
				t.Errorf("it was touched: %v, now %v, mode %v, reports %q", err, entries, info.Mode(), told.all)
			}
		})
	}
}

// TestOurFile is taken again by its number when it is damaged, whatever its name, and it is for its owner alone.
func TestOurFile(t *testing.T) {
	where := filepath.Join(t.TempDir(), "mine.db")
	if err := os.WriteFile(where, nil, 0o644); err != nil { // an empty file may be used
		t.Fatal(err)
	}
	s := openAt(t, where, history.Options{})
	s.Snapshot("a", snapshotAt(noon, 1))
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(where); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	spoil(t, where)
	told := &reports{}
	s = openAt(t, where, history.Options{Report: told.add, Flush: 5 * time.Millisecond})
	i := 0
	run(t, s, func() bool {
		i++
		s.Snapshot("a", snapshotAt(noon.Add(-time.Duration(i)*time.Millisecond), 1))
		return s.Status().SetAside != "" && s.Status().State == history.On
	})
}

// TestDamagedLater spoils the pages of a file in use.
func TestDamagedLater(t *testing.T) {
	where := filepath.Join(t.TempDir(), "history.db")
	told := &reports{}
	s := openAt(t, where, history.Options{Report: told.add, Flush: 5 * time.Millisecond})
	for i := range 500 {
		s.Snapshot("a", snapshotAt(noon.Add(-time.Duration(i)*time.Second), 1))
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	spoil(t, where)
	s = openAt(t, where, history.Options{Report: told.add, Flush: 5 * time.Millisecond})
	i := 0
	run(t, s, func() bool {
		i++
		s.Snapshot("a", snapshotAt(noon.Add(-time.Duration(i)*time.Millisecond), 1))
		return s.Status().SetAside != "" && s.Status().State == history.On
	})
	if _, err := os.Stat(s.Status().SetAside); err != nil {
		t.Error(err)
	}
}

// spoil overwrites all but the first page.
func spoil(t *testing.T, where string) {
	t.Helper()
	f, err := os.OpenFile(where, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xAB}, int(info.Size()-4096)), 4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNewerIsRefused(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("memory is always new")
		}
		s := openAt(t, where, history.Options{})
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		driver, address := "sqlite", where
		if strings.HasPrefix(where, "postgres") {
			driver, address = "pgx", where+"&search_path=redistop"
		}
		db, err := sql.Open(driver, address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec("INSERT INTO migration (version, at) VALUES (1000, 0)"); err != nil {
			t.Fatal(err)
		}
		for _, o := range []history.Options{{}, {ReadOnly: true}} {
			if _, err := history.Open(t.Context(), where, o); !errors.Is(err, history.ErrNewer) {
				t.Errorf("read only %v: %v", o.ReadOnly, err)
			}
		}
	})
}

// TestLocked holds the file locked by another program: the store fails, says why once, answers all the same, and goes on by itself.
func TestLocked(t *testing.T) {
	t.Parallel()
	where := filepath.Join(t.TempDir(), "history.db")
	told := &reports{}
	s := openAt(t, where, history.Options{Report: told.add, Mended: told.mended, Flush: 5 * time.Millisecond})
	s.Snapshot("a", snapshotAt(noon, 1))
	if n, err := ask(t, s); n != 1 || err != nil {
		t.Fatalf("%d points, %v", n, err)
	}
	db, err := sql.Open("sqlite", "file:"+where+"?_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	s.Snapshot("a", snapshotAt(noon.Add(-time.Second), 2))
	for range 2 {
		if n, err := ask(t, s); n != 2 || err != nil {
			t.Errorf("%d points, %v", n, err)
		}
	}
	if st := s.Status(); st.State != history.Failing || !strings.Contains(st.Why, "locked") || st.Waiting == 0 || told.count() != 1 {
		t.Errorf("status %+v, reports %q", st, told.all)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	run(t, s, func() bool { st := s.Status(); return st.State == history.On && st.Waiting == 0 })
	if got := told.recoveries(); got != "history is written again, with what came meanwhile" || told.count() != 1 {
		t.Errorf("told %q after %q", got, told.all)
	}
	if n := len(pointsOf(t, where, history.Options{})["raw"]); n != 2 {
		t.Errorf("%d points are stored", n)
	}
}

// TestPostgresAway ends the server under a store.
func TestPostgresAway(t *testing.T) {
	where := postgres(t)
	told := &reports{}
	s := openAt(t, where, history.Options{Report: told.add, Flush: 5 * time.Millisecond})
	s.Snapshot("a", snapshotAt(noon, 1))
	if n, err := ask(t, s); n != 1 || err != nil {
		t.Fatalf("%d points, %v", n, err)
	}
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	s.Snapshot("a", snapshotAt(noon.Add(-time.Second), 2))
	if _, err := ask(t, s); err == nil {
		t.Error("an answer without a database")
	}
	if st := s.Status(); st.State != history.Failing || st.Why == "" || told.count() != 1 {
		t.Errorf("status %+v, reports %q", st, told.all)
	}
	other, err := history.Open(t.Context(), where, history.Options{Flush: 5 * time.Millisecond}) // starts without it, too
	if err != nil || other.Status().State != history.Failing {
		t.Fatalf("opened without a server: %v", err)
	}
	other.Snapshot("b", snapshotAt(noon, 3))
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*history.Store{s, other} {
		run(t, s, func() bool { st := s.Status(); return st.State == history.On && st.Waiting == 0 })
	}
	if n := len(pointsOf(t, where, history.Options{})["raw"]); n != 3 {
		t.Errorf("%d points are stored", n)
	}
	if strings.Contains(s.Status().Where, "host=") {
		t.Errorf("where: %s", s.Status().Where)
	}
}

// TestLeftOpen starts a second watcher after the first is gone without a word.
func TestLeftOpen(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("memory is always new")
		}
		first := openAt(t, where, history.Options{})
		seen := noon.Add(-10 * time.Minute)
		stays, goes := sessionOf(1), sessionOf(2)
		stays.LastSeen, goes.LastSeen = noon.Add(-time.Hour), noon.Add(-time.Hour)
		first.Presence("a", presence.Update{Time: seen, Seen: seen, Came: []stats.Session{stays, goes}})
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := openAt(t, where, history.Options{})
		stays.LastSeen = noon
		second.Presence("a", presence.Update{Time: noon, Seen: noon, Came: []stats.Session{stays}})
		for state, want := range map[string]int64{history.StateOnline: 1, history.StateOffline: 2} {
			page, err := second.Sessions(t.Context(), history.SessionQuery{State: state})
			if err != nil || page.Matched != 1 || page.Sessions[0].ID != want {
				t.Fatalf("%s: %+v, %v", state, page, err)
			}
			if s := page.Sessions[0]; state == history.StateOffline && (!s.OfflineAt.Equal(seen) || !s.LastSeen.Equal(seen) || s.Reason != stats.OfflineUnknown) {
				t.Errorf("closed at %v, seen %v, %s", s.OfflineAt, s.LastSeen, s.Reason)
			}
		}
	})
}

// TestOlderIsMigrated opens a store as version 1 made it.
func TestOlderIsMigrated(t *testing.T) {
	where := filepath.Join(t.TempDir(), "history.db")
	first, err := os.ReadFile("migrations/001_begin.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", where)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`TIME\(([\w.]+)\)`).ReplaceAllString(string(first), "$1")
	_, err = db.Exec(text + `
		CREATE TABLE migration (version INTEGER NOT NULL PRIMARY KEY, at BIGINT NOT NULL);
		INSERT INTO migration VALUES (1, 0);
		INSERT INTO server VALUES (1, 'a', NULL);
		INSERT INTO raw_point (server, at, up) VALUES (1, 1772366399000, 1)`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := history.Open(t.Context(), where, history.Options{ReadOnly: true}); !errors.Is(err, history.ErrOlder) {
		t.Errorf("read only: %v", err)
	}
	if n, err := ask(t, openAt(t, where, history.Options{})); n != 1 || err != nil {
		t.Errorf("%d points, %v", n, err)
	}
}

// TestDisorderIsToldOnce takes a table away that only upkeep reads: what comes is written all the same, and the trouble told once.
func TestDisorderIsToldOnce(t *testing.T) {
	where := filepath.Join(t.TempDir(), "history.db")
	told := &reports{}
	s := openAt(t, where, history.Options{Report: told.add})
	db, _ := openPlainly(t, where)
	if _, err := db.Exec("DROP TABLE mark"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		s.Snapshot("a", snapshotAt(noon.Add(-time.Duration(i)*time.Second), 1))
		if n, err := ask(t, s); n != i+1 || err != nil {
			t.Errorf("%d points, %v", n, err)
		}
		s.Upkeep(t.Context())
	}
	if st := s.Status(); st.State != history.Failing || !strings.Contains(st.Why, "mark") || st.Waiting != 0 || told.count() != 1 {
		t.Errorf("status %+v, reports %q", st, told.all)
	}
}
