package main

import (
	"testing"

	"redistop/internal/keys"
	"redistop/internal/redis"
)

// What a listing prints of a name means that name and no other.
func TestNamesAsPrintedAreRead(t *testing.T) {
	for _, name := range []string{"nl\nline", "\xff\x00", `a"b`, `a\b`, "a b*[x]?", "größe 1\t", `\`, `"`, `\"`, " "} {
		arg := redis.Argument(name)
		if got, ok := unquoted(arg); !ok || got != name {
			t.Errorf("%s is read as %q, %t", arg, got, ok)
		}
		pattern, err := patternOf(arg)
		if err != nil {
			t.Error(err)
		}
		if got, one := keys.Literal(pattern); !one || got != name {
			t.Errorf("%s as a pattern means %q, %t", arg, got, one)
		}
	}
	if got, ok := unquoted(`""`); !ok || got != "" {
		t.Errorf("the empty name: %q, %t", got, ok)
	}
	for _, arg := range []string{"", `"`, "a", `"a`, `"a\"`, `"a"b"`, `'a'`} {
		if got, ok := unquoted(arg); ok {
			t.Errorf("%s is read as %q", arg, got)
		}
	}
	for _, pattern := range []string{"user:*", `"*"`, `"plain"`, `a"`, `\"a"`} {
		if got, err := patternOf(pattern); err != nil || got != pattern {
			t.Errorf("the pattern %s became %s, %v", pattern, got, err)
		}
	}
	if _, err := patternOf(`""`); err == nil {
		t.Error("the empty name is a pattern, which means all keys")
	}
}
