package monitor

import (
	"context"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/server"
)

// A load that begins on a quiet server, which is seen whole, is noticed by the windows themselves: the next poll
// may be far.
func TestALoadThatBeginsIsNotSeenWhole(t *testing.T) {
	s := redistest.New(t, redistest.TCP(), redistest.Config("protected-mode no"))
	var h heard
	m := sampler(t, server.Target{Network: "unix", Address: s.Socket()}, h.tap, true)
	m.mu.Lock()
	m.known = time.Now().Add(-time.Hour)
	m.mu.Unlock()
	m.Update(quiet(2*time.Second), nil) // and never again
	app := client(t, s, "127.0.0.1")
	seen := 0
	waitFor(t, "a chain", func() bool {
		for range 10 {
			app.Ping(t.Context())
		}
		before := seen
		seen = len(h.all())
		return seen-before >= 10
	})
	const batch = 100
	many := 0 // for many times the 100 ms in which it is to be noticed, however fast the server is
	for began := time.Now(); many < 50_000 || time.Since(began) < time.Second; many += batch {
		if _, err := app.Pipelined(t.Context(), func(p goredis.Pipeliner) error {
			for range batch {
				p.Exists(context.Background(), "k")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.all()) - seen; n > many/2 {
		t.Errorf("%d of %d commands were seen", n, many)
	}
	m.mu.Lock()
	learned := m.conditions.Commands
	m.mu.Unlock()
	if learned < 1000 {
		t.Errorf("the rate is taken for %.0f a second", learned)
	}
}
