package server

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"redistop/internal/redistest"
)

// The list is written out a second time on purpose: whoever lets redistop send one command more has
// to say so here too.
func TestTheAllowList(t *testing.T) {
	want := []string{
		"acl|dryrun", "acl|getuser", "acl|log", "acl|users", "acl|whoami", "asking", "auth", "blpop", "client|id", "client|kill", "client|list", "client|no-touch",
		"client|setname", "cluster|slots", "commandlog|get", "command|info", "config|get", "eval", "eval", "expire", "getrange", "hlen", "hmget", "hscan", "info", "latency|histogram",
		"latency|latest", "lindex", "llen", "lrange", "memory|stats", "memory|usage", "monitor", "ping", "pttl", "publish", "publish", "pubsub|channels", "pubsub|numpat",
		"pubsub|numsub", "pubsub|shardchannels", "pubsub|shardnumsub", "quit", "readonly", "reset", "rpush", "scan", "scard", "select", "sentinel|get-master-addr-by-name", "slowlog|get", "sscan", "sscan",
		"strlen", "subscribe", "type", "unlink", "unlink", "wait", "xack", "xadd", "xdel", "xgroup|create", "xgroup|createconsumer", "xgroup|destroy",
		"xinfo|consumers", "xinfo|consumers", "xinfo|groups", "xinfo|groups", "xinfo|stream", "xlen", "xpending", "xpending", "xrange", "xread", "xreadgroup", "zcard",
		"zcount", "zrange", "zscan",
	}
	var got []string
	for _, p := range permits {
		if p.why == "" {
			t.Errorf("%s stands on the list without a reason", p.name)
		}
		got = append(got, p.name)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("allow-list:\n got %q\nwant %q", got, want)
	}
}

var everything = consent{actions: true, stream: true, keys: true, messages: true, values: true, canary: true, pending: true, named: "orders", channel: "__redis__:cli"}

// Whoever watches cannot name a key; who lists keys cannot read them; who reads them cannot delete.
func TestConsentIsForOneThing(t *testing.T) {
	all := [][]string{
		{"SCAN", "0", "COUNT", "10"}, {"TYPE", "k"}, {"PTTL", "k"}, {"MEMORY", "USAGE", "k"}, {"STRLEN", "k"}, {"CLIENT", "NO-TOUCH", "ON"},
		{"GETRANGE", "k", "0", "9"}, {"HSCAN", "k", "0", "COUNT", "10"}, {"LRANGE", "k", "0", "9"}, {"ZRANGE", "k", "0", "9", "WITHSCORES"},
		{"XRANGE", "k", "-", "+", "COUNT", "10"}, {"UNLINK", "k"},
	}
	for _, tt := range []struct {
		may  consent
		fits int // of them, from the first
	}{
		{consent{}, 0}, {consent{stream: true, actions: true}, 0}, {consent{keys: true}, 6}, {consent{keys: true, values: true}, 11}, {everything, 12},
	} {
		for i, args := range all {
			if _, err := check(args, tt.may); (err == nil) != (i < tt.fits) {
				t.Errorf("%q with %+v: %v", args, tt.may, err)
			}
		}
	}
	messages := [][]string{{"XINFO", "STREAM", "k"}, {"XINFO", "GROUPS", "k"}, {"XINFO", "CONSUMERS", "k", "g"}, {"XPENDING", "k", "g", "-", "+", "10"},
		{"XPENDING", "k", "g", "5-1", "+", "10"}, {"XPENDING", "k", "g", "5-1", "5-1", "1"},
		{"ZCOUNT", "k", "-inf", "5"}, {"LINDEX", "k", "-1"}, {"HMGET", "k", "timestamp"}, {"PUBSUB", "CHANNELS"}, {"PUBSUB", "NUMSUB", "c"}, {"PUBSUB", "NUMPAT"}, {"PUBSUB", "SHARDCHANNELS"}, {"PUBSUB", "SHARDNUMSUB", "c"}}
	for _, args := range messages {
		if _, err := check(args, consent{messages: true}); err != nil {
			t.Errorf("%q for who looks at messages: %v", args, err)
		}
		if _, err := check(args, consent{stream: true, actions: true, keys: true, values: true}); err == nil {
			t.Errorf("%q was let through for somebody else", args)
		}
	}
	for _, args := range [][]string{{"STRLEN", "k"}, {"GETRANGE", "k", "0", "9"}, {"XRANGE", "k", "-", "+", "COUNT", "10"}, {"UNLINK", "k"}, {"MONITOR"},
		{"SSCAN", "members", "0", "COUNT", "10"}, {"SSCAN", "queues", "0", "COUNT", "5000"}, {"SSCAN", "queues", "0"}, {"SMEMBERS", "queues"},
		{"XPENDING", "k", "g", "5-1", "6-1", "10"}, {"XPENDING", "k", "g", "x", "+", "10"}, {"XPENDING", "k", "g", "(5-1", "+", "10"}, {"XPENDING", "k", "g", "5-1", "+", "9999"}} {
		if _, err := check(args, consent{messages: true}); err == nil {
			t.Errorf("who looks at messages may send %q", args)
		}
	}
	if _, err := check([]string{"GETRANGE", "k", "0", "9"}, consent{keys: true, actions: true}); err == nil {
		t.Error("the one who deletes may read values")
	}
}

// Only who was asked to publish may, to the one channel, and objects of JSON of a bounded size.
func TestConsentToPublish(t *testing.T) {
	may := consent{channel: "__redis__:cli"}
	if _, err := check([]string{"PUBLISH", "__redis__:cli", `{"connections":1}`}, may); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{
		{"PUBLISH"}, {"PUBLISH", "__redis__:cli"}, {"PUBLISH", "other", "{}"}, {"PUBLISH", "", "{}"}, {"PUBLISH", "__redis__:cli", ""},
		{"PUBLISH", "__redis__:cli", "x"}, {"PUBLISH", "__redis__:cli", "{"}, {"PUBLISH", "__redis__:cli", "[1]"}, {"PUBLISH", "__redis__:cli", "{}", "{}"},
		{"PUBLISH", "__redis__:cli", `{"a":"` + strings.Repeat("x", maxPublished) + `"}`}, {"SPUBLISH", "__redis__:cli", "{}"}, {"SUBSCRIBE", "__redis__:cli"},
	} {
		if _, err := check(args, may); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%.80q was let through", args)
		}
	}
	for _, other := range []consent{{}, {actions: true, stream: true, keys: true, values: true}} {
		if _, err := check([]string{"PUBLISH", "__redis__:cli", "{}"}, other); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%+v may publish", other)
		}
	}
	if _, err := check([]string{"PUBLISH", "", "{}"}, consent{}); !errors.Is(err, ErrNotAllowed) {
		t.Error("who has no channel may publish to the one without a name")
	}
}

func TestGuardRefusesArguments(t *testing.T) {
	many := []string{"CLIENT", "LIST", "ID"}
	for i := range maxSlice + 1 {
		many = append(many, strconv.Itoa(i))
	}
	for _, args := range [][]string{
		{}, {""}, {"INFO"}, {"INFO", "keysizes"}, {"CLIENT"}, {"CLIENT", "LIST", "TYPE", "normal"}, {"CLIENT", "LIST", "ID"},
		{"CLIENT", "LIST", "ID", "1\r\nFLUSHALL"}, many, {"CLIENT", "SETNAME", "other"}, {"CLIENT", "ID", "1"},
		{"SLOWLOG", "RESET"}, {"SLOWLOG", "GET", "-1"}, {"COMMANDLOG", "GET", "1", "all"}, {"LATENCY", "HISTOGRAM", "get"},
		{"LATENCY", "RESET"}, {"MEMORY", "USAGE", "k"}, {"SELECT", "x"}, {"AUTH"}, {"AUTH", "a", "b", "c"}, {"CONFIG", "GET", "*"},
		{"CONFIG", "GET"}, {"CONFIG", "GET", "requirepass"}, {"CONFIG", "GET", "maxmemory", "masterauth"}, {"CONFIG", "GET", "max*"},
		{"CONFIG", "SET", "maxmemory", "1"}, {"CONFIG", "RESETSTAT"}, {"CONFIG", "REWRITE"}, {"PING"}, {"PING", "x"}, {"LATENCY", "LATEST", "x"},
		{"ACL", "LOG"}, {"ACL", "LOG", "RESET"}, {"ACL", "LOG", "reset"}, {"ACL", "LOG", "1", "RESET"}, {"ACL", "LOG", "0"}, {"ACL", "LOG", "-1"}, {"ACL", "LOG", "100000"},
		{"ACL", "USERS", "x"}, {"ACL", "GETUSER"}, {"ACL", "GETUSER", "a", "b"}, {"ACL", "SETUSER", "a", "on"}, {"ACL", "DELUSER", "a"}, {"ACL", "LIST"},
		{"ACL", "DRYRUN", "a"}, {"ACL", "DRYRUN", "a", "FLUSHALL"}, {"ACL", "DRYRUN", "a", "CONFIG", "GET", "requirepass"},
		{"CLIENT", "KILL", "ID", "1", "ADDR", "a:1"}, {"MONITOR"}, {"WAIT", "1000", "5"}, {"WAIT", "0", "1"}, {"RESET"}, {"QUIT"},
	} {
		if _, err := check(args, consent{}); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%.80q was let through", args)
		}
	}
	for _, args := range [][]string{
		{"CLIENT", "KILL", "a:1"}, {"CLIENT", "KILL", "ID", "1"}, {"CLIENT", "KILL", "ADDR", "a:1"}, {"CLIENT", "KILL", "TYPE", "normal"},
		{"CLIENT", "KILL", "ID", "1", "ADDR", ""}, {"CLIENT", "KILL", "ID", "1", "SKIPME", "no"},
		{"SCAN", "0"}, {"SCAN", "0", "COUNT", "2001"}, {"SCAN", "0", "COUNT", "0"}, {"SCAN", "x", "COUNT", "1"}, {"SCAN", "-1", "COUNT", "1"},
		{"SCAN", "0", "MATCH", "a", "TYPE", "set"}, {"SCAN", "0", "COUNT", "1", "TYPE"}, {"SCAN", "0", "COUNT", "1", "MATCH", "a"},
		{"MEMORY", "USAGE", "k", "SAMPLES", "0"}, {"MEMORY", "USAGE"}, {"MEMORY", "DOCTOR"}, {"TYPE"}, {"TYPE", "a", "b"}, {"CLIENT", "NO-TOUCH", "OFF"},
		{"HSCAN", "k", "0"}, {"HSCAN", "k", "0", "COUNT", "5000"}, {"HSCAN", "k", "0", "MATCH", "*", "COUNT", "1"}, {"LRANGE", "k", "0", "-1"},
		{"LRANGE", "k", "-5", "-1"}, {"LRANGE", "k", "0", "2000"}, {"LRANGE", "k", "5", "4"}, {"ZRANGE", "k", "0", "9"}, {"ZRANGE", "k", "0", "-1", "WITHSCORES"},
		{"GETRANGE", "k", "0", "-1"}, {"GETRANGE", "k", "0", "1048576"}, {"XRANGE", "k", "-", "+"}, {"XRANGE", "k", "-", "+", "COUNT", "9999"},
		{"XRANGE", "k", "-", "9", "COUNT", "1"}, {"UNLINK"}, {"UNLINK", "a", "b"}, {"GET", "k"}, {"DEL", "k"}, {"KEYS", "*"}, {"HGETALL", "k"},
		{"XINFO", "STREAM", "k", "FULL"}, {"XINFO", "STREAM"}, {"XINFO", "GROUPS", "a", "b"}, {"XINFO", "CONSUMERS", "k"}, {"XINFO", "HELP"}, {"XPENDING", "k"},
		{"XPENDING", "k", "g", "IDLE", "9", "-", "+", "10"}, {"XPENDING", "k", "g", "-", "+", "9999"},
		{"PUBSUB", "CHANNELS", "*"}, {"PUBSUB", "NUMSUB"}, {"PUBSUB", "NUMPAT", "x"}, {"ZCOUNT", "k", "1"}, {"XACK", "k", "g", "1-1"}, {"XREADGROUP", "k"},
		{"XCLAIM", "k"}, {"XAUTOCLAIM", "k"}, {"XTRIM", "k"}, {"PUBLISH", "c", "m"}, {"SUBSCRIBE", "c"}, {"LINDEX", "k", "5"}, {"LINDEX", "k"}, {"HMGET", "k"}, {"HMGET", "k", "data"}, {"HMGET", "k", "timestamp", "data"},
		{"MONITOR", "x"}, {"WAIT", "1", "5"}, {"WAIT", "1000", "0"}, {"WAIT", "1000", "100000"}, {"WAIT", "1000"},
	} {
		if _, err := check(args, everything); !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%q was let through with consent", args)
		}
	}
	if name, err := check([]string{"client", "kill", "ID", "7", "ADDR", "10.0.0.1:5"}, everything); err != nil || name != "client|kill" {
		t.Errorf("a confirmed kill: %q, %v", name, err)
	}
}

// Of the configuration only what is on the list, and no secret or file is.
func TestNoSecretIsAskedFor(t *testing.T) {
	for _, w := range configWords {
		for _, part := range []string{"pass", "auth", "masteruser", "key-file", "cert", "secret", "file", "path", "*", "?", "["} {
			if strings.Contains(w, part) && w != "tls-auth-clients" { // yes, no or optional
				t.Errorf("CONFIG GET %s is on the list", w)
			}
		}
	}
	if !slices.IsSorted(configWords) {
		t.Error("the list is not sorted")
	}
}

// Every command that a real server knows, with and without arguments, is refused unless it is on
// the list above.
func TestNothingElseOfARealServerIsLetThrough(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		text, err := s.CLI("COMMAND", "LIST")
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Fields(text)
		if len(names) < 200 {
			t.Fatalf("COMMAND LIST names only %d commands", len(names))
		}
		for _, name := range names {
			command, sub, _ := strings.Cut(name, "|")
			args := []string{command}
			if sub != "" {
				args = append(args, sub)
			}
			for _, more := range [][]string{nil, {"0"}, {"k", "v"}, {"GET", "x"}, {"RESET"}} {
				got, err := check(append(slices.Clone(args), more...), everything)
				listed := slices.ContainsFunc(permits, func(p permit) bool { return p.name == got })
				if err == nil && (!listed || sub != "" && got != strings.ToLower(name)) {
					t.Errorf("%q %q was let through as %q", name, more, got)
				}
			}
		}
	})
}
