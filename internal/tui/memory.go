package tui

import "redistop/internal/stats"

var memoryPanel = panel{
	id:    "memory",
	title: "Memory",
	short: "Mem",
	about: "what the memory is made of: MEMORY STATS",
	modes: []mode{{"", memoryBars{}}},
}

// memoryBars shows what the used memory is made of.
type memoryBars struct{}

// memoryPart is one use of memory.
type memoryPart struct {
	label string
	get   func(m *stats.Memory) stats.Maybe[int64]
}

var memoryParts = []memoryPart{
	{"dataset", func(m *stats.Memory) stats.Maybe[int64] { return m.Dataset }},
	{"key tables", func(m *stats.Memory) stats.Maybe[int64] { return m.DBOverhead }},
	{"clients", func(m *stats.Memory) stats.Maybe[int64] { return m.Clients }},
	{"replicas", func(m *stats.Memory) stats.Maybe[int64] { return m.Replicas }},
	{"backlog", func(m *stats.Memory) stats.Maybe[int64] { return m.ReplicationBacklog }},
	{"aof buffer", func(m *stats.Memory) stats.Maybe[int64] { return m.AOFBuffer }},
	{"scripts", func(m *stats.Memory) stats.Maybe[int64] { return m.Scripts }},
	{"links", func(m *stats.Memory) stats.Maybe[int64] { return m.ClusterLinks }},
	{"startup", func(m *stats.Memory) stats.Maybe[int64] { return m.Startup }},
}

func (memoryBars) note(v *view, _ int) []string {
	m := &v.snap.Memory
	var note []string
	if m.Policy != "" {
		note = append(note, safe(m.Policy, 30))
	}
	return append(note, "rss "+known(m.RSS, wholeBytes), "peak "+known(m.Peak, wholeBytes))
}

// badWaste is what fragmentation must cost at least, in bytes, before it is worth a look.
const badWaste = 256 << 20

func (memoryBars) draw(a area, v *view, _ int) {
	m := &v.snap.Memory
	used, ok := m.Used.Get()
	if !ok {
		a.cut(2, 0, a.w-2, styleDim, v.unanswered())
		return
	}
	y := 0
	if limit, ok := m.Max.Get(); ok && limit > 0 {
		share := float64(used) / float64(limit)
		drawPart(a, y, "used", used, share, "limit", severity(share, warnFull, badFull))
	} else {
		a.cut(2, y, 11, styleDim, "used")
		a.right(13, y, 8, styleText, wholeBytes(used))
		a.cut(24, y, a.w-24, styleDim, "no limit")
	}
	y++
	if missing, gone := v.missing("memory"); gone {
		drawMissing(a.sub(0, y, a.w, 2), missing)
		return
	}
	if rss, ok := m.RSS.Get(); ok {
		// Above 1 it is fragmentation and freed pages; below 1 a part is swapped out.
		share := float64(rss-used) / float64(max(rss, 1))
		st := styleText
		if rss-used >= badWaste {
			st = severity(share, 0.35, 0.6)
		}
		drawPart(a, y, "rss − used", rss-used, share, "rss", st)
		y++
	}
	for _, part := range partsThatFit(m, a.h-y) {
		n, ok := part.get(m).Get()
		if !ok {
			a.cut(2, y, 11, styleDim, part.label)
			a.right(13, y, 8, styleDim, unknown)
		} else {
			drawPart(a, y, part.label, n, float64(n)/float64(max(used, 1)), "used", styleText)
		}
		y++
	}
}

// partsThatFit leaves out, where there is little room, what is empty or unknown.
func partsThatFit(m *stats.Memory, room int) []memoryPart {
	if room >= len(memoryParts) {
		return memoryParts
	}
	var parts []memoryPart
	for _, p := range memoryParts {
		if p.get(m).Or(0) > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// drawPart draws a use of memory: n bytes, the share of the whole that is named.
func drawPart(a area, y int, label string, n int64, share float64, whole string, st style) {
	a.cut(2, y, 11, styleDim, label)
	if n == 0 {
		st = styleDim
	}
	a.right(13, y, 8, st, wholeBytes(n))
	a.right(22, y, 6, styleDim, percent(share))
	a.put(28, y, st, sign(st))
	a.cut(31, y, 8, styleDim, "of "+whole)
	drawBar(a, 41, y, a.w-42, share, barStyle(st))
}
