package tui

import (
	"fmt"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var livePanel = panel{
	id:    "live",
	title: "Live",
	short: "Live",
	about: "the commands as they come, by what MONITOR or its windows see; values hidden",
	modes: []mode{{"", liveTable}},
	off:   func(v *view) bool { return !v.live.offered },
}

// liveRow is one command, and its number since the panel began.
type liveRow struct {
	n int64
	*stats.LiveCommand
}

var liveTable = &table[liveRow]{
	list:    func(v *view) []liveRow { return v.live.shown },
	version: func(v *view) int64 { return v.live.version },
	id:      func(r *liveRow) rowID { return rowID{n: r.n} },
	match:   func(*liveRow, func(string) bool) bool { return true }, // the feed has filtered
	extra:   liveDetails,
	about:   liveNote,
	empty:   liveEmpty,
	part:    "samples",
	natural: 0,
	initial: -1,
	cols: []column[liveRow]{
		{
			title: "time", long: "time", width: 12, prio: 3,
			cell: func(_ *view, r *liveRow) mark {
				return mark{text: r.Time.Local().Format("15:04:05.000"), style: styleDim}
			},
			num: func(r *liveRow) (float64, bool) { return float64(r.n), true },
		},
		{
			title: "client", long: "client", width: 18, grow: 1, limit: 21, prio: 1, left: true,
			cell: func(_ *view, r *liveRow) mark {
				if r.Script {
					return mark{text: "a script", style: styleDim}
				}
				return mark{text: orUnknown(safe(r.Addr, 100)), style: styleName}
			},
			str: func(r *liveRow) string { return r.Addr },
		},
		textColumn("name", "name", 10, 24, 4, func(r *liveRow) string { return r.Name }),
		{
			title: "db", long: "database", width: 2, prio: 2,
			cell: func(_ *view, r *liveRow) mark { return mark{text: fmt.Sprint(r.DB), style: styleDim} },
			num:  func(r *liveRow) (float64, bool) { return float64(r.DB), true },
		},
		{
			title: "command", long: "command line", width: 34, grow: 10, limit: 1000, prio: 0, left: true,
			cell: func(v *view, r *liveRow) mark { return mark{text: liveLine(v, r, 1000)} },
			str:  func(r *liveRow) string { return r.Command },
		},
		{
			title: "size", long: "size in MONITOR", width: 7, prio: 5,
			cell: func(_ *view, r *liveRow) mark { return mark{text: wholeBytes(int64(r.Bytes)), style: styleDim} },
			num:  func(r *liveRow) (float64, bool) { return float64(r.Bytes), true },
		},
	},
}

// liveLine is a command line, with its values only when the user wants to see them. Passwords are
// never shown.
func liveLine(v *view, r *liveRow, limit int) string {
	if !v.live.values {
		return safe(r.Keys, limit)
	}
	return safe(string(redis.Reveal(nil, []byte(r.Line), limit)), limit)
}

// liveNote says what one sees: everything or windows of it, what was too much, and whether values are
// hidden.
func liveNote(v *view, _, total int) []string {
	l := &v.live
	var note []string
	if why := noSamples(v); why == "" || v.monitorLeft() > 0 {
		note = append(note, seenText(v))
	}
	if v.pinned && l.newer() > 0 {
		note = append(note, whole(l.newer())+" newer")
	}
	if l.dropped > 0 {
		note = append(note, whole(l.dropped)+" too fast to show")
	}
	values := "values hidden"
	if l.values {
		values = "values shown"
	}
	return append(note, values, whole(int64(total)))
}

// seenText says what part of the commands the windows see.
func seenText(v *view) string {
	o := &v.snap.Observer
	switch {
	case v.monitorLeft() > 0 || o.Mode == string(stats.ModeMonitor), v.snap.Sampled.Complete:
		return "every command"
	case o.MonitorDuty.Known():
		return "windows only: " + known(o.MonitorDuty, percent) + " of the time"
	}
	return "nothing new: poll mode"
}

func liveEmpty(v *view) string {
	if why := noSamples(v); why != "" && v.monitorLeft() == 0 {
		return why
	}
	if v.panels[v.live.panel].filter != "" {
		return "no command yet that passes the filter"
	}
	return "no command yet"
}

func liveDetails(_ *view, r *liveRow) []field {
	fields := []field{{"command", safe(r.Command, 100)}}
	if r.Script {
		fields = append(fields, field{"called by", "a script or function"})
	}
	if r.Cut {
		fields = append(fields, field{"cut", "only the beginning was kept"})
	}
	return fields
}
