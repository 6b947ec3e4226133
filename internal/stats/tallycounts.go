package stats

import (
	"math"
	"time"
)

// dimension is what commands are counted by.
type dimension int

const (
	byIdentity   dimension = iota
	byConnection           // address
	byDB
	byCommand
	byPattern // and access
	byKey     // and access
	byTriple  // identity, command and pattern
	byChannel // that is published to
	byPush    // key that something is put into
	dimensions
)

// How a command uses its keys. In the dimensions that tell it, an id counts thrice.
const (
	accessOther = iota
	accessRead
	accessWrite
	accesses
)

// counts are one dimension's: in the open window by id, and of each closed one a list of cells.
type counts struct {
	now     []uint32 // in the open window
	touched []uint32 // ids that have any
	cells   []cell   // of the closed windows, one after the other
}

// cell says how often a thing came in a window; a window may have several of a thing.
type cell struct{ id, n uint32 }

func newCounts(ids int) counts {
	return counts{now: make([]uint32, ids), touched: make([]uint32, 0, ids)}
}

// add counts an id n times.
func (c *counts) add(id, n uint32) {
	if c.now[id] == 0 {
		c.touched = append(c.touched, id)
	}
	c.now[id] += n
}

// flush moves what the open window counted to the cells.
func (c *counts) flush() {
	for _, id := range c.touched {
		c.cells = append(c.cells, cell{id, c.now[id]})
		c.now[id] = 0
	}
	c.touched = c.touched[:0]
}

// drop forgets the open window.
func (c *counts) drop() {
	for _, id := range c.touched {
		c.now[id] = 0
	}
	c.touched = c.touched[:0]
}

func (c *counts) reset() {
	c.drop()
	c.cells = c.cells[:0]
}

// tallyWindow is a closed window.
type tallyWindow struct {
	at     time.Time
	length time.Duration
	n      uint64          // commands
	ends   [dimensions]int // where its cells end
}

// Bounds of a Tally. When one is reached, each two neighbouring windows become one.
const (
	mostWindows = 128
	mostCells   = 1 << 16 // of a dimension
)

// thin halves the number of windows until they fit.
func (t *Tally) thin() {
	for len(t.windows) > mostWindows || len(t.windows) > 1 && t.fullest() > mostCells {
		t.halve()
	}
}

func (t *Tally) fullest() int {
	most := 0
	for d := range t.counts {
		most = max(most, len(t.counts[d].cells))
	}
	return most
}

func (t *Tally) halve() {
	for d := range t.counts {
		t.counts[d].halve(t.windows, dimension(d))
	}
	for i, w := range t.windows {
		if i%2 == 1 {
			before := &t.windows[i/2]
			before.length += w.length
			before.n += w.n
			before.ends = w.ends
		} else {
			t.windows[i/2] = w
		}
	}
	t.windows = t.windows[:(len(t.windows)+1)/2]
}

// halve joins the cells of each two windows, and corrects where they end.
func (c *counts) halve(windows []tallyWindow, d dimension) {
	sums := make([]uint64, len(c.now))
	var ids []uint32
	kept, begin := 0, 0
	for i := range windows {
		end := windows[i].ends[d]
		for _, cl := range c.cells[begin:end] {
			if sums[cl.id] == 0 {
				ids = append(ids, cl.id)
			}
			sums[cl.id] += uint64(cl.n)
		}
		begin = end
		if i%2 == 0 && i < len(windows)-1 {
			continue
		}
		for _, id := range ids {
			for ; sums[id] > 0; kept++ { // more than once where a cell cannot hold it
				n := min(sums[id], math.MaxUint32)
				c.cells[kept] = cell{id, uint32(n)}
				sums[id] -= n
			}
		}
		ids = ids[:0]
		windows[i].ends[d] = kept
	}
	c.cells = c.cells[:kept]
}
