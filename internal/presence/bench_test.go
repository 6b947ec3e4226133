package presence

import (
	"fmt"
	"testing"

	"redistop/internal/stats"
)

// BenchmarkObserve is a pass over 10,000 connections, of which 1,000 went and 1,000 came since the one before, as
// when 500 come and go a second and a look is every two seconds, and half of the others spoke.
func BenchmarkObserve(b *testing.B) {
	const connections, turn = 10_000, 1000
	l := NewLedger(Options{})
	rows := make([]stats.ConnectionRow, connections)
	names := make([]string, 50)
	for i := range names {
		names[i] = fmt.Sprint("app-", i)
	}
	next := int64(0)
	fresh := func(r *stats.ConnectionRow) {
		next++
		*r = stats.ConnectionRow{ID: next, Addr: fmt.Sprintf("10.0.%d.%d:%d", next%10, next%200, next%60000), Name: names[next%50], User: "default"}
	}
	for i := range rows {
		fresh(&rows[i])
	}
	s := look(0, rows...)
	l.Observe(s)
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		b.StopTimer()
		s.Time = at(float64(2 * n))
		seen := s.Time
		s.Observer.ClientsTime = &seen
		for i := range rows {
			r := &s.Connections[i]
			r.AgeSeconds += 2
			if i%2 == 0 {
				r.IdleSeconds += 2
			}
			if (i+n*turn)%connections < turn {
				fresh(r)
			}
			r.SeenAt = seen
		}
		b.StartTimer()
		l.Observe(s)
	}
}
