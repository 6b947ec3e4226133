package redis

import "strings"

// May says whether rules such as "-@all +@read +config|get" permit a command: "get", or a subcommand as
// "config|set". The rules stand in the order in which they were given; a later one prevails. Categories
// are those of the commands that this package knows; a command that it does not know is in none.
func (s ACLSelector) May(command string) bool {
	container, sub, nested := strings.Cut(command, "|")
	info, known := LookupCommand([]byte(container))
	if known && nested {
		info, known = info.Subcommand([]byte(sub))
	}
	may := false
	for rule := range strings.FieldsSeq(s.Commands) {
		name, adds := strings.CutPrefix(rule, "+")
		if !adds {
			name, _ = strings.CutPrefix(rule, "-")
		}
		name = strings.ToLower(name)
		switch {
		case rule == "allcommands":
			may = true
		case rule == "nocommands":
			may = false
		case name == "@all", name == command, nested && name == container,
			strings.HasPrefix(name, "@") && known && info.Has(name):
			may = adds
		}
	}
	return may
}

// May says whether any of the user's rights permits the command.
func (u ACLUser) May(command string) bool {
	for _, s := range u.Selectors {
		if s.May(command) {
			return true
		}
	}
	return false
}

// AllKeys says whether the user's rights reach every key.
func (u ACLUser) AllKeys() bool {
	for _, s := range u.Selectors {
		if s.AllKeys {
			return true
		}
	}
	return false
}

// All says whether the user may run every command on every key.
func (u ACLUser) All() bool {
	for _, s := range u.Selectors {
		commands := strings.Fields(s.Commands)
		if s.AllKeys && len(commands) > 0 && (commands[len(commands)-1] == "+@all" || commands[len(commands)-1] == "allcommands") {
			return true
		}
	}
	return false
}
