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
	long  string // for the details of a row
	width int    // cells of the text
	bar   int    // cells of the bar behind the text, 0 for none
	grow  int    // weight when there is room to spare
	limit int    // cells that grow may reach
	prio  int    // the lowest stay when it is narrow
	left  bool   // text stands left, numbers right
	sign  bool   // room for the sign of severity
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
	extra   func(v *view, r *R) []field              // details that no column shows
	about   func(v *view, shown, total int) []string // for the panel's title, most important first
	empty   func(v *view) string                     // what to say without rows
	part    string                                   // Missing.Part that takes the table away
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

// fit chooses the columns that find room, by priority, and gives each its width.
func fit[R any](cols []column[R], width int) (chosen []int, widths []int) {
	byPrio := make([]int, len(cols))
	for i := range byPrio {
		byPrio[i] = i
	}
	slices.SortStableFunc(byPrio, func(a, b int) int { return cols[a].prio - cols[b].prio })
	room := width
	for _, i := range byPrio {
		need := cols[i].cells()
		if len(chosen) > 0 {
			need += columnGap
		}
		if need > room && len(chosen) > 0 {
			continue
		}
		room -= need
		chosen = append(chosen, i)
	}
	slices.Sort(chosen)
	weights := 0
	for _, i := range chosen {
		weights += cols[i].grow
	}
	spare := max(room, 0)
	for _, i := range chosen {
		w := cols[i].cells()
		if c := &cols[i]; c.grow > 0 && weights > 0 {
			w += max(min(spare*c.grow/weights, c.limit-c.width), 0)
		}
		widths = append(widths, min(w, max(width, 0)))
	}
	return chosen, widths
}

func (t *table[R]) columns() int { return len(t.cols) }

func (t *table[R]) sortColumn(ts *tableState) int {
	col, _ := t.sortedBy(ts)
	return col
}

func (t *table[R]) note(v *view, panel int) []string {
	if _, gone := t.gone(v); gone {
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
	ord := t.order(v, ps, ts)
	chosen, widths := fit(t.cols, a.w-2)
	t.header(a, v, panel, chosen, widths)
	body := a.sub(0, 1, a.w, a.h-1)
	n := ord.len(len(list))
	if n == 0 {
		body.cut(2, 0, body.w-2, styleDim, t.nothing(v, ps.filter, len(list)))
		return
	}
	ts.scrollInto(n, body.h)
	for y := 0; y < body.h && ts.offset+y < n; y++ {
		i := ts.offset + y
		t.row(body.sub(0, y, body.w, 1), v, &list[ord.at(i)], chosen, widths)
		if ts.selected && ts.index == i {
			body.paint(y, groundSelected)
			body.put(0, y, styleFocus, "▸")
		}
		v.hits = append(v.hits, hit{kind: hitRow, at: body.sub(0, y, body.w, 1), panel: panel, index: i})
	}
}

func (t *table[R]) nothing(v *view, filter string, total int) string {
	switch {
	case filter != "" && total > 0:
		return "nothing matches “" + safe(filter, 40) + "” — Esc clears the filter"
	case t.empty != nil:
		return t.empty(v)
	}
	return "nothing yet"
}

func (t *table[R]) header(a area, v *view, panel int, chosen, widths []int) {
	_, ts := v.state(panel)
	sorted, up := t.sortedBy(ts)
	x := 2
	for k, i := range chosen {
		c, st, title := &t.cols[i], styleHeader, t.cols[i].title
		if i == sorted {
			st = styleSorted
			title += map[bool]string{false: "▼", true: "▲"}[up]
		}
		text := widths[k]
		if c.bar > 0 {
			text -= c.bar + 1
		}
		if c.sign {
			text -= 2
		}
		if c.left {
			a.cut(x, 0, widths[k], st, title)
		} else if over := textWidth(title) - text; over > 0 && c.bar+2 > over {
			a.cut(x, 0, text+over, st, title)
		} else {
			a.right(x, 0, text, st, title)
		}
		v.hits = append(v.hits, hit{kind: hitColumn, at: a.sub(x, 0, widths[k]+columnGap, 1), panel: panel, index: i})
		x += widths[k] + columnGap
	}
}

func (t *table[R]) row(a area, v *view, r *R, chosen, widths []int) {
	x := 2
	for k, i := range chosen {
		c := &t.cols[i]
		m := c.cell(v, r)
		text := widths[k]
		if c.bar > 0 {
			text -= c.bar + 1
		}
		if c.sign {
			text -= 2
		}
		st := m.style
		if m.text == unknown {
			st = styleFaint
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
			drawBar(a, x+widths[k]-c.bar, 0, c.bar, m.bar, barStyle(m.style))
		}
		x += widths[k] + columnGap
	}
}
