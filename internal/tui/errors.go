package tui

import "redistop/internal/stats"

var errorsPanel = panel{
	id:    "errors",
	title: "Errors",
	short: "Err",
	about: "replies with an error, by their first word",
	modes: []mode{{"", errorsTable}},
}

var errorsTable = &table[stats.ErrorRow]{
	list:    func(v *view) []stats.ErrorRow { return v.snap.Errors },
	id:      func(r *stats.ErrorRow) rowID { return rowID{s: r.Code} },
	match:   func(r *stats.ErrorRow, has func(string) bool) bool { return has(r.Code) },
	about:   func(_ *view, shown, total int) []string { return []string{counted(shown, total)} },
	empty:   errorsEmpty,
	part:    "errors",
	natural: 2,
	initial: -1,
	cols: []column[stats.ErrorRow]{
		{
			title: "error", long: "error", width: 12, grow: 1, limit: 30, prio: 0, left: true,
			cell: func(_ *view, r *stats.ErrorRow) mark { return mark{text: safe(r.Code, 100), style: styleName} },
			str:  func(r *stats.ErrorRow) string { return r.Code },
		},
		{
			title: "now/s", long: "a second", width: 7, prio: 1, sign: true,
			cell: func(_ *view, r *stats.ErrorRow) mark { return quiet(r.PerSecond, count, styleWarn) },
			num:  func(r *stats.ErrorRow) (float64, bool) { return r.PerSecond.Get() },
		},
		{
			title: "total", long: "since start or reset", width: 8, prio: 2,
			cell: func(_ *view, r *stats.ErrorRow) mark { return mark{text: whole(r.Count)} },
			num:  func(r *stats.ErrorRow) (float64, bool) { return float64(r.Count), true },
		},
	},
}

func errorsEmpty(v *view) string {
	if n, ok := v.snap.Throughput.TotalErrors.Get(); ok && n == 0 {
		return "no error since the server began to count"
	}
	return "this server does not count errors by kind (6.2+ does)"
}
