package history_test

import (
	"context"
	"math"
	"testing"
	"time"

	"redistop/internal/history"
	"redistop/internal/stats"
)

// run lets Run do its work until done says so.
func run(t *testing.T, s *history.Store, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	deadline := time.Now().Add(90 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			cancel()
			t.Fatalf("it is not done; status %+v", s.Status())
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func pointsOf(t *testing.T, where string, o history.Options) map[string][]history.Point {
	t.Helper()
	s := openAt(t, where, o)
	byTier := map[string][]history.Point{}
	err := s.EachPoint(t.Context(), noon.Add(-400*24*time.Hour), noon.Add(24*time.Hour), func(p history.Point) error {
		byTier[p.Tier] = append(byTier[p.Tier], p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return byTier
}

// TestRollUp records two hours with a gap, lets the raw points go, and compares the hour with what is true. hit_ratio is known in
// a third of the Snapshots only: its mean must weigh those alone, through three tiers.
func TestRollUp(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		if where == ":memory:" {
			t.Skip("it is gone when Run ends")
		}
		c := &clock{at: noon}
		o := history.Options{Now: c.now, Flush: 5 * time.Millisecond, Keep: history.Keep{Raw: time.Minute, Minute: time.Minute, TenMinutes: time.Minute}}
		s := openAt(t, where, history.Options{Now: c.now})
		var n, known int64
		var sum, ratios float64
		least, most := math.Inf(1), math.Inf(-1)
		for i := 0; i < 2*3600; i += 5 {
			at := noon.Add(time.Duration(i) * time.Second)
			if i >= 1000 && i < 1700 || i >= 3600 && i < 4200 {
				continue // not watched
			}
			v := float64(i % 977)
			snap := snapshotAt(at, v)
			if i%15 == 0 && i < 2400 {
				snap.Throughput.HitRatio = stats.Some(float64(i%100) / 100)
			}
			s.Snapshot("a", snap)
			if i < 3600 {
				n++
				sum += v
				least, most = min(least, v), max(most, v)
				if r, ok := snap.Throughput.HitRatio.Get(); ok {
					known, ratios = known+1, ratios+r
				}
			}
		}
		c.set(noon.Add(3 * time.Hour))
		if err := s.Close(t.Context()); err != nil { // without a roll-up: the next to open must do it
			t.Fatal(err)
		}
		s = openAt(t, where, o)
		run(t, s, func() bool { return s.Status().Bytes.Known() })
		tiers := pointsOf(t, where, o)
		if len(tiers["raw"])+len(tiers["1m"])+len(tiers["10m"]) != 0 || len(tiers["1h"]) != 2 {
			t.Fatalf("kept %d raw, %d, %d, %d", len(tiers["raw"]), len(tiers["1m"]), len(tiers["10m"]), len(tiers["1h"]))
		}
		p := tiers["1h"][0]
		value := func(of []stats.Maybe[float64], name string) float64 {
			for i, s := range history.SeriesNames() {
				if s == name {
					return of[i].Or(math.NaN())
				}
			}
			return math.NaN()
		}
		if p.N != n || math.Abs(value(p.Mean, "commands_per_second")-sum/float64(n)) > 1e-9 ||
			value(p.Min, "commands_per_second") != least || value(p.Max, "commands_per_second") != most {
			t.Errorf("got %d Snapshots, mean %v, min %v, max %v; want %d, %v, %v, %v", p.N, value(p.Mean, "commands_per_second"),
				value(p.Min, "commands_per_second"), value(p.Max, "commands_per_second"), n, sum/float64(n), least, most)
		}
		if got := value(p.Mean, "hit_ratio"); math.Abs(got-ratios/float64(known)) > 1e-9 {
			t.Errorf("hit ratio %v, want %v", got, ratios/float64(known))
		}
		if got := value(tiers["1h"][1].Mean, "hit_ratio"); !math.IsNaN(got) {
			t.Errorf("hit ratio %v in an hour in which it was not known", got)
		}
		if c := p.Commands[0]; c.Name != "get" || math.Abs(c.CallsPerSecond-sum/float64(n)) > sum/float64(n)/1e4 || c.UsecPerCall.Or(0) != 2 {
			t.Errorf("commands %+v", p.Commands)
		}
	})
}

// TestRangeReadsFinerTail asks for days while the last hour is not rolled up yet: what is there must be in the answer, once.
func TestRangeReadsFinerTail(t *testing.T) {
	eachStore(t, func(t *testing.T, where string) {
		c := &clock{at: noon}
		s := openAt(t, where, history.Options{Now: c.now, Flush: 5 * time.Millisecond})
		for i := range 90 {
			s.Snapshot("a", snapshotAt(noon.Add(time.Duration(i)*time.Minute), float64(i)))
		}
		s.Snapshot("b", snapshotAt(noon, 1e9))
		c.set(noon.Add(90 * time.Minute))
		for _, tt := range []struct {
			span time.Duration
			step time.Duration
			tier string
			want time.Duration
		}{
			{2 * time.Hour, 0, "raw", 2 * time.Minute}, // Snapshots come each minute: finer would show gaps
			{24 * time.Hour, 0, "1m", 5 * time.Minute},
			{7 * 24 * time.Hour, 0, "10m", 30 * time.Minute},
			{300 * 24 * time.Hour, 0, "1h", 24 * time.Hour},
			{3 * time.Hour, time.Second, "1m", time.Minute}, // raw does not reach so far back
		} {
			r, err := s.Range(t.Context(), history.RangeQuery{Server: "a", From: c.now().Add(-tt.span), Step: tt.step, Series: []string{"commands_per_second"}})
			if err != nil {
				t.Fatal(err)
			}
			var most float64
			total, n := 0.0, 0
			for _, v := range r.Series["commands_per_second"].Max {
				most = max(most, v.Or(0))
			}
			for _, v := range r.Series["commands_per_second"].Mean {
				if v.Known() {
					total, n = total+v.Or(0), n+1
				}
			}
			if r.Tier != tt.tier || r.Step != tt.want || most != 89 || n == 0 || len(r.Series) != 1 {
				t.Errorf("%v: tier %s, step %v, most %v, %d known", tt.span, r.Tier, r.Step, most, n)
			}
		}
		if _, err := s.Range(t.Context(), history.RangeQuery{Server: "a", Series: []string{"nonsense"}}); err == nil {
			t.Error("a series that there is not was answered")
		}
	})
}
