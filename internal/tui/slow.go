package tui

import (
	"fmt"
	"slices"
	"strings"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

var slowPanel = panel{
	id:    "slow",
	title: "Slow",
	short: "Slow",
	about: "SLOWLOG and COMMANDLOG, newest first",
	modes: []mode{{"", slowTable}},
}

var slowTable = &table[stats.SlowRow]{
	list:    func(v *view) []stats.SlowRow { return v.snap.Slowlog },
	id:      func(r *stats.SlowRow) rowID { return rowID{n: r.ID, s: string(r.Kind)} },
	match:   matchSlow,
	extra:   slowDetails,
	about:   slowNote,
	empty:   func(*view) string { return "no slow command in the log" },
	part:    "slow",
	natural: 0,
	initial: -1,
	cols: []column[stats.SlowRow]{
		{
			title: "age", long: "age", width: 6, prio: 0,
			cell: func(v *view, r *stats.SlowRow) mark {
				return mark{text: durationText(v.snap.Time.Sub(r.Time)), style: styleDim}
			},
			num: func(r *stats.SlowRow) (float64, bool) { return float64(r.Time.Unix()), true },
		},
		{
			title: "took", long: "took, or its size", width: 9, prio: 1, sign: true,
			head: func(v *view) string { return map[bool]string{false: "took", true: "took/size"}[hasSizes(v)] },
			cell: slowSize,
			num: func(r *stats.SlowRow) (float64, bool) {
				n, ok := r.Usec.Get()
				return float64(n), ok
			},
		},
		{
			title: "log", long: "log", width: 13, prio: 1, left: true,
			off:  func(v *view) bool { return !hasSizes(v) },
			cell: func(_ *view, r *stats.SlowRow) mark { return mark{text: safe(string(r.Kind), 20), style: styleDim} },
			str:  func(r *stats.SlowRow) string { return string(r.Kind) },
		},
		{
			title: "client", long: "client", width: 21, prio: 3, left: true,
			cell: func(_ *view, r *stats.SlowRow) mark {
				return mark{text: orUnknown(safe(r.Addr, 200)), style: styleName}
			},
			str: func(r *stats.SlowRow) string { return r.Addr },
		},
		textColumn("name", "name", 10, 24, 4, func(r *stats.SlowRow) string { return r.Name }),
		{
			title: "command", long: "command", width: 20, grow: 10, limit: 400, prio: 2, left: true,
			cell: func(_ *view, r *stats.SlowRow) mark { return mark{text: commandLine(r, 400)} },
			str:  func(r *stats.SlowRow) string { return r.Command },
		},
	},
}

// hasSizes says that the log holds commands that stand in it for their size.
func hasSizes(v *view) bool {
	return slices.ContainsFunc(v.snap.Slowlog, func(r stats.SlowRow) bool { return r.Kind != stats.Slow })
}

func matchSlow(r *stats.SlowRow, has func(string) bool) bool {
	if has(r.Command) || has(r.Addr) || has(r.Name) || has(string(r.Kind)) {
		return true
	}
	for _, a := range r.Args {
		if has(a) {
			return true
		}
	}
	return false
}

// Time of one command: from the first everybody else waits noticeably, from the second badly.
const warnSlowUsec, badSlowUsec = 10_000, 100_000

func slowSize(_ *view, r *stats.SlowRow) mark {
	if n, ok := r.Usec.Get(); ok {
		return mark{text: usecText(float64(n)), style: severity(float64(n), warnSlowUsec, badSlowUsec)}
	}
	return mark{text: known(r.Bytes, wholeBytes)}
}

// commandLine writes a command and its arguments on one line, as redis-cli would take them, of
// about limit letters at most.
func commandLine(r *stats.SlowRow, limit int) string {
	var b strings.Builder
	for i, arg := range r.Args {
		if b.Len() >= limit {
			return b.String() + " …"
		}
		if i == 0 {
			b.WriteString(strings.ToUpper(argument(arg, limit)))
		} else {
			b.WriteString(" " + argument(arg, limit))
		}
	}
	return b.String()
}

// argument writes one argument, of which no more than limit bytes are read.
func argument(arg string, limit int) string { return redis.Argument(arg[:min(len(arg), limit)]) }

func slowNote(v *view, shown, total int) []string {
	var note []string
	for _, l := range v.snap.SlowLost {
		if l.Total > 0 {
			note = append(note, "lost "+whole(l.Total)+" "+lostWhat(l.Kind)+" between polls")
		}
	}
	return append(note, counted(shown, total))
}

func lostWhat(kind stats.SlowKind) string {
	if kind == stats.Slow {
		return "entries"
	}
	return safe(string(kind), 20)
}

func slowDetails(v *view, r *stats.SlowRow) []field {
	fields := []field{
		{"time", r.Time.Local().Format("2006-01-02 15:04:05")},
		{"id", fmt.Sprint(r.ID)},
	}
	for i, a := range r.Args {
		fields = append(fields, field{fmt.Sprintf("argument %d", i), argument(a, mostDetail)})
	}
	return fields
}

// mostDetail bounds one argument in the details, in bytes; servers cut theirs at 128.
const mostDetail = 4096
