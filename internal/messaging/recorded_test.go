package messaging

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// contents is what bench/frameworks wrote of a framework's server at a moment, with what the framework's own calls
// said of its queues then.
type contents struct {
	Framework, Version, Scene string
	Own                       []ownNumbers
	Keys                      []struct {
		Name, Type string
		Values     []string
	}
}

// ownNumbers are of one queue; nil is what the framework does not tell.
type ownNumbers struct {
	Queue    string // "": what all its queues share
	Waiting  *int64
	InFlight *int64 `json:"in_flight"`
	Delayed  *int64
	Dead     *int64
	OldestAt *float64 `json:"oldest_at"`
}

// put brings it into a server.
func (c *contents) put(t *testing.T, to *goredis.Client) {
	t.Helper()
	pipe := to.Pipeline()
	for _, k := range c.Keys {
		args := []any{map[string]string{"string": "SET", "list": "RPUSH", "hash": "HSET", "set": "SADD", "zset": "ZADD"}[k.Type], k.Name}
		for _, v := range k.Values {
			if k.Type == "stream" {
				pipe.Do(t.Context(), "XADD", k.Name, v, "field", "value")
				continue
			}
			args = append(args, v)
		}
		if k.Type != "stream" {
			pipe.Do(t.Context(), args...)
		}
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func recordedContents(t *testing.T) (all []contents) {
	t.Helper()
	names, err := filepath.Glob("testdata/frameworks/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var c contents
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, c)
	}
	return all
}

// What a framework's own calls say of its queues is what is told of them, on every server.
func TestQueuesAreAsTheirFrameworksSay(t *testing.T) {
	all := recordedContents(t)
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		c := client(t, s)
		for _, one := range all {
			t.Run(one.Framework+" "+one.Scene, func(t *testing.T) {
				if err := c.FlushAll(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				one.put(t, c)
				w := open(t, s)
				seen(t, w)
				one.compare(t, w, looked(t, w))
			})
		}
	})
}

func (c *contents) compare(t *testing.T, w *Watcher, m *stats.Messaging) {
	t.Helper()
	told := map[string]bool{}
	for _, own := range c.Own {
		q := c.queue(w, own.Queue)
		if q == nil {
			t.Errorf("no queue %q of %s in %+v", own.Queue, c.Framework, m.Queues)
			continue
		}
		told[q.row.Key] = true
		for name, n := range map[string]struct {
			theirs *int64
			ours   stats.Maybe[int64]
		}{"waiting": {own.Waiting, stats.Some(q.row.Depth)}, "in flight": {own.InFlight, q.row.InFlight}, "delayed": {own.Delayed, q.row.Delayed}, "dead": {own.Dead, q.row.Dead}} {
			if c.Framework == "Sidekiq" && name == "in flight" && *cmp.Or(n.theirs, new(int64)) == 0 && !n.ours.Known() {
				continue // these keys hold the names of its processes, so that one that is not there cannot be asked for
			}
			if n.theirs != nil && n.ours != stats.Some(*n.theirs) {
				t.Errorf("%q: %s is %d by its own calls, and %v here", own.Queue, name, *n.theirs, n.ours)
			}
		}
		if own.OldestAt != nil {
			age, known := q.row.OldestSeconds.Get()
			came := float64(q.mark.at.UnixMicro())/1e6 - age
			if !known || math.Abs(came-*own.OldestAt) > 0.1 { // some frameworks tell an age, and no time
				t.Errorf("%q: the oldest job came at %.3f by its own calls, and at %.3f here (known: %t)", own.Queue, *own.OldestAt, came, known)
			}
		}
	}
	for _, q := range m.Queues {
		if !told[q.Key] {
			t.Errorf("%s knows no queue %q (%q)", c.Framework, q.Name, q.Framework)
		}
	}
}

// queue is a queue by its name; of what all queues share the one that is named like none of them.
func (c *contents) queue(w *Watcher, name string) *frameworkQueue {
	for _, q := range w.queues.list {
		named := slices.ContainsFunc(c.Own, func(n ownNumbers) bool { return n.Queue == q.row.Name })
		if q.Framework == c.Framework && (q.row.Name == name || name == "" && !named) {
			return q
		}
	}
	return nil
}
