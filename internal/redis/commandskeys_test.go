package redis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redistest"
)

// keyedCommands are command lines whose keys are k1, k2 and so on.
var keyedCommands = []string{
	"GET k1", "set k1 v EX 10", "SETEX k1 10 v", "GETDEL k1", "APPEND k1 v", "INCRBY k1 5", "SETRANGE k1 0 v",
	"DEL k1 k2 k3", "UNLINK k1 k2", "EXISTS k1 k2 k3 k4", "TOUCH k1", "MGET k1 k2", "MSET k1 v k2 v k3 v",
	"MSETNX k1 v", "RENAME k1 k2", "RENAMENX k1 k2", "COPY k1 k2 DB 1 REPLACE", "MOVE k1 1", "PERSIST k1",
	"EXPIRE k1 10 NX", "TYPE k1", "DUMP k1", "RESTORE k1 0 v REPLACE", "LCS k1 k2 LEN", "GETEX k1 PERSIST",
	"OBJECT ENCODING k1", "object freq k1", "MEMORY USAGE k1 SAMPLES 5", "WATCH k1 k2",
	"SORT k1", "SORT k1 BY w_* LIMIT 0 5 GET o_* GET # ASC ALPHA STORE k2", "SORT k1 GET STORE STORE k2",
	"SORT k1 STORE x STORE k2", "SORT_RO k1 BY w_* LIMIT 0 1",
	"MIGRATE host 6379 k1 0 100 COPY", `MIGRATE host 6379 "" 0 100 REPLACE AUTH pass KEYS k1 k2`,
	`MIGRATE host 6379 "" 0 100 AUTH2 user keys KEYS k1`,
	"LPUSH k1 a b", "BLPOP k1 0", "BRPOP k1 k2 k3 0.5", "LMOVE k1 k2 LEFT RIGHT", "BLMOVE k1 k2 LEFT RIGHT 0",
	"RPOPLPUSH k1 k2", "BRPOPLPUSH k1 k2 0", "LMPOP 2 k1 k2 LEFT COUNT 3", "BLMPOP 0 2 k1 k2 RIGHT", "LPOS k1 v",
	"SADD k1 a", "SMOVE k1 k2 a", "SINTER k1 k2", "SINTERSTORE k1 k2 k3", "SINTERCARD 2 k1 k2 LIMIT 5",
	"SUNIONSTORE k1 k2", "SDIFF k1 k2 k3",
	"ZADD k1 NX 1 a", "ZUNIONSTORE k1 2 k2 k3 WEIGHTS 1 2", "ZINTERSTORE k1 1 k2", "ZDIFFSTORE k1 2 k2 k3",
	"ZUNION 2 k1 k2 WITHSCORES", "ZINTER 1 k1", "ZDIFF 2 k1 k2", "ZINTERCARD 2 k1 k2 LIMIT 1", "ZMPOP 1 k1 MIN",
	"BZMPOP 0 2 k1 k2 MAX COUNT 2", "BZPOPMIN k1 k2 0", "BZPOPMAX k1 0", "ZRANGESTORE k1 k2 0 -1", "ZRANGE k1 0 -1",
	"HSET k1 f v", "HGETALL k1", "HRANDFIELD k1 2 WITHVALUES",
	"SETBIT k1 7 1", "BITOP AND k1 k2 k3", "BITCOUNT k1", "BITFIELD k1 GET u4 0", "BITFIELD_RO k1 GET u4 0",
	"PFADD k1 a", "PFCOUNT k1 k2", "PFMERGE k1 k2 k3",
	"GEOADD k1 1 2 m", "GEORADIUS k1 1 2 3 m STORE k2", "GEORADIUS k1 1 2 3 m COUNT 1 STOREDIST k2",
	"GEORADIUSBYMEMBER k1 m 3 km STORE k2", "GEORADIUS_RO k1 1 2 3 m", "GEOSEARCHSTORE k1 k2 FROMMEMBER m BYRADIUS 1 m",
	"GEOSEARCH k1 FROMMEMBER m BYRADIUS 1 m",
	"XADD k1 MAXLEN 10 * f v", "XREAD COUNT 2 BLOCK 0 STREAMS k1 k2 0 0", "XREAD STREAMS k1 $",
	"XREADGROUP GROUP g c COUNT 1 NOACK STREAMS k1 k2 > >", "XREADGROUP GROUP g c STREAMS k1 >", "XGROUP CREATE k1 g $ MKSTREAM", "XGROUP DESTROY k1 g",
	"XINFO STREAM k1 FULL", "XINFO GROUPS k1", "XACK k1 g 1-1", "XAUTOCLAIM k1 g c 0 0", "XTRIM k1 MAXLEN 5", "XPENDING k1 g",
	"EVAL script 2 k1 k2 arg", "EVAL script 0 arg", "EVALSHA sha 1 k1", "EVAL_RO script 1 k1", "EVALSHA_RO sha 1 k1 a b",
	"FCALL f 2 k1 k2 a", "FCALL_RO f 1 k1",
	"PING x", "PUBLISH channel x", "SPUBLISH channel x", "SUBSCRIBE a b", "SCAN 0 MATCH a*", "CONFIG GET a", "CLIENT LIST", "SELECT 1", "ECHO a", "FLUSHALL ASYNC",
}

// argsOf writes a command line as MONITOR does.
func argsOf(line string) []byte {
	var b []byte
	for i, arg := range strings.Fields(line) {
		if i > 0 {
			b = append(b, ' ')
		}
		b = fmt.Appendf(b, `"%s"`, quote([]byte(strings.Trim(arg, `"`))))
	}
	return b
}

func keysOf(t *testing.T, args []byte) []string {
	t.Helper()
	c, ok := LookupArgs(args)
	if !ok {
		t.Fatalf("unknown command: %s", args)
	}
	keys := []string{}
	c.EachKey(args, func(key []byte) bool {
		keys = append(keys, string(key))
		return true
	})
	slices.Sort(keys)
	return keys
}

func TestEachKey(t *testing.T) {
	for _, line := range keyedCommands {
		want := []string{}
		for _, arg := range strings.Fields(line) {
			if len(arg) == 2 && arg[0] == 'k' && arg[1] < 'a' {
				want = append(want, arg)
			}
		}
		if diff := cmp.Diff(want, keysOf(t, argsOf(line))); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

// TestEachKeyOfServers: COMMAND GETKEYS finds the same.
func TestEachKeyOfServers(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		for _, line := range keyedCommands {
			args := []string{"COMMAND", "GETKEYS"}
			for _, arg := range strings.Fields(line) {
				args = append(args, strings.Trim(arg, `"`))
			}
			reply := ask(t, s, args...)
			want := []string{}
			for _, key := range reply.Elems {
				want = append(want, key.Text)
			}
			slices.Sort(want)
			if err := reply.Err(); err != nil && !strings.Contains(err.Error(), "no key arguments") {
				t.Errorf("%s: %v", line, err)
			}
			if diff := cmp.Diff(want, keysOf(t, argsOf(line))); diff != "" {
				t.Errorf("%s: %s", line, diff)
			}
		}
	})
}

func TestEachKeyOfOddLines(t *testing.T) {
	many := "MSET" + strings.Repeat(" k v", 200)
	for line, want := range map[string]int{
		"GET": 0, "DEL": 0, "EVAL script": 0, "EVAL script 5 a b": 0, "EVAL script -1 a": 0, "EVAL script x a": 0,
		"EVAL script 99999999999999999999 a": 0, "ZUNIONSTORE k1": 1, "BLPOP 0": 0, "BLPOP": 0, "XREAD STREAMS": 0,
		"XREAD COUNT 1": 0, "XREAD STREAMS k1 k2 k3 0": 2, "MIGRATE host": 0, `MIGRATE host 1 "" 0 1`: 0,
		"SORT": 0, "SORT k STORE": 1, "XGROUP": 0, "XGROUP NOSUCH k g": 0, "OBJECT": 0, many: maxKeys,
	} {
		if got := keysOf(t, argsOf(line)); len(got) != want {
			t.Errorf("%.40s: %v, want %d keys", line, got, want)
		}
	}
	cut := append(argsOf(many), ` "half`...)
	if got := keysOf(t, cut); len(got) != maxKeys {
		t.Errorf("%d keys of a cut line", len(got))
	}
	c, _ := LookupCommand([]byte("DEL"))
	n := 0
	c.EachKey(argsOf("DEL a b c"), func([]byte) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("%d keys after stopping at the second", n)
	}
}
