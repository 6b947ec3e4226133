package tui

import (
	"fmt"
	"testing"
)

// BenchmarkFrame200x60 draws the largest layout over 10,000 connections, as on every new Snapshot.
func BenchmarkFrame200x60(b *testing.B) {
	for _, sorted := range []bool{false, true} {
		name := "as it comes"
		if sorted {
			name = "sorted by age"
		}
		b.Run(name, func(b *testing.B) {
			v := bigView()
			_, ts := v.state(v.focus)
			if sorted {
				ts.sort = 8
			}
			for b.Loop() {
				ts.cached.valid = false
				v.render().encode(benchTheme)
			}
		})
	}
}

// BenchmarkDrill200x60 draws a drill page over 1,000 samples, as on every new Snapshot.
func BenchmarkDrill200x60(b *testing.B) {
	m := newApp(b.Context(), Options{})
	s := sampledCache(noon, 1)
	for i := range 1000 - len(s.Samples) {
		r := s.Samples[i%8]
		r.Pattern = fmt.Sprintf("%s:%d", r.Pattern, i)
		s.Samples = append(s.Samples, r)
	}
	m.take(s)
	m.view.width, m.view.height = 200, 60
	m.view.setFocus(panelIndex("clients"))
	m.open()
	for b.Loop() {
		m.view.drill.snap = nil
		m.view.render().encode(benchTheme)
	}
}

var benchTheme = themes["dark"]

func bigView() *view {
	v := newView(200, 60)
	v.hist = busyHistory(noon)
	v.snap = busyCache(noon, 1)
	v.snap.Connections = cacheConnections(10_000, 1)
	v.now, v.keys = noon, true
	v.setFocus(panelIndex("clients"))
	v.panels[v.focus].mode = connectionsMode
	return v
}

// A frame of a Snapshot that is already sorted must not sort it again.
func TestFrameSortsOnlyOnce(t *testing.T) {
	v := bigView()
	_, ts := v.state(v.focus)
	ts.sort = 8
	v.render()
	before := ts.cached.rows
	allocs := testing.AllocsPerRun(3, func() { v.render() })
	if &before[0] != &ts.cached.rows[0] {
		t.Error("a second frame made a new order")
	}
	if allocs > 12_000 {
		t.Errorf("a frame allocates %.0f times", allocs)
	}
}
