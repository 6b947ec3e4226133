package tui

import (
	"fmt"
	"slices"
	"time"

	"redistop/internal/stats"
)

var serverPanel = panel{
	id:    "server",
	title: "Server",
	short: "Srv",
	about: "persistence, replication, databases; what it is used for",
	modes: []mode{{"facts", serverSheet{}}, {"usage", usageTable}},
}

// serverSheet lists facts in sections that flow into columns.
type serverSheet struct{}

// sheetLine is a section's title or one fact.
type sheetLine struct {
	section string
	label   string // of the fact; alone on its line where there is no text
	text    string
	more    string // where there is room
	style   style
}

func (serverSheet) note(v *view, _ int) []string {
	s := &v.snap.Server
	if s.Version == "" {
		return nil
	}
	return []string{fmt.Sprintf("pid %d", s.PID), safe(s.OS, 60)}
}

func (serverSheet) draw(a area, v *view, _ int) {
	const wide = 36
	sections := [][]sheetLine{keyspaceLines(v), persistenceLines(v.snap), replicationLines(v.snap)}
	if lines := canaryLines(v.snap); lines != nil {
		sections = append(sections, lines)
	}
	columns := min(max(a.w/wide, 1), len(sections))
	width := a.w / columns
	heights := make([]int, columns)
	for _, lines := range sections {
		c := slices.Index(heights, slices.Min(heights))
		for _, l := range lines {
			drawSheetLine(a.sub(c*width, heights[c], width-1, 1), l)
			heights[c]++
		}
	}
}

func drawSheetLine(a area, l sheetLine) {
	if l.section != "" {
		x := a.cut(2, 0, a.w-2, styleTitle, l.section)
		a.fill(x+1, 0, a.w-x-1, styleFaint, "─")
		return
	}
	if l.text == "" {
		a.cut(2, 0, a.w-2, styleDim, l.label)
		return
	}
	a.cut(2, 0, 14, styleDim, l.label)
	text := l.text
	if mark := sign(l.style); mark != "" {
		text += " " + mark
	}
	st := l.style
	if l.text == unknown {
		st = styleDim
	}
	x := a.cut(17, 0, a.w-17, st, text)
	if l.more != "" && x+3+textWidth(l.more) <= a.w {
		a.put(x, 0, styleDim, " · "+l.more)
	}
}

func keyspaceLines(v *view) []sheetLine {
	s := v.snap
	lines := []sheetLine{{section: "Databases"}}
	if why := v.unanswered(); why != "" {
		return append(lines, sheetLine{label: why})
	}
	for _, db := range s.Keyspace {
		line := sheetLine{
			label: fmt.Sprintf("db%d", db.DB),
			text:  whole(db.Keys) + " keys · " + percent(float64(db.Expires)/float64(max(db.Keys, 1))) + " ttl",
		}
		if ttl, ok := db.AvgTTLSeconds.Get(); ok && ttl > 0 {
			line.more = "avg " + durationText(time.Duration(min(ttl, 1e9)*float64(time.Second)))
		}
		lines = append(lines, line)
	}
	if len(s.Keyspace) == 0 {
		lines = append(lines, sheetLine{label: "no keys"})
	}
	return lines
}

// canaryLines are what became of test messages; nil where none are sent.
func canaryLines(s *stats.Snapshot) []sheetLine {
	if len(s.Canary) == 0 {
		return nil
	}
	lines := []sheetLine{{section: "Canary"}}
	for i := range s.Canary {
		p := &s.Canary[i]
		line := sheetLine{label: safe(p.Kind, 10), text: whole(p.Lost) + " lost of " + whole(p.Sent), style: styleGood, more: "p99 " + known(p.P99Usec, usecText)}
		switch {
		case p.Broken:
			line.style = styleBad
		case p.Lost > 0 || p.Duplicated > 0 || p.Reordered > 0:
			line.style = styleWarn
		}
		if !p.SilentAt.IsZero() {
			line.text, line.style, line.more = "no answer since "+p.SilentAt.Format(time.TimeOnly), styleBad, ""
		}
		if p.Sent == 0 && p.LastError != "" {
			line.text, line.style, line.more = safe(p.LastError, 120), styleWarn, ""
		}
		lines = append(lines, line)
	}
	return lines
}

func persistenceLines(s *stats.Snapshot) []sheetLine {
	p := &s.Persistence
	lines := []sheetLine{
		{section: "Persistence"},
		{label: "last save", text: known(p.LastSave, func(n int64) string { return seconds(n) + " ago" })},
		okLine("save", p.LastSaveOK),
		{label: "changes since", text: known(p.ChangesSinceSave, whole)},
		{label: "aof", text: aofFact(s).text, style: aofFact(s).style},
	}
	if p.SaveInProgress {
		lines = append(lines, sheetLine{label: "now", text: "saving"})
	}
	if p.AOFEnabled.Or(false) {
		lines = append(lines, okLine("aof write", p.AOFLastWriteOK), okLine("aof rewrite", p.AOFLastRewriteOK),
			sheetLine{label: "delayed fsync", text: known(p.AOFDelayedFsync, whole)})
	}
	fork := known(p.LastForkUsec, func(n int64) string { return usecText(float64(n)) })
	return append(lines, sheetLine{label: "last fork", text: fork})
}

func okLine(label string, ok stats.Maybe[bool]) sheetLine {
	good, known := ok.Get()
	switch {
	case !known:
		return sheetLine{label: label, text: unknown}
	case good:
		return sheetLine{label: label, text: "ok", style: styleGood}
	}
	return sheetLine{label: label, text: "failed", style: styleBad}
}

func replicationLines(s *stats.Snapshot) []sheetLine {
	r := &s.Replication
	lines := []sheetLine{{section: "Replication"}, {label: "role", text: orUnknown(safe(s.Server.Role, 20))}}
	if s.Server.Role == "replica" {
		t := replicationFact(s)
		lines = append(lines,
			sheetLine{label: "primary", text: orUnknown(safe(r.PrimaryAddr, 80))},
			sheetLine{label: "link", text: t.text, style: t.style},
			sheetLine{label: "last data", text: known(r.LastIOSeconds, func(n int64) string { return seconds(n) + " ago" })})
	}
	for _, row := range r.Replicas {
		st := styleText
		if row.State != "online" {
			st = styleWarn
		}
		lines = append(lines, sheetLine{
			label: safe(row.Addr, 60),
			text:  safe(row.State, 20),
			more:  known(row.LagBytes, wholeBytes) + " behind",
			style: st,
		})
	}
	if len(r.Replicas) == 0 && s.Server.Role == "primary" {
		lines = append(lines, sheetLine{label: "replicas", text: "none"})
	}
	lines = append(lines, sheetLine{label: "full syncs", text: known(r.FullSyncs, whole)})
	if r.FailoverState != "" && r.FailoverState != "no-failover" {
		lines = append(lines, sheetLine{label: "failover", text: safe(r.FailoverState, 40), style: styleWarn})
	}
	return lines
}
