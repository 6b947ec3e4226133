package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"redistop/internal/stats"
	"redistop/internal/usage"
)

// usageMode is the mode of the server's panel that says what the server is used for.
const usageMode = 1

var usageTable = &table[stats.Use]{
	list:    usesOf,
	id:      func(u *stats.Use) rowID { return rowID{s: string(u.Kind) + "\x00" + u.Framework} },
	match:   matchUse,
	extra:   func(_ *view, u *stats.Use) []field { return useFields(u) },
	about:   usageNote,
	empty:   usageEmpty,
	natural: -1,
	initial: -1,
	cols: []column[stats.Use]{
		{
			title: "use", long: "what it is used for", width: 14, grow: 1, limit: 40, prio: 0, left: true,
			cell: func(_ *view, u *stats.Use) mark { return mark{text: safe(usage.ShortUse(u), 60), style: styleName} },
			str:  func(u *stats.Use) string { return usage.ShortUse(u) },
		},
		shareColumn("keys", "share of the keys, by a sample", 2, shareBar, func(u *stats.Use) stats.Maybe[float64] { return u.KeyShare }),
		shareColumn("cmds", "share of the commands", 3, 0, func(u *stats.Use) stats.Maybe[float64] { return u.CallShare }),
		shareColumn("no ttl", "share of its keys that never expire", 4, 0, func(u *stats.Use) stats.Maybe[float64] { return u.NoExpiry }),
		{
			title: "sure", long: "how sure that is", width: 8, slack: true, prio: 5, left: true,
			cell: func(_ *view, u *stats.Use) mark {
				return mark{text: safe(string(u.Confidence), 20), style: styleDim}
			},
			str: func(u *stats.Use) string { return string(u.Confidence) },
		},
		{
			title: "names", long: "queues, channels, kinds of keys", width: 14, grow: 8, limit: 200, prio: 1, left: true,
			cell: func(_ *view, u *stats.Use) mark { return mark{text: orUnknown(useNames(u)), style: styleText} },
			str:  useNames,
		},
	},
}

func usesOf(v *view) []stats.Use {
	if v.snap.Usage == nil {
		return nil
	}
	return v.snap.Usage.Uses
}

func matchUse(u *stats.Use, has func(string) bool) bool {
	if has(u.Title) || has(string(u.Confidence)) {
		return true
	}
	for _, name := range u.Names {
		if has(name) {
			return true
		}
	}
	return false
}

// useNames are what a use is about, the largest first.
func useNames(u *stats.Use) string {
	names := make([]string, len(u.Names))
	for i, name := range u.Names {
		names[i] = safe(name, 80)
	}
	text := strings.Join(names, ", ")
	if u.NamesMore > 0 {
		text += " and " + whole(int64(u.NamesMore)) + " more"
	}
	return text
}

// usageNote says on how many keys the rows rest.
func usageNote(v *view, shown, total int) []string {
	u := v.snap.Usage
	if u == nil {
		return nil
	}
	basis := "by commands and clients alone"
	if u.Sampled > 0 {
		basis = "by " + whole(u.Sampled) + " of " + whole(u.Keys) + " keys"
	}
	if total == 0 {
		return []string{basis}
	}
	return []string{basis, counted(shown, total)}
}

func usageEmpty(v *view) string {
	switch {
	case v.snap.Usage == nil:
		return "not looked at yet"
	case v.snap.Usage.Keys == 0:
		return "no keys, no channels, no queues: nothing that tells a use"
	}
	return "nothing tells what it is used for; redistop usage looks at its keys"
}

// useFields are the grounds of a use, and what the columns have no room for.
func useFields(u *stats.Use) []field {
	fields := []field{{"in full", safe(u.Title, mostDetail)}}
	for _, e := range u.Evidence {
		fields = append(fields, field{safe(e.What, 40), safe(e.Value+" ("+e.Source+")", mostDetail)})
	}
	for _, p := range u.Persistent {
		fields = append(fields, field{"never expire", safe(p, mostDetail)})
	}
	for _, c := range u.Clients {
		fields = append(fields, field{"client", safe(c, mostDetail)})
	}
	return fields
}

// briefUse is one of those words where room is short.
func briefUse(word string) string {
	word, possible := strings.CutSuffix(word, "?")
	switch {
	case word == "job queues":
		word = "jobs"
	case word == "data store":
		word = "store"
	case word == "rate limits":
		word = "limits"
	default:
		word = strings.TrimSuffix(word, " queues") // a framework's name says what it is
	}
	if possible {
		word += "?"
	}
	return word
}

// usageParts are the words for a server's use in the title, briefer and then fewer where it is narrow.
func usageParts(words []string) []titlePart {
	if len(words) == 0 {
		return nil
	}
	part := titlePart{text: safe(strings.Join(words, " · "), 60), style: styleName, prio: 3}
	brief := make([]string, len(words))
	for i, word := range words {
		brief[i] = briefUse(word)
	}
	for n := len(words); n > 0; n-- {
		part.shorts = append(part.shorts, safe(strings.Join(brief[:n], "·"), 60))
	}
	return []titlePart{part}
}

// openUsage shows what the server is used for; a second time the facts again.
func (m *app) openUsage() tea.Cmd {
	i := panelIndex(serverPanel.id)
	ps := &m.view.panels[i]
	if m.view.drill == nil && m.view.focus == i && ps.mode == usageMode {
		ps.mode = 0
		return nil
	}
	ps.mode = usageMode
	return m.openPanel(i)
}
