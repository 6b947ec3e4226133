package history_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// cluster is one PostgreSQL for all tests of the package.
var cluster struct {
	once sync.Once
	*redistest.Postgres
}

func TestMain(m *testing.M) {
	if where := os.Getenv(childStore); where != "" {
		os.Exit(childWrites(where))
	}
	code := m.Run()
	if cluster.Postgres != nil {
		if err := cluster.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// postgres is the address of an empty database.
func postgres(t testing.TB) string {
	t.Helper()
	cluster.once.Do(func() { cluster.Postgres = redistest.NeedPostgres(t) })
	if cluster.Postgres == nil {
		t.Skip("no PostgreSQL: see the test before")
	}
	where, err := cluster.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return where
}

// eachStore runs a test on every kind of store.
func eachStore(t *testing.T, f func(t *testing.T, where string)) {
	t.Run("file", func(t *testing.T) { f(t, filepath.Join(t.TempDir(), "history.db")) })
	t.Run("memory", func(t *testing.T) { f(t, ":memory:") })
	t.Run("postgres", func(t *testing.T) { f(t, postgres(t)) })
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A clock is set by a test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// openAt opens a store whose clock stands at noon unless the options have one.
func openAt(t testing.TB, where string, o history.Options) *history.Store {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	s, err := history.Open(t.Context(), where, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil && !t.Failed() {
			t.Logf("close: %v", err)
		}
	})
	return s
}

// snapshotAt has so many commands a second, and one key.
func snapshotAt(at time.Time, commands float64) *stats.Snapshot {
	s := &stats.Snapshot{Time: at, Link: stats.Link{State: stats.Up}}
	s.Throughput.CommandsPerSecond = stats.Some(commands)
	s.Connected.Clients = stats.Some(int64(3))
	s.Keyspace = []stats.KeyspaceRow{{Keys: 1}}
	s.Commands = []stats.CommandRow{{Name: "get", CallsPerSecond: stats.Some(commands), UsecPerCall: stats.Some(2.0)}}
	return s
}

// sessionOf is a connection that came an hour before noon and spoke a minute before it.
func sessionOf(id int64) stats.Session {
	return stats.Session{
		ID: id, RunID: "run", Addr: fmt.Sprintf("10.0.0.%d:%d", id%250, 1024+id%60000), IP: fmt.Sprintf("10.0.0.%d", id%250), Name: "api", User: "default",
		Library: "go-redis(,go1.26) 9.23.0", OnlineSince: noon.Add(-time.Hour), LastInteraction: noon.Add(-time.Minute), LastSeen: noon, LastCommand: "get",
		Commands: stats.Some(int64(1000)),
	}
}

func gone(s stats.Session, at time.Time, reason stats.OfflineReason) stats.Session {
	s.OfflineAt, s.Reason = &at, reason
	return s
}
