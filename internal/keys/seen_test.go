package keys

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// table is the hash table of a server, as SCAN sees it: a power of two of buckets, and keys whose
// hashes are known.
type table struct {
	bits uint
	keys map[string]uint64
}

// step returns the keys of the bucket at a cursor, and the next cursor, as the servers count.
func (t *table) step(cursor uint64) ([]string, uint64) {
	mask := uint64(1)<<t.bits - 1
	var found []string
	for k, h := range t.keys {
		if h&mask == cursor&mask {
			found = append(found, k)
		}
	}
	cursor |= ^mask
	cursor = bits.Reverse64(bits.Reverse64(cursor) + 1)
	return found, cursor
}

// A table that grows and shrinks under a scan: SCAN alone repeats keys, and seen leaves out every one of
// them though it remembers few, and loses none.
func TestSeenLeavesOutWhatAShrinkingTableRepeats(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	repeated := 0
	for round := range 60 {
		tb := &table{bits: 9, keys: map[string]uint64{}}
		for i := range 400 {
			tb.keys[fmt.Sprintf("%d:%d", round, i)] = random.Uint64()
		}
		s := newSeen()
		s.size = 64
		raw, kept := map[string]int{}, map[string]int{}
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			var keys []string
			keys, cursor = tb.step(cursor)
			for _, k := range keys {
				if raw[k]++; raw[k] > 1 {
					repeated++
				}
			}
			for _, k := range s.only(keys) {
				kept[k]++
			}
			if random.IntN(20) == 0 {
				tb.bits = 4 + random.UintN(8)
			}
		}
		for k := range tb.keys {
			if kept[k] != 1 {
				t.Fatalf("round %d: %s was returned %d times by SCAN and kept %d times", round, k, raw[k], kept[k])
			}
		}
	}
	if repeated < 50 {
		t.Errorf("the table repeated %d keys only: it proves nothing", repeated)
	}
}

func TestSeenIsBounded(t *testing.T) {
	s := newSeen()
	s.size = 100
	for i := range 10_000 {
		k := fmt.Sprint(i)
		if !s.add(k) {
			t.Fatalf("%s is taken for another", k)
		}
		if s.add(k) || i >= 99 && s.add(fmt.Sprint(i-99)) {
			t.Fatalf("%d: one of the last 100 is forgotten", i)
		}
		if n := len(s.young) + len(s.old); n > 200 {
			t.Fatalf("%d keys are remembered", n)
		}
	}
}
