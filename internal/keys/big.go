package keys

import (
	"cmp"
	"maps"
	"slices"

	"redistop/internal/sketch"
)

// Big finds large keys. Its zero value is not ready; see NewBig.
type Big struct {
	ByMemory, ByElements []Key // largest first, at most most of each

	most  int
	types map[string]*TypeSizes
	all   Tally // memory
}

// TypeSizes is the keys of one type.
type TypeSizes struct {
	Type     string
	Memory   Tally            // bytes
	Sizes    sketch.Quantiles // bytes of a key; empty where the server does not tell
	Elements sketch.Quantiles // elements of a key, bytes of a string; empty where they were not counted
	Largest  Key              // by memory
}

// maxTypes bounds the types that are told apart: modules bring some, a hostile server many.
const maxTypes = 32

// NewBig keeps the largest few.
func NewBig(most int) *Big { return &Big{most: most, types: map[string]*TypeSizes{}} }

// Add counts one key.
func (b *Big) Add(k Key) {
	memory, elements := k.Memory.Or(0), k.Elements.Or(0)
	b.all.Add(float64(memory))
	name := k.Type
	if b.types[name] == nil && len(b.types) >= maxTypes {
		name = "(others)"
	}
	t := b.types[name]
	if t == nil {
		t = &TypeSizes{Type: name}
		b.types[name] = t
	}
	t.Memory.Add(float64(memory))
	if k.Memory.Known() {
		t.Sizes.Add(uint64(max(0, memory)))
	}
	if k.Elements.Known() {
		t.Elements.Add(uint64(max(0, elements)))
		if k.Type != "string" {
			b.ByElements = insert(b.ByElements, k, b.most, func(k Key) int64 { return k.Elements.Or(0) })
		}
	}
	if memory > t.Largest.Memory.Or(-1) {
		t.Largest = k
	}
	if k.Memory.Known() {
		b.ByMemory = insert(b.ByMemory, k, b.most, func(k Key) int64 { return k.Memory.Or(0) })
	}
}

// insert keeps the largest, the largest first.
func insert(list []Key, k Key, most int, size func(Key) int64) []Key {
	at, _ := slices.BinarySearchFunc(list, k, func(have, k Key) int {
		return cmp.Or(cmp.Compare(size(k), size(have)), cmp.Compare(have.Name, k.Name))
	})
	if at >= most {
		return list
	}
	return slices.Insert(list[:min(len(list), most-1)], at, k)
}

// Types are the types that were seen, the one with the most memory first.
func (b *Big) Types() []*TypeSizes {
	return slices.SortedFunc(maps.Values(b.types), func(x, y *TypeSizes) int {
		return cmp.Or(cmp.Compare(y.Memory.Sum, x.Memory.Sum), cmp.Compare(x.Type, y.Type))
	})
}

// Memory is that of all keys that were looked at.
func (b *Big) Memory() Tally { return b.all }
