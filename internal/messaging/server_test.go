package messaging

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// open watches a server as quickly as it goes.
func open(t *testing.T, s *redistest.Server) *Watcher {
	t.Helper()
	return opened(t, s, nil)
}

func opened(t *testing.T, s *redistest.Server, booked func([]redis.Sent, redis.Lookups)) *Watcher {
	t.Helper()
	return openedWith(t, s, Options{Booked: booked})
}

func openedWith(t *testing.T, s *redistest.Server, o Options) *Watcher {
	t.Helper()
	o.Target, o.Budget, o.Every = server.Target{Network: "unix", Address: s.Socket()}, 1, 50*time.Millisecond
	w, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// seen searches all keys and looks at what was found.
func seen(t *testing.T, w *Watcher) *stats.Messaging {
	t.Helper()
	w.search.rest = time.Time{}
	if done, err := w.Search(t.Context(), time.Now().Add(time.Minute)); err != nil || !done {
		t.Fatalf("search: %v %v", done, err)
	}
	return looked(t, w)
}

func looked(t *testing.T, w *Watcher) *stats.Messaging {
	t.Helper()
	if turns, err := w.Poll(t.Context(), time.Now().Add(time.Minute)); err != nil || !turns {
		t.Fatalf("poll: %v %v", turns, err)
	}
	return w.Told()
}

func client(t *testing.T, s *redistest.Server) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Network: "unix", Addr: s.Socket(), DisableIdentity: true})
	t.Cleanup(func() { c.Close() })
	return c
}

// model is what a stream and its groups hold, kept beside the server.
type model struct {
	t       *testing.T
	c       *goredis.Client
	ctx     context.Context
	entries []int // ids of those that are there
	added   int
	groups  map[string]*modelGroup
}

type modelGroup struct {
	at      int            // the last id delivered
	pending map[int]string // consumers by id
	times   map[int]int64  // deliveries
	hole    bool           // XDEL took entries that it had not got
}

func (m *model) do(args ...any) any {
	m.t.Helper()
	v, err := m.c.Do(m.ctx, args...).Result()
	if err != nil && err != goredis.Nil {
		m.t.Fatalf("%v: %v", args, err)
	}
	return v
}

func entry(n int) string { return fmt.Sprintf("%d-1", n) }

func (m *model) add(n int) {
	for range n {
		m.added++
		m.do("XADD", "orders", entry(m.added), "secret", "of the customer")
		m.entries = append(m.entries, m.added)
	}
}

func (m *model) group(name string) {
	m.do("XGROUP", "CREATE", "orders", name, "0", "MKSTREAM")
	m.groups[name] = &modelGroup{pending: map[int]string{}, times: map[int]int64{}}
}

func (m *model) read(name, consumer string, n int) {
	m.do("XREADGROUP", "GROUP", name, consumer, "COUNT", n, "STREAMS", "orders", ">")
	g := m.groups[name]
	for _, id := range m.entries {
		if id > g.at && n > 0 {
			g.at, g.pending[id], g.times[id] = id, consumer, 1
			n--
		}
	}
}

func (m *model) ack(name string, id int) {
	m.do("XACK", "orders", name, entry(id))
	delete(m.groups[name].pending, id)
}

// retry takes an entry over, as somebody who finds it left behind: idle is how long it counts as left alone then.
func (m *model) retry(name, consumer string, id int, idle time.Duration) {
	if !slices.Contains(m.entries, id) {
		return // a server may drop a pending entry that is deleted
	}
	g := m.groups[name]
	g.pending[id] = consumer
	g.times[id]++
	m.do("XCLAIM", "orders", name, consumer, 0, entry(id), "IDLE", idle.Milliseconds(), "RETRYCOUNT", g.times[id])
}

func (m *model) remove(ids []int) {
	for _, id := range ids {
		m.do("XDEL", "orders", entry(id))
		for _, g := range m.groups {
			g.hole = g.hole || id > g.at
		}
	}
	m.entries = slices.DeleteFunc(m.entries, func(id int) bool { return slices.Contains(ids, id) })
}

func (m *model) trim(keep int) {
	m.do("XTRIM", "orders", "MAXLEN", keep)
	m.entries = m.entries[max(0, len(m.entries)-keep):]
}

// agrees compares a row with the model.
func (m *model) agrees(when string, got *stats.Messaging) {
	m.t.Helper()
	if len(got.Streams) != 1 {
		m.t.Fatalf("%s: %d streams", when, len(got.Streams))
	}
	row := &got.Streams[0]
	if row.Length != int64(len(m.entries)) || row.EntriesAdded != stats.Some(int64(m.added)) || row.Error != "" {
		m.t.Errorf("%s: length %d, added %v, error %q; want %d of %d", when, row.Length, row.EntriesAdded, row.Error, len(m.entries), m.added)
	}
	if len(row.Groups) != len(m.groups) {
		m.t.Fatalf("%s: %d groups", when, len(row.Groups))
	}
	for i := range row.Groups {
		m.groupAgrees(when, &row.Groups[i])
	}
}

func (m *model) groupAgrees(when string, got *stats.GroupRow) {
	m.t.Helper()
	g := m.groups[got.Name]
	behind := int64(0)
	for _, id := range m.entries {
		if id > g.at {
			behind++
		}
	}
	if lag, known := got.Lag.Get(); known && lag != behind || !known && (!g.hole || got.LagNote == "") {
		m.t.Errorf("%s: %s lags %v (%s), want %d", when, got.Name, got.Lag, got.LagNote, behind)
	}
	if got.Pending != int64(len(g.pending)) {
		m.t.Errorf("%s: %s has %d pending, want %d", when, got.Name, got.Pending, len(g.pending))
	}
	held, poison := map[string]int64{}, 0
	for id, consumer := range g.pending {
		held[consumer]++
		if g.times[id] >= stats.PoisonFrom {
			poison++
		}
	}
	for _, c := range got.Consumers {
		if c.Pending != held[c.Name] {
			m.t.Errorf("%s: %s of %s holds %d, want %d", when, c.Name, got.Name, c.Pending, held[c.Name])
		}
	}
	if len(got.Poison) != min(poison, mostPoison) {
		m.t.Errorf("%s: %d poison entries, want %d", when, len(got.Poison), poison)
	}
	for _, p := range got.Poison {
		var id int
		fmt.Sscanf(p.ID, "%d-1", &id)
		if g.pending[id] != p.Consumer || g.times[id] != p.Deliveries {
			m.t.Errorf("%s: %+v, want %d deliveries to %s", when, p, g.times[id], g.pending[id])
		}
	}
}

// Whatever happens to a stream, what is told of it is what a model kept beside the server says, or not known.
func TestStreamEqualsAModel(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		w := open(t, s)
		m := &model{t: t, c: client(t, s), ctx: t.Context(), groups: map[string]*modelGroup{}}
		for _, name := range []string{"audit", "billing", "fraud"} {
			m.group(name)
		}
		m.do("CONFIG", "RESETSTAT") // what the test's own client caused
		m.agrees("empty", seen(t, w))
		m.add(60)
		m.agrees("added", looked(t, w))
		m.read("billing", "alice", 20)
		m.read("billing", "bob", 10)
		m.read("fraud", "carol", 60)
		m.agrees("read", looked(t, w))
		for id := 5; id <= 25; id++ {
			m.ack("billing", id)
		}
		for range stats.PoisonFrom {
			m.retry("billing", "bob", 1, 0)
			m.retry("billing", "alice", 2, 0)
		}
		m.agrees("retried", looked(t, w))
		m.trim(20)
		m.agrees("trimmed behind one group and ahead of another", looked(t, w))
		m.add(10)
		m.remove([]int{45, 62})
		m.agrees("deleted ahead", looked(t, w))
		m.trim(0)
		m.agrees("trimmed to nothing", looked(t, w))
		m.add(3)
		m.agrees("added again", looked(t, w))
		m.chance()
		if rows := looked(t, w); len(rows.Unknown) != 0 {
			t.Errorf("not known: %q", rows.Unknown)
		}
		if n := m.c.Info(t.Context(), "errorstats").Val(); len(n) > len("# Errorstats\r\n") {
			t.Errorf("errors were caused: %s", n)
		}
	})
}

// chance does what comes and looks on all the while.
func (m *model) chance() {
	r := rand.New(rand.NewPCG(4711, 1))
	names := []string{"audit", "billing", "fraud"}
	w, err := Open(m.ctx, Options{Target: server.Target{Network: "unix", Address: m.c.Options().Addr}, Budget: 1, Every: time.Second})
	if err != nil {
		m.t.Fatal(err)
	}
	defer w.Close()
	seen(m.t, w)
	for step := range 120 {
		name := names[r.IntN(3)]
		switch g := m.groups[name]; r.IntN(7) {
		case 0, 1:
			m.add(1 + r.IntN(5))
		case 2, 3:
			m.read(name, []string{"alice", "bob"}[r.IntN(2)], 1+r.IntN(6))
		case 4:
			for id := range g.pending {
				m.ack(name, id)
				break
			}
		case 5:
			if len(m.entries) > 0 {
				m.remove(m.entries[r.IntN(len(m.entries)):][:1])
			}
		case 6:
			m.trim(r.IntN(len(m.entries) + 1))
		}
		m.agrees(fmt.Sprintf("step %d", step), looked(m.t, w))
	}
}

// A stream that is gone, or is another key by now, is forgotten, and asking about it causes no error.
func TestAStreamThatIsGone(t *testing.T) {
	s := redistest.New(t)
	c := client(t, s)
	for _, key := range []string{"a", "b", "c"} {
		c.XGroupCreateMkStream(t.Context(), key, "g", "0")
	}
	w := open(t, s)
	if n := len(seen(t, w).Streams); n != 3 {
		t.Fatalf("%d streams", n)
	}
	c.Del(t.Context(), "a")
	c.ConfigResetStat(t.Context())
	if m := looked(t, w); len(m.Streams) != 2 || m.Streams[0].Key != "b" {
		t.Errorf("%+v", m.Streams)
	}
	if text := c.Info(t.Context(), "errorstats").Val(); strings.Contains(text, "errorstat_") {
		t.Errorf("errors were caused: %s", text)
	}
	c.Del(t.Context(), "b")
	c.Set(t.Context(), "b", "no stream", 0)
	if m := looked(t, w); len(m.Streams) != 1 || m.Streams[0].Key != "c" || m.Streams[0].Error != "" {
		t.Errorf("%+v", m.Streams)
	}
}

// A consumer that holds old entries is stuck while it asks, and what it holds is told by age.
func TestStuckConsumerOfARealServer(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		m := &model{t: t, c: client(t, s), ctx: t.Context(), groups: map[string]*modelGroup{}}
		m.group("billing")
		m.add(10)
		m.read("billing", "well", 5)
		m.read("billing", "stuck", 5)
		for id := 6; id <= 10; id++ {
			m.retry("billing", "stuck", id, 10*time.Minute)
		}
		got := seen(t, open(t, s))
		m.agrees("stuck", got)
		g := got.Streams[0].Groups[0]
		if len(g.Consumers) != 2 || g.Consumers[0].Name != "stuck" || g.Consumers[0].State != stats.ConsumerStuck || g.Consumers[1].State != stats.ConsumerActive {
			t.Errorf("%+v", g.Consumers)
		}
	})
}
