package messaging

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// fillMany makes many strings of a few patterns and, far apart among them, streams and queues of several kinds; it returns the names
// of those.
func fillMany(t *testing.T, s *redistest.Server, keys, flows int) map[string]string {
	t.Helper()
	script := fmt.Sprintf(`for i=1,%d do redis.call('set','session:'..i,i) redis.call('set','user:'..i..':name',i,'EX',10000) end
for i=1,%d do redis.call('xadd','events:'..i,'*','a','b') redis.call('rpush','queue:'..i,'a') redis.call('zadd','jobs:delayed:'..i,2e9+i,'a') end`, keys/2, flows/3)
	if _, err := s.CLI("EVAL", script, "0"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for i := 1; i <= flows/3; i++ {
		want[fmt.Sprint("events:", i)] = "stream"
		want[fmt.Sprint("queue:", i)] = "list"
		want[fmt.Sprint("jobs:delayed:", i)] = "zset"
	}
	return want
}

// found are the keys that a Watcher follows, and their types.
func found(w *Watcher) map[string]string {
	got := map[string]string{}
	for _, s := range w.known.order {
		got[s.place.key] = s.kind
	}
	return got
}

func missed(want, got map[string]string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			names = append(names, name)
		}
	}
	return names
}

// searchOn goes on with a search, a step each time, until a pass is over or stop says so: with more time than one question takes, a
// quick server's pass would be over between two looks at stop.
func searchOn(t *testing.T, w *Watcher, stop func() bool) {
	t.Helper()
	passes := w.search.passes
	for deadline := time.Now().Add(2 * time.Minute); w.search.passes == passes && !stop(); {
		if _, err := w.Search(t.Context(), time.Now().Add(20*time.Microsecond)); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no pass came to an end: %+v", w.Discovery())
		}
	}
}

func never() bool { return false }

// One pass finds every stream and queue, by few questions, though keys come meanwhile.
func TestOnePassFindsAll(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		const keys, flows = 60_000, 900
		want := fillMany(t, s, keys, flows)
		calls := map[string]int64{}
		w := opened(t, s, func(sent []redis.Sent, _ redis.Lookups) {
			for _, c := range sent {
				calls[c.Name] += c.Calls
			}
		})
		searchOn(t, w, func() bool { return w.Discovery().Share > 0.3 })
		if _, err := s.CLI("EVAL", "for i=1,30000 do redis.call('set','late:'..i,i) end", "0"); err != nil { // the table grows
			t.Fatal(err)
		}
		searchOn(t, w, never)
		if names := missed(want, found(w)); len(names) > 0 {
			t.Errorf("%d of %d were not found: %q", len(names), len(want), names[:min(5, len(names))])
		}
		if d := w.Discovery(); d.Found != len(want) || !d.Complete {
			t.Errorf("%+v, want %d found", d, len(want))
		}
		// The survey asks 2,000, each flow is asked, and of the rest one of 64 and the first of each pattern.
		if most := int64(surveySize + flows + (keys+30_000)/askOneOf*3/2 + 1000); calls["type"] > most {
			t.Errorf("TYPE was asked %d times, want %d at most", calls["type"], most)
		}
	})
}

// All keys are gone in the middle of a pass: it ends, and what was found is forgotten; what comes then is found.
func TestSearchAfterFlushall(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		fillMany(t, s, 20_000, 300)
		w := open(t, s)
		searchOn(t, w, func() bool { return w.Discovery().Share > 0.4 })
		looked(t, w)
		if _, err := s.CLI("FLUSHALL"); err != nil {
			t.Fatal(err)
		}
		searchOn(t, w, never)
		if _, err := s.CLI("XADD", "new", "*", "a", "b"); err != nil {
			t.Fatal(err)
		}
		looked(t, w)
		m := seen(t, w)
		if len(m.Streams) != 1 || m.Streams[0].Key != "new" || m.Discovery.Keys != 1 || m.Discovery.Share != 1 {
			t.Errorf("%d streams of %+v", len(m.Streams), m.Discovery)
		}
	})
}

// Lists whose names look like those of thousands of strings are found for all that: on a server that lists the keys of a type
// without looking them up in the next pass, on any other when each had its turn to be asked.
func TestNothingHidesForGood(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		if _, err := s.CLI("EVAL", "for i=1,5000 do redis.call('set','queue:'..i,i) end", "0"); err != nil {
			t.Fatal(err)
		}
		var looked redis.Lookups
		w := opened(t, s, func(_ []redis.Sent, l redis.Lookups) { looked = looked.Plus(l) })
		want := map[string]string{"queue:5001": "list", "queue:5002": "list", "queue:5003": "list"}
		searchOn(t, w, func() bool { return !w.search.done() && w.search.stretches[w.search.at].part == walked })
		for name := range want {
			if _, err := s.CLI("RPUSH", name, "a"); err != nil {
				t.Fatal(err)
			}
		}
		searchOn(t, w, never)
		if len(missed(want, found(w))) == 0 {
			t.Fatal("nothing hides: all keys were asked")
		}
		looked = redis.Lookups{}
		filters := w.tool.Info().Flavor() == redis.FlavorValkey
		if _, err := s.CLI("CONFIG", "RESETSTAT"); err != nil {
			t.Fatal(err)
		}
		for pass, most := 2, map[bool]int{true: 2, false: 1 + askOneOf}[filters]; len(missed(want, found(w))) > 0; pass++ {
			if pass > most {
				t.Fatalf("after %d passes %q hide", most, missed(want, found(w)))
			}
			w.search.rest = time.Time{}
			searchOn(t, w, never)
		}
		text, err := s.CLI("INFO", "stats")
		if err != nil {
			t.Fatal(err)
		}
		if hits := redis.ParseInfo(text).Int("keyspace_hits").Or(-1); hits != looked.Hits {
			t.Errorf("the server counts %d hits, we know of %d", hits, looked.Hits)
		}
	})
}

// A search goes on where it stood when the connection is lost, on the same server; on one that was restarted it begins anew.
func TestSearchGoesOnAfterALostConnection(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		want := fillMany(t, s, 20_000, 300)
		first := open(t, s)
		searchOn(t, first, func() bool { return first.Discovery().Share > 0.5 })
		share, n := first.Discovery().Share, len(found(first))
		if _, err := s.CLI("CLIENT", "KILL", "TYPE", "normal"); err != nil {
			t.Fatal(err)
		}
		second := openedWith(t, s, Options{After: first})
		if d := second.Discovery(); d.Share != share || len(found(second)) != n || n == 0 {
			t.Fatalf("%+v and %d found, want the share %v and %d", d, len(found(second)), share, n)
		}
		searchOn(t, second, never)
		if names := missed(want, found(second)); len(names) > 0 {
			t.Errorf("%d of %d were not found: %q", len(names), len(want), names[:min(5, len(names))])
		}
		other := redistest.New(t)
		third := openedWith(t, other, Options{After: second})
		if d := third.Discovery(); d.Passes != 0 || d.Found != 0 {
			t.Errorf("of another server something is known: %+v", d)
		}
	})
}

// Names that a framework always uses are asked about before the walk.
func TestFamiliarNamesComeFirst(t *testing.T) {
	s := redistest.New(t)
	fillMany(t, s, 60_000, 3)
	for _, command := range [][]string{{"RPUSH", "queue:default", "a"}, {"SADD", "queues", "default"}, {"ZADD", "schedule", "2000000000", "a"}} {
		if _, err := s.CLI(command...); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, s)
	has := func() bool { return found(w)["queue:default"] == "list" && found(w)["schedule"] == "zset" }
	searchOn(t, w, has)
	if d := w.Discovery(); !has() || d.Share > 0.1 {
		t.Errorf("known after %+v", d)
	}
}

// The search takes no more than its budget by the server's own count, and not much less: it does not wait for anything else.
func TestSearchKeepsItsShare(t *testing.T) {
	s := redistest.New(t)
	for range 5 {
		fillMany(t, s, 60_000, 3)
		if _, err := s.CLI("EVAL", "for i=1,60000 do redis.call('set','page:'..math.random(1e9),i) end", "0"); err != nil {
			t.Fatal(err)
		}
	}
	w := open(t, s)
	if _, err := s.CLI("CONFIG", "RESETSTAT"); err != nil {
		t.Fatal(err)
	}
	for _, budget := range []float64{0.02, 0.06} {
		w.tool.Allow(budget)
		began, before := time.Now(), w.tool.Finish(t.Context()).Usec
		searchOn(t, w, func() bool { return time.Since(began) > 3*time.Second })
		took, elapsed := w.tool.Finish(t.Context()).Usec-before, float64(time.Since(began).Microseconds())
		saved := 2 * budget * 1e6 // what the purse may hold
		if most := budget*elapsed + 2*saved; took > most {
			t.Errorf("%.0f usec in %.0f at a budget of %v, want %.0f at most", took, elapsed, budget, most)
		}
		if least := 0.3 * budget * elapsed; took < least && !w.search.done() {
			t.Errorf("%.0f usec in %.0f at a budget of %v, want %.0f at least", took, elapsed, budget, least)
		}
	}
	text, err := s.CLI("INFO", "commandstats")
	if err != nil {
		t.Fatal(err)
	}
	var counted float64
	for _, c := range redis.ParseInfo(text).Commands {
		if c.Name != "config|resetstat" {
			counted += float64(c.Usec)
		}
	}
	if told := w.tool.Cost().Usec; told < 0.7*counted {
		t.Errorf("it says that it took %.0f usec, the server %.0f", told, counted)
	}
}
