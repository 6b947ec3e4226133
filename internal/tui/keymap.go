package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// binding is one row of the key table: the dispatch, the hints and the help are all made from it.
type binding struct {
	keys   []string // as Bubble Tea names them
	label  string   // for people, where the keys' own names are too many
	pair   string   // the next key of the table belongs to it: how the hint names both
	group  string
	help   string
	hint   string // a word for the last line of the screen; empty: not there
	do     func(m *app) tea.Cmd
	panels []string             // the hint is for these panels alone
	off    func(v *view) string // why the key does nothing here; nil or "": it works
}

// keyTable in the order of the help and of the hints.
var keyTable = []binding{
	{keys: []string{"q", "ctrl+c"}, group: "Screen", help: "quit", hint: "quit", do: (*app).quit},
	{keys: []string{"?", "h", "f1"}, group: "Screen", help: "help; what redistop costs; what is missing", hint: "help", do: (*app).help},
	{keys: []string{"esc"}, group: "Screen", help: "close, end MONITOR, clear, go back", do: (*app).escape},
	{keys: []string{"tab"}, group: "Screen", help: "next panel", do: func(m *app) tea.Cmd { return m.cycle(1) }},
	{keys: []string{"shift+tab"}, group: "Screen", help: "panel before", do: func(m *app) tea.Cmd { return m.cycle(-1) }},
	{keys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "0"}, label: "1 … 9  0", group: "Screen", help: "a panel by its digit; 0: the findings", do: (*app).openNumbered},
	{keys: []string{"!"}, group: "Screen", help: "the findings: what hurts, who does it", do: (*app).openFindings},
	{keys: []string{"e"}, group: "Screen", help: "messages: streams, queues, channels", do: (*app).openMessages},
	{keys: []string{"u"}, group: "Screen", help: "what this server is used for", do: (*app).openUsage},
	{keys: []string{"f", "z"}, group: "Screen", help: "this panel on the full screen", hint: "full", do: (*app).toggleFull},
	{keys: []string{"T"}, group: "Screen", help: "theme: dark, light, none", do: (*app).nextTheme},

	{keys: []string{"/"}, group: "Table", help: "filter the rows of this panel", hint: "filter", do: (*app).startFilter},
	{keys: []string{"<", ","}, group: "Table", help: "sort by the column to the left", hint: "sort", pair: "< >", do: func(m *app) tea.Cmd { return m.sort(-1) }},
	{keys: []string{">", "."}, group: "Table", help: "sort by the column to the right", do: func(m *app) tea.Cmd { return m.sort(1) }},
	{keys: []string{"r", "s"}, group: "Table", help: "reverse the order", do: (*app).reverse},
	{keys: []string{"up", "ctrl+p"}, group: "Table", help: "row up (k kills, so the arrows move)", do: func(m *app) tea.Cmd { return m.move(-1) }},
	{keys: []string{"down", "ctrl+n"}, group: "Table", help: "row down", do: func(m *app) tea.Cmd { return m.move(1) }},
	{keys: []string{"pgup", "ctrl+b"}, group: "Table", help: "page up", do: func(m *app) tea.Cmd { return m.page(-1) }},
	{keys: []string{"pgdown", "ctrl+f"}, group: "Table", help: "page down", do: func(m *app) tea.Cmd { return m.page(1) }},
	{keys: []string{"home"}, group: "Table", help: "first row", do: func(m *app) tea.Cmd { return m.move(-1 << 30) }},
	{keys: []string{"end"}, group: "Table", help: "last row", do: func(m *app) tea.Cmd { return m.move(1 << 30) }},
	{keys: []string{"enter"}, group: "Table", help: "what the row is made of, from samples", hint: "open", do: (*app).open},
	{keys: []string{"i"}, group: "Table", help: "all about the selected row", do: (*app).details},
	{keys: []string{"g"}, group: "Table", help: "group clients; keys; streams, queues, channels", hint: "group",
		panels: []string{"clients", "keys", "messages", drillCommands, drillKeys, drillClients}, do: (*app).group},
	{keys: []string{"v"}, group: "Table", help: "live: show the values, hide them", hint: "values", panels: []string{"live"}, do: (*app).toggleValues},
	{keys: []string{"t"}, group: "Table", help: "commands: now, or since the server's start", hint: "totals", panels: []string{"commands"}, do: (*app).totals},
	{keys: []string{"k"}, group: "Table", help: "kill the selected connection; asks first", hint: "kill", do: (*app).askKill,
		panels: []string{"clients"}, off: func(v *view) string { return map[bool]string{false: "not offered: read-only"}[v.canKill] }},
	{keys: []string{"y"}, group: "Table", help: "copy the selected row", do: (*app).copyRow},
	{keys: []string{"S", "w"}, group: "Table", help: "save this Snapshot to a file", do: (*app).save},

	{keys: []string{"m"}, group: "Commands seen", help: "every command for a while; asks first", hint: "monitor", do: (*app).toggleWatch,
		off: func(v *view) string { return map[bool]string{false: "not offered here"}[v.canWatch] }},
	{keys: []string{"M"}, group: "Commands seen", help: "short windows of MONITOR on or off", do: (*app).toggleSampling,
		off: func(v *view) string { return map[bool]string{false: "not offered here"}[v.canSample] }},

	{keys: []string{"space", "p"}, group: "Time", help: "pause, go on", hint: "pause", do: (*app).pause},
	{keys: []string{"[", "left"}, group: "Time", help: "one Snapshot back in time", hint: "time", pair: "[ ]", do: func(m *app) tea.Cmd { return m.travel(-1) }},
	{keys: []string{"]", "right"}, group: "Time", help: "one forward; after the last: live", do: func(m *app) tea.Cmd { return m.travel(1) }},
	{keys: []string{"{", "shift+left"}, group: "Time", help: "a minute back", do: func(m *app) tea.Cmd { return m.jump(-1) }},
	{keys: []string{"}", "shift+right"}, group: "Time", help: "a minute forward", do: func(m *app) tea.Cmd { return m.jump(1) }},
	{keys: []string{"+", "="}, group: "Time", help: "ask less often", do: func(m *app) tea.Cmd { return m.pace(1) }},
	{keys: []string{"-", "_"}, group: "Time", help: "ask more often", do: func(m *app) tea.Cmd { return m.pace(-1) }},
	{keys: []string{"n"}, group: "Time", help: "next series in the graph", hint: "graph", do: func(m *app) tea.Cmd { return m.turnSeries(1) }},
	{keys: []string{"N"}, group: "Time", help: "series before", do: func(m *app) tea.Cmd { return m.turnSeries(-1) }},
	{keys: []string{"x"}, group: "Time", help: "graph: every sample, 5m, 15m, 1h", do: (*app).nextZoom},
}

var keyNames = strings.NewReplacer("ctrl+", "^", "shift+", "⇧", "left", "←", "right", "→", "up", "↑", "down", "↓",
	"space", "Space", "enter", "Enter", "esc", "Esc", "tab", "Tab", "pg↑", "PgUp", "pg↓", "PgDn", "home", "Home", "end", "End")

// name is the first of the keys, for the hints.
func (b *binding) name() string {
	if b.pair != "" {
		return b.pair
	}
	return keyName(b.keys[0])
}

// names are all of the keys, for the help.
func (b *binding) names() string {
	if b.label != "" {
		return b.label
	}
	names := make([]string, len(b.keys))
	for i, k := range b.keys {
		names[i] = keyName(k)
	}
	return strings.Join(names, "  ")
}

func keyName(key string) string {
	switch key {
	case "pgup":
		return "PgUp"
	case "pgdown":
		return "PgDn"
	}
	return keyNames.Replace(key)
}

// press gives a key to what has the keys now: a question, the filter, a page, or the table.
func (m *app) press(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	switch v := m.view; {
	case key == "ctrl+c":
		return m.quit()
	case v.dialog != nil:
		return v.dialog.press(m, key)
	case v.typing:
		m.typeFilter(msg)
		return nil
	case v.overlay.kind != overlayNone && m.turnPage(key):
		return nil
	}
	if b := bindingFor(key); b != nil {
		m.view.notice, m.key = notice{}, key
		return b.do(m)
	}
	return nil
}

func bindingFor(key string) *binding {
	for i := range keyTable {
		b := &keyTable[i]
		for _, k := range b.keys {
			if k == key {
				return b
			}
		}
	}
	return nil
}
