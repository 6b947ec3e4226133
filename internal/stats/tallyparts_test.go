package stats

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"redistop/internal/redis"
)

// randomText draws a text from pieces that matter.
func randomText(r *rand.Rand, pieces ...string) []byte {
	var b []byte
	for range r.IntN(12) {
		b = append(b, pieces[r.IntN(len(pieces))]...)
	}
	return b
}

// Keys of one shape fold into one pattern; that is what the quick way stands on.
func TestKeysOfOneShapeHaveOnePattern(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	checked := 0
	for range 100_000 {
		key := randomText(r, "user", ":", "0000", "00", "0", "000000000000", "_", "-", ".", "@", "%", "/", "ab", "F", "{", "}",
			"T", "0000-00-00", "00000000", "cafe", "x", "\\x00", "zQ")
		other := bytes.Clone(key)
		for i := range key {
			if key[i] == '0' {
				key[i], other[i] = '0'+byte(r.IntN(10)), '0'+byte(r.IntN(10))
			}
		}
		a, ok1 := shape(key)
		b, ok2 := shape(other)
		if !ok1 || !ok2 || a != b {
			continue
		}
		checked++
		if p, q := redis.FoldKey(nil, key), redis.FoldKey(nil, other); !bytes.Equal(p, q) {
			t.Fatalf("%s and %s have one shape, but fold to %s and %s", key, other, p, q)
		}
	}
	if checked < 1000 {
		t.Errorf("only %d pairs had a shape", checked)
	}
}

func TestShapeTellsKeysApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"user:1234:name", "user:12345:name"},
		{"user:1234:name", "user:1234:mail"},
		{"v2:user:1234", "v3:user:1234"},
		{"aaaaaaaa1234", "aaaaaaab1234"},
	} {
		a, ok1 := shape([]byte(pair[0]))
		b, ok2 := shape([]byte(pair[1]))
		if ok1 && ok2 && a == b {
			t.Errorf("%q and %q have one shape", pair[0], pair[1])
		}
	}
}

func TestQuickLooksAgreeWithSlowOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	keys := 0
	for range 100_000 {
		args := append([]byte{'"'}, randomText(r, "a", "bcdefgh", `\"`, `\\`, `" "`, "\xff\xff", `\x00`, " ", "GET", `"`)...)
		args = append(args, '"')
		quotes, escapes := countQuotes(args)
		if n := bytes.Count(args, []byte{'"'}); quotes != n {
			t.Fatalf("%s: %d quotes, want %d", args, quotes, n)
		}
		if has := bytes.IndexByte(args, '\\') >= 0; escapes != has {
			t.Fatalf("%s: escapes %v, want %v", args, escapes, has)
		}
		if checkScan(t, args) {
			keys++
		}
	}
	if keys < 1000 {
		t.Errorf("only %d lines had a key", keys)
	}
}

func TestHashTableKeepsNumbersApart(t *testing.T) {
	const things = 5000
	table := newHashTable(things)
	for n := range uint64(things) {
		table.put(hashWord(n), uint32(n)+1)
	}
	for n := range uint64(things) {
		if got := table.find(hashWord(n)); got != uint32(n)+1 {
			t.Fatalf("%d has number %d", n, got)
		}
	}
	for n := range uint64(things) {
		if got := table.find(hashWord(n + things)); got != 0 {
			t.Fatalf("%d, which is not there, has number %d", n+things, got)
		}
	}
	table.put(hashWord(1), 7)
	if table.find(hashWord(1)) != 7 {
		t.Error("a thing keeps its old number")
	}
}

// Equal bytes have equal hashes, others of all lengths do not.
func TestHashesOfBytes(t *testing.T) {
	seen := map[uint64]string{}
	for length := range 70 {
		for at := range max(1, length) {
			b := make([]byte, length)
			if length > 0 {
				b[at] = 1
			}
			h := hashOf(b)
			if other, ok := seen[h]; ok && other != string(b) {
				t.Fatalf("%q and %q have one hash", b, other)
			}
			seen[h] = string(b)
			if hashOf(bytes.Clone(b)) != h {
				t.Fatalf("%q has two hashes", b)
			}
		}
	}
}

func TestEightBytes(t *testing.T) {
	for c := range 256 {
		is := func(ok bool) uint64 {
			if ok {
				return 0x80
			}
			return 0
		}
		b := byte(c)
		v := uint64(b) | uint64(b)<<24 // also that no byte spills into the next
		for what, pair := range map[string][2]uint64{
			"digit":  {digitBytes(v) & 0x80, is('0' <= b && b <= '9')},
			"letter": {letterBytes(v) & 0x80, is('a' <= b|0x20 && b|0x20 <= 'z' && b < 0x80)},
			"quote":  {equalBytes(v, '"') & 0x80, is(b == '"')},
			"mark":   {markBytes(v) & 0x80, is(bytes.IndexByte([]byte(`,-./%\`), b) >= 0)},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s %q: %x, want %x", what, b, pair[0], pair[1])
			}
		}
	}
	if got := raised(0x80_00_80_00_00_00_00_80); got != 0b10100001<<56 {
		t.Errorf("raised %b", got)
	}
}
