package redis

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bulk(s string) Value        { return text(KindBulk, s) }
func array(elems ...Value) Value { return list(KindArray, elems...) }
func histogram(b ...Bucket) []Value {
	return []Value{bulk("calls"), integer(b[len(b)-1].Count), bulk("histogram_usec"), wireBuckets(b)}
}

func wireBuckets(b []Bucket) Value {
	v := Value{Kind: KindMap}
	for _, b := range b {
		v.Elems = append(v.Elems, integer(b.Usec), integer(b.Count))
	}
	return v
}

func TestParseSlowlog(t *testing.T) {
	args := array(bulk("GET"), bulk("k"))
	got, err := ParseSlowlog(array(
		array(integer(8), integer(1700000000), integer(20_000), args, bulk("127.0.0.1:5"), bulk("me")),
		array(integer(7), integer(1600000000), integer(10_000), args), // before 4.0
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []SlowEntry{
		{ID: 8, Time: time.Unix(1700000000, 0), Value: 20_000, Args: []string{"GET", "k"}, Addr: "127.0.0.1:5", Name: "me"},
		{ID: 7, Time: time.Unix(1600000000, 0), Value: 10_000, Args: []string{"GET", "k"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if none, err := ParseSlowlog(array()); err != nil || len(none) != 0 {
		t.Errorf("an empty log: %v, %v", none, err)
	}
}

// Replies that no server should send are errors, never half an answer.
func TestRepliesOfOddShape(t *testing.T) {
	parsers := map[string]func(Value) error{
		"slowlog":      func(v Value) error { _, err := ParseSlowlog(v); return err },
		"memory":       func(v Value) error { _, err := ParseMemoryStats(v); return err },
		"histograms":   func(v Value) error { _, err := ParseHistograms(v); return err },
		"command info": func(v Value) error { _, err := ParseCommandInfo(v); return err },
	}
	for name, parse := range parsers {
		for _, v := range []Value{{Kind: KindNull}, bulk("text"), integer(1), {}} {
			if err := parse(v); !errors.Is(err, errShape) {
				t.Errorf("%s of %v: %v", name, v, err)
			}
		}
		var reply *ReplyError
		if err := parse(text(KindError, "NOPERM no")); !errors.As(err, &reply) || reply.Code != "NOPERM" {
			t.Errorf("%s of an error reply: %v", name, err)
		}
	}
	for _, entry := range []Value{
		array(), integer(1), array(integer(1), integer(1), integer(1), bulk("GET")),
		array(bulk("x"), integer(1), integer(1), array()), array(integer(1), integer(1), integer(1), array(integer(1))),
	} {
		if err := parsers["slowlog"](array(entry)); !errors.Is(err, errShape) {
			t.Errorf("slowlog entry %v: %v", entry, err)
		}
	}
	for _, h := range []Value{
		integer(1), array(bulk("calls")), array(bulk("calls"), bulk("x")), array(bulk("calls"), integer(-1)), array(bulk("histogram_usec"), integer(1)),
		array(bulk("histogram_usec"), array(integer(2), integer(1), integer(1), integer(2))), // edges go down
		array(bulk("histogram_usec"), array(integer(1), integer(2), integer(2), integer(1))), // counts go down
	} {
		if err := parsers["histograms"](array(bulk("get"), h)); !errors.Is(err, errShape) {
			t.Errorf("histogram %v: %v", h, err)
		}
	}
}

func TestParseMemoryStatsOddFields(t *testing.T) {
	got, err := ParseMemoryStats(array(
		bulk("peak.allocated"), integer(10),
		bulk("total.allocated"), bulk("12"),
		bulk("new.in.this.version"), array(integer(1)),
		bulk("aof.buffer"), bulk("many"),
		bulk("fragmentation"), bulk("-nan"),
		bulk("keys.count"), integer(0),
		integer(1), integer(2),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := &MemoryStats{Peak: Some[int64](10), Total: Some[int64](12), Keys: Some[int64](0), DBOverhead: Some[int64](0)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got, err = ParseMemoryStats(array(bulk("db.0"), array(bulk("overhead.hashtable.main"), integer(3), bulk("overhead.hashtable.expires"), integer(4), bulk("overhead.hashtable.slot-to-keys"), integer(99)),
		bulk("db.15"), array(bulk("overhead.hashtable.main"), integer(5)), bulk("db.dict.rehashing.count"), integer(1), bulk("db.1"), integer(7)))
	if err != nil || got.DBOverhead != Some[int64](12) {
		t.Errorf("hash tables: %v, %v, want 12", got.DBOverhead, err)
	}
}

func TestHistogramSub(t *testing.T) {
	h := func(calls int64, b ...Bucket) Histogram { return Histogram{Calls: calls, Buckets: b} }
	older := h(5, Bucket{1, 3}, Bucket{8, 5})
	for name, test := range map[string]struct{ newer, older, want Histogram }{
		"first reading":   {older, Histogram{}, older},
		"nothing new":     {older, older, h(0)},
		"same bucket":     {h(7, Bucket{1, 3}, Bucket{8, 7}), older, h(2, Bucket{8, 2})},
		"bucket between":  {h(9, Bucket{1, 3}, Bucket{4, 7}, Bucket{8, 9}), older, h(4, Bucket{4, 4})},
		"bucket below":    {h(6, Bucket{0, 1}, Bucket{1, 4}, Bucket{8, 6}), older, h(1, Bucket{0, 1})},
		"bucket above":    {h(6, Bucket{1, 3}, Bucket{8, 5}, Bucket{16, 6}), older, h(1, Bucket{16, 1})},
		"two buckets":     {h(8, Bucket{1, 4}, Bucket{8, 8}), older, h(3, Bucket{1, 1}, Bucket{8, 3})},
		"restart, fewer":  {h(1, Bucket{1, 1}), older, h(1, Bucket{1, 1})},
		"restart, more":   {h(9, Bucket{16, 9}), older, h(9, Bucket{16, 9})},
		"restart, bucket": {h(9, Bucket{1, 9}), older, h(9, Bucket{1, 9})},
		"restart, shape":  {h(9, Bucket{1, 1}, Bucket{8, 9}), older, h(9, Bucket{1, 1}, Bucket{8, 9})},
	} {
		if diff := cmp.Diff(test.want, test.newer.Sub(test.older)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestHistogramQuantile(t *testing.T) {
	h := Histogram{Calls: 100, Buckets: []Bucket{{1, 50}, {8, 99}, {1056, 100}}}
	for q, want := range map[float64]int64{-1: 1, 0: 1, 0.5: 1, 0.501: 8, 0.99: 8, 0.991: 1056, 1: 1056, 2: 1056} {
		if got, ok := h.Quantile(q); !ok || got != want {
			t.Errorf("Quantile(%v) = %d, %v, want %d", q, got, ok, want)
		}
	}
	for _, none := range []Histogram{{}, {Calls: 5}, {Buckets: []Bucket{{1, 0}}}} {
		if got, ok := none.Quantile(0.5); ok {
			t.Errorf("%+v has a median: %d", none, got)
		}
	}
}

func TestParseHistogramsOfBothProtocols(t *testing.T) {
	buckets := []Bucket{{1, 2}, {33, 5}}
	want := map[string]Histogram{"config|get": {Calls: 5, Buckets: buckets}}
	resp3 := list(KindMap, bulk("config|get"), list(KindMap, histogram(buckets...)...))
	resp2 := array(bulk("config|get"), array(histogram(buckets...)...))
	resp2.Elems[1].Elems[3].Kind = KindArray
	for _, v := range []Value{resp3, resp2} {
		got, err := ParseHistograms(v)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

// addRecorded seeds a fuzz test with every recorded reply of that name.
func addRecorded(f *testing.F, name string) {
	files, err := filepath.Glob("testdata/*-*/" + name + ".resp*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recorded %s: %v", name, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
}

// fuzzReply feeds whatever well-formed reply the bytes hold.
func fuzzReply(f *testing.F, name string, check func(*testing.T, Value)) {
	addRecorded(f, name)
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := NewReader(bytes.NewReader(raw), Limits{Total: 1 << 20, Elems: 1 << 14}).Read()
		if err == nil {
			check(t, v)
		}
	})
}

func FuzzReader(f *testing.F) {
	for _, name := range []string{"slowlog", "memory-stats", "command-info"} {
		addRecorded(f, name)
	}
	f.Add([]byte("*2\r\n$-1\r\n%1\r\n+a\r\n,1.5\r\n"))
	f.Add([]byte("|1\r\n+a\r\n:1\r\n=7\r\ntxt:abc\r\n"))
	limits := Limits{Bulk: 64, Total: 4096, Depth: 5, Elems: 50}
	f.Fuzz(func(t *testing.T, raw []byte) {
		rd := NewReader(bytes.NewReader(raw), limits)
		for {
			v, err := rd.Read()
			if err != nil {
				return
			}
			if elems, depth := extent(v); elems > limits.Elems || depth > limits.Depth {
				t.Fatalf("%d elements, %d deep", elems, depth)
			}
		}
	})
}

// extent counts the elements of a reply and its depth, and looks at every text on the way.
func extent(v Value) (elems, depth int) {
	if len(v.Text) > 64 {
		panic("a string longer than Limits.Bulk")
	}
	for _, e := range v.Elems {
		n, d := extent(e)
		elems += n + 1
		depth = max(depth, d)
	}
	if v.isList() || v.Kind == KindMap || v.Kind == KindPush {
		depth++
	}
	return elems, depth
}

func FuzzSlowlog(f *testing.F) {
	fuzzReply(f, "slowlog", func(t *testing.T, v Value) {
		entries, err := ParseSlowlog(v)
		if err == nil && len(entries) != len(v.Elems) {
			t.Fatalf("%d entries of %d", len(entries), len(v.Elems))
		}
	})
}

func FuzzMemoryStats(f *testing.F) {
	fuzzReply(f, "memory-stats", func(t *testing.T, v Value) {
		if m, err := ParseMemoryStats(v); err == nil && !finite(m.Fragmentation.Or(0)) {
			t.Fatalf("fragmentation %v", m.Fragmentation)
		}
	})
}

func FuzzHistograms(f *testing.F) {
	fuzzReply(f, "latency-after", func(t *testing.T, v Value) {
		all, err := ParseHistograms(v)
		if err != nil {
			return
		}
		for _, older := range all {
			for _, newer := range all {
				diff := newer.Sub(older)
				low, ok := diff.Quantile(0.1)
				high, _ := diff.Quantile(0.9)
				if diff.Calls < 0 || ok && low > high {
					t.Fatalf("%+v less %+v is %+v", newer, older, diff)
				}
			}
			if len(all) > 30 {
				return
			}
		}
	})
}

func FuzzCommandInfo(f *testing.F) {
	fuzzReply(f, "command-info", func(t *testing.T, v Value) {
		if known, err := ParseCommandInfo(v); err == nil && len(known) != len(v.Elems) {
			t.Fatalf("%d answers of %d", len(known), len(v.Elems))
		}
	})
}
