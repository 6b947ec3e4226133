package stats

import "redistop/internal/redis"

// keyTable gives ids to keys and to the patterns that they fold into.
type keyTable struct {
	keys      *tracker
	names     []keyName // by id
	patternOf []uint32  // by id of a key; 0: not known yet

	patterns *tracker
	texts    []string                 // of patterns by id, quoted as in MONITOR
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
	k.names = make([]keyName, 1, mostKeys+1)
	k.patternOf = make([]uint32, 1, mostKeys+1)
	k.texts = make([]string, 1, mostPatterns+1)
}

func (k *keyTable) reset() {
	k.keys.reset()
	k.patterns.reset()
	clear(k.names)
	clear(k.texts)
	k.names, k.patternOf, k.texts = k.names[:1], k.patternOf[:1], k.texts[:1]
	clear(k.shapes[:])
}

// find is the ids of a quoted key and its pattern, 0 where there is no room.
func (k *keyTable) find(db int, key []byte) (id, pattern uint32) {
	short := key[:min(len(key), mostKey)]
	hash := hashOf(short) ^ uint64(db)*0x9e3779b97f4a7c15
	if id = k.keys.find(hash); id == 0 {
		if id = k.keys.admit(hash); id == 0 {
			return 0, k.pattern(key)
		}
		k.names = append(k.names, keyName{db, clipped(key)})
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
	var digits, letters, marks uint64 // a bit for each byte
	for i := 0; i < len(key); i += 8 {
		v := wordAt(key, i)
		d := digitBytes(v)
		digits |= gathered(d) << i
		letters |= gathered(letterBytes(v)) << i
		marks |= markBytes(v)
		hash = product(hash^secrets[0], v&^(d>>7*0x0f)^secrets[1])
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
			k.texts = append(k.texts, clipped(k.folded))
		}
	}
	return id
}
