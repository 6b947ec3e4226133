package tui

import (
	"slices"

	"redistop/internal/stats"
)

// mark is what one cell of a table shows. A style of styleWarn or styleBad also gets a sign
// behind the text, so that colour is never the only one.
type mark struct {
	text  string
	style style
	bar   float64 // share of the cell to fill with a bar, where the column has one
}

// column is one column of a table of R.
type column[R any] struct {
	title string
	head  func(*view) string // the title where it depends on the rows; nil: title
	long  string             // for the details of a row
	width int                // cells of the text
	bar   int                // cells of the bar behind the text, 0 for none
	grow  int                // weight when there is room to spare
	limit int                // cells that grow may reach
	slack bool               // narrower than width where its texts are; others have a use for the room
	prio  int                // the lowest stay when it is narrow
	left  bool               // text stands left, numbers right
	sign  bool               // room for the sign of severity
	near  bool               // belongs to the column to its left: one blank between them
	off   func(v *view) bool // has nothing to say at present; nil: never
	cell  func(v *view, r *R) mark
	num   func(r *R) (float64, bool) // what to sort by: a number, unknown ones last
	str   func(r *R) string          // or a text
}

// table is a body made of columns and rows.
type table[R any] struct {
	list    func(v *view) []R // shared with the Snapshot: never changed
	id      func(r *R) rowID
	match   func(r *R, has func(string) bool) bool   // for the filter
	target  func(r *R) rowTarget                     // the connection that a row stands for
	drill   func(r *R) part                          // what to take apart when the row is opened
	extra   func(v *view, r *R) []field              // details that no column shows
	about   func(v *view, shown, total int) []string // for the panel's title, most important first
	empty   func(v *view) string                     // what to say without rows
	part    string                                   // Missing.Part that takes the table away
	version func(v *view) int64                      // changes with a list that is not the Snapshot's; nil: it is
	natural int                                      // the column that list is ordered by, -1 when none
	initial int                                      // the column to sort by from the start, -1: as list
	cols    []column[R]
}

const columnGap = 2

func (c *column[R]) cells() int {
	n := c.width
	if c.sign {
		n += 2
	}
	if c.bar > 0 {
		n += c.bar + 1
	}
	return n
}

func (c *column[R]) gap() int {
	if c.near {
		return 1
	}
	return columnGap
}

// place is where a column stands: its cells begin at x.
type place struct{ col, x, w int }

// fit chooses the columns that find room, by priority, and gives each its place. None grows over what
// its texts want.
func fit[R any](v *view, cols []column[R], width int, wants func(col int) int) []place {
	byPrio := make([]int, 0, len(cols))
	for i := range cols {
		if cols[i].off == nil || !cols[i].off(v) {
			byPrio = append(byPrio, i)
		}
	}
	slices.SortStableFunc(byPrio, func(a, b int) int { return cols[a].prio - cols[b].prio })
	room := width
	var places []place
	for _, i := range byPrio {
		cells := cols[i].cells()
		if cols[i].slack {
			cells = min(cells, max(wants(i), textWidth(cols[i].heading(v))+1))
		}
		need := cells
		if len(places) > 0 {
			need += cols[i].gap()
		}
		if need > room && len(places) > 0 {
			continue
		}
		room -= need
		places = append(places, place{col: i, w: cells})
	}
	slices.SortFunc(places, func(a, b place) int { return a.col - b.col })
	grow(cols, places, max(room, 0), wants)
	x := 0
	for k := range places {
		p := &places[k]
		if k > 0 {
			x += cols[p.col].gap()
		}
		p.x, p.w = x, min(p.w, max(width, 0))
		x += p.w
	}
	return places
}

// grow shares the spare cells among the columns that have a use for them, by weight; what one does
// not want goes to the others.
func grow[R any](cols []column[R], places []place, spare int, wants func(col int) int) {
	for spare > 0 {
		weights, given := 0, 0
		more := make([]int, len(places))
		for k, p := range places {
			c := &cols[p.col]
			if more[k] = min(c.limit, wants(p.col)) - p.w; c.grow > 0 && more[k] > 0 {
				weights += c.grow
			} else {
				more[k] = 0
			}
		}
		for k := range places {
			if more[k] > 0 {
				n := min(max(spare*cols[places[k].col].grow/weights, 1), more[k], spare-given)
				places[k].w += n
				given += n
			}
		}
		if given == 0 {
			return
		}
		spare -= given
	}
}

// Rows that say how wide a column of text should be, and its steps in cells: the columns must not
// move with every row that comes and goes.
const widthRows, widthStep = 64, 6

// wants is the width that the texts of a column would fill.
func (t *table[R]) wants(v *view) func(col int) int {
	list := t.list(v)
	list = list[:min(len(list), widthRows)]
	return func(col int) int {
		c := &t.cols[col]
		if c.grow == 0 && !c.slack {
			return 0
		}
		most := 0
		for i := range list {
			most = max(most, textWidth(c.cell(v, &list[i]).text))
		}
		return (most + widthStep - 1) / widthStep * widthStep
	}
}

func (t *table[R]) columns() int { return len(t.cols) }

func (t *table[R]) hidden(v *view, col int) bool {
	c := &t.cols[col]
	return c.off != nil && c.off(v)
}

func (t *table[R]) sortColumn(ts *tableState) int {
	col, _ := t.sortedBy(ts)
	return col
}

func (t *table[R]) note(v *view, panel int) []string {
	if _, gone := t.gone(v); gone || v.unanswered() != "" {
		return nil
	}
	note := t.about(v, t.count(v, panel), len(t.list(v)))
	if m, missing := v.missing(t.part); missing {
		note = append([]string{safe(m.Command, 40) + " refused !"}, note...)
	}
	return note
}

// gone says what took the whole table away. A server may refuse one source of its rows and give
// another.
func (t *table[R]) gone(v *view) (stats.Missing, bool) {
	m, missing := v.missing(t.part)
	return m, missing && len(t.list(v)) == 0
}

// draw shows the header and as many rows as there is room for, from the top unless the user
// scrolled or selected a row further down.
func (t *table[R]) draw(a area, v *view, panel int) {
	if a.h < 1 || a.w < 1 {
		return
	}
	if m, gone := t.gone(v); gone {
		drawMissing(a, m)
		return
	}
	ps, ts := v.state(panel)
	list := t.list(v)
	if len(list) == 0 {
		a.cut(2, 0, a.w-2, styleDim, t.nothing(v, "", 0))
		return
	}
	ord := t.order(v, ps, ts)
	places := fit(v, t.cols, a.w-2, t.wants(v))
	t.header(a, v, panel, places)
	body := a.sub(0, 1, a.w, a.h-1)
	n := ord.len(len(list))
	if n == 0 {
		body.cut(2, 0, body.w-2, styleDim, t.nothing(v, ps.filter, len(list)))
		return
	}
	ts.scrollInto(n, body.h)
	for y := 0; y < body.h && ts.offset+y < n; y++ {
		i := ts.offset + y
		t.row(body.sub(0, y, body.w, 1), v, &list[ord.at(i)], places)
		if ts.selected && ts.index == i {
			body.paint(y, groundSelected)
			body.put(0, y, styleFocus, "▸")
		}
		v.hits = append(v.hits, hit{kind: hitRow, at: body.sub(0, y, body.w, 1), panel: panel, index: i})
	}
}

func (t *table[R]) nothing(v *view, filter string, total int) string {
	why := v.unanswered()
	switch {
	case filter != "" && total > 0:
		return "nothing matches “" + safe(filter, 40) + "” — Esc clears the filter"
	case why != "":
		return why
	case t.empty != nil:
		return t.empty(v)
	}
	return "nothing yet"
}

func (t *table[R]) header(a area, v *view, panel int, places []place) {
	_, ts := v.state(panel)
	sorted, up := t.sortedBy(ts)
	for _, p := range places {
		c, st, title, x := &t.cols[p.col], styleHeader, t.cols[p.col].heading(v), p.x+2
		if p.col == sorted {
			st = styleSorted
			title += map[bool]string{false: "▼", true: "▲"}[up]
		}
		text := c.text(p.w)
		if c.left {
			a.cut(x, 0, p.w, st, title)
		} else if over := textWidth(title) - text; over > 0 && c.bar+2 > over {
			a.cut(x, 0, text+over, st, title)
		} else {
			a.right(x, 0, text, st, title)
		}
		v.hits = append(v.hits, hit{kind: hitColumn, at: a.sub(x, 0, p.w+columnGap, 1), panel: panel, index: p.col})
	}
}

func (c *column[R]) heading(v *view) string {
	if c.head != nil {
		return c.head(v)
	}
	return c.title
}

// text is what a column of w cells has for its text.
func (c *column[R]) text(w int) int {
	if c.bar > 0 {
		w -= c.bar + 1
	}
	if c.sign {
		w -= 2
	}
	return w
}

func (t *table[R]) row(a area, v *view, r *R, places []place) {
	for _, p := range places {
		c, x := &t.cols[p.col], p.x+2
		m, text := c.cell(v, r), c.text(p.w)
		st := m.style
		if m.text == unknown {
			st = styleDim
		}
		if c.left {
			a.cut(x, 0, text, st, m.text)
		} else {
			a.right(x, 0, text, st, m.text)
		}
		if c.sign {
			a.put(x+text, 0, m.style, sign(m.style))
		}
		if c.bar > 0 {
			drawBar(a, x+p.w-c.bar, 0, c.bar, m.bar, barStyle(m.style))
		}
	}
}
