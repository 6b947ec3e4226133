package tui

import (
	"fmt"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var commandsPanel = panel{
	id:    "commands",
	title: "Commands",
	short: "Cmd",
	about: "every command, from the server's own counters",
	modes: []mode{
		{"now", commandsTable(1, -1, nowColumns)},
		{"since start", commandsTable(-1, 1, totalColumns)},
	},
}

func commandsTable(natural, initial int, cols []column[stats.CommandRow]) *table[stats.CommandRow] {
	return &table[stats.CommandRow]{
		list:    func(v *view) []stats.CommandRow { return v.snap.Commands },
		id:      func(r *stats.CommandRow) rowID { return rowID{s: r.Name} },
		match:   func(r *stats.CommandRow, has func(string) bool) bool { return has(r.Name) },
		drill:   func(r *stats.CommandRow) part { return part{commandAxis, r.Name} },
		extra:   commandDetails,
		about:   commandsNote,
		empty:   func(*view) string { return "no command yet" },
		part:    "commands",
		natural: natural,
		initial: initial,
		cols:    cols,
	}
}

func commandsNote(v *view, shown, total int) []string {
	var note []string
	if r := dearest(v.snap.Commands); r != nil {
		share := r.TimeShare.Or(0)
		text := safe(r.Name, 30) + " " + percent(share) + " of time"
		if mark := sign(severity(share, warnTimeShare, badTimeShare)); mark != "" {
			text += " " + mark
		}
		if v.keys {
			text += " (< > sorts)"
		}
		note = append(note, text)
	}
	if m, gone := v.missing("latency"); gone {
		note = append(note, "no p50/p99: "+safe(m.Command, 40)+" refused")
	}
	return append(note, counted(shown, total))
}

// dearest is the command that takes the most of the server's time, when that is worth a look: by
// calls it may be far down.
func dearest(rows []stats.CommandRow) *stats.CommandRow {
	var most *stats.CommandRow
	for i := range rows {
		if share := rows[i].TimeShare.Or(0); share >= noteTimeShare && (most == nil || share > most.TimeShare.Or(0)) {
			most = &rows[i]
		}
	}
	return most
}

// counted says how many rows there are, and how many of them pass a filter.
func counted(shown, total int) string {
	if shown != total {
		return fmt.Sprintf("%s of %s", whole(int64(shown)), whole(int64(total)))
	}
	return whole(int64(total))
}

// Bounds of the share of the server's time that one command takes: from the first it is named, from
// the second a look is worth while, from the third it is the main thing that the server does.
const noteTimeShare, warnTimeShare, badTimeShare = 0.05, 0.10, 0.50

var nameColumn = column[stats.CommandRow]{
	title: "command", long: "command", width: 14, grow: 3, limit: 30, prio: 0, left: true,
	cell: func(_ *view, r *stats.CommandRow) mark { return mark{text: safe(r.Name, 200), style: styleName} },
	str:  func(r *stats.CommandRow) string { return r.Name },
}

var nowColumns = []column[stats.CommandRow]{
	nameColumn,
	rateColumn("calls/s", "calls a second", 7, 1, func(r *stats.CommandRow) stats.Maybe[float64] { return r.CallsPerSecond }),
	shareColumn("share", "share of calls", 3, shareBar, func(r *stats.CommandRow) stats.Maybe[float64] { return r.Share }),
	costColumn(4, func(r *stats.CommandRow) stats.Maybe[float64] { return r.UsecPerCall }),
	timeColumn(2, func(r *stats.CommandRow) stats.Maybe[float64] { return r.TimeShare }),
	usecColumn("p50", "half of the calls took at most", 7, "≤", func(r *stats.CommandRow) stats.Maybe[float64] { return r.RecentP50Usec }),
	usecColumn("p99", "99 of 100 calls took at most", 5, "≤", func(r *stats.CommandRow) stats.Maybe[float64] { return r.RecentP99Usec }),
	troubleColumn("fail/s", "failed calls a second", 6, func(r *stats.CommandRow) stats.Maybe[float64] { return r.FailedPerSecond }),
	troubleColumn("rej/s", "rejected calls a second", 8, func(r *stats.CommandRow) stats.Maybe[float64] { return r.RejectedPerSecond }),
	callsColumn(9),
}

var totalColumns = []column[stats.CommandRow]{
	nameColumn,
	callsColumn(1),
	{
		title: "time", long: "time in all", width: 7, prio: 2,
		cell: func(_ *view, r *stats.CommandRow) mark { return mark{text: usecText(float64(r.TotalUsec))} },
		num:  func(r *stats.CommandRow) (float64, bool) { return float64(r.TotalUsec), true },
	},
	costColumn(3, func(r *stats.CommandRow) stats.Maybe[float64] { return r.TotalUsecPerCall }),
	usecColumn("p50", "half of the calls took", 6, "", func(r *stats.CommandRow) stats.Maybe[float64] { return r.P50Usec }),
	usecColumn("p99", "99 of 100 calls took less than", 5, "", func(r *stats.CommandRow) stats.Maybe[float64] { return r.P99Usec }),
	totalTroubleColumn("failed", "failed calls", 4, func(r *stats.CommandRow) stats.Maybe[int64] { return r.FailedCalls }),
	totalTroubleColumn("rejected", "rejected calls", 7, func(r *stats.CommandRow) stats.Maybe[int64] { return r.RejectedCalls }),
	rateColumn("calls/s", "calls a second", 7, 8, func(r *stats.CommandRow) stats.Maybe[float64] { return r.CallsPerSecond }),
}

func callsColumn(prio int) column[stats.CommandRow] {
	return column[stats.CommandRow]{
		title: "calls", long: "calls since start or reset", width: 7, prio: prio,
		cell: func(_ *view, r *stats.CommandRow) mark { return mark{text: whole(r.Calls)} },
		num:  func(r *stats.CommandRow) (float64, bool) { return float64(r.Calls), true },
	}
}

func rateColumn(title, long string, width, prio int, get func(*stats.CommandRow) stats.Maybe[float64]) column[stats.CommandRow] {
	return column[stats.CommandRow]{
		title: title, long: long, width: width, prio: prio,
		cell: func(_ *view, r *stats.CommandRow) mark { return quiet(get(r), count, styleStrong) },
		num:  func(r *stats.CommandRow) (float64, bool) { return get(r).Get() },
	}
}

// shareBar is the length of the bar behind a share, in cells.
const shareBar = 4

func shareColumn[R any](title, long string, prio, bar int, get func(*R) stats.Maybe[float64]) column[R] {
	return column[R]{
		title: title, long: long, width: 6, bar: bar, prio: prio,
		cell: func(_ *view, r *R) mark {
			m := quiet(get(r), percent, styleText)
			m.bar = get(r).Or(0)
			return m
		},
		num: func(r *R) (float64, bool) { return get(r).Get() },
	}
}

func timeColumn(prio int, get func(*stats.CommandRow) stats.Maybe[float64]) column[stats.CommandRow] {
	return column[stats.CommandRow]{
		title: "time", long: "share of the server's time", width: 6, bar: shareBar, prio: prio, sign: true,
		cell: func(_ *view, r *stats.CommandRow) mark {
			share := get(r).Or(0)
			m := quiet(get(r), percent, severity(share, warnTimeShare, badTimeShare))
			m.bar = share
			return m
		},
		num: func(r *stats.CommandRow) (float64, bool) { return get(r).Get() },
	}
}

func usecColumn(title, long string, prio int, prefix string, get func(*stats.CommandRow) stats.Maybe[float64]) column[stats.CommandRow] {
	return column[stats.CommandRow]{
		title: title, long: long, width: 7, prio: prio,
		cell: func(_ *view, r *stats.CommandRow) mark {
			return quiet(get(r), func(n float64) string { return prefix + usecText(n) }, styleText)
		},
		num: func(r *stats.CommandRow) (float64, bool) { return get(r).Get() },
	}
}

// costColumn is the time that one call takes. A call as long as those in the slow log makes everybody
// wait, however rare it is.
func costColumn(prio int, get func(*stats.CommandRow) stats.Maybe[float64]) column[stats.CommandRow] {
	c := usecColumn("µs/call", "time a call", prio, "", get)
	c.sign = true
	c.cell = func(_ *view, r *stats.CommandRow) mark {
		return quiet(get(r), usecText, severity(get(r).Or(0), warnSlowUsec, badSlowUsec))
	}
	return c
}

func troubleColumn(title, long string, prio int, get func(*stats.CommandRow) stats.Maybe[float64]) column[stats.CommandRow] {
	return column[stats.CommandRow]{
		title: title, long: long, width: 6, prio: prio, sign: true,
		cell: func(_ *view, r *stats.CommandRow) mark { return quiet(get(r), count, styleWarn) },
		num:  func(r *stats.CommandRow) (float64, bool) { return get(r).Get() },
	}
}

func totalTroubleColumn(title, long string, prio int, get func(*stats.CommandRow) stats.Maybe[int64]) column[stats.CommandRow] {
	return column[stats.CommandRow]{
		title: title, long: long, width: 8, prio: prio,
		cell: func(_ *view, r *stats.CommandRow) mark {
			n, ok := get(r).Get()
			if ok && n == 0 {
				return mark{text: "0", style: styleDim}
			}
			return mark{text: known(get(r), whole)}
		},
		num: func(r *stats.CommandRow) (float64, bool) {
			n, ok := get(r).Get()
			return float64(n), ok
		},
	}
}

// quiet writes a figure: unknown as such, 0 without emphasis, and all else in its style.
func quiet(m redis.Maybe[float64], f func(float64) string, st style) mark {
	n, ok := m.Get()
	switch {
	case !ok:
		return mark{text: unknown}
	case n == 0:
		return mark{text: f(n), style: styleDim}
	}
	return mark{text: f(n), style: st}
}

func commandDetails(_ *view, r *stats.CommandRow) []field {
	fields := []field{
		{"calls in all", fmt.Sprint(r.Calls)},
		{"time in all", usecText(float64(r.TotalUsec))},
		{"time a call, since start", known(r.TotalUsecPerCall, usecText)},
		{"p50, since start", known(r.P50Usec, usecText)},
		{"p99, since start", known(r.P99Usec, usecText)},
		{"failed in all", known(r.FailedCalls, whole)},
		{"rejected in all", known(r.RejectedCalls, whole)},
	}
	if r.OwnCalls > 0 {
		fields = append(fields, field{"of these by redistop", fmt.Sprint(r.OwnCalls)})
	}
	return fields
}
