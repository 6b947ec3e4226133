package tui

import (
	"fmt"

	"redistop/internal/stats"
)

var connectionsTable = &table[stats.ConnectionRow]{
	list:    func(v *view) []stats.ConnectionRow { return v.snap.Connections },
	id:      func(r *stats.ConnectionRow) rowID { return rowID{n: r.ID} },
	match:   matchConnection,
	target:  func(r *stats.ConnectionRow) rowTarget { return rowTarget{r.ID, r.Addr, r.Name, r.User} },
	about:   clientsNote,
	empty:   clientsEmpty,
	part:    "clients",
	natural: -1,
	initial: -1,
	cols:    connectionColumns,
}

func matchConnection(r *stats.ConnectionRow, has func(string) bool) bool {
	return has(r.Addr) || has(r.Name) || has(r.User) || has(r.Library) || has(r.LastCommand) || has(fmt.Sprint(r.ID))
}

var connectionRate = estimateColumns("cmd/s", "commands a second", 1,
	func(r *stats.ConnectionRow) rate { return rate{r.CommandsPerSecond, r.Error} }, clientsEstimated)

var connectionColumns = []column[stats.ConnectionRow]{
	{
		title: "address", long: "address", width: 21, grow: 1, limit: 40, prio: 0, left: true,
		cell: func(_ *view, r *stats.ConnectionRow) mark {
			if r.Own {
				return mark{text: safe(r.Addr, 200), style: styleDim}
			}
			return mark{text: safe(r.Addr, 200), style: styleName}
		},
		str: func(r *stats.ConnectionRow) string { return r.Addr },
	},
	{
		title: "id", long: "id", width: 8, prio: 8,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: fmt.Sprint(r.ID), style: styleDim} },
		num:  func(r *stats.ConnectionRow) (float64, bool) { return float64(r.ID), true },
	},
	connectionRate[0],
	connectionRate[1],
	{
		title: "in/s", long: "bytes a second from it", width: 7, prio: 6, off: countsNoBytes,
		cell: func(_ *view, r *stats.ConnectionRow) mark {
			return quiet(r.InputBytesPerSecond, bytesText, styleText)
		},
		num: func(r *stats.ConnectionRow) (float64, bool) { return r.InputBytesPerSecond.Get() },
	},
	{
		title: "out/s", long: "bytes a second to it", width: 7, prio: 5, off: countsNoBytes,
		cell: func(_ *view, r *stats.ConnectionRow) mark {
			return quiet(r.OutputBytesPerSecond, bytesText, styleText)
		},
		num: func(r *stats.ConnectionRow) (float64, bool) { return r.OutputBytesPerSecond.Get() },
	},
	{
		title: "idle", long: "idle", width: 6, prio: 4,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: seconds(r.IdleSeconds), style: styleDim} },
		num:  func(r *stats.ConnectionRow) (float64, bool) { return float64(r.IdleSeconds), true },
	},
	{
		title: "age", long: "connected for", width: 6, prio: 7,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: seconds(r.AgeSeconds), style: styleDim} },
		num:  func(r *stats.ConnectionRow) (float64, bool) { return float64(r.AgeSeconds), true },
	},
	outputColumn(2, func(r *stats.ConnectionRow) int64 { return r.OutputBufferBytes }),
	{
		title: "query", long: "query buffer", width: 7, prio: 13,
		cell: func(_ *view, r *stats.ConnectionRow) mark {
			if r.QueryBufferBytes == 0 {
				return mark{text: "0", style: styleDim}
			}
			return mark{text: wholeBytes(r.QueryBufferBytes)}
		},
		num: func(r *stats.ConnectionRow) (float64, bool) { return float64(r.QueryBufferBytes), true },
	},
	{
		title: "mem", long: "memory", width: 7, prio: 12,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: known(r.MemoryBytes, wholeBytes)} },
		num: func(r *stats.ConnectionRow) (float64, bool) {
			n, ok := r.MemoryBytes.Get()
			return float64(n), ok
		},
	},
	{
		title: "cmds", long: "commands in all", width: 6, prio: 11, off: countsNoBytes,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: known(r.Commands, whole)} },
		num: func(r *stats.ConnectionRow) (float64, bool) {
			n, ok := r.Commands.Get()
			return float64(n), ok
		},
	},
	{
		title: "db", long: "database", width: 3, prio: 10,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: fmt.Sprint(r.DB), style: styleDim} },
		num:  func(r *stats.ConnectionRow) (float64, bool) { return float64(r.DB), true },
	},
	{
		title: "flags", long: "flags", width: 5, prio: 10, left: true,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return mark{text: safe(r.Flags, 40), style: styleDim} },
		str:  func(r *stats.ConnectionRow) string { return r.Flags },
	},
	{
		title: "sub", long: "subscriptions", width: 4, prio: 14,
		cell: func(_ *view, r *stats.ConnectionRow) mark { return zeroDim(int64(r.Subscriptions)) },
		num:  func(r *stats.ConnectionRow) (float64, bool) { return float64(r.Subscriptions), true },
	},
	textColumn("last command", "last command", 12, 18, 3, func(r *stats.ConnectionRow) string { return r.LastCommand }),
	textColumn("name", "name", 14, 40, 3, func(r *stats.ConnectionRow) string { return r.Name }),
	textColumn("user", "user", 9, 20, 9, func(r *stats.ConnectionRow) string { return r.User }),
	textColumn("library", "library", 16, 30, 9, func(r *stats.ConnectionRow) string { return r.Library }),
}

// textColumn is a column of text from a server.
func textColumn[R any](title, long string, width, limit, prio int, get func(*R) string) column[R] {
	return column[R]{
		title: title, long: long, width: width, grow: 1, limit: limit, prio: prio, left: true,
		cell: func(_ *view, r *R) mark { return mark{text: orUnknown(safe(get(r), 500))} },
		str:  get,
	}
}
