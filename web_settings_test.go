package main

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"redistop/internal/doctor"
)

// settled is what web would do with a command line, an environment and a configuration file.
type settled struct {
	flags *pflag.FlagSet
	said  settings
	addrs []string
	err   error
}

func settleFor(t *testing.T, line string, env map[string]string, file string) settled {
	t.Helper()
	var conn connection
	var s serving
	cmd := newWeb()
	cmd.ResetFlags()
	s.addTo(cmd)
	conn.addTo(cmd)
	if err := cmd.Flags().Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	said, err := parseConfig([]byte(file), doctor.Rules())
	if err != nil {
		t.Fatal(err)
	}
	places := newSettler(cmd.Flags(), cmd.Flags().Args())
	if err := places.environment(func(name string) string { return env[name] }); err != nil {
		return settled{err: err}
	}
	if said, err = places.withFile(said); err != nil {
		return settled{err: err}
	}
	out := settled{flags: cmd.Flags(), said: said}
	targets, _, err := conn.several(cmd.Flags(), cmd.Flags().Args(), said.servers)
	out.err = err
	for _, target := range targets {
		out.addrs = append(out.addrs, strings.Trim(target.Username+":"+target.Password+"@", ":@")+" "+target.Address)
	}
	return out
}

func TestEachPlaceOutranksTheNext(t *testing.T) {
	file := "web:\n  listen: 127.0.0.1:3\n  rate: 3\n  allowed-host: [c, d]\n  log: true\n  interval: 3s\n"
	env := map[string]string{"REDISTOP_LISTEN": "127.0.0.1:2", "REDISTOP_RATE": "2", "REDISTOP_TLS_CERT": "", "REDISTOP_ALLOWED_HOST": "a,b"}
	for _, tt := range []struct {
		name, line string
		env        map[string]string
		file       string
		want       map[string]string
	}{
		{"default", "", nil, "", map[string]string{"listen": "127.0.0.1:7979", "rate": "100", "log": "false", "interval": "2s", "allowed-host": "[]"}},
		{"file", "", nil, file, map[string]string{"listen": "127.0.0.1:3", "rate": "3", "log": "true", "interval": "3s", "allowed-host": "[c,d]"}},
		{"environment", "", env, file, map[string]string{"listen": "127.0.0.1:2", "rate": "2", "log": "true", "interval": "3s", "allowed-host": "[a,b]"}},
		{"command line", "--listen 127.0.0.1:1 --log=false --allowed-host z", env, file,
			map[string]string{"listen": "127.0.0.1:1", "rate": "2", "log": "false", "interval": "3s", "allowed-host": "[z]"}},
	} {
		s := settleFor(t, tt.line, tt.env, tt.file)
		if s.err != nil {
			t.Errorf("%s: %v", tt.name, s.err)
			continue
		}
		got := map[string]string{}
		for name := range tt.want {
			got[name] = s.flags.Lookup(name).Value.String()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestWhoNamesTheServer holds that servers come from one place, and that what an address says of the
// login outranks what holds for all.
func TestWhoNamesTheServer(t *testing.T) {
	servers := "servers: {a: 10.0.0.1, b: 'redis://u:own@10.0.0.2'}\n"
	for _, tt := range []struct {
		name, line string
		env        map[string]string
		file       string
		want       []string
		wrong      string
	}{
		{name: "default", want: []string{" 127.0.0.1:6379"}},
		{name: "file", file: servers, want: []string{" 10.0.0.1:6379", "u:own 10.0.0.2:6379"}},
		{name: "environment", env: map[string]string{"REDISTOP_HOST": "10.0.0.9", "REDISTOP_PORT": "7"}, file: servers, want: []string{" 10.0.0.9:7"}},
		{name: "argument", line: "10.0.0.8", env: map[string]string{"REDISTOP_URI": "redis://10.0.0.9", "REDISTOP_PORT": "7"}, file: servers, want: []string{" 10.0.0.8:6379"}},
		{name: "flag of the file", file: "web: {socket: /run/x.sock}", want: []string{" /run/x.sock"}},
		{name: "twice in the file", file: servers + "web: {host: x}", wrong: "names servers twice"},
		{name: "outranked, so not twice", line: "-h y", file: servers + "web: {host: x}", want: []string{" y:6379"}},
		{name: "port with a host of the environment", line: "-p 7", env: map[string]string{"REDISTOP_HOST": "10.0.0.9"}, want: []string{" 10.0.0.9:7"}},
		{name: "login for all", env: map[string]string{"REDISTOP_PASS": "all"}, file: servers + "web: {user: w, pass: file}", want: []string{"w:all 10.0.0.1:6379", "u:own 10.0.0.2:6379"}},
		{name: "the port of a service", env: map[string]string{"REDISTOP_PORT": "tcp://10.1.1.1:7979"}, want: []string{" 127.0.0.1:6379"}},
		{name: "another variable", env: map[string]string{"REDISCLI_AUTH": "x"}, file: "web: {pass: file}", want: []string{" 127.0.0.1:6379"}},
		{name: "no database", env: map[string]string{"REDISTOP_DB": "-1"}, wrong: "count from 0"},
		{name: "wrong word", env: map[string]string{"REDISTOP_LOG": "maybe"}, wrong: "REDISTOP_LOG: neither true nor false"},
		{name: "wrong number", env: map[string]string{"REDISTOP_DB": "x"}, wrong: "REDISTOP_DB: not a whole number"},
		{name: "wrong rate", env: map[string]string{"REDISTOP_RATE": "-1"}, wrong: "REDISTOP_RATE: not a number from 0.1"},
	} {
		t.Setenv("REDISCLI_AUTH", "") // what connection.login reads itself
		s := settleFor(t, tt.line, tt.env, tt.file)
		if tt.wrong != "" {
			if s.err == nil || !strings.Contains(s.err.Error(), tt.wrong) {
				t.Errorf("%s: error %v, want %q", tt.name, s.err, tt.wrong)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, s.addrs); diff != "" || s.err != nil {
			t.Errorf("%s: %v: %s", tt.name, s.err, diff)
		}
	}
}

// TestWrongSettings holds that the line is told, a slip is understood, and no value is repeated.
func TestMisspelledVariables(t *testing.T) {
	environ := []string{"REDISTOP_LISTEM=:1", "REDISTOP_LISTEN=:2", "REDISTOP_WEB_AUTH=zz", "REDISTOP_PORT_7979_TCP=x", "REDISTOP_SERVICE_HOST=10.0.0.1", "REDISTOP_IP=x", "PATH=/"}
	want := []string{"the variable REDISTOP_LISTEM is of no flag; REDISTOP_LISTEN is meant?"}
	if got := misspelled(newWeb().Flags(), environ); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An address that is taken is no wrong use.
func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]int{taken.Addr().String(): exitError, "nowhere": exitUsage} {
		l, err := (&serving{listen: address}).open(false)
		if err == nil {
			l.Close()
			t.Fatalf("%s: it listens", address)
		}
		if got := failureOf(err).code; got != want {
			t.Errorf("%s: exit code %d, want %d: %v", address, got, want, err)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	for text, want := range map[string]string{
		"web:\n  listn: x\n":                `line 2: web has no "listn"; "listen" is meant?`,
		"web:\n  help: true\n":              `line 2: web has no "help"`,
		"web:\n  config: x\n":               `line 2: web has no "config"`,
		"web:\n  log: true\n  log: false\n": `line 3: web has "log" twice`,
		"web:\n  log: maybe\n":              `line 2: web log: neither true nor false`,
		"web:\n  rate: -1\n":                `line 2: web rate: not a number from 0.1 to 1000000, or 0`,
		"web:\n  interval: 1h\n":            `line 2: web interval: `,
		"web:\n  listen:\n":                 `line 2: web listen: neither a value nor a list of values`,
		"web:\n  listen: {a: b}\n":          `line 2: web listen: neither a value nor a list of values`,
		"web:\n  pass: [zzsecret, b]\n":     `line 2: web pass: one value goes here`,
		"web:\n  allowed-host: [a, [b]]\n":  `line 2: web allowed-host: entry 2 is not one value`,
		"web: hello\n":                      `line 1: web: not a list of settings`,
		"web:\n  db: zzsecret\n":            `line 2: web db: not a whole number`,
	} {
		_, err := parseConfig([]byte(text), doctor.Rules())
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "zzsecret") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	said, err := parseConfig([]byte("web:\n  interval: 5s\n"), doctor.Rules())
	if err != nil || len(said.web) != 1 || said.web[0].values[0] != (5*time.Second).String() {
		t.Errorf("%+v, %v", said, err)
	}
}
