package redis

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLookupCommand(t *testing.T) {
	for _, c := range []struct {
		name            string
		write, readOnly bool
		has             string
		not             string
	}{
		{"get", false, true, "@read @string @fast", "@write @slow @dangerous @nosuch"},
		{"SET", true, false, "@write @string @slow write", "@read @fast"},
		{"Keys", false, true, "@keyspace @read @dangerous @slow", "@write"},
		{"FLUSHALL", true, false, "@keyspace @write @dangerous", "@read"},
		{"PING", false, false, "@connection @fast", "@read @write"},
		{"eval", false, false, "@scripting", "@write"},
		{"BLPOP", true, false, "@blocking @list", "@set"},
		{"georadiusbymember_ro", false, true, "@geo", "@write"},
		{"replconf", false, false, "@admin @dangerous", "@read"},
		{"restore-asking", true, false, "@dangerous", "@read"},
	} {
		got, ok := LookupCommand([]byte(c.name))
		if !ok || got.Name != strings.ToLower(c.name) {
			t.Errorf("%s: %+v, %v", c.name, got, ok)
			continue
		}
		if got.Write() != c.write || got.ReadOnly() != c.readOnly {
			t.Errorf("%s: write %v, read-only %v", c.name, got.Write(), got.ReadOnly())
		}
		for _, category := range strings.Fields(c.has) {
			if !got.Has(category) {
				t.Errorf("%s is not in %s", c.name, category)
			}
		}
		for _, category := range strings.Fields(c.not) {
			if got.Has(category) {
				t.Errorf("%s is in %s", c.name, category)
			}
		}
	}
	for _, name := range []string{"", "g", "gett", "nosuchcommand", "get\x00", "g\x05t", "config|get", strings.Repeat("x", 1000)} {
		if c, ok := LookupCommand([]byte(name)); ok {
			t.Errorf("%q is %s", name, c.Name)
		}
	}
	blpop, _ := LookupCommand([]byte("blpop"))
	if blpop.Flags&FlagBlocking == 0 || blpop.Flags&FlagReadonly != 0 {
		t.Errorf("flags %b", blpop.Flags)
	}
	if diff := cmp.Diff([]string{"@blocking", "@list", "@slow", "@write"}, blpop.Categories()); diff != "" {
		t.Error(diff)
	}
}

// TestEveryCommandIsFound: none hides another.
func TestEveryCommandIsFound(t *testing.T) {
	n := 0
	for line := range strings.Lines(commandsText) {
		name, _, ok := strings.Cut(line, "\t")
		if !ok {
			continue // the header
		}
		n++
		container, sub, _ := strings.Cut(strings.ToUpper(name), "|")
		if c, ok := LookupSubcommand([]byte(container), []byte(sub)); !ok || c.Name != name {
			t.Errorf("%s is %+v, %v", name, c, ok)
		}
	}
	if n < 400 {
		t.Errorf("only %d commands", n)
	}
}

func TestLookupSubcommand(t *testing.T) {
	for _, c := range []struct{ name, next, want string }{
		{"CONFIG", "get", "config|get"}, {"client", "NO-EVICT", "client|no-evict"}, {"config", "nosuch", "config"},
		{"config", "", "config"}, {"get", "get", "get"}, {"nosuch", "get", ""},
	} {
		got, ok := LookupSubcommand([]byte(c.name), []byte(c.next))
		if ok != (c.want != "") || ok && got.Name != c.want {
			t.Errorf("%s %s: %+v, %v", c.name, c.next, got, ok)
		}
		args := argsOf(c.name + " " + c.next + " x")
		if again, ok2 := LookupArgs(args); again != got && c.next != "" || ok2 != ok {
			t.Errorf("%s: %+v, %v", args, again, ok2)
		}
	}
	config, _ := LookupCommand([]byte("config"))
	if !config.Container() {
		t.Error("config has no subcommands")
	}
	if _, ok := LookupArgs([]byte(`"get`)); ok {
		t.Error("half an argument is a command")
	}
}

func TestBadCommandTables(t *testing.T) {
	for _, text := range []string{"get", "get\t\t\t\tx", "get\tnosuch\t\t", "a|b\t\t\t", "get\t\t\tx", "get\t\t\t1:2:3:4:5", "get\t\t\t0", "get\t\t\t1:2:x", "get\t\t\t1:-1:0:0"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", text)
				}
			}()
			parseCommandTable(text)
		}()
	}
	table := parseCommandTable("# header\n\na\tfast\tx y\t1 2#0:1:1\na|b\t\ty\tword@3:-1:2:0\n")
	i := slices.IndexFunc(table.slots[:], func(c *CommandInfo) bool { return c != nil })
	a := table.slots[i]
	if len(a.keys) != 2 || !a.keys[1].numkeys || a.keys[1].first != 1 || len(a.subcommands) != 1 || a.subcommands[0].keys[0].keyword != "word" {
		t.Errorf("%+v", a)
	}
}
