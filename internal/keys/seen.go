package keys

import "hash/maphash"

// seen leaves out what SCAN returns twice, in bounded memory.
//
// SCAN counts through the buckets of a hash table from the highest bit of their number to the lowest,
// so that all the buckets which one bucket of a smaller table would hold come one after the other. A
// table that grows splits buckets that are still to come. One that shrinks joins buckets, and the one
// in which the scan stands has been visited in part: only keys of that one can come again. So it is
// enough to remember the last keys. What is forgotten can come again only where the table shrinks so
// far that one of its buckets takes in more than generation of the keys that were returned; a bucket
// holds a handful then.
//
// A key is remembered by 128 bits of two keyed hashes. That one is taken for another, and lost, is less
// likely than 1 in 10^24 for a hundred million keys.
type seen struct {
	seeds      [2]maphash.Seed
	size       int // of a generation
	young, old map[[2]uint64]struct{}
	dropped    int64
}

// generation is how many keys are remembered at least; up to twice as many are, in about 20 MB.
const generation = 1 << 18

func newSeen() *seen {
	return &seen{size: generation, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, young: map[[2]uint64]struct{}{}}
}

// add says whether a key is new.
func (s *seen) add(key string) bool {
	h := [2]uint64{maphash.String(s.seeds[0], key), maphash.String(s.seeds[1], key)}
	_, young := s.young[h]
	_, old := s.old[h]
	if young || old {
		s.dropped++
		return false
	}
	if len(s.young) >= s.size {
		s.old, s.young = s.young, make(map[[2]uint64]struct{}, s.size)
	}
	s.young[h] = struct{}{}
	return true
}

// only returns the keys that are new, in place.
func (s *seen) only(keys []string) []string {
	kept := keys[:0]
	for _, k := range keys {
		if s.add(k) {
			kept = append(kept, k)
		}
	}
	return kept
}
