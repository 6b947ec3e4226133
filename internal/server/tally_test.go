package server

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
)

// A call is told from when it is sent, again while it waits for its answer, and not once more when that comes.
func TestTally(t *testing.T) {
	c := newTally(map[string]int64{"info": 1})
	told := func(when string, want map[string]int64) {
		t.Helper()
		got := map[string]int64{}
		for _, s := range c.take() {
			got[s.Name] += s.Calls
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	told("before", map[string]int64{"info": 1})
	c.ask([]string{"rpush", "expire"})
	c.answered()
	told("one of two is answered", map[string]int64{"rpush": 1, "expire": 1})
	c.answered()
	c.end()
	told("the other one too", map[string]int64{})
	c.ask([]string{"blpop"})
	told("it waits", map[string]int64{"blpop": 1})
	told("it waits still", map[string]int64{"blpop": 1})
	c.answered()
	c.end()
	c.ask([]string{"blpop"})
	told("it was answered, and the next one waits", map[string]int64{"blpop": 1})
	c.end()
	told("its connection was lost", map[string]int64{})
	c.ask([]string{"publish"})
	c.end()
	told("one was lost before it was told", map[string]int64{"publish": 1})
	var none *tally
	none.ask([]string{"info"})
	none.answered()
	none.end()
	if diff := cmp.Diff([]redis.Sent{}, c.take()); diff != "" {
		t.Error(diff)
	}
}
