package tui

import (
	"strconv"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// A fact is one label and figure of the context above the panels.
type fact struct {
	label string
	value func(s *stats.Snapshot) factText
}

// factText is a figure and what else to say where there is room.
type factText struct {
	label string // instead of the fact's own
	text  string
	more  string
	style style
}

const factLabel = 7 // cells

// factGroup is a column of the context.
type factGroup struct {
	width int // the least, in cells
	label int // cells of the labels, 0: factLabel
	facts []fact
}

// contextGroups are the columns of the context; the first ones stay when it is narrow, and the
// first facts of each when it is low.
var contextGroups = []factGroup{
	{17, 0, []fact{
		{"cmd/s", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Throughput.CommandsPerSecond, count), style: styleStrong}
		}},
		{"hits", hitsFact},
		{"err/s", func(s *stats.Snapshot) factText {
			t := rateFact(s.Throughput.ErrorsPerSecond, true)
			t.more = known(s.Throughput.TotalErrors, whole) + " in all"
			return t
		}},
		{"p99", func(s *stats.Snapshot) factText {
			n, ok := s.Throughput.P99Usec.Get()
			if !ok {
				return factText{text: unknown}
			}
			return factText{text: "≤" + usecText(n), more: "per call"}
		}},
		{"total", func(s *stats.Snapshot) factText { return factText{text: known(s.Throughput.TotalCommands, whole)} }},
	}},
	{19, 0, []fact{
		{"cpu", cpuFact},
		{"net in", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Throughput.InputBytesPerSecond, byteRate)}
		}},
		{"net out", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Throughput.OutputBytesPerSecond, byteRate)}
		}},
		{"saved", savedFact},
		{"io thr", func(s *stats.Snapshot) factText { return factText{text: known(s.Server.IOThreads, whole)} }},
	}},
	{22, 0, []fact{
		{"memory", memoryFact},
		{"frag", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Memory.FragmentationRatio, fragText), more: "rss " + known(s.Memory.RSS, wholeBytes)}
		}},
		{"evict/s", func(s *stats.Snapshot) factText {
			t := rateFact(s.Throughput.EvictedPerSecond, true)
			t.more = s.Memory.Policy
			return t
		}},
		{"exp/s", func(s *stats.Snapshot) factText { return rateFact(s.Throughput.ExpiredPerSecond, false) }},
		{"peak", func(s *stats.Snapshot) factText { return factText{text: known(s.Memory.Peak, wholeBytes)} }},
	}},
	{21, 0, []fact{
		{"clients", clientsFact},
		{"blocked", func(s *stats.Snapshot) factText { return factText{text: known(s.Connected.Blocked, whole)} }},
		{"short-lived", shortLivedFact},
		{"keys", keysFact},
		{"new/s", func(s *stats.Snapshot) factText { return rateFact(s.Connected.NewPerSecond, false) }},
	}},
	{19, 0, []fact{
		{"repl", replicationFact},
		{"refused", func(s *stats.Snapshot) factText {
			t := factText{text: known(s.Connected.Rejected, whole)}
			if s.Connected.Rejected.Or(0) > 0 {
				t.more = "over the limit"
			}
			if s.Connected.RejectedPerSecond.Or(0) > 0 {
				t.style = styleBad
			}
			return t
		}},
		{"pub/sub", func(s *stats.Snapshot) factText {
			return factText{text: known(s.PubSub.Channels, whole) + " ch", more: known(s.PubSub.Patterns, whole) + " patterns"}
		}},
		{"aof", aofFact},
		{"restart", func(s *stats.Snapshot) factText { return factText{text: whole(int64(s.Server.Restarts)), more: "seen"} }},
	}},
	{22, 0, []fact{
		{"unsaved", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Persistence.ChangesSinceSave, whole), more: "changes"}
		}},
		{"fork", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Persistence.LastForkUsec, func(n int64) string { return usecText(float64(n)) }), more: "last"}
		}},
		{"main", mainFact},
		{"forks", func(s *stats.Snapshot) factText { return factText{text: known(s.CPU.Children, percent), more: "cpu"} }},
		{"track", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Connected.Tracking, whole), more: "clients"}
		}},
	}},
	{25, 9, []fact{
		{"lookups/s", func(s *stats.Snapshot) factText {
			return factText{text: known(lookups(s), count)}
		}},
		{"misses/s", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Throughput.MissesPerSecond, count)}
		}},
		{"hit ratio", func(s *stats.Snapshot) factText {
			return factText{text: known(s.Throughput.TotalHitRatio, ratio), more: "since start"}
		}},
		{"pid", func(s *stats.Snapshot) factText {
			if s.Server.PID == 0 {
				return factText{text: unknown}
			}
			return factText{text: strconv.FormatInt(s.Server.PID, 10), more: s.Server.Mode}
		}},
	}},
}

func rateFact(m redis.Maybe[float64], trouble bool) factText {
	t := factText{text: known(m, count)}
	if trouble && m.Or(0) > 0 {
		t.style = styleWarn
	}
	return t
}

func lookups(s *stats.Snapshot) redis.Maybe[float64] {
	hits, ok1 := s.Throughput.HitsPerSecond.Get()
	misses, ok2 := s.Throughput.MissesPerSecond.Get()
	if !ok1 || !ok2 {
		return redis.Maybe[float64]{}
	}
	return redis.Some(hits + misses)
}

func hitsFact(s *stats.Snapshot) factText {
	return factText{text: known(s.Throughput.HitRatio, ratio)}
}

// Shares of one core: a main thread near 1 cannot serve more.
const warnCPU, badCPU = 0.80, 0.95

func cpuFact(s *stats.Snapshot) factText {
	t := factText{text: known(s.CPU.Total, percent)}
	if n, ok := s.CPU.MainThread.Get(); ok {
		if mainDiffers(s) {
			t.more = "main " + percent(n)
		}
		t.style = severity(n, warnCPU, badCPU)
	} else {
		t.style = severity(s.CPU.Total.Or(0), warnCPU, badCPU)
	}
	return t
}

// mainDiffers says that the main thread's share reads differently from that of the whole process.
func mainDiffers(s *stats.Snapshot) bool {
	n, ok := s.CPU.MainThread.Get()
	return ok && percent(n) != percent(s.CPU.Total.Or(-1))
}

// mainFact is the main thread, and where that is all of the process, the time spent in commands.
// That is by the clock (commandstats), not processor time: the two may well differ.
func mainFact(s *stats.Snapshot) factText {
	if s.CPU.MainThread.Known() && !mainDiffers(s) {
		return factText{label: "in cmds", text: known(s.CPU.Commands, percent), more: "time"}
	}
	return factText{text: known(s.CPU.MainThread, percent), more: "cmds " + known(s.CPU.Commands, percent) + " time"}
}

// Shares of a limit.
const warnFull, badFull = 0.85, 0.97

func memoryFact(s *stats.Snapshot) factText {
	used, ok := s.Memory.Used.Get()
	if !ok {
		return factText{text: unknown}
	}
	limit, ok := s.Memory.Max.Get()
	if !ok || limit <= 0 {
		return factText{text: wholeBytes(used), more: "no limit"}
	}
	share := float64(used) / float64(limit)
	return factText{text: wholeBytes(used) + " " + percent(share), more: "of " + wholeBytes(limit), style: severity(share, warnFull, badFull)}
}

func fragText(f float64) string { return digits(f, true) }

func clientsFact(s *stats.Snapshot) factText {
	n, ok := s.Connected.Clients.Get()
	if !ok {
		return factText{text: unknown}
	}
	t := factText{text: whole(n)}
	if limit, ok := s.Connected.Max.Get(); ok && limit > 0 {
		t.text += "/" + whole(limit)
		t.style = severity(float64(n)/float64(limit), warnFull, badFull)
	}
	return t
}

// shortLivedFact counts connections that came and went between two polls: nobody else sees them.
func shortLivedFact(s *stats.Snapshot) factText {
	t := factText{text: known(s.Connected.CameAndWent, whole)}
	if n, ok := s.Connected.TotalCameAndWent.Get(); ok {
		t.more = "(" + whole(n) + " so far)"
		if !s.Connected.CameAndWent.Known() {
			t.text, t.more = whole(n), "so far"
			if since := s.Connected.CameSince.Or(0); since > 0 { // a pass is under way
				t.more += ", of " + whole(since) + " not known yet"
			}
		}
	}
	return t
}

func keysFact(s *stats.Snapshot) factText {
	var keys, expires int64
	for _, db := range s.Keyspace {
		keys += db.Keys
		expires += db.Expires
	}
	t := factText{text: whole(keys)}
	switch len(s.Keyspace) {
	case 0:
		if s.Server.Version == "" {
			t.text = unknown
		}
	case 1:
		t.more = percent(float64(expires)/float64(max(keys, 1))) + " ttl"
	default:
		t.more = whole(int64(len(s.Keyspace))) + " dbs"
	}
	return t
}

func savedFact(s *stats.Snapshot) factText {
	p := &s.Persistence
	switch {
	case !p.LastSaveOK.Or(true):
		return factText{text: "RDB failed", style: styleBad}
	case !p.AOFLastWriteOK.Or(true):
		return factText{text: "AOF failed", style: styleBad}
	case p.SaveInProgress:
		return factText{text: "saving now"}
	}
	if n, ok := p.LastSave.Get(); ok {
		t := factText{text: seconds(n) + " ago"}
		if p.AOFEnabled.Or(false) {
			t.more = "+ aof"
		}
		return t
	}
	if p.AOFEnabled.Or(false) {
		return factText{text: "aof"}
	}
	if s.Server.Version == "" {
		return factText{text: unknown}
	}
	return factText{text: "never"}
}

func aofFact(s *stats.Snapshot) factText {
	p := &s.Persistence
	on, ok := p.AOFEnabled.Get()
	switch {
	case !ok:
		return factText{text: unknown}
	case !on:
		return factText{text: "off"}
	case !p.AOFLastWriteOK.Or(true):
		return factText{text: "write failed", style: styleBad}
	case p.AOFRewriteInProgress:
		return factText{text: "rewriting"}
	}
	return factText{text: "on"}
}

// replicationFact is the replicas of a primary, or how a replica stands to its primary.
func replicationFact(s *stats.Snapshot) factText {
	r := &s.Replication
	if s.Server.Role == "replica" {
		up, ok := r.PrimaryLinkUp.Get()
		switch {
		case !ok:
			return factText{text: unknown}
		case r.SyncInProgress:
			return factText{text: "syncing", more: safe(r.PrimaryAddr, 60), style: styleWarn}
		case !up:
			return factText{text: "down", more: known(r.PrimaryLinkDownSeconds, seconds), style: styleBad}
		}
		return factText{text: "up", more: safe(r.PrimaryAddr, 60)}
	}
	t := factText{text: known(r.ConnectedReplicas, whole)}
	var worst int64
	for _, row := range r.Replicas {
		worst = max(worst, row.LagBytes.Or(0))
	}
	if len(r.Replicas) > 0 {
		t.more = "lag " + wholeBytes(worst)
	}
	return t
}

// drawContext fills the area with facts, column by column.
func drawContext(a area, v *view) {
	columns, room := 0, a.w
	for columns < len(contextGroups) && room >= contextGroups[columns].width {
		room -= contextGroups[columns].width
		columns++
	}
	x := 0
	for _, g := range contextGroups[:columns] {
		width := g.width + room/columns
		for y, f := range g.facts[:min(a.h, len(g.facts))] {
			drawFact(a.sub(x, y, width-1, 1), f, max(g.label, factLabel), v.snap)
		}
		x += width
	}
}

// drawFact writes a label of labels cells and the figure behind it; a longer label moves its figure.
func drawFact(a area, f fact, labels int, s *stats.Snapshot) {
	t := f.value(s)
	label := f.label
	if t.label != "" {
		label = t.label
	}
	at := max(labels, textWidth(label)) + 2
	a.cut(1, 0, at-2, styleDim, label)
	st := t.style
	if t.text == unknown {
		st = styleDim
	}
	text := t.text
	if mark := sign(t.style); mark != "" {
		text += " " + mark
	}
	x := a.cut(at, 0, a.w-at, st, text)
	if more := safe(t.more, 80); more != "" && t.text != unknown && x+1+textWidth(more) <= a.w {
		a.put(x+1, 0, styleDim, more)
	}
}
