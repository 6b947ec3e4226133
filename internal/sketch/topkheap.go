package sketch

// sink moves the slot at a place of the heap down until no child has a smaller count.
func (t *TopK[V]) sink(place uint32) {
	n := uint32(len(t.heap))
	i := t.heap[place]
	count := t.slots[i].count
	for {
		child := 2*place + 1
		if child >= n {
			break
		}
		least := t.slots[t.heap[child]].count
		if child+1 < n {
			if right := t.slots[t.heap[child+1]].count; right < least {
				child, least = child+1, right
			}
		}
		if least >= count {
			break
		}
		t.set(place, t.heap[child])
		place = child
	}
	t.set(place, i)
}

// rise moves it up until its parent has no greater count.
func (t *TopK[V]) rise(place uint32) {
	i := t.heap[place]
	for place > 0 {
		parent := (place - 1) / 2
		if t.slots[t.heap[parent]].count <= t.slots[i].count {
			break
		}
		t.set(place, t.heap[parent])
		place = parent
	}
	t.set(place, i)
}

func (t *TopK[V]) set(place, i uint32) {
	t.heap[place] = i
	t.slots[i].place = place
}

// keyIndex finds the slot of a hash: open addressing, linear probing, never more than half full.
type keyIndex struct {
	entries []indexEntry
}

type indexEntry struct {
	tag  uint32 // the low half of the hash, of which the home is a part
	slot uint32
}

const noSlot = 1<<32 - 1

func newKeyIndex(capacity int) keyIndex {
	n := 4
	for n < 2*capacity {
		n *= 2
	}
	x := keyIndex{entries: make([]indexEntry, n)}
	x.reset()
	return x
}

func (x *keyIndex) reset() {
	for i := range x.entries {
		x.entries[i].slot = noSlot
	}
}

func (x *keyIndex) home(hash uint64) uint32  { return uint32(hash) & uint32(len(x.entries)-1) }
func (x *keyIndex) next(place uint32) uint32 { return (place + 1) & uint32(len(x.entries)-1) }

func (x *keyIndex) insert(hash uint64, slot uint32) {
	place := x.home(hash)
	for x.entries[place].slot != noSlot {
		place = x.next(place)
	}
	x.entries[place] = indexEntry{uint32(hash), slot}
}

// remove takes the entry out, and moves those behind it that it kept from their home.
func (x *keyIndex) remove(hash uint64, slot uint32) {
	hole := x.home(hash)
	for x.entries[hole].slot != slot {
		hole = x.next(hole)
	}
	mask := uint32(len(x.entries) - 1)
	for place := x.next(hole); x.entries[place].slot != noSlot; place = x.next(place) {
		home := x.entries[place].tag & mask
		if (place-home)&mask >= (place-hole)&mask {
			x.entries[hole] = x.entries[place]
			hole = place
		}
	}
	x.entries[hole].slot = noSlot
}
