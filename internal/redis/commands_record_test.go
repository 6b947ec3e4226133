package redis

import (
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redistest"
)

var updateData = flag.Bool("update", false, "write commands.tsv and testdata/monitor anew from the servers that are here")

// tableServers are the servers whose commands the table holds, newest first: where they differ,
// the first one counts.
var tableServers = []struct{ flavor, version string }{
	{"redis", "8.0.2"}, {"valkey", "9.1.2"}, {"redis", "7.0.15"},
}

func TestCommandTableIsTheServers(t *testing.T) {
	var text strings.Builder
	known := map[string]bool{}
	var lines []string
	text.WriteString("# What COMMAND says: name, flags, ACL categories, key specifications. From")
	for _, s := range tableServers {
		i := slices.IndexFunc(binaries(), func(b redistest.Binary) bool { return b.Flavor == s.flavor && b.Version == s.version })
		if i < 0 {
			t.Skipf("no %s %s here", s.flavor, s.version)
		}
		fmt.Fprintf(&text, " %s-%s", s.flavor, s.version)
		server := redistest.New(t, redistest.On(binaries()[i]))
		for _, line := range commandLines(t, ask(t, server, "COMMAND").Elems) {
			if name, _, _ := strings.Cut(line, "\t"); !known[name] {
				known[name] = true
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines) // a subcommand after its container: '|' is greater than a tab
	fmt.Fprintf(&text, ".\n%s\n", strings.Join(lines, "\n"))
	if *updateData {
		if err := os.WriteFile("commands.tsv", []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(commandsText, text.String()); diff != "" {
		t.Errorf("commands.tsv is not what the servers say; write it anew with -update (-old +new):\n%s", diff)
	}
}

func binaries() []redistest.Binary {
	return append(redistest.Installed(), redistest.Fetched()...)
}

// ask sends one command to a server and returns its reply, an error reply too.
func ask(t *testing.T, s *redistest.Server, args ...string) Value {
	t.Helper()
	conn, err := net.Dial("unix", s.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(AppendCommand(nil, args...)); err != nil {
		t.Fatal(err)
	}
	v, err := NewReader(conn, Limits{}).Read()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// commandLines writes the entries of COMMAND, of Redis 7.0 and later, as lines of the table.
func commandLines(t *testing.T, entries []Value) []string {
	t.Helper()
	var lines []string
	for _, e := range entries {
		if len(e.Elems) < 10 {
			t.Fatalf("an entry of %d elements", len(e.Elems))
		}
		var flags, categories, keys []string
		for _, flag := range e.Elems[2].Elems {
			if slices.Contains(flagNames[:], flag.Text) {
				flags = append(flags, flag.Text)
			}
		}
		for _, category := range e.Elems[6].Elems {
			categories = append(categories, strings.TrimPrefix(category.Text, "@"))
		}
		for _, spec := range e.Elems[8].Elems {
			if text := keySpecText(t, spec); text != "" {
				keys = append(keys, text)
			}
		}
		slices.Sort(flags)
		slices.Sort(categories)
		lines = append(lines, strings.Join([]string{
			strings.ToLower(e.Elems[0].Text), strings.Join(flags, " "), strings.Join(categories, " "), strings.Join(keys, " "),
		}, "\t"))
		lines = append(lines, commandLines(t, e.Elems[9].Elems)...)
	}
	return lines
}

// keySpecText writes one key specification as parseKeySpec reads it; "" for one that the server
// itself calls unknown, or that finds channels instead of keys.
func keySpecText(t *testing.T, v Value) string {
	t.Helper()
	spec := pairs(v)
	for _, flag := range spec["flags"].Elems {
		if flag.Text == "not_key" {
			return ""
		}
	}
	begin, find := pairs(spec["begin_search"]), pairs(spec["find_keys"])
	at, how := pairs(begin["spec"]), pairs(find["spec"])
	var text string
	switch kind := begin["type"].Text; kind {
	case "index":
		text = fmt.Sprint(at["index"].Int)
	case "keyword":
		text = fmt.Sprintf("%s@%d", strings.ToLower(at["keyword"].Text), at["startfrom"].Int)
		if at["startfrom"].Int < 0 {
			return "" // MIGRATE: migrateKeys knows it better
		}
	case "unknown":
		return ""
	default:
		t.Fatalf("unknown begin_search %q", kind)
	}
	switch kind := find["type"].Text; kind {
	case "range":
		last, step, limit := how["lastkey"].Int, how["keystep"].Int, how["limit"].Int
		if last != 0 {
			text += fmt.Sprintf(":%d:%d:%d", last, step, limit)
		}
	case "keynum":
		text += fmt.Sprintf("#%d:%d:%d", how["keynumidx"].Int, how["firstkey"].Int, how["keystep"].Int)
	case "unknown":
		return ""
	default:
		t.Fatalf("unknown find_keys %q", kind)
	}
	return text
}

// pairs reads a map that RESP2 sends as a flat array.
func pairs(v Value) map[string]Value {
	m := map[string]Value{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		m[v.Elems[i].Text] = v.Elems[i+1]
	}
	return m
}
