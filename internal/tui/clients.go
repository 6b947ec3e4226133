package tui

import (
	"strings"
	"time"

	"redistop/internal/stats"
)

var clientsPanel = panel{
	id:    "clients",
	title: "Clients",
	short: "Cli",
	about: "who is connected, grouped; every connection; k kills one",
	modes: []mode{
		{"by ip", groupTable("address", "no connection", func(s *stats.Snapshot) []stats.ClientGroup { return s.Clients })},
		{"by name", groupTable("name", "(no name)", func(s *stats.Snapshot) []stats.ClientGroup { return s.ClientsByName })},
		{"by user", groupTable("user", "(no user)", func(s *stats.Snapshot) []stats.ClientGroup { return s.ClientsByUser })},
		{"by library", groupTable("library", "(not told)", func(s *stats.Snapshot) []stats.ClientGroup { return s.ClientsByLibrary })},
		{"connections", connectionsTable},
	},
}

// connectionsMode is the mode of clientsPanel whose rows are single connections.
const connectionsMode = 4

func groupTable(what, unnamed string, get func(*stats.Snapshot) []stats.ClientGroup) *table[stats.ClientGroup] {
	return &table[stats.ClientGroup]{
		list:    func(v *view) []stats.ClientGroup { return get(v.snap) },
		id:      func(r *stats.ClientGroup) rowID { return rowID{s: r.Key} },
		match:   matchGroup,
		extra:   groupDetails,
		about:   clientsNote,
		empty:   clientsEmpty,
		part:    "clients",
		natural: -1,
		initial: -1,
		cols:    groupColumns(what, unnamed),
	}
}

func matchGroup(r *stats.ClientGroup, has func(string) bool) bool {
	if has(r.Key) || has(r.TopCommand) {
		return true
	}
	for _, list := range [][]string{r.Names, r.Users, r.Libraries, r.IPs} {
		for _, s := range list {
			if has(s) {
				return true
			}
		}
	}
	return false
}

func clientsEmpty(v *view) string {
	if v.snap.Observer.ClientsTime == nil {
		return "the connections have not been read yet"
	}
	return "nobody but redistop is connected"
}

// clientsNote says what the table does not show: connections not asked about, how old the picture
// is, and that this server does not count commands by connection.
func clientsNote(v *view, shown, total int) []string {
	o := &v.snap.Observer
	var note []string
	if o.ClientsExpected > o.ClientsKnown {
		note = append(note, "seen "+whole(int64(o.ClientsKnown))+" of "+whole(int64(o.ClientsExpected)))
	}
	if total > 0 && !countsConnections(v.snap) {
		note = append(note, "cmd/s needs samples")
	}
	if o.ClientsTime != nil && o.ClientsEverySeconds.Known() {
		if age := v.snap.Time.Sub(*o.ClientsTime); age >= time.Second {
			note = append(note, durationText(age)+" old")
		}
	}
	if n := v.snap.ConnectionsOmitted + v.snap.GroupsOmitted; n > 0 {
		note = append(note, whole(int64(n))+" rows no longer kept")
	}
	return append(note, counted(shown, total))
}

// countsConnections says whether the server counts commands by connection: Valkey 8.0+, Redis 8.2+.
func countsConnections(s *stats.Snapshot) bool {
	for i := range s.Clients {
		if s.Clients[i].TotalCommands.Known() {
			return true
		}
	}
	return len(s.Clients) == 0
}

// Bytes that wait for a client to read them: from the first it lags, from the second it endangers
// the server's memory.
const warnOutput, badOutput = 1 << 20, 32 << 20

func groupColumns(what, unnamed string) []column[stats.ClientGroup] {
	type row = stats.ClientGroup
	return []column[row]{
		{
			title: what, long: what, width: 15, grow: 3, limit: 40, prio: 0, left: true,
			cell: func(_ *view, r *row) mark {
				if r.Key == "" {
					return mark{text: unnamed, style: styleDim}
				}
				return mark{text: safe(r.Key, 200), style: styleName}
			},
			str: func(r *row) string { return r.Key },
		},
		{
			title: "conns", long: "connections", width: 5, prio: 1,
			cell: func(_ *view, r *row) mark { return mark{text: whole(int64(r.Connections))} },
			num:  func(r *row) (float64, bool) { return float64(r.Connections), true },
		},
		{
			title: "cmd/s", long: "commands a second", width: 6, prio: 1,
			cell: func(_ *view, r *row) mark {
				m := quiet(r.CommandsPerSecond, count, styleStrong)
				if r.Estimated {
					m.text = "~" + m.text
				}
				return m
			},
			num: func(r *row) (float64, bool) { return r.CommandsPerSecond.Get() },
		},
		{
			title: "share", long: "share of commands", width: 6, bar: 5, prio: 5,
			cell: func(_ *view, r *row) mark {
				m := quiet(r.Share, percent, styleText)
				m.bar = r.Share.Or(0)
				return m
			},
			num: func(r *row) (float64, bool) { return r.Share.Get() },
		},
		{
			title: "in/s", long: "bytes a second from them", width: 7, prio: 6,
			cell: func(_ *view, r *row) mark { return quiet(r.InputBytesPerSecond, bytesText, styleText) },
			num:  func(r *row) (float64, bool) { return r.InputBytesPerSecond.Get() },
		},
		{
			title: "out/s", long: "bytes a second to them", width: 7, prio: 4,
			cell: func(_ *view, r *row) mark { return quiet(r.OutputBytesPerSecond, bytesText, styleText) },
			num:  func(r *row) (float64, bool) { return r.OutputBytesPerSecond.Get() },
		},
		{
			title: "idle", long: "idle, the least", width: 5, prio: 7,
			cell: func(_ *view, r *row) mark { return mark{text: seconds(r.IdleSeconds), style: styleDim} },
			num:  func(r *row) (float64, bool) { return float64(r.IdleSeconds), true },
		},
		outputColumn(2, func(r *row) int64 { return r.OutputBufferBytes }),
		{
			title: "blkd", long: "blocked connections", width: 4, prio: 10,
			cell: func(_ *view, r *row) mark { return zeroDim(int64(r.Blocked)) },
			num:  func(r *row) (float64, bool) { return float64(r.Blocked), true },
		},
		{
			title: "mem", long: "memory", width: 7, prio: 11,
			cell: func(_ *view, r *row) mark { return mark{text: known(r.MemoryBytes, wholeBytes)} },
			num:  func(r *row) (float64, bool) { n, ok := r.MemoryBytes.Get(); return float64(n), ok },
		},
		{
			title: "last command", long: "commonest last command", width: 12, grow: 1, limit: 18, prio: 3, left: true,
			cell: func(_ *view, r *row) mark { return mark{text: orUnknown(safe(r.TopCommand, 100)), style: styleText} },
			str:  func(r *row) string { return r.TopCommand },
		},
		{
			title: "who", long: "names, users and libraries", width: 16, grow: 4, limit: 90, prio: 8, left: true,
			cell: func(_ *view, r *row) mark { return mark{text: whoText(r), style: styleDim} },
			str:  whoText,
		},
	}
}

// outputColumn is the column of bytes waiting to be read, with its bounds.
func outputColumn[R any](prio int, get func(*R) int64) column[R] {
	return column[R]{
		title: "outbuf", long: "output buffer", width: 7, prio: prio, sign: true,
		cell: func(_ *view, r *R) mark {
			n := get(r)
			if n == 0 {
				return mark{text: "0", style: styleDim}
			}
			return mark{text: wholeBytes(n), style: severity(float64(n), warnOutput, badOutput)}
		},
		num: func(r *R) (float64, bool) { return float64(get(r)), true },
	}
}

func zeroDim(n int64) mark {
	if n == 0 {
		return mark{text: "0", style: styleDim}
	}
	return mark{text: whole(n)}
}

func orUnknown(s string) string {
	if s == "" {
		return unknown
	}
	return s
}

// whoText names the members of a group by what the group is not made of.
func whoText(r *stats.ClientGroup) string {
	var parts []string
	for _, list := range [][]string{r.Names, r.Users, r.Libraries, r.IPs} {
		if len(list) == 0 || len(list) == 1 && list[0] == r.Key {
			continue
		}
		shown := make([]string, 0, 3)
		for i, s := range list {
			if i == 3 {
				shown = append(shown, "…")
				break
			}
			shown = append(shown, orUnknown(safe(s, 60)))
		}
		parts = append(parts, strings.Join(shown, " "))
	}
	return orUnknown(strings.Join(parts, " · "))
}

func groupDetails(_ *view, r *stats.ClientGroup) []field {
	var fields []field
	for _, f := range []struct {
		label string
		list  []string
	}{{"ips", r.IPs}, {"names", r.Names}, {"users", r.Users}, {"libraries", r.Libraries}} {
		for i, s := range f.list {
			label := ""
			if i == 0 {
				label = f.label
			}
			fields = append(fields, field{label, orUnknown(safe(s, 500))})
		}
	}
	fields = append(fields, field{"commands, of those alive", known(r.TotalCommands, whole)})
	return fields
}
