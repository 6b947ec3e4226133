package stats

import (
	"encoding/binary"

	"redistop/internal/redis"
)

// keyTable gives ids to keys and to the patterns that they fold into.
type keyTable struct {
	keys      *tracker
	names     texts    // by id, quoted as in MONITOR
	dbs       []int    // by id
	patternOf []uint32 // by id; 0: not known yet
	users     []keyUsers

	patterns *tracker
	texts    texts                    // of patterns by id, quoted too
	shapes   [shapeCache]shapePattern // the pattern of keys that look alike
	folded   []byte
}

// keyName is a single key, quoted as in MONITOR, or its beginning.
type keyName struct {
	db   int
	name string
}

type shapePattern struct {
	hash    uint64
	pattern uint32 // 0: free
}

const (
	shapeCache = 1024
	// mostKey is how much of a key tells it from others, in bytes as quoted.
	mostKey = 512
)

func (k *keyTable) init() {
	k.keys, k.patterns = newTracker(mostKeys), newTracker(mostPatterns)
	k.dbs = make([]int, 1, mostKeys+1)
	k.patternOf = make([]uint32, 1, mostKeys+1)
	k.users = make([]keyUsers, 1, mostKeys+1)
	k.names.reset()
	k.texts.reset()
}

func (k *keyTable) reset() {
	k.keys.reset()
	k.patterns.reset()
	k.dbs, k.patternOf, k.users = k.dbs[:1], k.patternOf[:1], k.users[:1]
	k.names.reset()
	k.texts.reset()
	clear(k.shapes[:])
}

// keyNames are the single keys, by id.
func (k *keyTable) keyNames() []keyName {
	list := make([]keyName, len(k.dbs))
	for id, text := range k.names.strings() {
		list[id] = keyName{k.dbs[id], text}
	}
	return list
}

// find is the ids of a quoted key and its pattern, 0 where there is no room.
func (k *keyTable) find(db int, key []byte) (id, pattern uint32) {
	short := key[:min(len(key), mostKey)]
	hash := hashOf(short) ^ uint64(db)*0x9e3779b97f4a7c15
	if id = k.keys.find(hash); id == 0 {
		if id = k.keys.admit(hash); id == 0 {
			return 0, k.pattern(key)
		}
		k.names.add(key)
		k.dbs = append(k.dbs, db)
		k.users = append(k.users, keyUsers{})
		k.patternOf = append(k.patternOf, 0)
	}
	if k.patternOf[id] == 0 {
		k.patternOf[id] = k.pattern(key)
	}
	return id, k.patternOf[id]
}

// pattern is the id of a key's pattern.
func (k *keyTable) pattern(key []byte) uint32 {
	hash, ok := shape(key)
	if !ok {
		return k.fold(key)
	}
	c := &k.shapes[hash%shapeCache]
	if c.hash != hash || c.pattern == 0 {
		*c = shapePattern{hash, k.fold(key)}
	}
	return c.pattern
}

// shape is a hash of a key in which every digit counts as the same. Keys of one shape have one pattern:
// that is so where no digit can show in it, which are runs of three and more, and where digits form
// nothing that only some digits can form, such as dates, IP addresses and ULIDs: those join digits by
// marks, or go on in letters. Elsewhere, and where the key is too short or too long for this quick look,
// ok is false.
func shape(key []byte) (hash uint64, ok bool) {
	if len(key) < 8 || len(key) > 64 {
		return 0, false
	}
	var digits, letters, marks uint64 // a bit for each byte, those of the last one highest
	for b := key; ; b = b[8:] {
		var v uint64
		if len(b) > 8 {
			v = binary.LittleEndian.Uint64(b)
		} else {
			v = binary.LittleEndian.Uint64(key[len(key)-8:]) >> (8 * uint(8-len(b)) & 63)
		}
		d, l := digitBytes(v), letterBytes(v)
		digits = digits>>8 | raised(d)
		letters = letters>>8 | raised(l)
		if d|l|equalBytes(v, ':') != highBits { // else no byte is a mark
			marks |= markBytes(v)
		}
		hash = product(hash^secrets[0], v&^(d>>7*0x0f)^secrets[1])
		if len(b) <= 8 {
			break
		}
	}
	starts := digits & (digits >> 1) & (digits >> 2) // of three digits
	runs := starts | starts<<1 | starts<<2
	return hash ^ uint64(len(key)), digits == runs && digits<<1&letters == 0 && marks == 0
}

// markBytes has the high bit of each byte that may join digits to something, or that begins an escape:
// one of , - . / % and the backslash.
func markBytes(v uint64) uint64 {
	const joints = 0xfc * everyByte
	return equalBytes(v&joints, ',') | equalBytes(v, '\\') | equalBytes(v, '%')
}

// fold is the id of a key's pattern, found the long way.
func (k *keyTable) fold(key []byte) uint32 {
	k.folded = redis.FoldKey(k.folded[:0], key)
	hash := hashOf(k.folded)
	id := k.patterns.find(hash)
	if id == 0 {
		if id = k.patterns.admit(hash); id != 0 {
			k.texts.add(k.folded)
		}
	}
	return id
}
