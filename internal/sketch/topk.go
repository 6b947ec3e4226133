package sketch

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
)

const (
	// KeyBytes is how much of a key TopK keeps.
	KeyBytes = 128
	// cellsPerSlot: with so many cells a stream of keys that come once replaces a held key only
	// every ninth time, and cells still fit a core's cache.
	cellsPerSlot = 8
)

// TopK finds the keys that come most often in a stream, in memory that its capacity fixes, with a
// payload for each key that it holds. It is filtered space-saving (Homem and Carvalho, 2010):
//
// A held key has a count. Keys that are not held share counters ("cells") by their hash; a cell is
// at least what any of its keys came. A key whose cell outgrows the smallest held count takes that
// one's place, and starts with the cell as its possible overcount; the cell of the key that left is
// raised to what that had. So, always and for every key,
//
//	Count-Over <= how often it came <= Count, when it is held
//	how often it came <= Floor(), when it is not
//
// Plain space-saving lets each new key push another out; with cells, keys that come once neither
// cost that nor wipe out payloads.
//
// A TopK is not safe for concurrent use.
type TopK[V any] struct {
	seed  maphash.Seed
	slots []slot[V] // the held keys, in no order
	text  []byte    // KeyBytes for each slot
	heap  []uint32  // slots, the one with the smallest count first
	index keyIndex
	cells []uint64
	total uint64
	clear func(*V)
	order []uint32 // scratch of Each
}

type slot[V any] struct {
	hash        uint64
	count, over uint64
	size        int    // of the whole key
	place       uint32 // in heap
	value       V
}

// Item is a held key.
type Item[V any] struct {
	Key   []byte // its first KeyBytes bytes; good until the next Touch or Reset
	Size  int    // bytes of the whole key
	Count uint64 // how often it came, at most
	Over  uint64 // by how much Count may be too high
	Value *V     // as Key
}

// NewTopK returns a TopK that holds up to capacity keys. For the keys that come more often than
// the share 1/capacity, it finds them all.
func NewTopK[V any](capacity int) *TopK[V] {
	capacity = max(capacity, 1)
	cells := 1
	for cells < capacity*cellsPerSlot {
		cells *= 2
	}
	return &TopK[V]{
		seed:  maphash.MakeSeed(),
		slots: make([]slot[V], 0, capacity),
		text:  make([]byte, capacity*KeyBytes),
		heap:  make([]uint32, 0, capacity),
		index: newKeyIndex(capacity),
		cells: make([]uint64, cells),
		order: make([]uint32, 0, capacity),
		clear: func(v *V) { var zero V; *v = zero },
	}
}

// OnReplace sets what makes a payload ready for another key, in place of setting it to zero: a
// payload with memory of its own may keep that. Call it before the first Touch.
func (t *TopK[V]) OnReplace(clear func(*V)) { t.clear = clear }

// Touch counts a key n times, and returns its payload when the key is held, else nil. The payload
// is good until the next Touch or Reset, and starts anew whenever the key came to be held anew.
// Touch allocates nothing. Keys are the same when their sizes, their first KeyBytes bytes and
// their 64-bit hashes are.
func (t *TopK[V]) Touch(key []byte, n uint64) *V {
	hash := maphash.Bytes(t.seed, key)
	t.total = addUint(t.total, n)
	if i, ok := t.find(hash, key); ok {
		s := &t.slots[i]
		s.count = addUint(s.count, n)
		t.sink(s.place)
		return &s.value
	}
	if len(t.slots) < cap(t.slots) {
		return t.grow(hash, key, n)
	}
	cell := t.cell(hash)
	count := addUint(*cell, n)
	if count <= t.slots[t.heap[0]].count {
		*cell = count
		return nil
	}
	return t.replace(hash, key, count, *cell)
}

// Get returns the count of a held key.
func (t *TopK[V]) Get(key []byte) (Item[V], bool) {
	i, ok := t.find(maphash.Bytes(t.seed, key), key)
	if !ok {
		return Item[V]{}, false
	}
	return t.item(i), true
}

// Each calls f with the held keys, the most frequent first, until f returns false. It allocates
// nothing; f must not call t.
func (t *TopK[V]) Each(f func(Item[V]) bool) {
	t.order = append(t.order[:0], t.heap...)
	slices.SortFunc(t.order, func(a, b uint32) int {
		return cmp.Or(
			cmp.Compare(t.slots[b].count, t.slots[a].count),
			cmp.Compare(t.slots[a].over, t.slots[b].over),
			bytes.Compare(t.key(a), t.key(b)),
			cmp.Compare(t.slots[a].size, t.slots[b].size))
	})
	for _, i := range t.order {
		if !f(t.item(i)) {
			return
		}
	}
}

// Len is the number of held keys, Total the sum of all that was counted.
func (t *TopK[V]) Len() int      { return len(t.slots) }
func (t *TopK[V]) Total() uint64 { return t.total }

// Floor is what a key that is not held came at most.
func (t *TopK[V]) Floor() uint64 {
	if len(t.slots) < cap(t.slots) {
		return 0
	}
	return t.slots[t.heap[0]].count
}

// Reset forgets all keys and keeps the memory, that of the payloads too (see OnReplace).
func (t *TopK[V]) Reset() {
	t.slots, t.heap, t.total = t.slots[:0], t.heap[:0], 0
	t.index.reset()
	clear(t.cells)
}

func (t *TopK[V]) item(i uint32) Item[V] {
	s := &t.slots[i]
	return Item[V]{Key: t.key(i), Size: s.size, Count: s.count, Over: s.over, Value: &s.value}
}

func (t *TopK[V]) key(i uint32) []byte {
	at := int(i) * KeyBytes
	end := at + min(t.slots[i].size, KeyBytes)
	return t.text[at:end:end]
}

func (t *TopK[V]) find(hash uint64, key []byte) (uint32, bool) {
	for place := t.index.home(hash); ; place = t.index.next(place) {
		e := t.index.entries[place]
		if e.slot == noSlot {
			return 0, false
		}
		if e.tag == uint32(hash) {
			s := &t.slots[e.slot]
			if s.hash == hash && s.size == len(key) && string(t.key(e.slot)) == string(key[:min(len(key), KeyBytes)]) {
				return e.slot, true
			}
		}
	}
}

// cell takes other bits of the hash than the index.
func (t *TopK[V]) cell(hash uint64) *uint64 { return &t.cells[hash>>32&uint64(len(t.cells)-1)] }

// grow holds one key more.
func (t *TopK[V]) grow(hash uint64, key []byte, n uint64) *V {
	i := uint32(len(t.slots))
	t.slots = t.slots[:i+1]
	t.heap = append(t.heap, i)
	t.slots[i].place = i
	v := t.put(i, hash, key, n, 0)
	t.rise(i)
	return v
}

// replace gives the place of the key with the smallest count to another.
func (t *TopK[V]) replace(hash uint64, key []byte, count, over uint64) *V {
	i := t.heap[0]
	old := &t.slots[i]
	t.index.remove(old.hash, i)
	cell := t.cell(old.hash)
	*cell = max(*cell, old.count)
	v := t.put(i, hash, key, count, over)
	t.sink(0)
	return v
}

func (t *TopK[V]) put(i uint32, hash uint64, key []byte, count, over uint64) *V {
	s := &t.slots[i]
	s.hash, s.size, s.count, s.over = hash, len(key), count, over
	copy(t.key(i), key)
	t.index.insert(hash, i)
	t.clear(&s.value)
	return &s.value
}

// addUint is a + b, held at the end of uint64.
func addUint(a, b uint64) uint64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return 1<<64 - 1
}
