package messaging

import (
	"fmt"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// pendingMany makes a group with so many pending entries, of which some were delivered forty times and more.
func pendingMany(t *testing.T, s *redistest.Server, n int, poison ...int) {
	t.Helper()
	c := client(t, s)
	fill := fmt.Sprintf("for i=1,%d do redis.call('XADD','orders',i..'-1','f','v') end", n)
	for _, args := range [][]any{{"XGROUP", "CREATE", "orders", "billing", "0", "MKSTREAM"}, {"EVAL", fill, "0"}, {"XREADGROUP", "GROUP", "billing", "alice", "COUNT", n, "STREAMS", "orders", ">"}} {
		if err := c.Do(t.Context(), args...).Err(); err != nil && err != goredis.Nil {
			t.Fatal(err)
		}
	}
	for i, id := range poison {
		if err := c.Do(t.Context(), "XCLAIM", "orders", "billing", "bob", 0, entry(id), "RETRYCOUNT", 40+i).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func poisonIDs(g stats.GroupRow) (ids []string) {
	for _, p := range g.Poison {
		ids = append(ids, fmt.Sprintf("%s %d %s", p.ID, p.Deliveries, p.Consumer))
	}
	return ids
}

// An entry that is delivered again and again is found wherever it stands, it is said how far was looked until then, and it is gone from
// what is told when it is acknowledged.
func TestPoisonInTheMiddle(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		const pending, place = 10_000, 5_000
		pendingMany(t, s, pending, place)
		w := open(t, s)
		g := seen(t, w).Streams[0].Groups[0]
		looks := 1
		for ; len(g.Poison) == 0 && looks < 100; looks++ {
			if p := g.PendingPass; p == nil || p.WholeTime != nil || p.Looked <= 0 || p.Looked >= place || p.Poison != 0 {
				t.Fatalf("after %d looks: %+v", looks, p)
			}
			g = looked(t, w).Streams[0].Groups[0]
		}
		if got := fmt.Sprint(poisonIDs(g)); got != "[5000-1 40 bob]" {
			t.Fatalf("after %d looks: %s", looks, got)
		}
		if p := g.PendingPass; p.WholeTime != nil || p.Looked < place || p.Poison != 1 || looks < place/sweptAtOnce {
			t.Errorf("found after %d looks: %+v", looks, p)
		}
		for ; g.PendingPass.WholeTime == nil && looks < 100; looks++ {
			g = looked(t, w).Streams[0].Groups[0]
		}
		if p := g.PendingPass; p.WholeTime == nil || p.Looked != pending || p.Poison != 1 || len(g.Poison) != 1 {
			t.Errorf("after %d looks: %+v, %v", looks, p, poisonIDs(g))
		}
		c := client(t, s)
		c.Do(t.Context(), "XCLAIM", "orders", "billing", "carol", 0, entry(place), "RETRYCOUNT", 99)
		if got := fmt.Sprint(poisonIDs(looked(t, w).Streams[0].Groups[0])); got != "[5000-1 99 carol]" {
			t.Errorf("delivered once more: %s", got)
		}
		c.XAck(t.Context(), "orders", "billing", entry(place))
		if g := looked(t, w).Streams[0].Groups[0]; len(g.Poison) != 0 || g.PendingPass.Poison != 0 || g.PendingPass.WholeTime == nil {
			t.Errorf("acknowledged: %v, %+v", poisonIDs(g), g.PendingPass)
		}
	})
}

// Of many the worst are kept, all are counted, and the sweep goes on while entries come and go.
func TestManyPoisonEntries(t *testing.T) {
	s := redistest.New(t)
	var poison []int
	for id := 50; id <= 2000; id += 50 {
		poison = append(poison, id)
	}
	pendingMany(t, s, 2_000, poison...)
	w := open(t, s)
	g := seen(t, w).Streams[0].Groups[0]
	for range 4 { // the last one sees that there is nothing behind it
		g = looked(t, w).Streams[0].Groups[0]
	}
	if len(g.Poison) != mostPoison || g.Poison[0].ID != "2000-1" || g.Poison[0].Deliveries != 79 || g.PendingPass.Poison != 40 || g.PendingPass.WholeTime == nil {
		t.Fatalf("%v, %+v", poisonIDs(g), g.PendingPass)
	}
	whole := *g.PendingPass.WholeTime
	c := client(t, s)
	c.Do(t.Context(), "XTRIM", "orders", "MAXLEN", 0)
	for _, id := range poison[:35] {
		c.XAck(t.Context(), "orders", "billing", entry(id))
	}
	for range 6 {
		g = looked(t, w).Streams[0].Groups[0]
	}
	if g.PendingPass.Poison != 5 || len(g.Poison) != 5 || !g.PendingPass.WholeTime.After(whole) {
		t.Errorf("a pass later: %v, %+v", poisonIDs(g), g.PendingPass)
	}
	c.Do(t.Context(), "XGROUP", "DESTROY", "orders", "billing")
	c.Do(t.Context(), "XGROUP", "CREATE", "orders", "billing", "$")
	if g := looked(t, w).Streams[0].Groups[0]; len(g.Poison) != 0 || g.PendingPass != nil {
		t.Errorf("another group of the name: %v, %+v", poisonIDs(g), g.PendingPass)
	}
}

func TestIDAfter(t *testing.T) {
	for text, want := range map[string]string{"5-1": "5-2", "0-0": "0-1", "7-18446744073709551615": "8-0", "18446744073709551615-18446744073709551615": "", "x": "", "": ""} {
		if next, ok := idAfter(text); next != want || ok != (want != "") {
			t.Errorf("after %q: %q %v, want %q", text, next, ok, want)
		}
	}
}
