package doctor

import (
	"fmt"
	"testing"
	"time"

	"redistop/internal/stats"
)

// BenchmarkObserve is one look of all rules at a large server where nothing is wrong: 10,000 connections,
// 120 commands, 200 samples, a minute behind it. "new table" is
// a look that follows a whole pass over the connections; "idle" are those of pools that were opened within an hour
// and of which one in a hundred is used.
func BenchmarkObserve(b *testing.B) {
	for _, c := range []struct {
		name        string
		fresh, idle bool
	}{{name: "same table"}, {name: "new table", fresh: true}, {name: "idle, same table", idle: true}, {name: "idle, new table", idle: true, fresh: true}} {
		b.Run(c.name, func(b *testing.B) {
			s := largeServer()
			if c.idle {
				idleForLong(s.now.Connections)
			}
			s.run(70, func(int) { work(s) })
			if len(s.took) > 0 {
				b.Fatalf("found %s", titles(s.took))
			}
			var spent time.Duration
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				work(s)
				if c.fresh {
					s.now.Connections = append([]stats.ConnectionRow(nil), s.now.Connections...)
				}
				snap := s.snapshot()
				b.StartTimer()
				start := time.Now()
				s.doctor.Observe(snap)
				spent += time.Since(start)
			}
			b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "us/look")
		})
	}
}

func largeServer() *synth {
	s := newSynth()
	rows := make([]stats.ConnectionRow, 10_000)
	for i := range rows {
		rows[i] = stats.ConnectionRow{ID: int64(i + 1), Addr: fmt.Sprintf("10.0.%d.%d:%d", i/250, i%250, 40_000+i%20_000), Name: fmt.Sprintf("app-%d", i%40), User: "default",
			Library: "go-redis 9", LastCommand: "get", AgeSeconds: 4000, IdleSeconds: int64(i % 50), Flags: "N"}
	}
	s.now.Connections = rows
	s.now.Connected.Clients, s.now.Connected.Max = stats.Some(int64(len(rows))), stats.Some(int64(60_000))
	var samples []stats.SampleRow
	for i := range 200 {
		samples = append(samples, sample(fmt.Sprintf("10.0.0.%d", i), "app", "get", fmt.Sprintf("key%d:*", i), 100, 0.005, 100))
	}
	s.sampled(samples...)
	return s
}

func idleForLong(rows []stats.ConnectionRow) {
	for i := range rows {
		c := &rows[i]
		c.AgeSeconds = 1800 + int64(i%40)*60 + int64(i%7)
		if c.IdleSeconds = c.AgeSeconds - 1; i%100 == 0 {
			c.IdleSeconds = 0
		}
	}
}

func work(s *synth) {
	for i := range 120 {
		s.calls(fmt.Sprintf("command%d", i), 200, 3).longest(fmt.Sprintf("command%d", i), 90)
	}
}
