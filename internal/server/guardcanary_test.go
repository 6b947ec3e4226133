package server

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// A canary writes to nothing but what is its own and the one stream that a person named, and in small pieces.
func TestCanaryConsent(t *testing.T) {
	may := consent{canary: true, named: "orders"}
	own, group := CanaryPrefix+"stream:abc", CanaryPrefix+"abc"
	for _, args := range [][]string{
		{"SUBSCRIBE", own}, {"PUBLISH", own, "m"}, {"RPUSH", own, "m"}, {"BLPOP", own, "1"}, {"EXPIRE", own, "900"}, {"UNLINK", own},
		{"XADD", own, "*", "m", "x"}, {"XADD", own, "MAXLEN", "~", "1000", "*", "m", "x"}, {"XADD", "orders", "*", "m", "x"},
		{"XGROUP", "CREATE", own, group, "0", "MKSTREAM"}, {"XGROUP", "CREATE", "orders", group, "$"}, {"XGROUP", "DESTROY", "orders", group},
		{"XREADGROUP", "GROUP", group, "c", "COUNT", "9", "BLOCK", "100", "STREAMS", "orders", ">"}, {"XREAD", "COUNT", "9", "BLOCK", "100", "STREAMS", own, "0"},
		{"XACK", "orders", group, "1-1"}, {"XDEL", "orders", "1-1"},
	} {
		if _, err := check(args, may); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if _, err := check(args, consent{actions: true, stream: true, keys: true, messages: true, values: true, pending: true}); err == nil && args[0] != "UNLINK" {
			t.Errorf("%q was let through for somebody else", args)
		}
		for i, word := range args {
			if word == "orders" {
				args[i] = "others"
			}
			args[i] = strings.ReplaceAll(args[i], CanaryPrefix, "redistop:other:")
		}
		if _, err := check(args, may); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%q was let through", args)
		}
	}
	for _, args := range [][]string{
		{"UNLINK", "orders"}, {"RPUSH", "orders", "m"}, {"EXPIRE", "orders", "1"}, {"XADD", "orders", "MAXLEN", "~", "1", "*", "m", "x"}, {"XGROUP", "DESTROY", "orders", "theirs"},
		{"XGROUP", "CREATE", "orders", "theirs", "0"}, {"XGROUP", "CREATE", "orders", group, "$", "MKSTREAM"}, {"XACK", "orders", "theirs", "1-1"}, {"XADD", own, "*", "m", strings.Repeat("x", MaxCanaryMessage+1)},
		{"XADD", own, "*", "f", "x"}, {"XADD", own, "1-1", "m", "x"}, {"BLPOP", own, "0"}, {"BLPOP", own, "600"}, {"EXPIRE", own, "0"}, {"EXPIRE", own, "1000000"}, {"RPUSH", own, "a", "b"},
		{"SUBSCRIBE", own, "others"}, {"SUBSCRIBE", CanaryPrefix}, {"PSUBSCRIBE", own}, {"UNLINK", own, "others"}, {"XREAD", "COUNT", "9", "BLOCK", "0", "STREAMS", own, "0"},
		{"XREAD", "COUNT", "100000", "BLOCK", "1", "STREAMS", own, "0"}, {"XREADGROUP", "GROUP", "theirs", "c", "COUNT", "9", "BLOCK", "100", "STREAMS", "orders", ">"},
		{"XRANGE", "orders", "-", "+", "COUNT", "1"}, {"GET", own}, {"DEL", own}, {"XTRIM", own, "MAXLEN", "0"}, {"XDEL", own},
	} {
		if _, err := check(args, may); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%q was let through", args)
		}
	}
	if _, err := check([]string{"XADD", "", "*", "m", "x"}, consent{canary: true}); err == nil {
		t.Error("no stream was named, and the one without a name is written to")
	}
}

// Of scripts only those of the list run, with arguments of their shape, and not without a confirmation.
func TestScriptsAreThoseOfTheList(t *testing.T) {
	may := consent{pending: true, actions: true}
	good := [][]string{
		{"EVAL", ClaimScript, "1", "k", "g", "a", "b", "300000", "keep", "1-1"}, {"EVAL", AckScript, "1", "k", "g", "", "0", "1-1", "2-1"},
		{"EVAL", DeleteConsumerScript, "1", "k", "g", "c", "300000"}, {"XGROUP", "CREATECONSUMER", "k", "g", "c"},
	}
	for _, args := range good {
		if _, err := check(args, may); err != nil {
			t.Errorf("%.60q: %v", args, err)
		}
		for _, other := range []consent{{pending: true}, {actions: true, keys: true, messages: true, values: true, stream: true, canary: true}} {
			if _, err := check(args, other); err == nil {
				t.Errorf("%.60q was let through with %+v", args, other)
			}
		}
	}
	reads := []string{"EVAL", DeletedScript, "1", "k", "1-1", "2-1"} // it changes nothing
	if _, err := check(reads, consent{pending: true}); err != nil {
		t.Error(err)
	}
	if _, err := check(reads, consent{actions: true, keys: true, messages: true, values: true, stream: true, canary: true}); err == nil {
		t.Error("the script that reads was let through for somebody else")
	}
	many := []string{"EVAL", AckScript, "1", "k", "g", "", "0"}
	for range maxScriptIDs + 1 {
		many = append(many, "1-1")
	}
	for _, args := range [][]string{
		many, slices.Concat([]string{"EVAL", DeletedScript, "1", "k"}, many[7:]), {"EVAL", DeletedScript, "1", "k"}, {"EVAL", DeletedScript, "2", "k", "1-1"}, {"EVAL", "return 1", "0"}, {"EVAL", "return 1", "1", "k", "g", "c", "1"}, {"EVAL", AckScript + " ", "1", "k", "g", "", "0", "1-1"}, {"EVAL", AckScript, "0", "k", "g", "", "0", "1-1"},
		{"EVAL", AckScript, "1", "k", "g", "", "-1", "1-1"}, {"EVAL", AckScript, "1", "k", "g", "", "0"}, {"EVAL", ClaimScript, "1", "k", "g", "a", "", "1", "keep", "1-1"},
		{"EVAL", ClaimScript, "1", "k", "g", "a", "b", "1", "other", "1-1"}, {"EVAL", ClaimScript, "1", "k", "g", "a", "b", "1", "keep"}, {"EVAL", DeleteConsumerScript, "1", "k", "g", "", "1"},
		{"EVAL", DeleteConsumerScript, "1", "k", "g", "c", "x"}, {"EVALSHA", "x", "0"}, {"XACK", "k", "g", "1-1"}, {"XCLAIM", "k", "g", "c", "0", "1-1"}, {"XGROUP", "DELCONSUMER", "k", "g", "c"},
		{"XGROUP", "DESTROY", "k", "g"}, {"XGROUP", "SETID", "k", "g", "0"}, {"XPENDING", "k", "g", "-", "+", "100000"}, {"XPENDING", "k", "g", "IDLE", "1", "-", "+", "10"},
	} {
		if _, err := check(args, may); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%.60q was let through", args)
		}
	}
}
