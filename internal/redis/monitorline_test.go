package redis

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMonitorLineForms(t *testing.T) {
	for _, c := range []struct {
		name, line string
		usec       int64
		db         int
		addr, ip   string
		args       string
	}{
		{"IPv4", `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`, 1339518083107412, 0, "127.0.0.1:60866", "127.0.0.1", `"keys" "*"`},
		{"as redis-cli prints it", "1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\n", 1339518083107412, 0, "127.0.0.1:60866", "127.0.0.1", `"keys" "*"`},
		{"line end of the wire", "+1339518083.000001 [7 10.0.0.1:1] \"PING\"\r\n", 1339518083000001, 7, "10.0.0.1:1", "10.0.0.1", `"PING"`},
		{"IPv6", `+1339518083.107412 [12 [fe80::1%eth0]:60866] "a"`, 1339518083107412, 12, "[fe80::1%eth0]:60866", "fe80::1%eth0", `"a"`},
		{"IPv6 without brackets", `+1339518083.107412 [0 ::1:60866] "a"`, 1339518083107412, 0, "::1:60866", "::1", `"a"`},
		{"unix socket", `+1339518083.107412 [0 unix:/tmp/a [1] b.sock] "a"`, 1339518083107412, 0, "unix:/tmp/a [1] b.sock", "unix", `"a"`},
		{"script", `+1339518083.107412 [3 lua] "set" "k" "[0 x] \"y\""`, 1339518083107412, 3, "lua", "lua", `"set" "k" "[0 x] \"y\""`},
		{"replication of Dragonfly", `+1339518083.107412 [0 REPLICATION:0] "a"`, 1339518083107412, 0, "REPLICATION:0", "REPLICATION", `"a"`},
		{"time of Dragonfly", `+1339518083.1074126 [0 10.0.0.1:1] "a"`, 1339518083107412, 0, "10.0.0.1:1", "10.0.0.1", `"a"`},
		{"time of Dragonfly, 12 us", `+1339518083.126 [0 10.0.0.1:1] "a"`, 1339518083000012, 0, "10.0.0.1:1", "10.0.0.1", `"a"`},
		{"namespace of Kvrocks", `+1339518083.107412 [__namespace 10.0.0.1:1] "a"`, 1339518083107412, 0, "10.0.0.1:1", "10.0.0.1", `"a"`},
		{"before 2.6", `+1339518083.107412 "monitor"`, 1339518083107412, 0, "", "", `"monitor"`},
		{"before 2.6, database", `+1339518083.107412 (db 15) "get" "x"`, 1339518083107412, 15, "", "", `"get" "x"`},
		{"before 2001", `999999999.999999 [0 10.0.0.1:1] "a"`, 999999999999999, 0, "10.0.0.1:1", "10.0.0.1", `"a"`},
		{"after 2286", `10000000000.000000 [0 10.0.0.1:1] "a"`, 10000000000000000, 0, "10.0.0.1:1", "10.0.0.1", `"a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l MonitorLine
			if err := l.Parse([]byte(c.line)); err != nil {
				t.Fatal(err)
			}
			if l.Usec != c.usec || l.DB != c.db || string(l.Addr) != c.addr || string(l.Args) != c.args {
				t.Errorf("%d %d %q %q", l.Usec, l.DB, l.Addr, l.Args)
			}
			if got := string(IP(l.Addr)); got != c.ip {
				t.Errorf("IP %q, want %q", got, c.ip)
			}
			if l.Script() != (c.addr == "lua") {
				t.Error("script:", l.Script())
			}
		})
	}
}

func TestOtherLines(t *testing.T) {
	const whole = `+1339518083.107412 [0 127.0.0.1:60866] "k" "v"`
	lines := []string{
		"", "+", "+OK", "+RESET", ":0", ":1", "-ERR unknown command", "$-1", "OK", "hello", `"a"`,
		`+1339518083.107412 [0 127.0.0.1:60866]`, `+1339518083.107412 [0 127.0.0.1:60866] `,
		`+1339518083.107412 [0 127.0.0.1:60866] keys`, `+1339518083.107412 [0 127.0.0.1:60866]  "a"`,
		`+1339518083,107412 [0 127.0.0.1:60866] "a"`, `+1339518083.10741x [0 127.0.0.1:60866] "a"`,
		`+13395180:3.107412 [0 127.0.0.1:60866] "a"`, `+133951808/.107412 [0 127.0.0.1:60866] "a"`,
		`+-339518083.107412 [0 127.0.0.1:60866] "a"`, `+1339518083.107412[0 127.0.0.1:60866] "a"`,
		`+1339518083.107412 [0] "a"`, `+1339518083.107412 [ 127.0.0.1:1] "a"`, `+1339518083.107412 [0 ] "a"`,
		`+1339518083.107412 (db x) "a"`, `+1339518083.107412 (db 1 "a"`, `+9999999999999.000000 [0 lua] "a"`,
	}
	for n := range len(whole) - 1 { // cut after any byte but where an argument happens to end
		if half := whole[:n]; !strings.HasSuffix(half, `"k"`) && !strings.HasSuffix(half, ` "`) {
			lines = append(lines, half)
		}
	}
	for _, line := range lines {
		var l MonitorLine
		if err := l.Parse([]byte(line)); !errors.Is(err, ErrMonitorLine) {
			t.Errorf("%q: %v, %+v", line, err, l)
		}
	}
}

func TestNextArg(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
		left bool // not all is arguments
	}{
		{`"a" "b" ""`, []string{`a`, `b`, ``}, false},
		{`"a\"" "\\" "\\\"b"`, []string{`a\"`, `\\`, `\\\"b`}, false},
		{`"a`, nil, true}, {`a`, nil, true}, {`"`, nil, true}, {`"a\"`, nil, true},
		{`"a" b`, nil, true}, {`"a" "b`, []string{`a`}, true}, {`"a" "b\\\"`, []string{`a`}, true},
		{`"a" `, []string{`a`}, true},
		// Valkey 8.1.1.
		{`"say "hi"" "{"k": "v", "w":1}" "c:\d"`, []string{`say "hi"`, `{"k": "v", "w":1}`, `c:\d`}, false},
	} {
		var got []string
		rest := []byte(c.args)
		for len(rest) > 0 {
			quoted, after, ok := NextArg(rest)
			if !ok {
				break
			}
			got = append(got, string(quoted))
			rest = after
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") || len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
		if left := len(rest) > 0; left != c.left && c.args != `"a" ` {
			t.Errorf("%s: left %q", c.args, rest)
		}
	}
}

func TestUnquote(t *testing.T) {
	for quoted, want := range map[string]string{
		"": "", "plain": "plain", `\n\r\t\a\b`: "\n\r\t\a\b", `\\\"`: `\"`, `\x00\xFFz\x1b[0m`: "\x00\xffz\x1b[0m",
		`\q\'`: `q'`, `\xg1`: "xg1", `\x1`: "x1", `end\`: `end\`, `\`: `\`,
	} {
		if got := string(Unquote([]byte("in front "), []byte(quoted))); got != "in front "+want {
			t.Errorf("%s: %q", quoted, got)
		}
	}
}

func TestMonitorLineAllocatesNothing(t *testing.T) {
	line := []byte(`+1339518083.107412 [0 127.0.0.1:60866] "zunionstore" "to" "2" "a" "b\n"`)
	var l MonitorLine
	dst := make([]byte, 0, 16)
	keys := 0
	if n := testing.AllocsPerRun(100, func() {
		if err := l.Parse(line); err != nil {
			t.Fatal(err)
		}
		c, ok := LookupArgs(l.Args)
		if !ok {
			t.Fatal("unknown command")
		}
		c.EachKey(l.Args, func(key []byte) bool {
			dst = Unquote(dst[:0], key)
			keys++
			return true
		})
		IP(l.Addr)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if keys == 0 || keys%3 != 0 {
		t.Errorf("%d keys", keys)
	}
}

// quote writes an argument as the servers do for MONITOR.
func quote(arg []byte) []byte {
	const names, letters = "\n\r\t\a\b\"\\", `nrtab"\`
	var b []byte
	for _, c := range arg {
		i := strings.IndexByte(names, c)
		switch {
		case i >= 0:
			b = append(b, '\\', letters[i])
		case c < ' ' || c > '~':
			b = append(b, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

func FuzzMonitorLine(f *testing.F) {
	files, err := filepath.Glob("testdata/monitor/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recorded lines: %v", err)
	}
	for _, file := range files {
		stream, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(stream) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		checkParts(t, line)
		// As an argument of a real line, anything comes back.
		whole := append([]byte(`+1339518083.107412 [0 [::1]:60866] "SET" "`), quote(line)...)
		whole = append(whole, `" "" "x"`...)
		var l MonitorLine
		if err := l.Parse(whole); err != nil {
			t.Fatal(err)
		}
		if got := unquoteAll(t, l.Args); len(got) != 4 || got[1] != string(line) || got[2] != "" || got[3] != "x" {
			t.Errorf("%q", got)
		}
		printed := l // redis-cli leaves out the plus
		if err := printed.Parse(append(whole[1:], '\n')); err != nil || !bytes.Equal(printed.Args, l.Args) || printed.Usec != l.Usec {
			t.Errorf("as redis-cli prints it: %+v, %v", printed, err)
		}
	})
}

// checkParts reads any bytes as a line: what comes out is a part of what went in.
func checkParts(t *testing.T, line []byte) {
	var l MonitorLine
	if l.ParseHead(line) != nil {
		if l.Parse(line) == nil {
			t.Error("a whole line without a head")
		}
		return
	}
	if l.DB < 0 || l.Usec < 0 || len(IP(l.Addr)) > len(l.Addr) || !bytes.Contains(line, l.Addr) || !bytes.HasSuffix(line, l.Args) {
		t.Errorf("%+v", l)
	}
	size, n := 0, 0
	for rest := l.Args; len(rest) > 0; n++ {
		quoted, after, ok := NextArg(rest)
		if !ok {
			break
		}
		if len(after) >= len(rest) || len(Unquote(nil, quoted)) > len(quoted) {
			t.Fatalf("argument %q of %q", quoted, rest)
		}
		size += len(quoted) + len(`""`)
		rest = after
	}
	if size > len(l.Args) {
		t.Errorf("%d bytes of arguments in %q", size, l.Args)
	}
	keys := 0
	if c, ok := LookupArgs(l.Args); ok {
		c.EachKey(l.Args, func([]byte) bool { keys++; return true })
	}
	if keys > maxKeys || keys > n {
		t.Errorf("%d keys in %d arguments", keys, n)
	}
}
