package tui

import (
	"slices"
	"strings"
	"time"

	"redistop/internal/stats"
)

var clientsPanel = panel{
	id:    "clients",
	title: "Clients",
	short: "Cli",
	about: "who is connected; k kills a connection",
	modes: []mode{
		{"by ip", groupTable(ipAxis, func(s *stats.Snapshot) []stats.ClientGroup { return s.Clients })},
		{"by name", groupTable(nameAxis, func(s *stats.Snapshot) []stats.ClientGroup { return s.ClientsByName })},
		{"by user", groupTable(userAxis, func(s *stats.Snapshot) []stats.ClientGroup { return s.ClientsByUser })},
		{"by library", groupTable(libraryAxis, func(s *stats.Snapshot) []stats.ClientGroup { return s.ClientsByLibrary })},
		{"connections", connectionsTable},
	},
}

// connectionsMode is the mode of clientsPanel whose rows are single connections.
const connectionsMode = 4

func groupTable(a axis, get func(*stats.Snapshot) []stats.ClientGroup) *table[stats.ClientGroup] {
	return &table[stats.ClientGroup]{
		list:  func(v *view) []stats.ClientGroup { return get(v.snap) },
		id:    func(r *stats.ClientGroup) rowID { return rowID{n: map[bool]int64{true: 1}[r.Unknown], s: r.Key} },
		match: matchGroup,
		drill: func(r *stats.ClientGroup) part {
			if r.Unknown {
				return part{}
			}
			return part{a, r.Key}
		},
		extra:   groupDetails,
		about:   clientsNote,
		empty:   clientsEmpty,
		part:    "clients",
		natural: -1,
		initial: -1,
		cols:    groupColumns(a),
	}
}

func matchGroup(r *stats.ClientGroup, has func(string) bool) bool {
	if has(r.Key) || has(r.TopCommand) {
		return true
	}
	for _, c := range r.TopCommands {
		if has(c.Name) {
			return true
		}
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

// clientsNote says what the rates stand on, and what the table does not show: connections not asked
// about, and how old the picture is.
func clientsNote(v *view, shown, total int) []string {
	o := &v.snap.Observer
	var note []string
	if o.ClientsExpected > o.ClientsKnown {
		note = append(note, "seen "+whole(int64(o.ClientsKnown))+" of "+whole(int64(o.ClientsExpected)))
	}
	if total > 0 {
		note = append(note, clientsBasis(v.snap))
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

// clientsBasis says whether the commands a second of the clients are counted, estimated or unknown.
func clientsBasis(s *stats.Snapshot) string {
	switch {
	case countsConnections(s):
		return "exact"
	case s.Sampled.Commands > 0:
		return basis(&s.Sampled)
	}
	return "cmd/s needs samples"
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

// countsNoBytes: the servers that count commands by connection are those that count its bytes.
func countsNoBytes(v *view) bool { return !countsConnections(v.snap) }

func clientsEstimated(v *view) bool {
	return !countsConnections(v.snap) && v.snap.Sampled.Commands > 0 && !v.snap.Sampled.Complete
}

// Bytes that wait for a client to read them: from the first it lags, from the second it endangers
// the server's memory.
const warnOutput, badOutput = 1 << 20, 32 << 20

func groupColumns(a axis) []column[stats.ClientGroup] {
	type row = stats.ClientGroup
	return slices.Concat([]column[row]{
		{
			title: axes[a].what, long: axes[a].what, width: 15, grow: 3, limit: 40, prio: 0, left: true,
			cell: func(_ *view, r *row) mark {
				if r.Unknown {
					return mark{text: "(gone before seen)", style: styleDim}
				}
				return mark{text: part{a, r.Key}.text(), style: nameStyle(r.Key == "")}
			},
			str: func(r *row) string { return r.Key },
		},
		{
			title: "conns", long: "connections", width: 5, prio: 1,
			cell: func(_ *view, r *row) mark { return mark{text: whole(int64(r.Connections))} },
			num:  func(r *row) (float64, bool) { return float64(r.Connections), true },
		},
	},
		estimateColumns("cmd/s", "commands a second", 1,
			func(r *row) rate { return rate{r.CommandsPerSecond, r.Error} }, clientsEstimated),
		groupFacts())
}

func groupFacts() []column[stats.ClientGroup] {
	type row = stats.ClientGroup
	return []column[row]{
		shareColumn("share", "share of commands", 5, shareBar, func(r *row) stats.Maybe[float64] { return r.Share }),
		{
			title: "in/s", long: "bytes a second from them", width: 7, prio: 6, off: countsNoBytes,
			cell: func(_ *view, r *row) mark { return quiet(r.InputBytesPerSecond, bytesText, styleText) },
			num:  func(r *row) (float64, bool) { return r.InputBytesPerSecond.Get() },
		},
		{
			title: "out/s", long: "bytes a second to them", width: 7, prio: 4, off: countsNoBytes,
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
			title: "top commands", long: "commonest commands", width: 18, grow: 2, limit: 60, prio: 3, left: true,
			off:  func(v *view) bool { return v.snap.Sampled.Commands == 0 },
			cell: func(_ *view, r *row) mark { return mark{text: orUnknown(topCommands(r, 3))} },
			str:  func(r *row) string { return r.TopCommand },
		},
		{
			title: "last command", long: "commonest last command", width: 12, grow: 1, limit: 18, prio: 3, left: true,
			off:  func(v *view) bool { return v.snap.Sampled.Commands > 0 },
			cell: func(_ *view, r *row) mark { return mark{text: orUnknown(safe(r.TopCommand, 100))} },
			str:  func(r *row) string { return r.TopCommand },
		},
		{
			title: "who", long: "names, users and libraries", width: 24, grow: 4, limit: 200, prio: 8, left: true,
			cell: func(_ *view, r *row) mark { return mark{text: whoText(r), style: styleDim} },
			str:  whoText,
		},
	}
}

// topCommands names the commands that the samples saw of a group, with their shares where there are several.
func topCommands(r *stats.ClientGroup, most int) string {
	var parts []string
	for _, c := range r.TopCommands[:min(len(r.TopCommands), most)] {
		text := safe(c.Name, 40)
		if share, ok := c.Share.Get(); ok && len(r.TopCommands) > 1 {
			text += " " + strings.ReplaceAll(percent(share), " ", "")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
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

// shownMembers of each kind are named in a row; Enter shows them all.
const shownMembers = 8

// whoText names the members of a group by what the group is not made of.
func whoText(r *stats.ClientGroup) string {
	var parts []string
	for _, list := range [][]string{r.Names, r.Users, r.Libraries, r.IPs} {
		if len(list) == 0 || len(list) == 1 && list[0] == r.Key {
			continue
		}
		shown := make([]string, 0, shownMembers+1)
		for i, s := range list {
			if i == shownMembers {
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
	for i, c := range r.TopCommands {
		label := ""
		if i == 0 {
			label = "commands a second"
		}
		fields = append(fields, field{label, safe(c.Name, 60) + "  " + estimated(c.CommandsPerSecond, c.Error)})
	}
	return fields
}
