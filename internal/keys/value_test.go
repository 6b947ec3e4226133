package keys

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
)

// valueKinds makes a key of each type with elements 1 to n, and tells what an element is called.
var valueKinds = []struct {
	kind, lua string
	ordered   bool
	text      func(Element) string
}{
	{"hash", "redis.call('hset','hash',i,'v'..i)", false, func(e Element) string {
		if e.Value.Bytes != "v"+e.Name.Bytes {
			return "value " + e.Value.Bytes
		}
		return e.Name.Bytes
	}},
	{"set", "redis.call('sadd','set','m'..i)", false, func(e Element) string { return strings.TrimPrefix(e.Name.Bytes, "m") }},
	{"zset", "redis.call('zadd','zset',i,'m'..i)", false, func(e Element) string {
		if e.Name.Bytes != "m"+e.Score {
			return "score " + e.Score
		}
		return e.Score
	}},
	{"zset", "", true, func(e Element) string { return e.Score }},
	{"list", "redis.call('rpush','list',i)", true, func(e Element) string {
		if e.Value.Bytes != strconv.FormatInt(e.At+1, 10) {
			return "element " + e.Value.Bytes
		}
		return e.Value.Bytes
	}},
	{"stream", "redis.call('xadd','stream',i..'-1','n',i)", true, func(e Element) string {
		if len(e.Fields) != 2 || e.Name.Bytes != e.Fields[1].Bytes+"-1" {
			return "entry " + e.Name.Bytes
		}
		return e.Fields[1].Bytes
	}},
}

// Large values, read whole: each element once, in order where there is one, in calls that take far less than a
// millisecond. (bench/keys reads a million of each type.)
func TestReadLargeValues(t *testing.T) {
	s := redistest.New(t)
	readAll(t, s, 30_000)
	tool := open(t, s, all)
	for command, key := range map[string]string{"hscan": "hash", "sscan": "set", "zscan": "zset", "zrange": "zset", "lrange": "list", "xrange": "stream", "getrange": "string"} {
		quick(t, s, command, 900, func() {
			v, err := Open(t.Context(), tool, key, command == "zrange")
			if err == nil {
				err = read(t.Context(), v, func(Element) {})
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The same on every version, of a size between the compact encodings and a million.
func TestReadEveryType(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) { readAll(t, s, 5_000) })
}

func readAll(t *testing.T, s *redistest.Server, n int) {
	tool := open(t, s, all)
	for _, k := range valueKinds {
		if k.lua != "" {
			fill(t, s, n, k.lua)
		}
		v, err := Open(t.Context(), tool, k.kind, k.ordered)
		if err != nil {
			t.Fatal(err)
		}
		if v.Type != k.kind || v.Size.Or(0) != int64(n) {
			t.Errorf("%s is of type %s and size %v", k.kind, v.Type, v.Size)
		}
		got, last, disorder := newNumbers(n), 0, 0
		err = read(t.Context(), v, func(e Element) {
			text := k.text(e)
			got.add(text)
			at, _ := strconv.Atoi(text)
			if at < last {
				disorder++
			}
			last = at
		})
		if err != nil {
			t.Error(err)
		}
		got.check(t, k.kind)
		if k.ordered && disorder > 0 {
			t.Errorf("%s: %d are out of order", k.kind, disorder)
		}
		if p := v.Progress(); p.Part != 1 {
			t.Errorf("%s: progress %+v", k.kind, p)
		}
	}
	readString(t, s, tool, n)
}

// readString reads a string of n bytes of every value.
func readString(t *testing.T, s *redistest.Server, tool *server.Tool, n int) {
	send(t, s, "EVAL", "local a={} for i=0,255 do a[#a+1]=string.char(i) end local c=table.concat(a) redis.call('set','string',string.sub(string.rep(c,ARGV[1]/256+1),1,ARGV[1]))", "0", fmt.Sprint(n))
	v, err := Open(t.Context(), tool, "string", false)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	err = read(t.Context(), v, func(e Element) {
		for i := range len(e.Value.Bytes) {
			if e.Value.Bytes[i] != byte(at) {
				t.Fatalf("byte %d is %d", at, e.Value.Bytes[i])
			}
			at++
		}
	})
	if err != nil || at != n {
		t.Errorf("%d of %d bytes: %v", at, n, err)
	}
}

// The small, the empty and the odd: compact encodings, binary, an empty string, keys that are not there.
func TestReadSmallAndOddValues(t *testing.T) {
	s := redistest.New(t)
	send(t, s, "EVAL", `redis.call('set','empty','') redis.call('setrange','zero',3,'') redis.call('hset','h','\0\255','\n') redis.call('zadd','z','-inf','a','1e300','b')
		redis.call('xadd','x','18446744073709551615-18446744073709551615','a','b') redis.call('set','\255 k','v')`, "0")
	tool := open(t, s, all)
	for key, want := range map[string][]Element{
		"empty":  nil,
		"h":      {{Name: Text{Bytes: "\x00\xff", Length: 2}, Value: Text{Bytes: "\n", Length: 1}}},
		"z":      {{Name: Text{Bytes: "a", Length: 1}, Score: "-inf"}, {Name: Text{Bytes: "b", Length: 1}, Score: "1.0000000000000001e+300"}},
		"x":      {{Name: Text{Bytes: "18446744073709551615-18446744073709551615", Length: 41}, Fields: []Text{{Bytes: "a", Length: 1}, {Bytes: "b", Length: 1}}}},
		"\xff k": {{Value: Text{Bytes: "v", Length: 1}}},
	} {
		v, err := Open(t.Context(), tool, key, false)
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		var got []Element
		if err := read(t.Context(), v, func(e Element) { got = append(got, e) }); err != nil {
			t.Errorf("%q: %v", key, err)
		}
		if key == "z" && len(got) == 2 { // the spelling of a score is the version's
			got[1].Score = want[1].Score
		}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%q: %+v, want %+v", key, got, want)
		}
	}
	for _, key := range []string{"nothing", "zero"} {
		if _, err := Open(t.Context(), tool, key, false); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A huge element does not become ours: what is behind the bound is read over, and its length is known.
func TestHugeElementsAreCut(t *testing.T) {
	s := redistest.New(t)
	send(t, s, "EVAL", "local v=string.rep('x',5000000) redis.call('rpush','l','a',v,'b') redis.call('hset','h','f',v)", "0")
	o := all
	o.Cut = 1 << 20
	tool := open(t, s, o)
	for key, want := range map[string][]int64{"l": {1, 5_000_000, 1}, "h": {5_000_000}} {
		v, err := Open(t.Context(), tool, key, false)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		err = read(t.Context(), v, func(e Element) {
			got = append(got, e.Value.Length)
			if e.Value.Cut != (e.Value.Length > 1<<20) || len(e.Value.Bytes) > 1<<20 {
				t.Errorf("%s: %d bytes are kept of %d", key, len(e.Value.Bytes), e.Value.Length)
			}
		})
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v; want %v", key, got, err, want)
		}
	}
}

// A key that goes away or becomes another thing under the reader is told, not passed off as all.
func TestAKeyThatGoesAwayIsTold(t *testing.T) {
	s := redistest.New(t)
	fill(t, s, 5_000, "redis.call('hset','h',i,i) redis.call('rpush','l',i)")
	tool := open(t, s, all)
	for key, change := range map[string][]string{"h": {"DEL", "h"}, "l": {"SET", "l", "x"}} {
		v, err := Open(t.Context(), tool, key, false)
		if err == nil {
			_, err = v.Next(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		send(t, s, change...)
		err = read(t.Context(), v, func(Element) {})
		var reply *redis.ReplyError
		if !errors.Is(err, ErrGone) && !(errors.As(err, &reply) && reply.Code == "WRONGTYPE") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
