package tui

import (
	"math"
	"time"
)

// sample is one figure of a series: it holds from From to To. Samples without a figure are not
// made, so what nobody knows stays a gap.
type sample struct {
	From, To time.Time
	Value    float64
}

// columnsOf puts samples into the dot columns of a plot that begins at from: the highest of each
// column, NaN where there is none.
func columnsOf(samples []sample, from time.Time, span time.Duration, columns int) []float64 {
	values := make([]float64, columns)
	for i := range values {
		values[i] = math.NaN()
	}
	if span <= 0 || columns == 0 {
		return values
	}
	width := float64(span) / float64(columns)
	for _, s := range samples {
		// A sample ends in its last column: the end of one is where the next begins.
		last := int(math.Ceil(float64(s.To.Sub(from))/width)) - 1
		first := min(int(math.Ceil(float64(s.From.Sub(from))/width-1e-6)), last)
		for i := max(first, 0); i <= min(last, columns-1); i++ {
			if math.IsNaN(values[i]) || s.Value > values[i] {
				values[i] = s.Value
			}
		}
	}
	return values
}

// The dots of a braille letter, from the lowest: left and right column.
var leftDots = [5]rune{0, 0x40, 0x44, 0x46, 0x47}
var rightDots = [5]rune{0, 0x80, 0xa0, 0xb0, 0xb8}

// plot fills the area below a line with dots. A figure of 0 is a dot on the ground; a gap is nothing.
func plot(a area, values []float64, top float64, st style) {
	heights := make([]int, len(values))
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		h := 1
		if top > 0 {
			h = int(math.Round(v / top * float64(a.h*4)))
		}
		heights[i] = min(max(h, 1), a.h*4)
	}
	drawDots(a, heights, st)
}

// sparkline is a plot of a few lines from base to the most of its values. It leaves the highest dots
// free, so that it does not touch the line above it. 0 is nothing, as a gap is; values that hardly
// differ are a line of single dots.
func sparkline(a area, values []float64, base float64, st style) {
	heights := make([]int, len(values))
	least, most := lowest(values), highest(values)
	steps := float64(a.h*4 - 2)
	for i, v := range values {
		switch {
		case math.IsNaN(v) || v == 0:
		case !(most-least > most*flatShare):
			heights[i] = 1
		default:
			heights[i] = 1 + int(math.Round((v-base)/(most-base)*steps))
		}
	}
	drawDots(a, heights, st)
}

// flatShare is by how much of its most a series must differ before a sparkline has a shape.
const flatShare = 0.01

// drawDots draws columns of dots of these heights, two columns and four rows of dots a cell.
func drawDots(a area, heights []int, st style) {
	for x := range a.w {
		for y := range a.h {
			ground := (a.h - 1 - y) * 4
			dots := rune(0)
			if i := 2 * x; i < len(heights) {
				dots |= leftDots[min(max(heights[i]-ground, 0), 4)]
			}
			if i := 2*x + 1; i < len(heights) {
				dots |= rightDots[min(max(heights[i]-ground, 0), 4)]
			}
			if dots != 0 {
				a.put(x, y, st, string(0x2800+dots))
			}
		}
	}
}

// ceiling is the top of a scale for values up to v: 1, 2, 3, 5 or 8 of a decade, or of a power of
// 1024 for bytes, so that the scale does not change with every sample.
func ceiling(v, base float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := 1.0
	for v/unit >= base {
		unit *= base
	}
	for unit*10 <= v {
		unit *= 10
	}
	for unit > v {
		unit /= 10
	}
	for _, step := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10} {
		if v <= unit*step*1.0001 {
			return unit * step
		}
	}
	return unit * 20
}
