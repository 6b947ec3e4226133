package monitor

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

func line(t testing.TB, text string) *redis.MonitorLine {
	t.Helper()
	l := new(redis.MonitorLine)
	if err := l.Parse([]byte("1339518083.107412 " + text)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return l
}

// web knows the name of one connection.
func web(addr []byte) string {
	if string(addr) == "10.0.0.3:5000" {
		return "web-1"
	}
	return ""
}

func TestFilter(t *testing.T) {
	const (
		get    = `[0 10.0.0.3:5000] "GET" "user:1:profile"`
		set    = `[3 10.1.2.3:6000] "set" "cache:a,b" "Some Value" "EX" "5"`
		config = `[0 [2001:db8::7]:7000] "CONFIG" "SET" "maxmemory" "1"`
		script = `[0 lua] "zadd" "board" "1" "a"`
		socket = `[15 unix:/run/redis.sock] "MGET" "x" "caf\xc3\xa9" "say \"hi\"" "a b"`
		module = `[0 10.0.0.30:5000] "JSON.GET" "user:1:profile"`
	)
	all := []string{get, set, config, script, socket, module}
	for _, tt := range []struct {
		filter string
		want   []string
	}{
		{"", all},
		{"client:10.0.0.3", []string{get}},
		{"client:10.0.0.3:5000", []string{get}},
		{"client:10.0.0.3:5001", nil},
		{"client:10.0.0.0/8", []string{get, set, module}},
		{"-client:10.0.0.0/8", []string{config, script, socket}},
		{"client:2001:db8::7", []string{config}},
		{"client:[2001:db8::7]", []string{config}},
		{"client:[2001:0db8::0007]:7000", []string{config}},
		{"client:2001:db8::/32,lua", []string{config, script}},
		{"client:unix", []string{socket}},
		{"client:unix:/run/redis.sock", []string{socket}},
		{"name:web*", []string{get}},
		{"-name:web*", []string{set, config, script, socket, module}},
		{"command:get", []string{get}},
		{"command:GET,set", []string{get, set}},
		{"command:*get", []string{get, socket, module}},
		{"command:config", []string{config}},
		{"command:config|set", []string{config}},
		{"command:config|*", []string{config}},
		{"command:config|get", nil},
		{"command:json.*", []string{module}},
		{"@write", []string{set, script}},
		{"category:@write,read", []string{get, set, script, socket}},
		{"-@write", []string{get, config, socket, module}},
		{"@admin", []string{config}},
		{"key:user:*", []string{get}},
		{"key:user:?:profile", []string{get}},
		{`key:cache:a\,b`, []string{set}},
		{"key:café", []string{socket}},
		{`key:say?"hi"`, []string{socket}},
		{"key:x,board", []string{script, socket}},
		{"key:maxmemory", nil},
		{"db:3,15", []string{set, socket}},
		{"-db:0", []string{set, socket}},
		{"PROFILE", []string{get, module}},
		{"some", []string{set}},
		{`a\,b`, []string{set}},
		{"café", []string{socket}},
		{`say`, []string{socket}},
		{"client:10.0.0.0/8 -command:json.get profile", []string{get}},
		{"@read -key:user:*", []string{socket}},
		{"DB:3 Command:set", []string{set}},
	} {
		f, err := ParseFilter(tt.filter)
		if err != nil {
			t.Errorf("%q: %v", tt.filter, err)
			continue
		}
		var got []string
		for _, text := range all {
			if f.Match(line(t, text), web) {
				got = append(got, text)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q lets pass\n%s\nwant\n%s", tt.filter, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for _, tt := range []struct{ filter, want string }{
		{"command:get clinet:1", "filter clinet:1: not one of client: name: command: category: key: db:; for a key write key:clinet:1"},
		{"client:web", "filter client:web: not an IP, IP:port, network such as 10.0.0.0/8, unix or lua"},
		{"client:10.0.0.1/33", "filter client:10.0.0.1/33: not an IP"},
		{"@wirte", "filter @wirte: not one of @"},
		{"@write,get", "filter @write,get: not one of @"},
		{"db:x", "filter db:x: not the number of a database"},
		{"db:-1", "filter db:-1: not the number"},
		{"key:", "filter key:: a value is missing"},
		{"command:get,", "filter command:get,: a value is missing"},
		{"-", "filter -: a term belongs behind the minus"},
		{"x:\x1b[2J", `filter x:\x1b[2J: not one of`},
	} {
		_, err := ParseFilter(tt.filter)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.filter, err, tt.want)
		}
	}
	if _, err := ParseFilter("@nothing"); err == nil || !strings.Contains(err.Error(), "@write") {
		t.Errorf("%v does not tell which categories there are", err)
	}
}

func TestFilterWithoutNames(t *testing.T) {
	f, err := ParseFilter("name:web*")
	if err != nil || !f.NeedsNames() || f.Empty() {
		t.Fatalf("%v, needs names %v, empty %v", err, f.NeedsNames(), f.Empty())
	}
	if f.Match(line(t, `[0 10.0.0.3:5000] "GET" "k"`), nil) {
		t.Error("a connection whose name nobody knows matches one")
	}
	var none Filter
	if !none.Empty() || none.NeedsNames() || !none.Match(line(t, `[0 lua] "GET" "k"`), nil) {
		t.Error("the zero Filter is not empty")
	}
}

func TestFilterAllocatesNothing(t *testing.T) {
	f, err := ParseFilter(`-client:192.168.0.0/16,2001:db8::/64 -name:x* command:get,mget,*x @read key:*\*,*é -db:7 -nothing`)
	if err != nil {
		t.Fatal(err)
	}
	lines := []*redis.MonitorLine{
		line(t, `[0 10.0.0.3:5000] "GET" "caf\xc3\xa9"`),
		line(t, `[0 [2001:db8:1::7]:5000] "MGET" "a" "b" "c*"`),
		line(t, `[0 unix:/a] "SET" "a" "b"`),
	}
	passed := 0
	allocations := testing.AllocsPerRun(100, func() {
		for _, l := range lines {
			if f.Match(l, web) {
				passed++
			}
		}
	})
	if allocations > 0 || passed != 2*101 {
		t.Errorf("%v allocations, %d passed", allocations, passed)
	}
}

// The globs are those of the server's KEYS.
func TestGlobAsTheServer(t *testing.T) {
	s := redistest.New(t)
	keys := []string{"a", "ab", "abc", "b", "a*c", "a?c", "a]c", "a-c", "a^c", "[abc", "aXc", "é", `a\c`, "user:1", "user:1:x", "axbxc"}
	for _, k := range keys {
		if _, err := s.CLI("SET", k, "1"); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(keys)
	for _, pattern := range []string{
		"*", "a*", "*c", "a?c", `a\*c`, `a\?c`, "a[a-z]c", "a[z-a]c", "a[^a-z]c", "a[]c]c", "a[-]c", "a[^^]c", `a[\]]c`, `a[\\]c`,
		"[abc", "[^abc", "a[b", "a[", "??", "user:*", "user:?", "*:*:*", "**c", "a*b*c", `\[abc`, "a[b-]*", `a\\c`, "é", "?", `a\`, "a[*?]c", "nothing",
	} {
		reply, err := s.CLI("KEYS", pattern)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.FieldsFunc(reply, func(r rune) bool { return r == '\n' })
		slices.Sort(want)
		g := compileGlob(pattern)
		var got []string
		for _, k := range keys {
			if g.match(k) != g.matchBytes([]byte(k)) {
				t.Errorf("%s: %s as a string and as bytes differ", pattern, k)
			}
			if g.match(k) {
				got = append(got, k)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, the server says %q", pattern, got, want)
		}
	}
}

func FuzzParseIP(f *testing.F) {
	for _, s := range []string{"1.2.3.4", "01.2.3.4", "1.2.3", "256.1.1.1", "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
		"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1::2::3", ":1", "1:", "12345::", "fe80::1%eth0", "1:2:3:4:5:6:7:8:9", "1.2.3.4::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := netip.ParseAddr(s)
		if strings.HasSuffix(s, "%") {
			return // a zone without a name: nobody writes it
		}
		got, ok := parseIP([]byte(s))
		if ok != (err == nil) || ok && got != want.Unmap().WithZone("") {
			t.Errorf("%q: %v %v, want %v %v", s, got, ok, want, err)
		}
	})
}

// No filter and no line make Match panic, and a minus turns a single term around.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"client:10.0.0.3", "name:web*", "command:config|set", "@write", `key:us[e-r\]*`, "db:3", "-x", `a\,b,c`, "client:[::1]:5"} {
		f.Add(s, `[0 10.0.0.3:5000] "GET" "user:1\xff"`)
	}
	f.Fuzz(func(t *testing.T, term, text string) {
		var l redis.MonitorLine
		if l.Parse([]byte("1339518083.107412 "+text)) != nil {
			return
		}
		plain, err := ParseFilter(term)
		if err != nil || len(plain.terms) != 1 || plain.terms[0].negate {
			return
		}
		negated, err := ParseFilter("-" + strings.TrimSpace(term))
		if err != nil {
			t.Fatalf("%q can be read, turned around: %v", term, err)
		}
		if plain.Match(&l, web) == negated.Match(&l, web) {
			t.Errorf("%q and its opposite agree on %q", term, text)
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	l := line(b, `[0 10.0.0.3:5000] "GET" "user:1:profile"`)
	for _, text := range []string{"client:10.0.0.0/24", "command:get,set", "@write", "key:user:*", "profile", "@read key:user:* -client:10.0.0.4"} {
		b.Run(text, func(b *testing.B) {
			f, err := ParseFilter(text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Match(l, web)
			}
		})
	}
}
