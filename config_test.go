package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/doctor"
)

var configRules = []doctor.Rule{
	{ID: "blocking-command", Limits: []doctor.Limit{{Name: "time_share", Default: 0.02}, {Name: "stall_usec", Default: 100_000}}},
	{ID: "idle-connections", Limits: []doctor.Limit{{Name: "idle_seconds", Default: 60}, {Name: "bytes", Default: 1 << 20}, {Name: "connections", Default: 5}}},
}

func TestParseConfig(t *testing.T) {
	text := `# what this server may do
doctor:
  rules:
    blocking-command: {time_share: 5%, stall_usec: 50ms}
    idle-connections:
      idle_seconds: 10m
      bytes: 64KB
      connections: 50
`
	o, err := parseConfig([]byte(text), configRules)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]float64{
		"blocking-command": {"time_share": 0.05, "stall_usec": 50_000},
		"idle-connections": {"idle_seconds": 600, "bytes": 65536, "connections": 50},
	}
	if diff := cmp.Diff(want, o.Limits); diff != "" || len(o.Off) != 0 {
		t.Errorf("off %v, limits %s", o.Off, diff)
	}
	o, err = parseConfig([]byte("doctor: {rules: {blocking-command: off, idle-connections: on}}"), configRules)
	if err != nil || !o.Off["blocking-command"] || o.Off["idle-connections"] {
		t.Errorf("%v, %v", o.Off, err)
	}
	o, err = parseConfig([]byte("servers:\n  cache: redis://u:p@10.0.0.5\n  queue: 10.0.0.6\n"), configRules)
	if want := []namedAddress{{"cache", "redis://u:p@10.0.0.5"}, {"queue", "10.0.0.6"}}; err != nil || !slices.Equal(o.servers, want) {
		t.Errorf("%v, %v", o.servers, err)
	}
	for _, empty := range []string{"servers:\n", "", "# nothing\n", "doctor:\n", "doctor:\n  rules:\n", "doctor: {rules: {blocking-command: }}"} {
		if o, err := parseConfig([]byte(empty), configRules); err != nil || len(o.Off)+len(o.Limits) > 0 {
			t.Errorf("%q: %+v, %v", empty, o, err)
		}
	}
}

func TestConfigsThatAreWrong(t *testing.T) {
	rule := func(s string) string { return "doctor:\n  rules:\n    " + s + "\n" }
	tests := []struct{ name, text, want string }{
		{"no mapping", "hello", `line 1: the file: not a list`},
		{"an unknown section", "docter: {}", `line 1: the file has no "docter"; "doctor" is meant?`},
		{"an unknown part", "doctor: {limits: {}}", `line 1: doctor has no "limits"; it has rules`},
		{"an unknown rule", rule("blocking-comand: off"), `line 3: rules has no "blocking-comand"; "blocking-command" is meant?`},
		{"an unknown limit", rule("blocking-command: {time-share: 5%}"), `line 3: blocking-command has no "time-share"; "time_share" is meant?`},
		{"a limit that nobody meant", rule("blocking-command: {colour: 5%}"), `has no "colour"; it has time_share, stall_usec`},
		{"a percentage without its sign", rule("blocking-command: {time_share: 5}"), `"5": not a share: write 5% or 0.05`},
		{"a bare 1", rule("blocking-command: {time_share: 1}"), `not a share`},
		{"a wrong unit", rule("blocking-command: {stall_usec: 5 furlongs}"), `"5 furlongs": not a time such as 50ms`},
		{"a wrong size", rule("idle-connections: {bytes: 5 furlongs}"), `not a size`},
		{"no number", rule("idle-connections: {connections: many}"), `"many": not a number`},
		{"below 0", rule("idle-connections: {connections: -1}"), `below 0`},
		{"not a number at all", rule("idle-connections: {connections: NaN}"), `below 0, or no number`},
		{"a list", rule("blocking-command: {time_share: [1]}"), `not one value`},
		{"a word", rule("blocking-command: maybe"), `"maybe" is neither off nor limits such as {time_share: 2%}`},
		{"twice", rule("blocking-command: off\n    blocking-command: on"), `blocking-command`},
		{"two documents", "doctor: {}\n---\ndoctor: {}\n", `more than one document`},
		{"no YAML", "doctor: {", `not YAML`},
		{"no YAML in line 2", "doctor:\n  a: b: c\n", `line 2: not YAML: `},
		{"servers that are none", "servers: [a]", `line 1: servers: not a list of "name: address"`},
		{"a server without an address", "servers:\n  a:\n", `line 2: servers a: not an address`},
		{"a server's odd name", "servers: {a/b: localhost}", `a name is 1 to 64 letters`},
		{"a server's wrong address", "servers: {a: 'redis://:zz@h:port'}", `servers a: `},
		{"a server twice", "servers: {a: h, a: i}", `a`},
		{"an alias", "doctor: &a {rules: *a}", ``},
		{"a bomb", "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n", ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := parseConfig([]byte(tt.text), configRules); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// Every default of every rule can be written as the rules page shows it.
func TestLimitsAreReadAsTheyAreWritten(t *testing.T) {
	for _, r := range doctor.Rules() {
		for _, l := range r.Limits {
			text := limitText(l.Name, l.Default)
			if v, err := parseLimit(l.Name, text); err != nil || math.Abs(v-l.Default) > 1e-9*max(1, l.Default) {
				t.Errorf("%s %s: %v is written %s, read as %v (%v)", r.ID, l.Name, l.Default, text, v, err)
			}
			if l.Why == "" {
				t.Errorf("%s %s: no reason", r.ID, l.Name)
			}
		}
	}
	for name, want := range map[string]string{"x_usec": "1h", "x_seconds": "1m40s", "x_share": "2%", "x_bytes": "4MB", "x": "1.5"} {
		v := map[string]float64{"x_usec": 3.6e9, "x_seconds": 100, "x_share": 0.02, "x_bytes": 4 << 20, "x": 1.5}[name]
		if got := limitText(name, v); got != want {
			t.Errorf("%s %v is written %q, want %q", name, v, got, want)
		}
	}
}

func TestUserConfig(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	var c config
	if o, err := c.load(); err != nil || o.Off != nil {
		t.Errorf("without a file: %+v, %v", o, err)
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "xdg"))
	path := filepath.Join(home, "xdg", "redistop", "config.yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("doctor: {rules: {nothing-such: off}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.load(); err == nil || !strings.Contains(err.Error(), path) || failureOf(err).code != exitUsage {
		t.Errorf("error %v", err)
	}
	c.file = filepath.Join(home, "nothing.yaml")
	if _, err := c.load(); err == nil || failureOf(err).code != exitUsage {
		t.Errorf("a named file that is not there: %v", err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add("doctor: {rules: {blocking-command: {time_share: 5%}}}")
	f.Add("a: &a [*a]")
	f.Add("? {}\n: x")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseConfig([]byte(text), configRules)
		if err != nil {
			return
		}
		for _, limits := range o.Limits {
			for name, v := range limits {
				if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
					t.Errorf("%s: %v of %q", name, v, text)
				}
			}
		}
	})
}
