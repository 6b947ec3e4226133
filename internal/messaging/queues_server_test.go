package messaging

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// queueByName finds a row.
func queueByName(t *testing.T, m *stats.Messaging, name string) stats.QueueRow {
	t.Helper()
	for _, q := range m.Queues {
		if q.Name == name {
			return q
		}
	}
	t.Fatalf("no queue %s in %+v", name, m.Queues)
	return stats.QueueRow{}
}

// fillQueues makes what Sidekiq and BullMQ leave behind, lists of people's own, and what is no queue.
func fillQueues(t *testing.T, to *goredis.Client) {
	t.Helper()
	c := to.Pipeline()
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).UnixMilli() }
	for i := range 7 {
		job := fmt.Sprintf(`{"jid":"%d","class":"TopSecret","enqueued_at":%d,"created_at":%d}`, i, ago(time.Minute-time.Duration(i)*time.Second), ago(time.Hour))
		c.LPush(t.Context(), "queue:default", job)
	}
	c.SAdd(t.Context(), "queues", "default")
	c.ZAdd(t.Context(), "schedule", goredis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: "TopSecret"})
	c.ZAdd(t.Context(), "retry", goredis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: "TopSecret"})
	c.LPush(t.Context(), "bull:mail:wait", "1", "2")
	c.LPush(t.Context(), "bull:mail:active", "0")
	c.HSet(t.Context(), "bull:mail:meta", "version", "bullmq:5", "opts.maxLenEvents", "1000")
	c.HSet(t.Context(), "bull:mail:1", "timestamp", ago(30*time.Second), "data", "TopSecret", "name", "send")
	c.ZAdd(t.Context(), "bull:mail:delayed", goredis.Z{Score: 1e15, Member: "3"}, goredis.Z{Score: 2e15, Member: "4"})
	c.RPush(t.Context(), "mail:outbox", "TopSecret")
	c.RPush(t.Context(), "audit trail", "TopSecret")
	c.ZAdd(t.Context(), "reminders", goredis.Z{Score: float64(time.Now().Add(time.Hour).UnixMilli()), Member: "TopSecret"}, goredis.Z{Score: 1.7e12, Member: "b"})
	c.ZAdd(t.Context(), "due", goredis.Z{Score: 1.7e9, Member: "TopSecret"}, goredis.Z{Score: 1.7e9 + 1, Member: "b"})
	c.ZAdd(t.Context(), "leaderboard", goredis.Z{Score: 17, Member: "TopSecret"})
	for i := range 90 {
		c.XAdd(t.Context(), &goredis.XAddArgs{Stream: fmt.Sprintf("rq:results:5f0c6f0e-1c7e-4f9e-8d0a-0000000000%02d", i), Values: []string{"return_value", "TopSecret"}})
	}
	c.XAdd(t.Context(), &goredis.XAddArgs{Stream: "bull:mail:events", Values: []string{"event", "TopSecret"}})
	c.XAdd(t.Context(), &goredis.XAddArgs{Stream: "orders:eu:events", Values: []string{"event", "TopSecret"}})
	for i := range 100 {
		c.RPush(t.Context(), fmt.Sprintf("timeline:%d", i), "TopSecret")
	}
	if _, err := c.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestQueuesOfARealServer(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		fillQueues(t, c)
		w := open(t, s)
		seen(t, w)
		m := looked(t, w) // the first look found out which scores are times
		if q := queueByName(t, m, "default"); q.Framework != "Sidekiq" || q.Depth != 7 || q.OldestSeconds.Or(0) < 59 || q.OldestSeconds.Or(0) > 80 {
			t.Errorf("%+v", q)
		}
		if q := queueByName(t, m, "mail"); q.Framework != "BullMQ" || q.Depth != 2 || q.InFlight.Or(0) != 1 || q.Delayed.Or(0) != 2 || q.OldestSeconds.Or(0) < 29 || q.OldestSeconds.Or(0) > 50 {
			t.Errorf("%+v", q)
		}
		if q := queueByName(t, m, "mail:outbox"); q.Depth != 1 || q.Framework != "" || q.OldestSeconds.Known() {
			t.Errorf("%+v", q)
		}
		if q := queueByName(t, m, "reminders"); q.Depth != 1 || q.Delayed.Or(0) != 1 {
			t.Errorf("%+v", q)
		}
		if q := queueByName(t, m, "due"); q.Depth != 2 { // all of it is over: nobody takes it
			t.Errorf("%+v", q)
		}
		var streams []string
		for _, s := range m.Streams {
			streams = append(streams, s.Key+" "+s.Framework)
		}
		slices.Sort(streams)
		if d := cmp.Diff([]string{"bull:mail:events BullMQ", "orders:eu:events "}, streams); d != "" {
			t.Errorf("streams: %s", d)
		}
		if d := cmp.Diff([]stats.ResultStreams{{Pattern: "rq:results:*", Framework: "RQ", Streams: 90}}, m.Results); d != "" {
			t.Errorf("results of jobs: %s", d)
		}
		if n := w.known.kinds["list"]; n > 50 {
			t.Errorf("%d lists are followed, of which most are alike and no queues", n)
		}
		noQueue(t, m, "timeline:1", "leaderboard", "audit trail")
		c.RPush(t.Context(), "audit trail", "b")                                        // it moves: somebody may use it as a queue
		c.Del(t.Context(), "mail:outbox")                                               // its last job was taken
		c.ZAdd(t.Context(), "reminders", goredis.Z{Score: 1.7e12, Member: "TopSecret"}) // no time ahead is left
		if q := queueByName(t, m, "mail"); q.Dead != some(0) {
			t.Errorf("a registry that is not there is empty: %+v", q)
		}
		c.ZAdd(t.Context(), "bull:mail:failed", goredis.Z{Score: 1, Member: "5"})
		m = looked(t, w)
		if q := queueByName(t, m, "audit trail"); q.Depth != 2 || !q.DepthPerSecond.Known() {
			t.Errorf("%+v", q)
		}
		if q := queueByName(t, m, "reminders"); q.Depth != 2 {
			t.Errorf("once times were ahead it is a queue: %+v", q)
		}
		if q := queueByName(t, m, "mail"); q.Dead != some(1) {
			t.Errorf("it is there now, and no search has found it: %+v", q)
		}
		if q := queueByName(t, m, "mail:outbox"); q.Depth != 0 || q.DepthPerSecond.Or(0) >= 0 {
			t.Errorf("an empty queue has no key, but is known: %+v", q)
		}
		hidesValues(t, w, m)
	})
}

func noQueue(t *testing.T, m *stats.Messaging, names ...string) {
	t.Helper()
	for _, q := range m.Queues {
		for _, name := range names {
			if q.Key == name {
				t.Errorf("%s is no queue: %+v", name, q)
			}
		}
	}
}

// hidesValues wants no value in anything that is handed out, and a survey of the keys.
func hidesValues(t *testing.T, w *Watcher, m *stats.Messaging) {
	t.Helper()
	text, err := json.Marshal([]any{m, w.Survey()})
	if err != nil || strings.Contains(string(text), "TopSecret") {
		t.Errorf("a value is handed out: %v", err)
	}
	survey := w.Survey()
	if survey == nil || !survey.Complete || survey.Sampled != survey.Total {
		t.Fatalf("survey: %+v", survey)
	}
	for _, l := range survey.Layouts {
		if l.Pattern == "timeline:*" && (l.Keys != 100 || l.Type != "list" || l.WithTTL != 0 || len(l.Examples) != mostExamples) {
			t.Errorf("%+v", l)
		}
	}
}

// The rights that acl prints for it are enough, and cause no error; with fewer, what is missing is said and
// none of it is sent.
func TestRightsForMessages(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		fillQueues(t, c)
		target := server.Target{Network: "unix", Address: s.Socket()}
		for name, wish := range map[string]server.ACLWish{"all": {User: "all", Messages: true}, "none": {User: "none"}} {
			rule, err := server.ACLRule(t.Context(), target, wish)
			if err != nil {
				t.Fatal(err)
			}
			var args []any
			for word := range strings.FieldsSeq(strings.ReplaceAll(rule, ">PASSWORD", ">pw")) {
				args = append(args, word)
			}
			if err := c.Do(t.Context(), args...).Err(); err != nil {
				t.Fatal(err)
			}
			c.Do(t.Context(), "CONFIG", "RESETSTAT")
			target := target
			target.Username, target.Password = name, "pw"
			w, err := Open(t.Context(), Options{Target: target, Budget: 1, Every: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			m := seen(t, w)
			if able := name == "all"; w.Able() != able || len(m.Queues) > 0 != able || len(m.Unknown) == 0 != able {
				t.Errorf("%s: able %v, %d queues, not known %q", name, w.Able(), len(m.Queues), m.Unknown)
			}
			if text := c.Info(t.Context(), "errorstats").Val(); strings.Contains(text, "errorstat_") {
				t.Errorf("%s: errors were caused: %s", name, text)
			}
		}
	})
}

// Near maxmemory nothing is asked but how the memory is.
func TestNothingIsAskedNearMaxmemory(t *testing.T) {
	s := redistest.New(t)
	c := client(t, s)
	fillQueues(t, c)
	var asked []redis.Sent
	w := opened(t, s, func(sent []redis.Sent, _ redis.Lookups) { asked = append(asked, sent...) })
	c.ConfigSet(t.Context(), "maxmemory", "1000000")
	w.informed = time.Time{}
	m := looked(t, w)
	asked = nil
	seen(t, w)
	for _, sent := range asked {
		if sent.Name != "info" {
			t.Errorf("%s was asked", sent.Name)
		}
	}
	if len(m.Unknown) != 1 || !strings.Contains(m.Unknown[0], "maxmemory") {
		t.Errorf("%q", m.Unknown)
	}
}

// Channels with their subscribers, and no list of them where they are very many.
func TestChannelsOfARealServer(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		sub := c.Subscribe(t.Context(), "prices", "news\x00")
		other := c.Subscribe(t.Context(), "prices")
		shard := c.SSubscribe(t.Context(), "sharded")
		pattern := c.PSubscribe(t.Context(), "p*")
		for _, p := range []*goredis.PubSub{sub, other, shard, pattern} {
			defer p.Close()
			if _, err := p.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w := open(t, s)
		w.informed = time.Time{}
		m := looked(t, w)
		got := fmt.Sprintf("%+q %d", namesOf(m.Channels), m.Patterns.Or(0))
		if want := `["prices 2 false" "news\x00 1 false" "sharded 1 true"] 1`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func namesOf(rows []stats.ChannelRow) (list []string) {
	for _, r := range rows {
		list = append(list, fmt.Sprintf("%s %d %v", r.Name, r.Subscribers, r.Shard))
	}
	return list
}

// A key of whose name only the beginning is kept cannot be asked about: it is counted.
func TestNamesThatAreTooLong(t *testing.T) {
	s := redistest.New(t)
	c, w := client(t, s), open(t, s)
	for _, name := range []string{"orders", strings.Repeat("n", cut+1), strings.Repeat("n", 1_000_000)} {
		c.XAdd(t.Context(), &goredis.XAddArgs{Stream: name, Values: []string{"event", "TopSecret"}})
	}
	for range 2 { // not once more with each pass
		if m := seen(t, w); len(m.Streams) != 1 || m.Discovery.LongNames != 2 {
			t.Errorf("%d streams, %d names too long", len(m.Streams), m.Discovery.LongNames)
		}
	}
}
