package doctor

import (
	"slices"
	"strings"

	"redistop/internal/stats"
)

var defaultUserAll = Rule{
	ID:    "default-user-all-rights",
	Title: "Applications come as the user who may do everything",
	Group: "Security",
	What:  "Users with fewer rights have been set up, but clients of other hosts still connect as default, who may run every command on every key.",
	Why:   "A mistake or a hole in one of these applications reaches all data, FLUSHALL and CONFIG included.",
	How:   "ACL LIST and ACL GETUSER, and the user of each connection in CLIENT LIST. Where no other user exists this is how Redis has always been, and no finding.",
	Do:    "Give each application its own user, then take rights from default or turn it off.",
	Check: checkDefaultUserAll,
	Behind: []string{
		"no-password-open",
	},
}

func checkDefaultUserAll(w *Window) []stats.Finding {
	a := &w.Now.Access
	others := slices.ContainsFunc(a.Users, func(u stats.AclUser) bool { return u.Name != "default" && u.Name != a.User })
	if !a.DefaultAll.Or(false) || !others {
		return nil
	}
	list := w.connections(func(c *stats.ConnectionRow) bool { return c.User == "default" && elsewhere(ipOf(c.Addr, c.Flags)) })
	if len(list) == 0 {
		return nil
	}
	return []stats.Finding{{
		Severity: stats.Info, Confidence: stats.Certain,
		Title: plural(int64(len(list)), "connection") + " of other hosts come as default, who may do everything",
		Evidence: []stats.Evidence{
			moment("the default user", "may run every command on every key", "ACL GETUSER default"),
			moment("connections of other hosts as default", count(int64(len(list))), "CLIENT LIST"),
		},
		Culprits: whoHas(list, one),
		Impact:   "A mistake in one of these clients reaches all data, FLUSHALL and CONFIG included.",
		Remedy:   []string{"give each of these clients its own user with the commands and keys that it needs: ACL SETUSER; then ACL SETUSER default off"},
	}}
}

var dangerousCommandsOpen = Rule{
	ID:    "dangerous-commands-open",
	Title: "An application's user may run dangerous commands",
	Group: "Security",
	What:  "A user that clients of other hosts use may run commands that an application does not need: FLUSHALL, CONFIG, KEYS, DEBUG, SHUTDOWN and such.",
	Why:   "One wrong call stops the server or loses all data.",
	How:   "ACL LIST and ACL GETUSER, and the user of each connection in CLIENT LIST. Whether the user is an operator's cannot be known.",
	Do:    "Take these commands from the user: ACL SETUSER name -@dangerous, then give back the few that are needed.",
	Limits: []Limit{
		{"connections", 3, "of other hosts: a person has one or two, an application a pool"},
	},
	Check: checkDangerousCommandsOpen,
}

func checkDangerousCommandsOpen(w *Window) []stats.Finding {
	var found []stats.Finding
	for _, u := range w.Now.Access.Users {
		if u.Name == "default" || len(u.Dangerous) == 0 {
			continue
		}
		list := w.connections(func(c *stats.ConnectionRow) bool { return c.User == u.Name && elsewhere(ipOf(c.Addr, c.Flags)) })
		if float64(len(list)) < w.Limit("connections") {
			continue
		}
		const most = 8
		names := make([]string, 0, most)
		for _, name := range u.Dangerous[:min(most, len(u.Dangerous))] {
			names = append(names, commandName(name))
		}
		text := strings.Join(names, ", ")
		if more := len(u.Dangerous) - len(names); more > 0 {
			text += " and " + count(int64(more)) + " more"
		}
		found = append(found, stats.Finding{
			Subject: quoted(u.Name), Weight: float64(len(list)), Severity: stats.Info, Confidence: stats.Certain,
			Title:    "User " + quoted(u.Name) + " of " + plural(int64(len(list)), "connection") + " may run " + names[0] + pick(len(u.Dangerous) > 1, " and other dangerous commands", ""),
			Evidence: []stats.Evidence{moment("may run", text, "ACL GETUSER"), moment("connections of other hosts", count(int64(len(list))), "CLIENT LIST")},
			Culprits: whoHas(list, one),
			Impact:   "One wrong call of this application stops the server or loses data.",
			Remedy:   []string{"take from it what it does not need: ACL SETUSER " + quoted(u.Name) + " -@dangerous, then give back single commands with +name"},
			Unknown:  []string{"whether these are operators, who need them"},
		})
	}
	return found
}
