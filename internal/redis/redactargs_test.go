package redis

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRedactArgs(t *testing.T) {
	for _, tt := range []struct{ name, args, want string }{
		{"none", "", ""},
		{"a key stays", "GET|user:1", "GET|user:1"},
		{"a value does not", "SET|user:1|secret|EX|60", "SET|user:1|(6 B)|(2 B)|(2 B)"},
		{"an odd key stays raw", "GET|a \"b\\\x00\xff", "GET|a \"b\\\x00\xff"},
		{"several keys", "MSET|a|12|b|345", "MSET|a|(2 B)|b|(3 B)"},
		{"a script", "EVAL|return 1|1|k|arg", "EVAL|(8 B)|(1 B)|k|(3 B)"},
		{"a password", "AUTH|secret", "AUTH|(hidden)"},
		{"a setting", "CONFIG|SET|requirepass|secret", "CONFIG|(hidden)"},
		{"a module's command", "JSON.SET|k|$|{}", "JSON.SET|(1 B)|(1 B)|(2 B)"},
		{"what the server cut off", "RPUSH|l|aa|... (12 more arguments)", "RPUSH|l|(2 B)|... (12 more arguments)"},
		{"only at the end", "RPUSH|l|... (12 more arguments)|aa", "RPUSH|l|(23 B)|(2 B)"},
		{"and nothing beside it", "SET|k|my secret ... (12 more arguments)", "SET|k|(33 B)"},
		{"an argument that it cut", "SET|k|abcd... (100 more bytes)", "SET|k|(104 B)"},
		{"a name alone", "HELLO", "HELLO"},
	} {
		var args []string
		if tt.args != "" {
			args = strings.Split(tt.args, "|")
		}
		before := slices.Clone(args)
		if got := strings.Join(RedactArgs(args), "|"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if diff := cmp.Diff(before, args); diff != "" {
			t.Errorf("%s: the arguments were changed: %s", tt.name, diff)
		}
	}
}

// FuzzRedactArgs holds that Redact and RedactArgs hide the same arguments.
func FuzzRedactArgs(f *testing.F) {
	f.Add("SET", "k", "v", "x")
	f.Add("XADD", "s", "*", "\x00")
	f.Add("", "\"", "\\", "... (9 more bytes)")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		args := []string{a, b, c, d}
		got := RedactArgs(args)
		if len(got) != len(args) && !(len(got) == 2 && got[1] == "(hidden)") {
			t.Fatalf("%q became %q", args, got)
		}
		var line []byte
		for _, arg := range args {
			line = appendQuoted(line, arg)
		}
		if !strings.HasSuffix(string(Redact(nil, line)), ellipsis) && (len(got) == 2) != Secret(line) {
			t.Fatalf("%q: hidden %v, Secret says %v", args, len(got) == 2, Secret(line))
		}
	})
}
