package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
)

// sampledReading is a second of a server that ran 8,000 GET and 2,000 SET, and 500 CLIENT LIST, which MONITOR
// hides. Ten windows saw one in a hundred of the rest: 80 GETs of web and 20 SETs of cron.
func sampledReading(t *testing.T, second int, a *Aggregate) Reading {
	t.Helper()
	r := reading(time.Duration(second)*time.Second,
		line("cmdstat_get:calls=%d,usec=1", 8000*second), line("cmdstat_set:calls=%d,usec=1", 2000*second),
		line("cmdstat_client|list:calls=%d,usec=1", 500*second), line("total_commands_processed:%d", 10_500*second))
	r = r.listed(
		redis.Client{ID: 1, Addr: "10.0.0.1:5000", Name: "web", User: "app", Flags: "N", LastCommand: "ping"},
		redis.Client{ID: 2, Addr: "10.0.0.2:5000", Name: "cron", User: "app", Flags: "N"},
		redis.Client{ID: 3, Addr: "10.0.0.3:5000", Name: "idle", User: "app", Flags: "N"},
		redis.Client{ID: 9, Addr: "10.0.0.9:5000", Name: "redistop", User: "app", Flags: "N"},
	)
	r.OwnIDs = []int64{9}
	if second == 0 {
		return r // whose addresses they are is known from here on
	}
	r.Samples = NewTally(TallyOptions{Identities: a.Identities})
	for i := range 10 {
		r.Samples.Open(r.Time.Add(time.Duration(i-10) * 100 * time.Millisecond))
		for n := range 10 {
			if n < 8 {
				feed(t, r.Samples, fmt.Sprintf(`[0 10.0.0.1:5000] "GET" "user:%d"`, 1000+i*10+n))
			} else {
				feed(t, r.Samples, `[0 10.0.0.2:5000] "SET" "config" "x"`)
			}
		}
		feed(t, r.Samples, `[0 10.0.0.9:5000] "INFO" "all"`)
		r.Samples.Close(time.Millisecond)
	}
	r.Sampling = Sampling{Mode: ModeSample, Duty: 0.01, Dropped: 3}
	return r
}

// sampledSnapshots are those of some seconds.
func sampledSnapshots(t *testing.T, seconds int) []*Snapshot {
	t.Helper()
	a := NewAggregate(Options{})
	var all []*Snapshot
	for second := range seconds {
		all = append(all, a.Observe(sampledReading(t, second, a)))
	}
	return all
}

func group(t *testing.T, groups []ClientGroup, key string) ClientGroup {
	t.Helper()
	for _, g := range groups {
		if g.Key == key && !g.Unknown {
			return g
		}
	}
	t.Fatalf("no group %q in %+v", key, groups)
	return ClientGroup{}
}

func near(t *testing.T, what string, got Maybe[float64], want float64) {
	t.Helper()
	if v, ok := got.Get(); !ok || math.Abs(v-want) > 1e-6*math.Max(1, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestSamplesGiveRatesToClients(t *testing.T) {
	s := sampledSnapshots(t, 3)[2]
	near(t, "what MONITOR shows a second, without CLIENT LIST", s.Sampled.VisibleCommandsPerSecond, 10_000)
	web := group(t, s.Clients, "10.0.0.1")
	near(t, "web", web.CommandsPerSecond, 8000)
	near(t, "web's share", web.Share, 0.8)
	if e := web.Error.Or(0); !web.Estimated || e < 50 || e > 2000 {
		t.Errorf("web is an estimate: %v, ± %v", web.Estimated, e)
	}
	idle := group(t, s.ClientsByName, "idle")
	near(t, "idle", idle.CommandsPerSecond, 0)
	if e := idle.Error.Or(0); e < 50 || e > 1000 {
		t.Errorf("idle ± %v: not seen in 300 commands, which may be chance", e)
	}
	if web.TopCommand != "get" || len(web.TopCommands) != 1 || web.TopCommands[0].Name != "get" {
		t.Errorf("web's commands are %q, %v", web.TopCommand, web.TopCommands)
	}
	near(t, "web's GETs", web.TopCommands[0].CommandsPerSecond, 8000)
	near(t, "share of web's commands", web.TopCommands[0].Share, 1)
	near(t, "one user", group(t, s.ClientsByUser, "app").CommandsPerSecond, 10_000)
	near(t, "connection", connection(t, s, 2).CommandsPerSecond, 2000)
	if s.Connections[0].ID != 1 || !s.Connections[0].Estimated {
		t.Errorf("the busiest connection is %+v", s.Connections[0])
	}
	for _, g := range s.ClientsByName {
		if g.Key == "redistop" || g.Unknown {
			t.Errorf("a group %+v, though the observer's commands are nobody's", g)
		}
	}
}

// Where the counters tell of commands that no window saw, anybody may have sent them; not so where a server that has no
// time left runs less while it is watched.
func TestWhatNoWindowSawMayBeAnybodys(t *testing.T) {
	for _, c := range []struct {
		name         string
		gets         int // a second, by the counters; the windows saw 8,000
		slack        bool
		least, below float64
	}{
		{"as the counters tell", 8000, true, 50, 1000},
		{"twice as many", 18_000, true, 10_000, 15_000},
		{"twice as many, but no time left", 18_000, false, 50, 1500},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewAggregate(Options{})
			var s *Snapshot
			for second := range 3 {
				r := sampledReading(t, second, a)
				r.Info = reading(r.Time.Sub(t0), line("cmdstat_get:calls=%d,usec=1", c.gets*second), line("cmdstat_set:calls=%d,usec=1", 2000*second)).Info
				r.Sampling.Slack = c.slack
				s = a.Observe(r)
			}
			idle := group(t, s.ClientsByName, "idle")
			if e := idle.Error.Or(0); e < c.least || e > c.below {
				t.Errorf("who was not seen is taken for %v ± %.0f", idle.CommandsPerSecond, e)
			}
		})
	}
}

func TestSamplesGiveKeys(t *testing.T) {
	s := sampledSnapshots(t, 3)[2]
	if len(s.Keys) != 2 || s.Keys[0].Pattern != "user:*" || s.Keys[1].Pattern != "config" {
		t.Fatalf("patterns %+v", s.Keys)
	}
	users := s.Keys[0]
	near(t, "user:*", users.CommandsPerSecond, 8000)
	near(t, "reads", users.Reads, 8000)
	near(t, "writes", users.Writes, 0)
	if users.TopCommand != "get" || !cmp.Equal(users.Clients, []string{"10.0.0.1"}) || users.Seen != 160 || !users.Error.Known() {
		t.Errorf("%+v", users)
	}
	if hot := s.HotKeys[0]; hot.Pattern != "config" || hot.DB.Or(-1) != 0 {
		t.Errorf("hottest key %+v", hot)
	}
	o := s.Observer
	if o.Mode != "sample" || o.Windows != 10 || o.SampledCommands != 100 || o.Dropped != 6 || o.MonitorDuty.Or(0) != 0.01 {
		t.Errorf("observer %+v", o)
	}
}

func TestServersThatCountByConnectionStayExact(t *testing.T) {
	a := NewAggregate(Options{})
	var s *Snapshot
	for second := range 3 {
		r := sampledReading(t, second, a)
		r.Clients.Clients = []SeenClient{{At: r.Time, Client: counted(1, int64(100*second), time.Duration(second)*time.Second)}}
		r.Clients.Clients[0].Addr = "10.0.0.1:5000"
		s = a.Observe(r)
	}
	g := group(t, s.Clients, "10.0.0.1")
	want(t, "counted rate", g.CommandsPerSecond, 100.0)
	if g.Estimated || g.Error.Known() || len(s.Clients) != 1 {
		t.Errorf("%+v: want the server's own count", s.Clients)
	}
	if g.TopCommand != "get" || !g.TopCommands[0].Estimated {
		t.Errorf("top commands %+v: want those of the samples", g.TopCommands)
	}
}

func TestEverythingSeenIsExact(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(reading(0, "cmdstat_get:calls=0,usec=0"))
	r := reading(time.Second, "cmdstat_get:calls=4,usec=0")
	r.Samples = tallied(t, nil, `[0 10.0.0.1:1] "GET" "a"`, `[0 10.0.0.1:1] "GET" "a"`, `[0 10.0.0.2:1] "GET" "b"`, `[0 10.0.0.2:1] "GET" "a"`)
	r.Sampling = whole
	r = r.listed(redis.Client{ID: 1, Addr: "10.0.0.1:1", Flags: "N"})
	s := a.Observe(r)
	k := s.HotKeys[0]
	near(t, "key a", k.CommandsPerSecond, 3)
	if k.Estimated || k.Error.Known() || !s.Sampled.Complete || s.Observer.Mode != "monitor" {
		t.Errorf("%+v of %+v: want it exact", k, s.Sampled)
	}
	gone := group(t, s.Clients, "10.0.0.2")
	near(t, "one that is not in CLIENT LIST any more", gone.CommandsPerSecond, 2)
	if gone.Connections != 0 || gone.Estimated {
		t.Errorf("%+v: want it exact, without a connection", gone)
	}
}

func TestSamplesEndWithTheirServer(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(sampledReading(t, 0, a))
	a.Observe(sampledReading(t, 1, a))
	silent := a.Observe(down(2 * time.Second))
	if silent.Keys != nil || silent.Samples != nil || silent.Observer.Windows != 0 || group(t, silent.Clients, "10.0.0.1").Estimated {
		t.Errorf("keys %v, windows %d while the server does not answer", silent.Keys, silent.Observer.Windows)
	}
	restarted := a.Observe(reading(3*time.Second, "run_id:b"))
	if restarted.Keys != nil || restarted.Sampled.Windows != 0 || a.Identities() != nil {
		t.Errorf("keys %v after a restart", restarted.Keys)
	}
}

func TestSamplesOfLongAgoAreForgotten(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(sampledReading(t, 1, a))
	if s := a.Observe(reading(5 * time.Second)); len(s.Keys) == 0 {
		t.Error("keys are gone after four seconds without a window")
	}
	if s := a.Observe(reading(2 * time.Minute)); len(s.Keys) != 0 {
		t.Error("keys of two minutes ago are shown")
	}
}

func TestDrill(t *testing.T) {
	live := sampledSnapshots(t, 3)[2]
	text, err := json.Marshal(live)
	if err != nil {
		t.Fatal(err)
	}
	var read Snapshot
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Snapshot{"live": live, "read from JSON": &read} {
		t.Run(name, func(t *testing.T) {
			byClient := s.Drill(Filter{IP: Some("10.0.0.1")})
			same(t, "commands of web", seenBy(byClient.Commands), map[string]int64{"get": 160})
			same(t, "patterns of web", seenBy(byClient.Patterns), map[string]int64{"user:*": 160})
			near(t, "web", byClient.Total.CommandsPerSecond, 8000)
			near(t, "web's share of all", byClient.Total.Share, 0.8)
			near(t, "share of web's commands", byClient.Commands[0].Share, 1)
			if e := byClient.Total.Error.Or(0); e < 50 || e > 2000 {
				t.Errorf("web ± %v", e)
			}
			byCommand := s.Drill(Filter{Command: Some("set")})
			same(t, "who sets", seenBy(byCommand.Names), map[string]int64{"cron": 40})
			same(t, "what is set", seenBy(byCommand.Patterns), map[string]int64{"config": 40})
			same(t, "who touches user:*", seenBy(s.Drill(Filter{Pattern: Some("user:*")}).IPs), map[string]int64{"10.0.0.1": 160})
			same(t, "both", seenBy(s.Drill(Filter{Command: Some("set"), IP: Some("10.0.0.1")}).Commands), map[string]int64{})
			near(t, "everything", s.Drill(Filter{}).Total.Share, 1)
		})
	}
}

// A command with keys of two patterns is one command, but belongs to both.
func TestDrillCountsACommandOnce(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(reading(0))
	r := reading(time.Second)
	r.Samples = tallied(t, nil, `[0 10.0.0.1:1] "MGET" "a:1000" "b:1000" "a:2000"`, `[0 10.0.0.1:1] "GET" "b:1000"`)
	r.Sampling = whole
	s := a.Observe(r)
	d := s.Drill(Filter{IP: Some("10.0.0.1")})
	same(t, "total", d.Total.Seen, int64(2))
	same(t, "commands", seenBy(d.Commands), map[string]int64{"mget": 1, "get": 1})
	same(t, "patterns", seenBy(d.Patterns), map[string]int64{"a:*": 1, "b:*": 2})
	same(t, "commands of b", seenBy(s.Drill(Filter{Pattern: Some("b:*")}).Commands), map[string]int64{"mget": 1, "get": 1})
}

func TestThinnedSnapshotsKeepTheFiguresOfSamples(t *testing.T) {
	all := sampledSnapshots(t, 3)
	old := thinned(all[1])
	if old.allSamples != nil || old.Samples[0].windows != nil {
		t.Error("an old Snapshot keeps the counts behind its samples")
	}
	if all[1].Samples[0].windows == nil || all[1].Sampled.estimator == nil {
		t.Error("thinning changed the Snapshot itself")
	}
	near(t, "share in the thinned one", old.Drill(Filter{IP: Some("10.0.0.1")}).Total.Share, 0.8)
}
