package messaging

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// What a connection waits for is read from the command by which it waits.
func TestWaitOf(t *testing.T) {
	for args, want := range map[string]Wait{
		`"BLPOP" "jobs:idle" "0"`:                              {Command: "blpop", Keys: []string{"jobs:idle"}},
		`"brpop" "queue:a" "queue:b" "2"`:                      {Command: "brpop", Keys: []string{"queue:a", "queue:b"}},
		`"BRPOPLPUSH" "bull:mail:wait" "bull:mail:active" "5"`: {Command: "brpoplpush", Keys: []string{"bull:mail:wait"}},
		`"BLMOVE" "from" "to" "LEFT" "RIGHT" "0"`:              {Command: "blmove", Keys: []string{"from"}},
		`"BZPOPMIN" "bull:mail:marker" "10"`:                   {Command: "bzpopmin", Keys: []string{"bull:mail:marker"}},
		`"BLMPOP" "1" "2" "a" "od\nd" "LEFT"`:                  {Command: "blmpop", Keys: []string{"a", "od\nd"}},
		`"LPOP" "a"`:                                           {},
		`"BITCOUNT" "a"`:                                       {},
		`"BLPOP"`:                                              {},
		`"B`:                                                   {},
		`"BGSAVE"`:                                             {},
	} {
		line := redis.MonitorLine{DB: 3, Addr: []byte("10.0.0.1:5"), Args: []byte(args)}
		got, ok := WaitOf(&line)
		if want.Command != "" {
			want.Addr, want.DB = "10.0.0.1:5", 3
		}
		if ok != (want.Command != "") || ok && cmp.Diff(want, got) != "" {
			t.Errorf("%s: %+v, %v", args, got, ok)
		}
		if line.Addr = []byte("lua"); ok {
			if _, ok := WaitOf(&line); ok {
				t.Errorf("%s waits within a script", args)
			}
		}
	}
}

// Only who is blocked at present, in the command that was seen, waits.
func TestAwaited(t *testing.T) {
	list := []Wait{{Addr: "a:1", Command: "blpop"}, {Addr: "a:2", Command: "blpop"}, {Addr: "a:3", Command: "blpop"}, {Addr: "unix:/s", Command: "blpop"}}
	on := Awaited(list, []stats.ConnectionRow{{Addr: "a:1", Flags: "b", LastCommand: "blpop"}, {Addr: "a:2", Flags: "N", LastCommand: "blpop"},
		{Addr: "a:3", Flags: "b", LastCommand: "brpop"}, {Addr: "unix:/s", Flags: "b", LastCommand: "blpop"}, {Addr: "a:4", Flags: "b", LastCommand: "blpop"}})
	if diff := cmp.Diff(list[:1], on); diff != "" {
		t.Error(diff)
	}
}

// A queue that somebody waits for is a row though it is empty, which no search finds; one that is no key's type is not asked
// about again and again.
func TestFollow(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	c := client(t, s)
	c.Set(t.Context(), "text", "x", 0)
	w := open(t, s)
	seen(t, w)
	w.Follow([]Wait{{Command: "blpop", Keys: []string{"todo:idle", "handed over", "text", "redistop:canary:list:x"}}, {Command: "bzpopmin", Keys: []string{"bull:mail:marker", "due"}}, {DB: 2, Command: "brpop", Keys: []string{"todo:idle"}}})
	looked(t, w)
	m := looked(t, w)
	var names []string
	for _, q := range m.Queues {
		names = append(names, nameIn(q))
		if q.Depth != 0 || q.DrainSeconds != rate(0) {
			t.Errorf("%+v", q)
		}
	}
	if diff := cmp.Diff([]string{"0 bull:mail:wait list", "0 due zset", "0 handed over list", "0 todo:idle list", "2 todo:idle list"}, names); diff != "" {
		t.Error(diff)
	}
	c.RPush(t.Context(), "handed over", "1", "2")
	if q := queueByName(t, looked(t, w), "handed over"); q.Depth != 2 {
		t.Errorf("%+v", q)
	}
}

func nameIn(q stats.QueueRow) string { return strconv.Itoa(q.DB) + " " + q.Key + " " + q.Type }
