package usage

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

// A recording is what bench/frameworks wrote of one framework.
type recording struct {
	Framework string
	Version   string
	Keys      []struct {
		Name string
		Type string
		TTL  *int64 `json:"ttl_seconds"`
		Size int64
	}
	Channels []string
	Patterns int64
	Clients  []struct {
		Name, Library, Command string
		Subscriptions          int
	}
	Commands map[string]int64
}

func recordings(t *testing.T) []recording {
	t.Helper()
	names, err := filepath.Glob("testdata/frameworks/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all []recording
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, r)
	}
	return all
}

// survey is the keys of a recording as a scan would bring them. rename may give them another prefix.
func (r *recording) survey(rename func(string) string) *stats.KeySurvey {
	g := NewGatherer(1000)
	for _, k := range r.Keys {
		s := Sighted{Name: rename(k.Name), Type: k.Type, Expires: stats.Some(k.TTL != nil), Size: stats.Some(k.Size)}
		if k.TTL != nil {
			s.TTL = stats.Some(time.Duration(*k.TTL) * time.Second)
		}
		g.Add(s)
	}
	return g.Survey(time.Unix(0, 0), int64(len(r.Keys)), true)
}

func (r *recording) snapshot() *stats.Snapshot {
	s := &stats.Snapshot{Messaging: &stats.Messaging{}}
	s.Keyspace = []stats.KeyspaceRow{{Keys: int64(len(r.Keys))}}
	s.PubSub = stats.PubSub{Channels: stats.Some(int64(len(r.Channels))), Patterns: stats.Some(r.Patterns)}
	for name, calls := range r.Commands {
		s.Commands = append(s.Commands, stats.CommandRow{Name: name, Calls: calls})
	}
	for _, c := range r.Clients {
		s.Connections = append(s.Connections, stats.ConnectionRow{Name: c.Name, Library: c.Library, LastCommand: c.Command, Subscriptions: c.Subscriptions})
	}
	for _, c := range r.Channels {
		s.Messaging.Channels = append(s.Messaging.Channels, stats.ChannelRow{Name: c})
	}
	return s
}

func same(name string) string { return name }

// TestRecorded holds every row that says "checked: run" against what its framework wrote: it is recognised by its
// name, and every key of it is one that the row knows.
func TestRecorded(t *testing.T) {
	table := loaded()
	by := map[string]*Framework{}
	for _, f := range table.frameworks {
		by[f.Name] = f
	}
	seen := map[string]bool{}
	for _, r := range recordings(t) {
		t.Run(r.Framework+" "+r.Version, func(t *testing.T) {
			f := by[r.Framework]
			if f == nil {
				t.Fatal("the table has no such framework")
			}
			seen[f.Name] = true
			for _, k := range r.Keys {
				if !knows(table, f, &r, k.Name, k.Type) {
					t.Errorf("no row for %q, a %s", k.Name, k.Type)
				}
			}
			u := table.Recognise(r.survey(same), r.snapshot())
			want := f.Name
			if f.Unnamed {
				want = ""
			}
			one := find(u, f.Kind, want)
			if one == nil || one.Confidence == stats.Possible {
				t.Fatalf("not recognised as %s (%s): %s", f.Kind, want, show(u))
			}
			for _, other := range u.Uses {
				if other.Kind != f.Kind && other.Framework != f.Name && other.Kind != stats.UsePubSub {
					t.Errorf("also taken for %s", other.Title)
				}
			}
		})
	}
	for _, f := range table.frameworks {
		if (f.Checked == "run") != seen[f.Name] {
			t.Errorf("%s says checked: %s, and a recording is there: %t", f.Name, f.Checked, seen[f.Name])
		}
	}
}

func knows(table *Table, f *Framework, r *recording, name, kind string) bool {
	var all []item
	for _, k := range r.Keys {
		all = append(all, item{kind: k.Type, names: []string{k.Name}})
	}
	for _, reading := range table.readings(name, kind, table.besides(all)) {
		if reading.framework == f {
			return true
		}
	}
	return false
}

func find(u *stats.Usage, kind stats.UseKind, framework string) *stats.Use {
	for i := range u.Uses {
		if u.Uses[i].Kind == kind && u.Uses[i].Framework == framework {
			return &u.Uses[i]
		}
	}
	return nil
}

func show(u *stats.Usage) string {
	var b strings.Builder
	for _, one := range u.Uses {
		b.WriteString("\n  " + string(one.Confidence) + " " + one.Title + " " + strings.Join(one.Names, ","))
	}
	return b.String()
}

// TestMoved holds that a framework is recognised under a prefix that is not its usual one, where it lets its users
// change it and writes several keys.
func TestMoved(t *testing.T) {
	moved := map[string]string{"Sidekiq": "shop:", "Celery": "shop_", "Bull": "{jobs}:", "BullMQ": "work:", "Faye": "/chat"}
	table := loaded()
	tried := 0
	for _, r := range recordings(t) {
		to, ok := moved[r.Framework]
		if !ok {
			continue
		}
		tried++
		survey := r.survey(func(name string) string { return to + strings.TrimPrefix(name, "bull:") })
		snap := r.snapshot()
		snap.Connections, snap.Messaging = nil, nil
		if u := table.Recognise(survey, snap); find(u, kindOf(table, r.Framework), r.Framework) == nil {
			t.Errorf("%s under %s is not recognised: %s", r.Framework, to, show(u))
		}
	}
	if tried != len(moved) {
		t.Errorf("%d recordings of %d", tried, len(moved))
	}
}

func kindOf(table *Table, name string) stats.UseKind {
	for _, f := range table.frameworks {
		if f.Name == name {
			return f.Kind
		}
	}
	return stats.UseUnknown
}

// TestWithoutSurvey holds which frameworks are told by clients and channels alone.
func TestWithoutSurvey(t *testing.T) {
	want := map[string]bool{"RQ": true, "BullMQ": true, "asynq": true, "Socket.IO": true, "Faye": true, "Bull": true, "Bee-Queue": true}
	table := loaded()
	for _, r := range recordings(t) {
		u := table.Recognise(nil, r.snapshot())
		got := false
		for _, one := range u.Uses {
			got = got || strings.Contains(one.Framework, r.Framework)
			if one.KeyShare.Known() || one.NoExpiry.Known() {
				t.Errorf("%s: shares of keys that nobody looked at: %+v", r.Framework, one)
			}
		}
		if got != want[r.Framework] {
			t.Errorf("%s: told by clients and channels: %t, want %t: %s", r.Framework, got, want[r.Framework], show(u))
		}
	}
}

// TestAllTogether holds that all frameworks in one server are told apart.
func TestAllTogether(t *testing.T) {
	table := loaded()
	g := NewGatherer(1000)
	var want []string
	for _, r := range recordings(t) {
		if r.Framework == "Bull" { // BullMQ has the same names
			continue
		}
		for _, k := range r.Keys {
			g.Add(Sighted{Name: k.Name, Type: k.Type, Expires: stats.Some(k.TTL != nil), Size: stats.Some(k.Size)})
		}
		for _, f := range table.frameworks {
			if f.Name == r.Framework && !f.Unnamed && len(r.Keys) > 0 {
				want = append(want, f.Name)
			}
		}
	}
	u := table.Recognise(g.Survey(time.Unix(0, 0), 1000, true), &stats.Snapshot{})
	if one := find(u, stats.UseQueue, "BullMQ"); one == nil || len(one.Names) != 1 {
		t.Errorf("names of BullMQ's one queue: %+v", one)
	}
	for _, name := range want {
		if find(u, kindOf(table, name), name) == nil {
			t.Errorf("%s is lost: %s", name, show(u))
		}
	}
}

// TestNamesDecide holds that BullMQ is told from Bull by the names of its clients where the sample has only keys that
// both write, and by a queue that is watched as its own.
func TestNamesDecide(t *testing.T) {
	g := NewGatherer(10)
	for _, k := range []Key{{0, "bull:mail:wait", "list"}, {0, "bull:mail:active", "list"}, {0, "bull:mail:id", "string"}} {
		g.Add(Sighted{Name: k.Name, Type: k.Type})
	}
	survey := g.Survey(time.Unix(0, 0), 1_000_000, false)
	for name, snap := range map[string]*stats.Snapshot{
		"Bull or BullMQ": {Connections: []stats.ConnectionRow{{Name: "bull:bWFpbA=="}}},
		"BullMQ":         {Connections: []stats.ConnectionRow{{Name: "bull:bWFpbA=="}, {Name: "bull:bWFpbA==:w:one"}}},
		"Bull":           {Messaging: &stats.Messaging{Queues: []stats.QueueRow{{Key: "bull:mail:wait", Type: "list", Name: "mail", Framework: "Bull"}}}},
	} {
		if u := loaded().Recognise(survey, snap); find(u, stats.UseQueue, name) == nil {
			t.Errorf("%s is not recognised: %s", name, show(u))
		}
	}
}
