package sketch_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"redistop/internal/sketch"
)

type held struct {
	key         string
	count, over uint64
}

func all[V any](t *sketch.TopK[V]) []held {
	var h []held
	t.Each(func(i sketch.Item[V]) bool {
		h = append(h, held{string(i.Key), i.Count, i.Over})
		return true
	})
	return h
}

func TestTopKIsExactWhileThereIsRoom(t *testing.T) {
	top := sketch.NewTopK[int](3)
	for _, key := range []string{"b", "a", "b", "c", "b", "a", ""} {
		if v := top.Touch([]byte(key), 1); v != nil {
			*v++
		} else if key != "" {
			t.Errorf("%q is not held", key)
		}
	}
	want := []held{{"b", 3, 0}, {"a", 2, 0}, {"c", 1, 0}}
	if got := all(top); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if item, ok := top.Get([]byte("a")); !ok || item.Count != 2 || *item.Value != 2 || item.Size != 1 {
		t.Errorf("a: %+v, %v", item, ok)
	}
	if _, ok := top.Get([]byte("")); ok {
		t.Error("the fourth key is held")
	}
	if top.Len() != 3 || top.Total() != 7 || top.Floor() != 1 {
		t.Errorf("%d keys, total %d, floor %d", top.Len(), top.Total(), top.Floor())
	}
}

func TestTopKPayloads(t *testing.T) {
	top := sketch.NewTopK[[]string](1)
	cleared := 0
	top.OnReplace(func(v *[]string) { *v = (*v)[:0]; cleared++ })
	*top.Touch([]byte("a"), 1) = []string{"of a"}
	if v := top.Touch([]byte("b"), 1); v != nil {
		t.Errorf("b replaced a with the same count: %v", *v)
	}
	v := top.Touch([]byte("b"), 1)
	if v == nil || len(*v) != 0 || cap(*v) != 1 || cleared != 2 {
		t.Fatalf("payload of b: %v, cleared %d times", v, cleared)
	}
	if got := all(top); !slices.Equal(got, []held{{"b", 2, 1}}) { // b came twice: 1 to 2
		t.Errorf("%v", got)
	}
	top.Reset()
	if top.Len() != 0 || top.Total() != 0 || top.Floor() != 0 || len(all(top)) != 0 {
		t.Errorf("after Reset: %v", all(top))
	}
	if v := top.Touch([]byte("b"), 5); v == nil || len(*v) != 0 {
		t.Errorf("payload after Reset: %v", v)
	}
	if got := all(top); !slices.Equal(got, []held{{"b", 5, 0}}) {
		t.Errorf("after Reset: %v", got)
	}
}

func TestTopKLongKeys(t *testing.T) {
	top := sketch.NewTopK[struct{}](4)
	long := bytes.Repeat([]byte("x"), 1000)
	other := append(bytes.Clone(long[:999]), 'y')
	top.Touch(long, 1)
	top.Touch(other, 2)
	top.Touch(long[:sketch.KeyBytes], 3)
	var got []string
	top.Each(func(i sketch.Item[struct{}]) bool {
		got = append(got, fmt.Sprint(len(i.Key), i.Size, i.Count))
		return len(got) < 2
	})
	if want := []string{"128 128 3", "128 1000 2"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestTopKOverflow(t *testing.T) {
	top := sketch.NewTopK[struct{}](1)
	top.Touch([]byte("a"), math.MaxUint64-1)
	top.Touch([]byte("a"), 5)
	top.Touch([]byte("b"), math.MaxUint64)
	if got := all(top); !slices.Equal(got, []held{{"a", math.MaxUint64, 0}}) || top.Total() != math.MaxUint64 {
		t.Errorf("%v, total %d", got, top.Total())
	}
}

// zipf draws from n keys, the k-th with a probability of 1/k^s, s > 1.
func zipf(random *rand.Rand, s float64, n int) func() int {
	z := rand.NewZipf(random, s, 1, uint64(n-1))
	return func() int { return int(z.Uint64()) }
}

// checkBounds compares with the truth, key by key.
func checkBounds(t *testing.T, top *sketch.TopK[struct{}], truth map[string]uint64) {
	t.Helper()
	left := len(truth)
	top.Each(func(i sketch.Item[struct{}]) bool {
		n := truth[string(i.Key)]
		if n > i.Count || i.Count-i.Over > n || i.Over > i.Count {
			t.Fatalf("%s came %d times, not %d to %d", i.Key, n, i.Count-i.Over, i.Count)
		}
		if n > 0 {
			left--
		}
		return true
	})
	for key, n := range truth {
		if _, ok := top.Get([]byte(key)); !ok {
			left--
			if n > top.Floor() {
				t.Fatalf("%s came %d times and is not held, floor %d", key, n, top.Floor())
			}
		}
	}
	if left != 0 {
		t.Errorf("%d keys are neither held nor not", left)
	}
}

func TestTopKBounds(t *testing.T) {
	for _, c := range []struct {
		name     string
		capacity int
		next     func(*rand.Rand) func() int
	}{
		{"zipf 1.1", 256, func(r *rand.Rand) func() int { return zipf(r, 1.1, 100_000) }},
		{"zipf 2", 16, func(r *rand.Rand) func() int { return zipf(r, 2, 100_000) }},
		{"uniform", 64, func(r *rand.Rand) func() int { return func() int { return r.IntN(20_000) } }},
		{"each once", 64, func(*rand.Rand) func() int { n := 0; return func() int { n++; return n } }},
		{"one slot", 1, func(r *rand.Rand) func() int { return func() int { return r.IntN(5) } }},
		{"in turn", 10, func(*rand.Rand) func() int { n := 0; return func() int { n++; return n % 11 } }},
		{"in runs", 8, func(*rand.Rand) func() int { n := 0; return func() int { n++; return n / 1000 } }},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(5, 6))
			next := c.next(random)
			top := sketch.NewTopK[struct{}](c.capacity)
			truth := map[string]uint64{}
			var total uint64
			for range 200_000 {
				key, n := strconv.Itoa(next()), 1+random.Uint64N(3)
				truth[key] += n
				total += n
				top.Touch([]byte(key), n)
			}
			checkBounds(t, top, truth)
			if top.Total() != total {
				t.Errorf("total %d, want %d", top.Total(), total)
			}
			if floor, most := top.Floor(), total/uint64(c.capacity); floor > most {
				t.Errorf("floor %d, want %d at most", floor, most)
			}
		})
	}
}

// TestTopKFindsTheTopTen of a million keys, in their order.
func TestTopKFindsTheTopTen(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	next := zipf(random, 1.1, 1_000_000)
	top := sketch.NewTopK[struct{}](2048)
	truth := make([]uint64, 1_000_000)
	var key []byte
	for range 2_000_000 {
		n := next()
		truth[n]++
		key = strconv.AppendInt(append(key[:0], "key:"...), int64(n), 10)
		top.Touch(key, 1)
	}
	order := make([]int, 1000)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(truth[b]) - int(truth[a]) })
	for i, h := range all(top)[:10] {
		n := order[i]
		if want := fmt.Sprintf("key:%d", n); h.key != want {
			t.Errorf("place %d: %v, want %s with %d", i+1, h, want, truth[n])
		}
		if h.count < truth[n] || h.count-h.over > truth[n] || h.over*100 > h.count {
			t.Errorf("%v came %d times", h, truth[n])
		}
	}
}

func TestTopKAllocatesNothing(t *testing.T) {
	top := sketch.NewTopK[[4]uint64](128)
	key := make([]byte, 12)
	n := 0
	if allocs := testing.AllocsPerRun(10_000, func() {
		n++
		binary.LittleEndian.PutUint64(key, uint64(n*n%5000))
		if v := top.Touch(key, 1); v != nil {
			v[0]++
		}
	}); allocs != 0 {
		t.Errorf("%v allocations a Touch", allocs)
	}
	if allocs := testing.AllocsPerRun(10, func() {
		top.Each(func(sketch.Item[[4]uint64]) bool { return true })
	}); allocs != 0 {
		t.Errorf("%v allocations an Each", allocs)
	}
	if allocs := testing.AllocsPerRun(10, top.Reset); allocs != 0 {
		t.Errorf("%v allocations a Reset", allocs)
	}
}

func BenchmarkTopK(b *testing.B) {
	const mask = 1<<20 - 1
	random := rand.New(rand.NewPCG(9, 10))
	heavy := zipf(random, 1.1, 1_000_000)
	streams := map[string]func(i int) int{
		"held":              func(i int) int { return i % 1000 },
		"10M distinct":      func(i int) int { return i % 10_000_000 },
		"zipf 1.1 of 1M":    func(int) int { return heavy() },
		"one more than fit": func(i int) int { return i % 2049 },
	}
	for name, next := range streams {
		b.Run(name, func(b *testing.B) {
			keys := make([][16]byte, mask+1)
			for i := range keys {
				copy(keys[i][:], "user:")
				binary.BigEndian.PutUint64(keys[i][8:], uint64(next(i)))
			}
			top := sketch.NewTopK[[8]uint64](2048)
			b.ReportAllocs()
			i, round := 0, byte(0)
			for b.Loop() {
				key := &keys[i&mask]
				if i++; i&mask == 0 && name == "10M distinct" {
					round++
				}
				if round > 0 {
					key[5] = round
				}
				top.Touch(key[:], 1)
			}
		})
	}
}
