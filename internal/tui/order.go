package tui

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"redistop/internal/stats"
)

// rowID is what a row keeps when the table is sorted anew.
type rowID struct {
	n int64
	s string
}

// row is all about one row of a table.
type row struct {
	id     rowID
	fields []field
	target rowTarget
	part   part
}

// rowTarget is the connection that a row stands for; the zero value when it is not one.
type rowTarget struct {
	id               int64
	addr, name, user string
}

// tableState is what the user chose in one table.
type tableState struct {
	sort     int // column + 1; 0: as the table begins
	reversed bool
	selected bool
	id       rowID // of the selected row
	index    int   // its place in the order, and where a lost selection was
	offset   int   // first row shown
	cached   order
}

// order is the rows that pass the filter, sorted: indexes into the list; nil rows with all set
// are the list as it is. It is kept until what it was made from changes.
type order struct {
	snap     *stats.Snapshot
	version  int64
	filter   string
	sort     int
	reversed bool
	valid    bool
	all      bool
	rows     []int32
}

func (o *order) len(total int) int {
	if o.all {
		return total
	}
	return len(o.rows)
}

func (o *order) at(i int) int {
	if o.all {
		return i
	}
	return int(o.rows[i])
}

// sortedBy is the column that the table is sorted by, -1 for none, and whether the smallest comes
// first.
func (t *table[R]) sortedBy(ts *tableState) (col int, ascending bool) {
	switch {
	case ts.sort > 0:
		col = ts.sort - 1
	case t.initial >= 0:
		col = t.initial
	default:
		col = t.natural
	}
	if col < 0 || col >= len(t.cols) {
		return -1, false
	}
	return col, (t.cols[col].num == nil) != ts.reversed
}

// order sorts and filters only when the Snapshot or the user's wish has changed, and not at all
// when the list is wanted as it comes.
func (t *table[R]) order(v *view, ps *panelState, ts *tableState) *order {
	o := &ts.cached
	version := int64(0)
	if t.version != nil {
		version = t.version(v)
	}
	if o.valid && o.snap == v.snap && o.version == version && o.filter == ps.filter && o.sort == ts.sort && o.reversed == ts.reversed {
		return o
	}
	list := t.list(v)
	*o = order{snap: v.snap, version: version, filter: ps.filter, sort: ts.sort, reversed: ts.reversed, valid: true, rows: o.rows[:0]}
	col, _ := t.sortedBy(ts)
	if ps.filter == "" && !ts.reversed && (col < 0 || col == t.natural) {
		o.all = true
	} else {
		o.rows = t.matching(list, ps.filter, o.rows)
		t.sort(list, ts, o.rows)
	}
	t.follow(list, ts, o)
	return o
}

func (t *table[R]) matching(list []R, filter string, into []int32) []int32 {
	has := contains(filter)
	for i := range list {
		if filter == "" || t.match(&list[i], has) {
			into = append(into, int32(i))
		}
	}
	return into
}

// contains makes the test of a filter: letters of any case.
func contains(filter string) func(string) bool {
	want := strings.ToLower(filter)
	return func(s string) bool {
		return len(s) >= len(want) && strings.Contains(strings.ToLower(s), want)
	}
}

func (t *table[R]) sort(list []R, ts *tableState, rows []int32) {
	col, ascending := t.sortedBy(ts)
	if col < 0 || col == t.natural && !ts.reversed {
		return
	}
	c := &t.cols[col]
	if c.num == nil {
		slices.SortStableFunc(rows, func(a, b int32) int {
			return turned(cmp.Compare(c.str(&list[a]), c.str(&list[b])), !ascending)
		})
		return
	}
	last := math.Inf(-1)
	if ascending {
		last = math.Inf(1)
	}
	keys := make([]float64, len(list))
	for _, i := range rows {
		n, ok := c.num(&list[i])
		if !ok {
			n = last
		}
		keys[i] = n
	}
	slices.SortStableFunc(rows, func(a, b int32) int { return turned(cmp.Compare(keys[a], keys[b]), !ascending) })
}

func turned(order int, turn bool) int {
	if turn {
		return -order
	}
	return order
}

// follow finds the selected row in a new order. A row that is gone loses the selection: another
// row must not take its place under the user's finger.
func (t *table[R]) follow(list []R, ts *tableState, o *order) {
	if !ts.selected {
		return
	}
	for i := range o.len(len(list)) {
		if t.id(&list[o.at(i)]) == ts.id {
			ts.index = i
			return
		}
	}
	ts.selected = false
}

func (t *table[R]) count(v *view, panel int) int {
	ps, ts := v.state(panel)
	return t.order(v, ps, ts).len(len(t.list(v)))
}

func (t *table[R]) at(v *view, panel, i int) row {
	ps, ts := v.state(panel)
	return t.describe(v, &t.list(v)[t.order(v, ps, ts).at(i)])
}

// find looks for a row in the Snapshot shown now, also one that does not pass the filter.
func (t *table[R]) find(v *view, id rowID) (row, bool) {
	list := t.list(v)
	for i := range list {
		if t.id(&list[i]) == id {
			return t.describe(v, &list[i]), true
		}
	}
	return row{}, false
}

// describe tells all about a row.
func (t *table[R]) describe(v *view, r *R) row {
	d := row{id: t.id(r)}
	for k := range t.cols {
		if c := &t.cols[k]; !t.hidden(v, k) {
			d.fields = append(d.fields, field{c.long, c.cell(v, r).text})
		}
	}
	if t.extra != nil {
		d.fields = append(d.fields, t.extra(v, r)...)
	}
	if t.target != nil {
		d.target = t.target(r)
	}
	if t.drill != nil {
		d.part = t.drill(r)
	}
	return d
}

// scrollInto keeps the offset inside the table and the selected row inside the window.
func (ts *tableState) scrollInto(n, height int) {
	height = max(height, 1)
	if ts.selected {
		if ts.index < ts.offset {
			ts.offset = ts.index
		}
		if ts.index >= ts.offset+height {
			ts.offset = ts.index - height + 1
		}
	}
	ts.offset = max(min(ts.offset, n-height), 0)
}
