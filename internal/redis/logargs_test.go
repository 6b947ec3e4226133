package redis

import (
	"strings"
	"testing"
)

func TestLogArgs(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"a query", "KEYS shiro:session:*", "KEYS shiro:session:*"},
		{"a range", "LRANGE list 0 -1", "LRANGE list 0 -1"},
		{"a value", "SET card:7 4111111111111111 EX 10", "SET card:7 (16 B) (2 B) (2 B)"},
		{"many keys", "DEL a b c", "DEL a b c"},
		{"a member", "SISMEMBER blocked ann@example.org", "SISMEMBER blocked (15 B)"},
		{"a secret", "AUTH ann hunter2", "AUTH (hidden)"},
		{"flushed", "FLUSHALL ASYNC", "FLUSHALL ASYNC"},
		{"a script", `EVAL return(redis.call('HGETALL',KEYS[1])) 1 user:7 hunter2`, `EVAL return(redis.call('HGETALL',KEYS[1])) (1 B) user:7 (7 B)`},
		{"built", `EVAL return(redis.call("set",KEYS[1],"hun\"ter2")) 1 k`, `EVAL return(redis.call("set",KEYS[1],"…")) (1 B) k`},
		{"cut", `EVAL x='hunter2... 0`, `EVAL x='… (1 B)`},
		{"long literal", `EVAL x=[[hunter2]] 0`, `EVAL x=[[…]] (1 B)`},
		{"longer literal", `EVAL x=[=[a]]hunter2]=]..y[1] 0`, `EVAL x=[=[…]=]..y[1] (1 B)`},
		{"a comment", "EVAL --don't\nx='hunter2'--\"\ny='hunter2' 0", "EVAL --…\nx='…'--…\ny='…' (1 B)"},
		{"a long comment", "EVAL --[[don't]]x='hunter2' 0", "EVAL --[[…]]x='…' (1 B)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := strings.Split(tt.args, " ")
			if got := strings.Join(LogArgs(args), " "); got != tt.want {
				t.Errorf("%s\ngot  %s\nwant %s", tt.args, got, tt.want)
			}
			if strings.Join(args, " ") != tt.args {
				t.Error("the arguments were changed")
			}
		})
	}
}

func FuzzLogArgs(f *testing.F) {
	f.Add("SET", "k", "v")
	f.Add("EVAL", "x='a\\", "1")
	f.Add("eval", "[[", "\xff")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if got := LogArgs([]string{a, b, c}); len(got) == 0 || got[0] != a {
			t.Errorf("%q", got)
		}
		secret := "hunter2"
		for _, script := range []string{"x='" + secret, `x="` + secret, "[[" + secret + "]]" + b} {
			if got := LogArgs([]string{"EVAL", script, c, secret}); strings.Contains(got[1], secret) {
				t.Errorf("%q of %q", got, script)
			}
		}
	})
}
