package usage

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redistop/internal/stats"
)

// TestTableIsStrict holds that a mistake in the table is refused and named.
func TestTableIsStrict(t *testing.T) {
	const good = `- {name: A, kind: job-queue, checked: run, bases: ["a:"], keys: [{key: "<base><queue>:wait", type: list, role: waiting, weight: strong}]}`
	if _, err := parse([]byte(good)); err != nil {
		t.Fatalf("the row that the others spoil is refused: %v", err)
	}
	tests := []struct{ name, from, to, want string }{
		{"an unknown word", "bases:", "prefix: x, bases:", "prefix"},
		{"a kind", "job-queue", "jobs", `no kind "jobs"`},
		{"a type", "type: list", "type: lists", `no type "lists"`},
		{"a role", "waiting", "wait", `no role "wait"`},
		{"a weight", "strong", "heavy", `no weight "heavy"`},
		{"a part", "<queue>", "<que>", "no part <que>"},
		{"not checked", "checked: run", "checked: true", "want run or source"},
		{"not said why", "checked: run", "checked: source", "why belongs"},
		{"said why for nothing", "checked: run", "checked: run, why: x", "why belongs"},
		{"no bases", `bases: ["a:"], `, "", "no bases"},
		{"a key that is any name", `bases: ["a:"], keys: [{key: "<base><queue>:wait"`, `bases: [""], keys: [{key: "<base><queue>"`, "any name would match"},
		{"nothing to know it by", `keys: [{key: "<base><queue>:wait", type: list, role: waiting, weight: strong}]`, "keys: []", "nothing to know it by"},
		{"no name", "name: A", `name: ""`, "no name"},
		{"an end", "bases:", "oldest: {from: top, fields: [a], unit: s}, bases:", "want head or tail"},
		{"a unit", "bases:", "oldest: {from: head, fields: [a], unit: h}, bases:", `no unit "h"`},
		{"a list of no queue", "weight: strong}]", `weight: strong, waits: "<base>all"}]`, "want the list of a <queue>"},
		{"a list of a queue that nothing names", `<queue>:wait", type: list, role: waiting, weight: strong}]`, `all", type: set, role: registry, weight: strong, waits: "<base><queue>"}]`, "names no <queue>"},
		{"members of no set", "weight: strong}]", `weight: strong, waits: "<base><queue>", members: "<queue>"}]`, "want what each of a set"},
		{"members that are not listed", "weight: strong}]", `weight: strong, members: "<queue>"}]`, "want the list of a <queue>"},
		{"no field", "bases:", "oldest: {from: head, unit: s}, bases:", "no fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse([]byte(strings.Replace(good, tt.from, tt.to, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	if _, err := parse([]byte(good + "\n" + good)); err == nil || !strings.Contains(err.Error(), "stands twice") {
		t.Errorf("two rows of one name: %v", err)
	}
}

func TestTemplates(t *testing.T) {
	tests := []struct {
		text, bases, moves, name string
		base, queue              string
		ok                       bool
	}{
		{"<base><queue>:wait", "bull:", ":", "bull:mail:wait", "bull:", "mail", true},
		{"<base><queue>:wait", "bull:", ":", "x:a:b:wait", "x:", "a:b", true},
		{"<base><queue>:wait", "bull:", "", "x:a:wait", "", "", false},
		{"<base><queue>:wait", "bull:", ":", "bull:mail:waiting", "", "", false},
		{"<base>{<queue>}:t:<any>", "q:", "", "q:{a}:t:b", "q:", "a", true},
		{"<base>/clients", "", "*", "ns/clients", "ns", "", true},
		{"<base>queues", "", ":_-.", "a.queues", "a.", "", true},
		{"<base>queues", "", ":_-.", "aqueues", "", "", false},
		{"x<date>", "", "", "x2026-01-31\n", "", "", false},
		{"x<any>", "", "", "x\n\x00", "", "", true},
	}
	for _, tt := range tests {
		compiled, err := compileTemplate(tt.text, []string{tt.bases}, tt.moves)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := compiled.match(tt.name)
		if ok != tt.ok || got.base != tt.base || got.queue != tt.queue {
			t.Errorf("%s reads %q as %+v, %t", tt.text, tt.name, got, ok)
		}
	}
}

// FuzzQueues holds that no name of a key upsets the recogniser.
func FuzzQueues(f *testing.F) {
	f.Add("bull:mail:wait", "list")
	f.Add("celery\x06\x163", "list")
	f.Add("\xff::\n", "zset")
	table := Load()
	f.Fuzz(func(t *testing.T, name, kind string) {
		for _, q := range table.Queues([]Key{{Name: name, Type: kind}, {Name: name + ":wait", Type: "list"}}, true) {
			if len(q.Waiting)+len(q.InFlight)+len(q.Delayed)+len(q.Dead) == 0 {
				t.Errorf("a queue of no keys: %+v", q)
			}
		}
		table.RoleOf(name, kind)
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		Load()
	}
}

func BenchmarkQueues(b *testing.B) {
	table := Load()
	var keys []Key
	for i := range 2000 {
		q := "bull:queue" + strings.Repeat("x", i%40)
		keys = append(keys, Key{Type: "list", Name: q + ":wait"}, Key{Type: "hash", Name: q + ":meta"}, Key{Type: "zset", Name: "rank:" + q}, Key{Type: "list", Name: q + ":active"}, Key{Type: "stream", Name: q})
	}
	for b.Loop() {
		table.Queues(keys, true)
	}
}

// loaded is one table for all tests: it is immutable.
var loaded = sync.OnceValue(Load)

// BenchmarkRecognise is a look at a large server: it is taken by who makes Snapshots, between two of them.
func BenchmarkRecognise(b *testing.B) {
	g := NewGatherer(400)
	for i := range 4000 {
		name := "app" + strconv.Itoa(i%100) + "x:part" + string(rune('a'+i%4)) + ":" + strconv.Itoa(i)
		g.Add(Sighted{Name: name, Type: types[i%len(types)]})
	}
	survey := g.Survey(time.Unix(0, 0), 1_000_000, false)
	snap := &stats.Snapshot{Commands: []stats.CommandRow{{Name: "brpop", Calls: 5}, {Name: "publish", Calls: 1}}}
	for i := range 10_000 {
		snap.Connections = append(snap.Connections, stats.ConnectionRow{Name: "worker:" + strconv.Itoa(i), Library: "redis-py 5.0.1", LastCommand: "get"})
	}
	table := loaded()
	for b.Loop() {
		table.Recognise(survey, snap)
	}
}
