package stats

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Channels are counted by name, shard channels apart, whatever the name is made of; the observer's own messages and
// names too long to be told apart are not.
func TestPublishedTo(t *testing.T) {
	a := NewAggregate(Options{})
	a.Observe(sampledReading(t, 0, a))
	r := sampledReading(t, 1, a)
	r.Samples = NewTally(TallyOptions{Identities: a.Identities})
	lines := []string{
		`[0 10.0.0.1:5000] "PUBLISH" "prices" "1"`, `[0 10.0.0.1:5000] "publish" "prices" "2"`, `[0 lua] "publish" "prices" "3"`,
		`[0 10.0.0.1:5000] "spublish" "prices" "1"`, `[0 10.0.0.2:5000] "publish" "a \"b\" \xff" "1"`, `[0 10.0.0.2:5000] "publish" "a \"b\" \xff" "1"`,
		`[0 10.0.0.9:5000] "publish" "ours" "1"`, `[0 10.0.0.2:5000] "subscribe" "heard"`, `[0 10.0.0.2:5000] "publish"`, `[0 10.0.0.2:5000] "get" "prices"`,
		`[0 10.0.0.2:5000] "publish" "` + strings.Repeat("long", 100) + `" "1"`,
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
	var got []Published
	for _, p := range s.Published() {
		if !p.PerSecond.Known() || !p.Error.Known() {
			t.Errorf("%+v: an estimate has a rate and an error", p)
		}
		p.PerSecond, p.Error = Maybe[float64]{}, Maybe[float64]{}
		got = append(got, p)
	}
	want := []Published{{Channel: "prices", Seen: 6}, {Channel: "a \"b\" \xff", Seen: 4}, {Channel: "prices", Shard: true, Seen: 2}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	prices, _ := s.Published()[0].PerSecond.Get()
	if all, ok := s.Sampled.VisibleCommandsPerSecond.Get(); !ok || prices <= 0 || prices > all {
		t.Errorf("%v messages a second of %v commands", prices, all)
	}
	if s.Bare().Published() != nil {
		t.Error("a bare Snapshot keeps channels")
	}
}
