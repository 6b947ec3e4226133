package usage

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

// server is a Snapshot of commands and a policy.
func server(policy string, hits, misses int64, commands ...string) *stats.Snapshot {
	s := &stats.Snapshot{Memory: stats.Memory{Policy: policy}}
	s.Throughput.TotalHits, s.Throughput.TotalMisses = stats.Some(hits), stats.Some(misses)
	s.Keyspace = []stats.KeyspaceRow{{Keys: 1000, Expires: 10}}
	for _, c := range commands {
		s.Commands = append(s.Commands, stats.CommandRow{Name: c, Calls: 100})
	}
	return s
}

// TestShapes holds what layouts are taken for when no framework claims them.
func TestShapes(t *testing.T) {
	stay := func(kind, pattern string) stats.Layout { return stats.Layout{Type: kind, Pattern: pattern, Keys: 100} }
	lapse := func(kind, pattern string, size, ttl int64) stats.Layout {
		return stats.Layout{Type: kind, Pattern: pattern, Keys: 100, WithTTL: 100, MinTTL: stats.Some(int64(1)), MaxTTL: stats.Some(ttl), MeanSize: stats.Some(size)}
	}
	small := func(pattern string) stats.Layout {
		return stats.Layout{Type: "string", Pattern: pattern, Keys: 100, MeanSize: stats.Some(int64(3))}
	}
	cache := server("allkeys-lru", 900, 100, "get", "setex")
	plain := server("noeviction", 1000, 0, "get", "set")
	doing := func(pattern string, commands ...string) *stats.Snapshot { // those of scripts begin with a star
		s := server("noeviction", 1, 0, "set")
		for _, c := range commands {
			name, script := strings.CutPrefix(c, "*")
			s.Samples = append(s.Samples, stats.SampleRow{Command: name, Pattern: pattern, Script: script})
		}
		return s
	}
	tests := []struct {
		name   string
		layout stats.Layout
		snap   *stats.Snapshot
		kind   stats.UseKind
		sure   stats.Confidence
	}{
		{"expires and is missed", lapse("string", "product:*", 2000, 3600), cache, stats.UseCache, stats.Likely},
		{"expires", lapse("hash", "product:*", 20, 3600), plain, stats.UseCache, stats.Possible},
		{"stays", stay("hash", "user:*"), plain, stats.UseStore, stats.Likely},
		{"stays where all may be evicted", stay("hash", "user:*"), cache, stats.UseCache, stats.Possible},
		{"a session by its name", lapse("string", "app:session:*", 300, 3600), plain, stats.UseSessions, stats.Likely},
		{"a session of letters of two cases", stay("hash", "userSession:*"), plain, stats.UseSessions, stats.Likely},
		{"a lock on a session", lapse("string", "session:lock:*", 36, 30), plain, stats.UseLock, stats.Likely},
		{"no lock: a set", stay("set", "lock:*"), plain, stats.UseStore, stats.Likely},
		{"nothing in a longer word", stay("string", "blocks:*"), plain, stats.UseStore, stats.Likely},
		{"a limit by its name", lapse("string", "rate-limit:*", 1, 60), plain, stats.UseRateLimit, stats.Likely},
		{"a sliding window", lapse("zset", "throttle:api:*", 10, 60), plain, stats.UseRateLimit, stats.Likely},
		{"a limit by its shape", lapse("string", "ip:*", 1, 60), server("noeviction", 1, 0, "incr"), stats.UseRateLimit, stats.Possible},
		{"a limit by what is done with it", lapse("string", "api/*", 3000, 60), doing("api/*", "incr", "expire"), stats.UseRateLimit, stats.Likely},
		{"a counter by what is done with it", stats.Layout{Type: "string", Pattern: "processed", Keys: 1}, doing("processed", "incrby", "get"), stats.UseCounter, stats.Likely},
		{"a number that is set, too", stats.Layout{Type: "string", Pattern: "level:*", Keys: 100}, doing("level:*", "incr", "set"), stats.UseStore, stats.Likely},
		{"a lock by what is done with it", lapse("string", "acct/*", 36, 30), doing("acct/*", "set", "*get", "*del"), stats.UseLock, stats.Likely},
		{"no lock: it is read", lapse("string", "acct/*", 36, 30), doing("acct/*", "set", "get", "*get", "*del"), stats.UseCache, stats.Possible},
		{"no lock: it lives for days", lapse("string", "acct/*", 36, 90000), doing("acct/*", "set", "*get", "*del"), stats.UseCache, stats.Possible},
		{"a counter by its name", small("page:*:views"), plain, stats.UseCounter, stats.Likely},
		{"a counter by its shape", small("page:*"), server("noeviction", 1, 0, "incrby"), stats.UseCounter, stats.Possible},
		{"a rate that is no limit", stay("string", "rate:*"), plain, stats.UseStore, stats.Likely},
		{"a rate that expires", lapse("string", "rate:*", 20, 60), plain, stats.UseRateLimit, stats.Likely},
		{"a ranking", stay("zset", "leaderboard:eu"), plain, stats.UseRanking, stats.Likely},
		{"a queue that is waited for", stay("list", "jobs:mail"), server("noeviction", 1, 0, "brpop"), stats.UseQueue, stats.Likely},
		{"a queue by its name alone", stay("list", "jobs:mail"), plain, stats.UseQueue, stats.Possible},
		{"a list where lists are waited for", stay("list", "emails"), server("noeviction", 1, 0, "blmove"), stats.UseQueue, stats.Possible},
		{"a list", stay("list", "timeline:*"), plain, stats.UseStore, stats.Likely},
		{"a stream", stay("stream", "orders"), plain, stats.UseStream, stats.Certain},
		{"a module's", stay("ReJSON-RL", "doc:*"), plain, stats.UseStore, stats.Likely},
		{"not known whether it expires", stats.Layout{Type: "string", Pattern: "x:*", Keys: 9, NoAnswer: 9}, plain, stats.UseStore, stats.Possible},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := loaded().Recognise(&stats.KeySurvey{Sampled: 100, Total: 1000, Layouts: []stats.Layout{tt.layout}}, tt.snap)
			one := find(u, tt.kind, "")
			if one == nil || one.Confidence != tt.sure {
				t.Fatalf("want %s %s, got %s", tt.sure, tt.kind, show(u))
			}
			if one.KeyShare != stats.Some(1.0) && tt.layout.Keys == 100 {
				t.Errorf("share of the keys: %v", one.KeyShare)
			}
		})
	}
}

// TestPersistent holds that a use says which of its keys never expire.
func TestPersistent(t *testing.T) {
	survey := &stats.KeySurvey{Sampled: 1000, Total: 1000, Complete: true, Layouts: []stats.Layout{
		{Type: "string", Pattern: "sess:*", Keys: 700, WithTTL: 700, Examples: []string{"sess:a"}},
		{Type: "string", Pattern: "sess:admin:*", Keys: 200, WithTTL: 50, NoAnswer: 50, Examples: []string{"sess:admin:b"}},
		{Type: "hash", Pattern: "user:*", Keys: 100},
	}}
	u := loaded().Recognise(survey, &stats.Snapshot{})
	one := find(u, stats.UseSessions, "connect-redis")
	if one == nil {
		t.Fatal(show(u))
	}
	if got := one.NoExpiry.Or(-1); got < 0.117 || got > 0.118 { // 100 of 850
		t.Errorf("share that never expires: %v", got)
	}
	if d := cmp.Diff([]string{"sess:admin:*"}, one.Persistent); d != "" {
		t.Error(d)
	}
}

// TestNotUsed holds what is denied, and that nothing is denied that could not be known.
func TestNotUsed(t *testing.T) {
	hashes := &stats.KeySurvey{Sampled: 10, Total: 1000, Layouts: []stats.Layout{{Type: "hash", Pattern: "user:*", Keys: 10}}}
	idle := server("noeviction", 10, 0, "hset")
	idle.Keyspace[0].Expires = 0
	used := server("noeviction", 10, 0, "publish", "xadd", "blpop", "setex")
	own := server("noeviction", 10, 0, "hset", "publish")
	own.Commands[1].OwnCalls = 100
	tests := []struct {
		name string
		snap *stats.Snapshot
		want string
	}{
		{"none of them", idle, "no Pub/Sub,no streams,no queue,no cache"},
		{"all of them", used, ""},
		{"not by others", own, "no Pub/Sub,no streams,no queue"},
		{"commands are not counted", server("noeviction", 0, 0), ""},
	}
	for _, tt := range tests {
		var got []string
		for _, text := range loaded().Recognise(hashes, tt.snap).NotUsed {
			head, _, _ := strings.Cut(text, ":")
			got = append(got, head)
		}
		if strings.Join(got, ",") != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
	blind := loaded().Recognise(nil, server("noeviction", 10, 5, "hset")) // the user may not scan, and the server counts since a minute
	if text := strings.Join(blind.NotUsed, ";"); strings.Contains(text, "no streams") || strings.Contains(text, "no queue") {
		t.Errorf("no key was looked at, and yet: %s", text)
	}
	if text := strings.Join(blind.Unknown, ";"); !strings.Contains(text, "streams and queues among them: none were looked at") {
		t.Errorf("not known: %s", text)
	}
	empty := server("noeviction", 0, 0, "ping")
	empty.Keyspace = nil
	if u := loaded().Recognise(nil, empty); !strings.Contains(strings.Join(u.NotUsed, ";"), "no queue") {
		t.Errorf("there is no key: %v", u.NotUsed)
	}
}

// TestShares holds that commands are counted for a use where they can only be its own.
func TestShares(t *testing.T) {
	snap := server("noeviction", 1, 0, "lpush", "brpop", "publish", "get")
	queues := func(patterns ...string) *stats.KeySurvey {
		s := &stats.KeySurvey{Sampled: 10, Total: 10}
		for _, p := range patterns {
			s.Layouts = append(s.Layouts, stats.Layout{Type: "list", Pattern: p, Keys: 5, Examples: []string{p}})
		}
		return s
	}
	one := loaded().Recognise(queues("jobs:mail"), snap)
	if got := find(one, stats.UseQueue, "").CallShare; got != stats.Some(0.5) {
		t.Errorf("a queue's share: %v", got)
	}
	if got := find(one, stats.UsePubSub, "").CallShare; got != stats.Some(0.25) {
		t.Errorf("Pub/Sub's share: %v", got)
	}
	two := loaded().Recognise(queues("jobs:mail", "filebeat"), snap)
	if got := find(two, stats.UseQueue, "").CallShare; got.Known() {
		t.Errorf("a share that another use has a part in: %v", got)
	}
	snap.Keys = []stats.KeyRow{{Pattern: "jobs:mail", Share: stats.Some(0.3)}, {Pattern: "filebeat", Share: stats.Some(0.6)}}
	sampled := loaded().Recognise(queues("jobs:mail", "filebeat"), snap)
	if a, b := find(sampled, stats.UseQueue, "").CallShare, find(sampled, stats.UseLink, "Elastic Beats").CallShare; a != stats.Some(0.3) || b != stats.Some(0.6) {
		t.Errorf("shares by samples: %v, %v", a, b)
	}
	if first := sampled.Uses[0]; first.Kind != stats.UseLink {
		t.Errorf("the busiest comes first, not %s", first.Title)
	}
}

func TestShort(t *testing.T) {
	u := &stats.Usage{Uses: []stats.Use{
		{Kind: stats.UseStore, Confidence: stats.Possible}, {Kind: stats.UseQueue, Framework: "BullMQ", Confidence: stats.Certain},
		{Kind: stats.UseCache, Framework: "Django cache", Confidence: stats.Likely}, {Kind: stats.UseSessions, Framework: "connect-redis", Confidence: stats.Likely},
		{Kind: stats.UsePubSub, Confidence: stats.Certain},
	}}
	if d := cmp.Diff([]string{"BullMQ queues", "Django cache", "sessions"}, Short(u, 3)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("data store?", Short(u, 9)[4]); d != "" {
		t.Error(d)
	}
	u.Uses[0].KeyShare = stats.Some(0.8)
	if d := cmp.Diff([]string{"data store?", "BullMQ queues", "Django cache"}, Short(u, 3)); d != "" {
		t.Errorf("what nearly everything is for comes first: %s", d)
	}
	if Short(nil, 3) != nil {
		t.Error("words for nothing")
	}
	// One list of a log shipper and a few messages do not stand before what the server is for.
	u = &stats.Usage{Uses: []stats.Use{
		{Kind: stats.UseStore, Confidence: stats.Likely, KeyShare: stats.Some(0.49)}, {Kind: stats.UseSessions, Confidence: stats.Likely, KeyShare: stats.Some(0.27)},
		{Kind: stats.UseCache, Confidence: stats.Likely, KeyShare: stats.Some(0.21)}, {Kind: stats.UseLink, Framework: "Logstash", Confidence: stats.Certain, KeyShare: stats.Some(0.0001)},
		{Kind: stats.UsePubSub, Confidence: stats.Certain, CallShare: stats.Some(0.005)},
	}}
	if d := cmp.Diff([]string{"data store", "sessions", "cache"}, Short(u, 3)); d != "" {
		t.Error(d)
	}
	u.Uses = append(u.Uses, stats.Use{Kind: stats.UseQueue, Framework: "BullMQ", Confidence: stats.Certain, KeyShare: stats.Some(0.0001)})
	if d := cmp.Diff([]string{"data store", "BullMQ queues", "sessions"}, Short(u, 3)); d != "" {
		t.Errorf("a job queue matters with few keys: %s", d)
	}
}

// TestWellKnown holds which names are worth asking for: fixed ones, and companions of what was seen.
func TestWellKnown(t *testing.T) {
	g := NewGatherer(10)
	g.Add(Sighted{Name: "work:mail:marker", Type: "zset"})
	g.Add(Sighted{Name: "queues", Type: "set"})
	got := loaded().WellKnown(g.Survey(time.Time{}, 2, false), 5000)
	all := "\n" + strings.Join(got, "\n") + "\n"
	for _, name := range []string{"retry", "asynq:queues", "rq:workers", "celery", "unacked_index", "work:mail:wait", "work:mail:meta", "queue:default", "rq:queue:default"} {
		if !strings.Contains(all, "\n"+name+"\n") {
			t.Errorf("%s is not asked for", name)
		}
	}
	if strings.Contains(all, "\nqueues\n") || strings.Contains(all, "<") {
		t.Errorf("asked for what is known, or for no name: %q", got)
	}
	if n := len(loaded().WellKnown(nil, 7)); n != 7 {
		t.Errorf("%d names, want 7 at most", n)
	}
}

// TestGatherer holds that a survey is bounded and adds up.
func TestGatherer(t *testing.T) {
	g := NewGatherer(2)
	for i, name := range []string{"a:1", "a:2", "a:3", "a:4", "a:5", "b:1", "c:1"} {
		g.Add(Sighted{Name: name, Type: "string", Expires: stats.Some(i == 0), TTL: stats.Some(time.Minute), Size: stats.Some(int64(i))})
	}
	g.Know(Sighted{Name: "a:6", Type: "string"})
	got := g.Survey(time.Unix(9, 0), 70, false)
	want := &stats.KeySurvey{Time: time.Unix(9, 0), Sampled: 7, Total: 70, Omitted: 1, Layouts: []stats.Layout{
		{Pattern: "a:*", Type: "string", Keys: 5, WithTTL: 1, MinTTL: stats.Some(int64(60)), MaxTTL: stats.Some(int64(60)), MeanSize: stats.Some(int64(2)), Examples: []string{"a:1", "a:2", "a:3", "a:4"}},
		{Pattern: "b:*", Type: "string", Keys: 1, MeanSize: stats.Some(int64(5)), Examples: []string{"b:1"}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// TestKnownByName holds that queues and streams which are watched count though the sample has missed them, and that
// they are no part of it.
func TestKnownByName(t *testing.T) {
	survey := &stats.KeySurvey{Sampled: 100, Total: 1_000_000, Layouts: []stats.Layout{{Pattern: "user:*", Type: "hash", Keys: 100}, {Pattern: "orders", Type: "stream", Keys: 0, Examples: []string{"orders"}}}}
	snap := &stats.Snapshot{Messaging: &stats.Messaging{
		Streams: []stats.StreamRow{{Key: "orders"}, {Key: "payments"}},
		Queues:  []stats.QueueRow{{Key: "asynq:{low}:pending", Type: "list"}},
	}}
	u := loaded().Recognise(survey, snap)
	if one := find(u, stats.UseQueue, "asynq"); one == nil || one.KeyShare.Known() {
		t.Errorf("a queue that is watched: %+v", one)
	}
	if one := find(u, stats.UseStream, ""); one == nil || len(one.Names) != 2 {
		t.Errorf("streams that are watched: %+v", one)
	}
	if len(survey.Layouts) != 2 {
		t.Errorf("the survey was changed: %+v", survey.Layouts)
	}
}
