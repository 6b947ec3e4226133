package messaging

import "hash/maphash"

// kinds remembers of what type the keys of a pattern were.
type kinds struct {
	of   map[kindKey]*kindSeen
	seed maphash.Seed
}

type kindKey struct {
	db      int
	pattern string
}

// kindSeen is what the keys of a pattern were so far.
type kindSeen struct {
	kind string // "": not all of one type
	seen int
}

const (
	mostKinds = 4096 // patterns that are remembered; keys of others are asked
	// sureAfter is how many keys of a pattern have to be of one type before another one is taken to be.
	sureAfter = 64
	// askOneOf is of how many of those that are taken on trust one is asked all the same: another one in each pass, so that after
	// as many passes each key was asked, and none of another type hides for good.
	askOneOf = 64
)

func newKinds() kinds { return kinds{of: map[kindKey]*kindSeen{}, seed: maphash.MakeSeed()} }

// guess is the type of a key by its pattern, and whether that is sure enough. Streams, lists and sorted sets are
// always asked: they are what is sought, and a wrong guess would cause an error.
func (k *kinds) guess(at place, pattern string, pass int) (kind string, sure bool) {
	s := k.of[kindKey{at.db, pattern}]
	if s == nil || s.seen < sureAfter {
		return "", false
	}
	switch s.kind {
	case "", "stream", "list", "zset":
		return "", false
	}
	return s.kind, (maphash.String(k.seed, at.key)+uint64(pass))%askOneOf != 0
}

// saw notes the type of a key.
func (k *kinds) saw(db int, pattern, kind string) {
	if kind == "" || kind == "none" {
		return
	}
	key := kindKey{db, pattern}
	s := k.of[key]
	if s == nil {
		if len(k.of) >= mostKinds {
			return
		}
		s = &kindSeen{kind: kind}
		k.of[key] = s
	}
	if s.kind != kind {
		s.kind = ""
	}
	s.seen++
}
