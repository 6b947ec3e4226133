package keys

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
)

// A script that runs too long makes the server refuse everything: the scan waits, says why, and loses
// nothing.
func TestABusyServerIsWaitedFor(t *testing.T) {
	t.Parallel() // it waits most of the time
	const n = 3_000
	s := redistest.New(t, redistest.Config("busy-reply-threshold 20"))
	fill(t, s, n, "redis.call('set','k:'..i,i)")
	tool := open(t, s, all)
	var stalls []string
	tool.Stalls = func(reason string) {
		if stalls = append(stalls, reason); len(stalls) == 1 {
			s.CLI("SCRIPT", "KILL")
		}
	}
	go s.CLI("EVAL", "while true do end", "0") // ends with SCRIPT KILL, by an error
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := s.CLI("PING"); err != nil && strings.Contains(err.Error(), "BUSY") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the script does not run")
		}
	}
	got := newNumbers(n)
	list(t, tool, Search{Pattern: "k:*"}, func(k string) { got.add(k[2:]) })
	got.check(t, "keys")
	if len(stalls) == 0 || !strings.HasPrefix(stalls[0], "BUSY") {
		t.Errorf("told %q", stalls)
	}
}

// Near maxmemory replies stay small: neither listing nor reading evicts a key.
func TestNothingIsEvictedNearMaxmemory(t *testing.T) {
	const n = 10_000
	s := redistest.New(t, redistest.Config("maxmemory-policy allkeys-lru"))
	fill(t, s, n, "redis.call('set',string.rep('k',300)..i,i) redis.call('hset','hash',string.rep('f',300)..i,i)")
	info := redis.ParseInfo(send(t, s, "INFO", "memory"))
	send(t, s, "CONFIG", "SET", "maxmemory", strconv.FormatInt(info.Int("used_memory").Or(0)+400_000, 10))
	tool := open(t, s, all)
	if room := tool.Room(); room > 100_000 || room < 1000 {
		t.Fatalf("a reply may have %d bytes", room)
	}
	got := newNumbers(n)
	list(t, tool, Search{Pattern: "kk*"}, func(k string) { got.add(strings.TrimLeft(k, "k")) })
	v, err := Open(t.Context(), tool, "hash", false)
	if err != nil {
		t.Fatal(err)
	}
	fields := newNumbers(n)
	if err := read(t.Context(), v, func(e Element) { fields.add(e.Value.Bytes) }); err != nil {
		t.Fatal(err)
	}
	if evicted := redis.ParseInfo(send(t, s, "INFO", "stats")).Int("evicted_keys").Or(-1); evicted != 0 {
		t.Errorf("%d keys were evicted", evicted)
	}
	got.check(t, "keys")
	fields.check(t, "fields")
}

// Where INFO is not permitted the time that answers take stands for the price, types are asked for one by
// one, and totals are unknown.
func TestWithoutTheServersCounters(t *testing.T) {
	s := redistest.New(t)
	fill(t, s, 1_000, "redis.call('set','k:'..i,i) redis.call('hset','h:'..i,i,i)")
	send(t, s, "ACL", "SETUSER", "blind", "on", ">pw", "~*", "+@all", "-info")
	as := target(s)
	as.Username, as.Password = "blind", "pw"
	tool, err := server.OpenTool(t.Context(), as, all)
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	got := newNumbers(1_000)
	scan := list(t, tool, Search{Type: "hash"}, func(k string) { got.add(strings.TrimPrefix(k, "h:")) })
	got.check(t, "hashes")
	if p := scan.Progress(); p.Total.Known() || p.Part != 1 {
		t.Errorf("progress %+v", p)
	}
	if cost := tool.Finish(t.Context()); cost.Guessed == "" || cost.Usec <= 0 {
		t.Errorf("cost %+v", cost)
	}
	if text := send(t, s, "INFO", "errorstats"); !strings.HasSuffix(text, "errorstat_NOPERM:count=1") {
		t.Errorf("it asked for INFO more than once: %s", text)
	}
}

// Deletion takes just what was named, whatever it is, and tells what was gone.
func TestUnlinkIsExact(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		fill(t, s, 1_000, "redis.call('set','tmp:'..i,i) redis.call('set','keep:'..i,i)")
		fill(t, s, 20_000, "redis.call('hset','tmp:big',i,i)")
		tool := open(t, s, all)
		var names []string
		list(t, tool, Search{Pattern: "tmp:*"}, func(k string) { names = append(names, k) })
		d, err := Unlink(t.Context(), tool, append(names, "tmp:nothing"))
		if err != nil || d != (Deleted{Keys: 1_001, Gone: 1}) {
			t.Errorf("%+v, %v", d, err)
		}
		if left := send(t, s, "DBSIZE"); left != "1000" {
			t.Errorf("%s keys are left", left)
		}
		got := newNumbers(1_000)
		list(t, tool, Search{Pattern: "keep:*"}, func(k string) { got.add(strings.TrimPrefix(k, "keep:")) })
		got.check(t, "what was to stay")
	})
}

// A tool without the consent to delete or to read can do neither.
func TestConsentOfATool(t *testing.T) {
	s := redistest.New(t)
	send(t, s, "SET", "k", "v")
	tool := open(t, s, server.ToolOptions{Budget: 1})
	if _, err := Unlink(t.Context(), tool, []string{"k"}); err == nil {
		t.Error("it deleted")
	}
	if v, err := Open(t.Context(), tool, "k", false); err == nil {
		if _, err := v.Next(t.Context()); err == nil {
			t.Error("it read a value")
		}
	}
	if fmt.Sprint(send(t, s, "GET", "k")) != "v" {
		t.Error("the key is gone")
	}
}

// What a server may say in answer to SCAN, whatever it is: an error or keys, never a panic.
func FuzzScanReply(f *testing.F) {
	for _, s := range []string{"*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n", "*2\r\n*0\r\n*0\r\n", "*-1\r\n", ":1\r\n", "*2\r\n$2\r\n-1\r\n*0\r\n", "*2\r\n:5\r\n*1\r\n:7\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := redis.NewReader(strings.NewReader(s), redis.Limits{Total: 1 << 16}).Read()
		if err != nil {
			return
		}
		if cursor, keys, _, err := scanReply(v); err != nil && (cursor != 0 || keys != nil) {
			t.Errorf("%q: an error and keys", s)
		}
	})
}
