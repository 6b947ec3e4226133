package server

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// application is another client of the server, with one connection and a library of its own.
func application(t *testing.T, s *redistest.Server) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket(), PoolSize: 1, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}})
	t.Cleanup(func() { c.Close() })
	return c
}

func number(t *testing.T, c *goredis.Client, field string) int64 {
	t.Helper()
	text, err := c.Info(context.Background(), "all").Result()
	if err != nil {
		t.Fatal(err)
	}
	return redis.ParseInfo(text).Int(field).Or(0)
}

// brim writes until the server evicts, so that the next few kilobytes of anything evict a key.
func brim(t *testing.T, c *goredis.Client) {
	t.Helper()
	const fill = `for i=1,500 do redis.call('SET', 'key:'..ARGV[1]..':'..i, string.rep('x', 1000)) end`
	for batch, before := 0, number(t, c, "evicted_keys"); number(t, c, "evicted_keys") == before; batch++ {
		if err := c.Eval(context.Background(), fill, nil, strconv.FormatInt(time.Now().UnixNano(), 10)).Err(); err != nil && err != goredis.Nil || batch > 1000 {
			t.Fatalf("fill to maxmemory: %d batches: %v", batch, err)
		}
	}
}

// Watching a server at maxmemory must not evict what it would have kept without us, beside an
// application that only reads. bench/limit sets the two variables to an hour of polls and 10,000 connections.
func TestWatchingAtMaxmemoryEvictsNothing(t *testing.T) {
	polls, connections := setting("REDISTOP_LIMIT_POLLS", 40), setting("REDISTOP_LIMIT_CONNECTIONS", 800)
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		app := application(t, s)
		// Between 1 and 16 kB of a connection's buffer follow how much it was told in the last five seconds.
		if err := app.Do(t.Context(), "DEBUG", "REPLYBUFFER", "RESIZING", "0").Err(); err != nil {
			t.Fatal(err)
		}
		crowd(t, s, connections)
		p := connectTo(t, s, 1)
		used := number(t, app, "used_memory")
		if err := app.ConfigSet(t.Context(), "maxmemory", strconv.FormatInt(used+8<<20, 10)).Err(); err != nil {
			t.Fatal(err)
		}
		free := filled(t, app, p)
		before, passes := number(t, app, "evicted_keys"), 0
		for n := range polls {
			r, err := p.Poll(t.Context(), 100*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			if r.Clients != nil && r.Clients.Complete {
				passes++
			}
			app.Get(t.Context(), "key:"+strconv.Itoa(n))
		}
		evicted := number(t, app, "evicted_keys") - before
		t.Logf("%d polls, %d whole passes over %d connections, %d bytes free: %d keys evicted", polls, passes, connections, free, evicted)
		if evicted > 0 {
			t.Errorf("watching evicted %d keys", evicted)
		}
		if passes == 0 {
			t.Error("no pass over the connections was finished: nothing was proven")
		}
		// On a machine that is held up any command is a slow one, and each of the log's entries takes memory.
	}, redistest.Config("maxmemory-policy allkeys-lru", "maxclients 20000", "slowlog-log-slower-than -1", "enable-debug-command yes"))
}

// filled brings the server to where the next few kilobytes evict a key, and tells how many are free. The first attempts
// do not last: a server takes back what connections had for their first words once they have been silent for some seconds.
func filled(t *testing.T, app *goredis.Client, p *Poller) int64 {
	t.Helper()
	const little = 4 << 10
	for deadline := time.Now().Add(30 * time.Second); ; {
		brim(t, app)
		poll(t, p)          // both connections have their buffers from here on, about 20 kB each, as any client that speaks
		for n := range 40 { // what is over the limit now goes with the application's own next commands
			app.Get(t.Context(), "key:"+strconv.Itoa(n))
			number(t, app, "evicted_keys")
		}
		settled(t, app, p)
		free := number(t, app, "maxmemory") - number(t, app, "used_memory")
		if free < little {
			return free
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are free at maxmemory", free)
		}
	}
}

// settled polls until whole passes evict nothing any more: the first ones at the limit make room for what
// a connection has while it speaks, and for its largest question, 2 kB.
func settled(t *testing.T, app *goredis.Client, p *Poller) {
	t.Helper()
	for calm, tries := 0, 0; calm < 4; tries++ {
		before := number(t, app, "evicted_keys")
		c := poll(t, p).Clients
		app.Get(t.Context(), "key:0")
		switch {
		case tries > 100:
			t.Fatal("polls at the limit go on evicting")
		case number(t, app, "evicted_keys") > before:
			calm = 0
		case c != nil && c.Complete:
			calm++
		}
	}
}

func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
