package messaging

// kinds remembers of what type the keys of a pattern were. Its zero value knows nothing.
type kinds struct {
	of map[kindKey]*kindSeen
}

type kindKey struct {
	db      int
	pattern string
}

// kindSeen is what the keys of a pattern were so far.
type kindSeen struct {
	kind  string // "": not all of one type
	seen  int
	since int // guesses since one was asked
}

const (
	mostKinds = 4096 // patterns that are remembered; keys of others are asked
	// sureAfter is how many keys of a pattern have to be of one type before another one is taken to be.
	sureAfter = 64
	// askEvery is how many of those are taken on trust before one is asked again.
	askEvery = 64
)

// guess is the type of a key by its pattern, and whether that is sure enough. Streams, lists and sorted sets are
// always asked: they are what is sought, and a wrong guess would cause an error.
func (k *kinds) guess(db int, pattern string) (kind string, sure bool) {
	s := k.of[kindKey{db, pattern}]
	if s == nil || s.seen < sureAfter {
		return "", false
	}
	switch s.kind {
	case "", "stream", "list", "zset":
		return "", false
	}
	if s.since++; s.since >= askEvery {
		s.since = 0
		return "", false
	}
	return s.kind, true
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
		if k.of == nil {
			k.of = map[kindKey]*kindSeen{}
		}
		s = &kindSeen{kind: kind}
		k.of[key] = s
	}
	if s.kind != kind {
		s.kind = ""
	}
	s.seen++
}
