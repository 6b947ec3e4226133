package tui

import (
	"strconv"
	"strings"

	"redistop/internal/stats"
)

var keysPanel = panel{
	id:    "keys",
	title: "Keys",
	short: "Key",
	about: "patterns of the keys in use, hot single keys",
	modes: []mode{
		{"by pattern", keysTable("key pattern", patternAxis, func(s *stats.Snapshot) []stats.KeyRow { return s.Keys })},
		{"hot keys", keysTable("key", noAxis, func(s *stats.Snapshot) []stats.KeyRow { return s.HotKeys })},
	},
}

func keysTable(what string, a axis, get func(*stats.Snapshot) []stats.KeyRow) *table[stats.KeyRow] {
	return &table[stats.KeyRow]{
		list:    func(v *view) []stats.KeyRow { return get(v.snap) },
		id:      func(r *stats.KeyRow) rowID { return rowID{n: int64(r.DB.Or(-1)), s: r.Pattern} },
		match:   matchKey,
		drill:   func(r *stats.KeyRow) part { return part{a, r.Pattern} },
		extra:   keyDetails,
		about:   keysNote,
		empty:   keysEmpty,
		part:    "samples",
		natural: 1,
		initial: -1,
		cols:    keyColumns(what, a == noAxis),
	}
}

func matchKey(r *stats.KeyRow, has func(string) bool) bool {
	if has(r.Pattern) || has(r.TopCommand) {
		return true
	}
	for _, c := range r.Clients {
		if has(c) {
			return true
		}
	}
	return false
}

func keysNote(v *view, shown, total int) []string {
	if total == 0 {
		return nil
	}
	return []string{basis(&v.snap.Sampled), counted(shown, total)}
}

func keysEmpty(v *view) string {
	if why := noSamples(v); why != "" {
		return why
	}
	return "none of " + whole(v.snap.Sampled.Commands) + " commands seen named a key"
}

// noSamples says why nothing is known of the command stream; "" when something is.
func noSamples(v *view) string {
	o, s := &v.snap.Observer, &v.snap.Sampled
	switch {
	case v.snap.Stale:
		return "no figures while the server does not answer"
	case s.Commands > 0:
		return ""
	case o.SamplingPaused != "":
		return "no samples: " + safe(o.SamplingPaused, 300)
	case o.Mode == "" || o.Mode == string(stats.ModePoll):
		return "poll mode reads counters only" + samplesRemedy(v)
	case s.Windows > 0:
		return "no command in " + whole(int64(s.Windows)) + " windows"
	}
	return "the first windows are yet to come"
}

// samplesRemedy names the keys that bring samples.
func samplesRemedy(v *view) string {
	var keys []string
	if v.keys && v.canSample {
		keys = append(keys, "M samples the commands")
	}
	if v.keys && v.canWatch {
		keys = append(keys, "m shows them all for a while")
	}
	if len(keys) == 0 {
		return ""
	}
	return " — " + strings.Join(keys, ", ")
}

func keyColumns(what string, single bool) []column[stats.KeyRow] {
	type row = stats.KeyRow
	cols := []column[row]{{
		title: what, long: what, width: 16, grow: 4, limit: 80, prio: 0, left: true,
		cell: func(_ *view, r *row) mark {
			return mark{text: safe(r.Pattern, 250), style: nameStyle(r.Pattern == stats.OtherKeys)}
		},
		str: func(r *row) string { return r.Pattern },
	}}
	cols = append(cols, estimateColumns("cmd/s", "commands a second", 1,
		func(r *row) rate { return rate{r.CommandsPerSecond, r.Error} },
		func(v *view) bool { return !v.snap.Sampled.Complete })...)
	cols = append(cols,
		shareColumn("share", "share of all commands", 2, shareBar, func(r *row) stats.Maybe[float64] { return r.Share }),
		accessColumn("reads/s", "of these, only reading", 5, func(r *row) stats.Maybe[float64] { return r.Reads }),
		accessColumn("writes/s", "of these, writing", 4, func(r *row) stats.Maybe[float64] { return r.Writes }),
	)
	if single {
		cols = append(cols, column[row]{
			title: "db", long: "database", width: 3, prio: 3,
			cell: func(_ *view, r *row) mark { return mark{text: known(r.DB, strconv.Itoa), style: styleDim} },
			num:  func(r *row) (float64, bool) { n, ok := r.DB.Get(); return float64(n), ok },
		})
	}
	return append(cols,
		textColumn("top command", "commonest command", 11, 20, 3, func(r *row) string { return r.TopCommand }),
		textColumn("who", "clients, most commands first", 13, 60, 6, func(r *row) string { return keyClients(r, 3) }))
}

// accessColumn is a part of a rate; it has no error of its own.
func accessColumn(title, long string, prio int, get func(*stats.KeyRow) stats.Maybe[float64]) column[stats.KeyRow] {
	return column[stats.KeyRow]{
		title: title, long: long, width: 8, prio: prio,
		cell: func(_ *view, r *stats.KeyRow) mark { return quiet(get(r), count, styleText) },
		num:  func(r *stats.KeyRow) (float64, bool) { return get(r).Get() },
	}
}

func keyClients(r *stats.KeyRow, most int) string {
	if len(r.Clients) > most {
		return strings.Join(r.Clients[:most], " ") + " …"
	}
	return strings.Join(r.Clients, " ")
}

func keyDetails(_ *view, r *stats.KeyRow) []field {
	fields := []field{{"commands in the samples", whole(r.Seen)}}
	for i, c := range r.Clients {
		label := ""
		if i == 0 {
			label = "clients"
		}
		fields = append(fields, field{label, safe(c, 100)})
	}
	return fields
}
