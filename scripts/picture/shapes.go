package main

import (
	"cmp"
	"slices"
)

// A cell in the units of the picture: eighths of it are whole numbers both ways.
const (
	cellWidth  = 8
	cellHeight = 16
)

// rect is a filled rectangle in the units of the picture.
type rect struct{ x, y, w, h int }

// Where lines run through a cell: one unit thick, in the middle.
const (
	middleX = cellWidth / 2
	middleY = cellHeight / 2
)

// The arms of box-drawing characters.
const (
	up = 1 << iota
	right
	down
	left
)

var boxes = map[rune]int{
	'─': left | right, '│': up | down, '┌': right | down, '┐': left | down, '└': up | right, '┘': up | left,
	'├': up | right | down, '┤': up | left | down, '┬': left | right | down, '┴': left | right | up,
	'┼': up | right | down | left, '╴': left, '╵': up, '╶': right, '╷': down,
}

// outlines are characters with other edges than those of rectangles, as paths from the cell's upper
// left: rounded corners, and the triangles, which fonts give any width.
var outlines = map[rune]string{
	'╭': "m4 16v-3a5 5 0 0 1 4-5v1a4 4 0 0 0-3 4v3z",
	'╮': "m0 8a5 5 0 0 1 5 5v3h-1v-3a4 4 0 0 0-4-4z",
	'╰': "m4 0h1v4a4 4 0 0 0 3 4v1a5 5 0 0 1-4-5z",
	'╯': "m4 0h1v4a5 5 0 0 1-5 5v-1a4 4 0 0 0 4-4z",
	'▲': "m4 5l4 7h-8z",
	'▼': "m0 5h8l-4 7z",
	'▸': "m1 4l6 4-6 4z",
	'◂': "m7 4l-6 4 6 4z",
}

// shape returns the rectangles of a cell that make up a block element, a Braille pattern or a
// line, or nil for any other character.
func shape(r rune) []rect {
	switch {
	case r >= '▁' && r <= '█': // from the ground, in eighths
		h := int(r-'▁'+1) * cellHeight / 8
		return []rect{{0, cellHeight - h, cellWidth, h}}
	case r >= '▉' && r <= '▏': // from the left, 7 eighths to 1
		return []rect{{0, 0, int('▏'-r+1) * cellWidth / 8, cellHeight}}
	case r == '▀':
		return []rect{{0, 0, cellWidth, cellHeight / 2}}
	case r == '▐':
		return []rect{{cellWidth / 2, 0, cellWidth / 2, cellHeight}}
	case r == '━':
		return []rect{{0, cellHeight/2 - 1, cellWidth, 3}}
	case r == '╸':
		return []rect{{0, cellHeight/2 - 1, cellWidth / 2, 3}}
	case r >= 0x2800 && r <= 0x28ff:
		return braille(int(r - 0x2800))
	}
	if arms, ok := boxes[r]; ok {
		return lines(arms)
	}
	return nil
}

// braille fills a quarter by a half of the cell for each dot, so that the dots of an area touch.
// Unicode numbers them down the left column, down the right, then the two at the bottom.
func braille(bits int) []rect {
	const w, h = cellWidth / 2, cellHeight / 4
	rects := []rect{}
	for dot, at := range [8][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
		if bits>>dot&1 == 1 {
			rects = append(rects, rect{at[0] * w, at[1] * h, w, h})
		}
	}
	return rects
}

func lines(arms int) (rects []rect) {
	if arms&left != 0 {
		rects = append(rects, rect{0, middleY, middleX + 1, 1})
	}
	if arms&right != 0 {
		rects = append(rects, rect{middleX, middleY, cellWidth - middleX, 1})
	}
	if arms&up != 0 {
		rects = append(rects, rect{middleX, 0, 1, middleY + 1})
	}
	if arms&down != 0 {
		rects = append(rects, rect{middleX, middleY, 1, cellHeight - middleY})
	}
	return rects
}

// merge joins rectangles that touch or overlap, first along the rows, then down the columns: less
// to write, and no seam where a renderer would smooth two edges.
func merge(rects []rect) []rect {
	slices.SortFunc(rects, func(a, b rect) int {
		return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.h, b.h), cmp.Compare(a.x, b.x))
	})
	rects = join(rects, func(a, b rect) (rect, bool) {
		return rect{a.x, a.y, max(a.x+a.w, b.x+b.w) - a.x, a.h}, a.y == b.y && a.h == b.h && b.x <= a.x+a.w
	})
	slices.SortFunc(rects, func(a, b rect) int {
		return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.w, b.w), cmp.Compare(a.y, b.y))
	})
	return join(rects, func(a, b rect) (rect, bool) {
		return rect{a.x, a.y, a.w, max(a.y+a.h, b.y+b.h) - a.y}, a.x == b.x && a.w == b.w && b.y <= a.y+a.h
	})
}

// join makes one of neighbours in the list wherever two can be one.
func join(rects []rect, two func(a, b rect) (rect, bool)) []rect {
	joined := rects[:0]
	for _, r := range rects {
		if n := len(joined); n > 0 {
			if both, ok := two(joined[n-1], r); ok {
				joined[n-1] = both
				continue
			}
		}
		joined = append(joined, r)
	}
	return joined
}
