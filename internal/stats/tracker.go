package stats

// A hashTable finds small numbers, 1 to 65,535, by the hash of what they stand for: by 48 bits of it, so
// that two of a million things are taken for one about once in 500 runs. It is never more than half full.
type hashTable struct {
	slots []uint64 // open addressing: 48 bits of hash, 16 bits of number; 0 is free
	sieve []uint64 // a bit for each hash that is there, and some more; small, so that it stays in a core's nearest cache
	shift uint     // leaves the bits of a hash that choose a slot
}

const numberBits = 16 // of a slot

// newHashTable makes room for most numbers.
func newHashTable(most int) hashTable {
	t := hashTable{shift: 58}
	size := 64
	for size < 2*most {
		size *= 2
		t.shift--
	}
	t.slots = make([]uint64, size)
	t.sieve = make([]uint64, size/16) // 8 bits a number: most of what is not there is known by it
	return t
}

func (t *hashTable) clear() {
	clear(t.slots)
	clear(t.sieve)
}

// find is the number of a thing, 0 if there is none.
func (t *hashTable) find(hash uint64) uint32 {
	if t.sieve[hash>>6&uint64(len(t.sieve)-1)]>>(hash&63)&1 == 0 {
		return 0
	}
	return t.probe(hash)
}

// probe is find for what is nearly always there.
func (t *hashTable) probe(hash uint64) uint32 {
	slots := t.slots
	for i := hash >> t.shift; ; i++ {
		s := slots[i&uint64(len(slots)-1)]
		if s == 0 {
			return 0
		}
		if (s^hash)>>numberBits == 0 {
			return uint32(s & (1<<numberBits - 1))
		}
	}
}

// put gives a thing a number, or another one.
func (t *hashTable) put(hash uint64, number uint32) {
	t.sieve[hash>>6&uint64(len(t.sieve)-1)] |= 1 << (hash & 63)
	i := hash >> t.shift
	for {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if *s == 0 || (*s^hash)>>numberBits == 0 {
			*s = hash&^(1<<numberBits-1) | uint64(number)
			return
		}
		i++
	}
}

// A tracker gives things small ids, 1 to a fixed number; what it does not hold is 0. It never forgets
// one that it holds, so that ids stay true until reset. Instead, what it takes in gets dearer as room gets
// scarce: the first half of the room is free, then a thing must have come as often as the price says,
// which doubles with every eighth of the room that is left. So a stream of things that come once cannot
// fill it, and what comes often gets in soon: after n lines the price is about 16n/room at most.
type tracker struct {
	hashTable
	most  int
	held  int
	price uint32
	left  int      // to take in at this price
	cells []uint32 // how often things that are not held came, by hash
}

// newTracker makes room for most things.
func newTracker(most int) *tracker {
	t := &tracker{hashTable: newHashTable(most), most: most}
	t.cells = make([]uint32, len(t.slots))
	t.reset()
	return t
}

func (t *tracker) reset() {
	t.clear()
	clear(t.cells)
	t.held, t.price, t.left = 0, 1, (t.most+1)/2
}

// admit takes in a thing that find did not find, and returns its id, one more than the last; or 0 while
// it has not come often enough.
func (t *tracker) admit(hash uint64) uint32 {
	if t.price > 1 {
		cell := &t.cells[hash&uint64(len(t.cells)-1)]
		if *cell++; *cell < t.price || t.held == t.most {
			return 0
		}
		*cell = 0
	}
	t.held++
	if t.left--; t.left <= 0 {
		t.price, t.left = min(2*t.price, 1<<31), max(1, (t.most-t.held)/8)
	}
	t.put(hash, uint32(t.held))
	return uint32(t.held)
}
