package doctor

import "redistop/internal/stats"

var noClientNames = Rule{
	ID:    "no-client-names",
	Title: "Connections have no names",
	Group: "Connections",
	What:  "On a busy server most connections come without a name, and several from one address.",
	Why:   "In an incident an address alone does not say which of the programs on that host it is.",
	How:   "CLIENT LIST (name).",
	Do:    "Give each connection the name of its program: most client libraries have an option for it (clientName, client_name); else CLIENT SETNAME after connecting.",
	Limits: []Limit{
		{"connections", 50, "without a name: fewer are told apart by their ports"},
		{"share", 0.8, "of all: a few tools without a name stand in nobody's way"},
		{"addresses", 3, "that they come from: one or two are known by heart"},
		{"per_address", 5, "on average: where each address is one program, the address is name enough"},
		{"commands_per_second", 1000, "a quiet server has no culprits to look for"},
	},
	Check: checkNoClientNames,
}

func checkNoClientNames(w *Window) []stats.Finding {
	if rate, ok := w.commandRate(); !ok || rate < w.Limit("commands_per_second") {
		return nil
	}
	all, nameless := w.census.clients, w.census.nameless
	if float64(len(nameless)) < w.Limit("connections") {
		return nil
	}
	addresses := map[string]bool{}
	for _, c := range nameless {
		addresses[ipOf(c.Addr, c.Flags)] = true
	}
	n, from := float64(len(nameless)), float64(len(addresses))
	if n < w.Limit("connections") || n < w.Limit("share")*float64(len(all)) || from < w.Limit("addresses") || n < from*w.Limit("per_address") {
		return nil
	}
	return []stats.Finding{{
		Severity: stats.Info, Confidence: stats.Certain,
		Title:    count(int64(n)) + " of " + plural(int64(len(all)), "connection") + " have no name",
		Evidence: []stats.Evidence{moment("connections without a name", count(int64(n))+" from "+plural(int64(from), "address", "addresses"), "CLIENT LIST (name)")},
		Culprits: whoHas(nameless, one),
		Impact:   "When something hurts, an address alone does not say which program it is.",
		Remedy:   []string{"let each program name its connections: an option of most client libraries (clientName, client_name), else CLIENT SETNAME after connecting"},
	}}
}
