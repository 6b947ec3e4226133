package stats

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is put into keys is counted by key, and apart from all else that is done with them.
func TestPushedTo(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(sampledReading(t, 0, a))
	r := sampledReading(t, 1, a)
	r.Samples = NewTally(TallyOptions{Identities: a.Identities})
	lines := []string{
		`[0 10.0.0.1:5000] "LPUSH" "tenant:1:jobs" "a" "b"`, `[0 lua] "rpush" "tenant:1:jobs" "c"`, `[0 10.0.0.1:5000] "lpush" "tenant:2:jobs" "a"`,
		`[3 10.0.0.1:5000] "lpush" "tenant:1:jobs" "a"`, `[0 10.0.0.1:5000] "zadd" "later \xff" "1" "a"`,
		`[0 10.0.0.2:5000] "brpop" "tenant:1:jobs" "0"`, `[0 10.0.0.2:5000] "llen" "tenant:2:jobs"`, `[0 10.0.0.2:5000] "set" "config" "x"`,
		`[0 10.0.0.9:5000] "lpush" "ours" "x"`, `[0 10.0.0.1:5000] "lpush" "` + strings.Repeat("long", 100) + `" "1"`,
	}
	for i := range 2 {
		r.Samples.Open(r.Time.Add(time.Duration(i-2) * 100 * time.Millisecond))
		for _, line := range lines {
			feed(t, r.Samples, line)
		}
		r.Samples.Close(time.Millisecond)
	}
	r.Sampling = Sampling{Mode: ModeSample, Duty: 0.01}
	s := a.Observe(r)
	var got []Pushed
	for _, p := range s.Pushed() {
		if !p.PerSecond.Known() {
			t.Errorf("%+v: no rate", p)
		}
		p.PerSecond = Maybe[float64]{}
		got = append(got, p)
	}
	want := []Pushed{{Key: "tenant:1:jobs", Estimated: true, Seen: 4}, {Key: "later \xff", Estimated: true, Seen: 2},
		{DB: 3, Key: "tenant:1:jobs", Estimated: true, Seen: 2}, {Key: "tenant:2:jobs", Estimated: true, Seen: 2}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
